"""Direct conversations are learned when a joint team is set up or changed, within Slack's limits."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from fmo_bot.db.ledger import LaneRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import directs, lanes
from fmo_bot.delivery.lanes import Paces
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotNow, RateLimited, Undeliverable
from fmo_bot.services import setup
from tests.fakes import FakeChat, Machine
from tests.joint_team import JointTeam, clock, member, team_file

AT = clock("00:30")
OPEN = "method:T0HUAWEI:conversations.open"


def learn(store: Store, chat: FakeChat, machine: Callable[[], float], *, minutes: int = 0) -> int:
    return directs.learn(store, chat, at=AT + timedelta(minutes=minutes), machine=machine, paces=Paces())


def known(store: Store) -> dict[str, str | None]:
    with store.transaction(SYSTEM) as session:
        return {row.slack_user_id: row.dm_channel for row in session.scalars(select(MemberRow))}


def test_after_set_up_everybodys_conversation_is_known_before_their_morning(
    store: Store, chat: FakeChat, machine: Machine
) -> None:
    team = JointTeam(store)
    assert learn(store, chat, machine) == 7
    assert known(store)["U0LIWEI"] == "DU0LIWEI"
    assert learn(store, chat, machine) == 0  # nothing is asked twice
    team.play("01:00")
    assert {row.channel for row, _, _ in team.owed("prompt:")} == {"DU0LIWEI", "DU0CHENYU"}


def test_a_joiner_is_learned_and_a_leaver_is_not(store: Store, chat: FakeChat, machine: Machine) -> None:
    JointTeam(store)
    file = team_file()
    file["sides"]["vendor"]["members"][1:] = [member("U0NEW", "New", "Asia/Shanghai")]
    setup.apply(store, file, AT)
    learn(store, chat, machine)
    assert known(store)["U0NEW"] == "DU0NEW"
    assert known(store)["U0CHENYU"] is None


def test_no_more_are_opened_than_slack_lets_in_each_workspace(store: Store, chat: FakeChat, machine: Machine) -> None:
    file = team_file()
    file["sides"]["vendor"]["members"] = [member(f"U0V{n}", f"V{n}", "Asia/Shanghai") for n in range(12)]
    JointTeam(store, file)
    assert learn(store, chat, machine) == 5 + 3  # a burst of one workspace, and everybody of the other
    assert learn(store, chat, machine) == 0
    for _ in range(7):
        machine.advance(1.2)
        assert learn(store, chat, machine) == 1
    assert None not in known(store).values()


def test_a_limit_of_slack_closes_the_lane_and_the_member_is_tried_after_it(
    store: Store, chat: FakeChat, machine: Machine
) -> None:
    JointTeam(store)
    chat.script = [RateLimited(30, lane=OPEN)]
    assert learn(store, chat, machine) == 3  # the other workspace's
    with store.transaction(SYSTEM) as session:
        assert session.get_one(LaneRow, OPEN).next_at - Paces().of_method(lanes.OPEN).ahead == machine() + 30
    machine.advance(29)
    assert learn(store, chat, machine) == 0
    machine.advance(31)
    assert learn(store, chat, machine) == 4


def test_who_cannot_be_reached_is_tried_again_after_an_hour_or_a_new_team_file(
    store: Store, chat: FakeChat, machine: Machine
) -> None:
    JointTeam(store)
    chat.script = [Undeliverable("user_not_found"), NotNow("no connection")]
    assert learn(store, chat, machine) == 5
    machine.advance(60)
    assert learn(store, chat, machine, minutes=59) == 0
    chat.script = [Undeliverable("user_not_found")]
    assert learn(store, chat, machine, minutes=61) == 1
    setup.apply(store, team_file(), AT)
    machine.advance(60)
    assert learn(store, chat, machine, minutes=62) == 1
    assert chat.opened[-1] == Person("T0HUAWEI", "U0LIWEI")
