"""Jobs that nobody asked for and that failed for good: who hears of them, and what they can do; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain.messages import Undelivered
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import BoardUnavailable, NotAllowed, NotFound
from fmo_bot.services import deliveries, setup, undone
from fmo_bot.services.deliveries import Deliveries
from fmo_bot.services.parties import Parties
from tests.fakes import Machine
from tests.joint_team import CHENYU, LIWEI, LUCIA, STRANGER, JointTeam, clock, other_team_file

CAME, ALL_AT = clock("09:00"), clock("10:00")


class Desk:
    """The joint team, and webhooks of Jira that could not be worked."""

    def __init__(self, store: Store, machine: Machine) -> None:
        self.store, self.machine = store, machine
        self.team = JointTeam(store)
        self.deliveries = Deliveries(store, Parties(store))
        self.down = True
        self.read: list[str] = []

    def hint(self, *issues: str, site: str = "shared", team_id: int | None = None) -> None:
        """Webhooks come in, and are worked as long as anybody tries."""
        with self.store.transaction(SYSTEM if team_id is None else Scope(team_id=team_id)) as session:
            for issue in issues:
                payload = {"site": site, "issue_id": issue}
                inbox.record(session, event_key=f"jira:{issue}", kind="jira_hint", payload=payload, at=CAME)
        self.work()

    def work(self) -> None:
        for _ in range(inbox.MAX_ATTEMPTS):
            while job := inbox.claim(self.store, owner="one", now=self.machine()):
                inbox.work(self.store, job, {"jira_hint": self._make}, at=CAME, machine=self.machine)
            self.machine.advance(100)

    def _make(self, payload: dict[str, Any], at: datetime) -> None:
        if self.down:
            raise BoardUnavailable("Jira answered 503.")
        self.read.append(payload["issue_id"])

    def states(self) -> list[str]:
        with self.store.reading(SYSTEM) as session:
            return list(session.scalars(select(InboxRow.state).order_by(InboxRow.id)))

    def told(self) -> list[tuple[str | None, int]]:
        """(to whom, how many jobs) of all that was told, in order."""
        owed = self.team.owed("trouble:")
        return [
            (row.person, sum(line.jobs for line in message.lines))
            for row, _, message in owed
            if isinstance(message, Undelivered)
        ]

    def synced(self, at: datetime) -> None:
        with self.store.transaction(SYSTEM) as session:
            for board in session.scalars(select(BoardRow)):
                board.synced_at = at

    def ref(self, person: Person = LIWEI) -> str:
        return self.deliveries.shown(person, at=ALL_AT).lines[0].ref


@pytest.fixture
def desk(store: Store, machine: Machine) -> Desk:
    return Desk(store, machine)


def test_the_scrum_masters_of_both_sides_hear_of_a_board_once_however_many_jobs_there_were(desk: Desk) -> None:
    desk.hint("1", "2", "3")
    for _ in range(3):
        desk.deliveries.tell(ALL_AT)
    assert desk.told() == [("U0LIWEI", 3), ("U0LUCIA", 3)]
    (line,) = desk.deliveries.shown(LUCIA, at=ALL_AT).lines
    assert (line.what, line.jobs, line.due) == ("Reading what changed in Jira", 3, CAME)
    desk.hint("4")
    desk.deliveries.tell(ALL_AT + timedelta(minutes=1))
    assert len(desk.told()) == 2  # the next bundle has it
    desk.deliveries.tell(ALL_AT + timedelta(minutes=16))
    assert desk.told()[2:] == [("U0LIWEI", 1), ("U0LUCIA", 1)]


def test_a_joint_team_without_a_board_on_that_site_hears_nothing_and_one_with_a_board_hears_for_itself(
    desk: Desk,
) -> None:
    setup.apply(desk.store, other_team_file(), ALL_AT)
    desk.hint("1", site="elsewhere")
    desk.deliveries.tell(ALL_AT)
    assert desk.told() == []
    desk.hint("2")
    desk.deliveries.tell(ALL_AT)
    assert {person for person, _ in desk.told()} == {"U0LIWEI", "U0LUCIA", "U0OTHER", "U0PAUL"}
    desk.deliveries.tell(ALL_AT + timedelta(hours=1))
    assert len(desk.told()) == 4


def test_a_job_of_one_joint_team_is_nobody_elses(desk: Desk) -> None:
    setup.apply(desk.store, other_team_file(), ALL_AT)
    desk.hint("1", site="none", team_id=desk.team.result.team_id)
    desk.deliveries.tell(ALL_AT)
    assert {person for person, _ in desk.told()} == {"U0LIWEI", "U0LUCIA"}
    assert desk.deliveries.shown(STRANGER, at=ALL_AT).lines == ()
    with pytest.raises(NotFound):
        desk.deliveries.drop(STRANGER, desk.ref(), ALL_AT)
    with pytest.raises(NotAllowed):
        desk.deliveries.drop(CHENYU, desk.ref(), ALL_AT)
    assert desk.states() == ["failed"]


def test_one_joint_team_in_its_pause_hears_later_and_the_other_is_not_told_twice(desk: Desk) -> None:
    desk.hint("1", site="none", team_id=desk.team.result.team_id)
    desk.deliveries.tell(ALL_AT)  # from here on ours is in its pause
    setup.apply(desk.store, other_team_file(), ALL_AT)
    desk.hint("2")
    for minutes in (1, 2, 16, 17, 40):
        desk.deliveries.tell(ALL_AT + timedelta(minutes=minutes))
    assert sorted(desk.told()) == sorted([*(("U0LIWEI", 1), ("U0LUCIA", 1)) * 2, ("U0OTHER", 1), ("U0PAUL", 1)])


def test_a_board_that_was_read_since_needs_nobody(desk: Desk) -> None:
    desk.hint("1")
    desk.synced(CAME + timedelta(minutes=1))
    desk.deliveries.tell(ALL_AT)
    assert desk.told() == []
    assert desk.deliveries.shown(LIWEI, at=ALL_AT).lines == ()


def test_tried_again_it_is_done(desk: Desk) -> None:
    desk.hint("1", "2")
    ref, desk.down = desk.ref(), False
    left = desk.deliveries.send_again(LUCIA, ref, ALL_AT)
    assert (left.lines, left.note) == ((), undone.AGAIN)
    desk.work()
    assert (desk.read, desk.states()) == (["1", "2"], ["done", "done"])
    assert desk.deliveries.send_again(LIWEI, ref, ALL_AT).note == deliveries.SETTLED


def test_tried_again_in_vain_it_is_told_again(desk: Desk) -> None:
    desk.hint("1")
    desk.deliveries.tell(ALL_AT)
    desk.deliveries.send_again(LIWEI, desk.ref(), ALL_AT)
    desk.work()
    desk.deliveries.tell(ALL_AT + timedelta(hours=1))
    assert desk.told() == [("U0LIWEI", 1), ("U0LUCIA", 1)] * 2


def test_dropped_it_is_over_and_what_it_held_is_gone(desk: Desk) -> None:
    desk.hint("1")
    left = desk.deliveries.drop(LIWEI, desk.ref(), ALL_AT)
    assert (left.lines, left.note) == ((), undone.DROPPED)
    with desk.store.reading(SYSTEM) as session:
        assert session.scalars(select(InboxRow.payload)).all() == [{}]
    desk.down = False
    desk.work()
    assert desk.read == []


def test_what_somebody_asked_for_is_their_own_matter(desk: Desk) -> None:
    with desk.store.transaction(Scope(team_id=desk.team.result.team_id)) as session:
        inbox.record(session, event_key="click", kind="jira_hint", payload={}, at=CAME, asker=CHENYU)
    desk.work()
    desk.deliveries.tell(ALL_AT)
    assert desk.told() == []
    assert desk.deliveries.shown(LIWEI, at=ALL_AT).lines == ()
