"""What could not be delivered: who hears of it, what they may know, and what they can do; on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.bootstrap.bot import AHEAD
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import claims, outbox, retention
from fmo_bot.delivery.candidates import MAX_SEARCHES
from fmo_bot.delivery.outbox import NO_THREAD, NOT_SENT
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Notice, Undelivered
from fmo_bot.domain.parties import SYSTEM, Person, Place, Scope
from fmo_bot.errors import NotAllowed, NotFound, NotLinked
from fmo_bot.services import deliveries, setup, undelivered
from fmo_bot.services.deliveries import Deliveries
from fmo_bot.services.parties import Parties
from tests.joint_team import (
    CHENYU,
    LIWEI,
    LUCIA,
    SOFIA,
    STRANGER,
    THURSDAY,
    WANG,
    JointTeam,
    clock,
    other_team_file,
    team_file,
)

JOINT = Place("T0HUAWEI", "C0JOINT")
ALL_AT = clock("10:00")


class Desk:
    """The joint team with a few deliveries that went wrong."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.team = JointTeam(store)
        self.deliveries = Deliveries(store, Parties(store))

    def owe(
        self,
        name: str,
        *,
        to: Person | Place,
        state: str = "failed",
        error: str | None = "channel_not_found",
        team: bool = True,
        **more: Any,
    ) -> None:
        """A message that came to an end other than well."""
        where: dict[str, Any] = {"person": to} if isinstance(to, Person) else {"place": to}
        where |= {key: more.pop(key) for key in ("thread_of",) if key in more}
        message = Notice(text="a secret", values={})
        with self.store.transaction(Scope(team_id=self.team.result.team_id) if team else SYSTEM) as session:
            outbox.owe(session, name=name, message=message, due=clock("09:00"), language="en", **where)
            session.flush()
            row = self._row(session, name)
            row.state, row.error, row.attempt = state, error, 1
            for key, value in more.items():
                setattr(row, key, value)

    def state(self, name: str, op: str = "post") -> str:
        with self.store.transaction(SYSTEM) as session:
            return self._row(session, name, op).state

    def told(self) -> list[tuple[str | None, list[tuple[str, str]]]]:
        """(to whom, [(whom it was for, why)]) of everything that was told."""
        owed = self.team.owed("trouble:")
        return [
            (row.person, [(line.whom, line.why) for line in message.lines])
            for row, _, message in owed
            if isinstance(message, Undelivered)
        ]

    def ref(self, person: Person, whom: str) -> str:
        """The ref of the line about somebody, as a scrum master sees it."""
        return next(line.ref for line in self.deliveries.shown(person, at=ALL_AT).lines if line.whom == whom)

    def _row(self, session: Any, name: str, op: str = "post") -> DeliveryRow:
        row: DeliveryRow = session.scalars(select(DeliveryRow).where(DeliveryRow.dedup_key == f"{op}:{name}")).one()
        return row


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def small_desk(sqlite_store: Store) -> Desk:
    """The same on SQLite only, for what does not depend on the database."""
    return Desk(sqlite_store)


def whom(found: Undelivered) -> list[str]:
    return [line.whom for line in found.lines]


# --- who hears of it -------------------------------------------------------------------------------------------------


def test_each_scrum_master_hears_of_the_joint_channel_and_of_their_own_sides_people(desk: Desk) -> None:
    desk.owe("prompt:a", to=CHENYU)
    desk.owe("prompt:b", to=SOFIA)
    desk.owe("digest:c", to=JOINT, error="not_in_channel")
    desk.deliveries.tell(ALL_AT)
    (master, vendors), (mistress, operators) = desk.told()
    assert (master, mistress) == ("U0LIWEI", "U0LUCIA")
    assert [each for each, _ in vendors] == ["Chen Yu", ""]
    assert [each for each, _ in operators] == ["Sofía Hernández", ""]
    assert "Invite it there" in vendors[1][1]


def test_nobody_is_told_twice_and_new_trouble_waits_for_the_next_bundle(desk: Desk) -> None:
    desk.owe("prompt:a", to=CHENYU)
    for _ in range(3):
        desk.deliveries.tell(ALL_AT)
    desk.owe("prompt:b", to=LIWEI)
    desk.deliveries.tell(ALL_AT + timedelta(minutes=1))
    assert len(desk.told()) == 1
    desk.deliveries.tell(ALL_AT + timedelta(minutes=16))
    assert [[each for each, _ in lines] for _, lines in desk.told()] == [["Chen Yu"], ["Li Wei"]]


def test_many_are_bundled_into_one_message(small_desk: Desk) -> None:
    for number in range(40):
        small_desk.owe(f"prompt:{number}", to=CHENYU)
    small_desk.deliveries.tell(ALL_AT)
    ((_, _, message),) = small_desk.team.owed("trouble:")
    assert isinstance(message, Undelivered)
    assert (len(message.lines), message.more) == (undelivered.SHOWN, 40 - undelivered.SHOWN)


@pytest.mark.parametrize(
    ("state", "error", "searches", "told"),
    [
        ("unsure", None, 0, False),  # still being looked for
        ("unsure", "missing_scope", MAX_SEARCHES, True),  # left to a person
        ("missed", "it would have come too late", 0, True),
        ("missed", NOT_SENT, 0, False),  # the post it belongs to is told
        ("failed", NO_THREAD, 0, False),  # the same
        ("ready", None, 0, False),
        ("sent", None, 0, False),
        ("dropped", "channel_not_found", 0, False),
    ],
)
def test_what_needs_a_person_is_told_and_nothing_else(
    small_desk: Desk, state: str, error: str | None, searches: int, told: bool
) -> None:
    small_desk.owe("prompt:a", to=CHENYU, state=state, error=error, searches=searches)
    small_desk.deliveries.tell(ALL_AT)
    assert bool(small_desk.told()) == told
    assert bool(small_desk.deliveries.shown(LIWEI, at=ALL_AT).lines) == told


def test_a_prompt_that_never_came_to_be_sent_is_told_too(desk: Desk) -> None:
    desk.team.plan(clock("00:30"))
    desk.team.due(clock("03:01"))  # two hours and a minute without a bot, in Shanghai
    desk.deliveries.tell(clock("03:02"))
    assert desk.told() == [("U0LIWEI", [("Li Wei", troubles.NOT_IN_TIME), ("Chen Yu", troubles.NOT_IN_TIME)])]


def test_a_bot_that_was_off_over_a_long_weekend_still_tells_what_it_missed(desk: Desk) -> None:
    friday, monday = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=4)
    desk.team.plan(clock("10:00", friday), hours=int(AHEAD.total_seconds() // 3600))  # the last thing it did
    desk.team.due(clock("03:01", monday))  # 65 hours later, and too late for nine in Shanghai
    desk.deliveries.tell(clock("03:02", monday))
    lines = dict(desk.told())["U0LIWEI"]
    assert ("Chen Yu", troubles.NOT_IN_TIME) in lines


def test_a_message_that_says_what_went_wrong_and_goes_wrong_itself_is_not_told_for_ever(small_desk: Desk) -> None:
    small_desk.owe("prompt:a", to=CHENYU)
    small_desk.deliveries.tell(ALL_AT)
    with small_desk.store.transaction(SYSTEM) as session:
        query = select(DeliveryRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        row = session.scalars(query.where(MessageRow.name.startswith("trouble:"))).one()
        row.state, row.error = "failed", "user_disabled"
    for hours in range(1, 4):
        small_desk.deliveries.tell(ALL_AT + timedelta(hours=hours))
    assert len(small_desk.told()) == 1


def test_what_goes_wrong_again_after_it_went_well_is_told_again(small_desk: Desk) -> None:
    small_desk.owe("round:a", to=JOINT)
    small_desk.deliveries.tell(ALL_AT)
    small_desk.deliveries.send_again(LIWEI, small_desk.ref(LIWEI, ""), ALL_AT)
    with small_desk.store.transaction(SYSTEM) as session:
        row = small_desk._row(session, "round:a")
        row.state, row.error = "failed", "is_archived"
    small_desk.deliveries.tell(ALL_AT + timedelta(hours=1))
    assert len(small_desk.told()) == 4  # both scrum masters, twice


def test_an_answer_to_a_click_is_told_where_it_can_be_about_one_joint_team_only(store: Store) -> None:
    desk = Desk(store)
    desk.owe("told:1", to=CHENYU, team=False)
    desk.deliveries.tell(ALL_AT)
    assert [each for each, _ in desk.told()] == ["U0LIWEI"]
    other = other_team_file()
    other["sides"]["vendor"]["members"].append({"user": "U0CHENYU", "name": "Chen Yu", "zone": "Asia/Shanghai"})
    setup.apply(store, other, ALL_AT)
    desk.owe("told:2", to=CHENYU, team=False)
    desk.deliveries.tell(ALL_AT + timedelta(hours=1))
    assert len(desk.told()) == 1
    with store.transaction(SYSTEM) as session:
        assert desk._row(session, "told:2").told_at is not None  # nor looked at for ever


# --- who may know ----------------------------------------------------------------------------------------------------


def test_nobody_sees_what_a_message_says(small_desk: Desk) -> None:
    small_desk.owe("prompt:a", to=CHENYU)
    shown = small_desk.deliveries.shown(LIWEI, at=ALL_AT)
    assert [line.what for line in shown.lines] == ["a notice"]
    assert "secret" not in str(shown)


@pytest.mark.parametrize("person", [CHENYU, WANG])
def test_who_is_no_scrum_master_sees_and_settles_nothing(small_desk: Desk, person: Person) -> None:
    small_desk.owe("prompt:a", to=CHENYU)
    ref = small_desk.ref(LIWEI, "Chen Yu")
    with pytest.raises(NotAllowed):
        small_desk.deliveries.shown(person, at=ALL_AT)
    for settle in (small_desk.deliveries.send_again, small_desk.deliveries.drop):
        with pytest.raises(NotAllowed):
            settle(person, ref, ALL_AT)
    assert small_desk.state("prompt:a") == "failed"


def test_one_side_neither_sees_nor_settles_what_is_the_others(desk: Desk) -> None:
    desk.owe("prompt:a", to=CHENYU)
    ref = desk.ref(LIWEI, "Chen Yu")
    assert desk.deliveries.shown(LUCIA, at=ALL_AT).lines == ()
    assert desk.deliveries.drop(LUCIA, ref, ALL_AT).note == deliveries.SETTLED
    assert desk.state("prompt:a") == "failed"


def test_another_joint_team_is_as_if_it_were_not_there(desk: Desk) -> None:
    setup.apply(desk.store, other_team_file(), ALL_AT)
    desk.owe("prompt:a", to=CHENYU)
    desk.owe("digest:b", to=JOINT)
    desk.deliveries.tell(ALL_AT)
    assert {each for each, _ in desk.told()} == {"U0LIWEI", "U0LUCIA"}
    assert desk.deliveries.shown(STRANGER, at=ALL_AT).lines == ()
    with pytest.raises(NotFound):
        desk.deliveries.send_again(STRANGER, desk.ref(LIWEI, ""), ALL_AT)
    with pytest.raises(NotLinked):
        desk.deliveries.shown(LIWEI, channel="C0ORANGE", at=ALL_AT)


@pytest.mark.parametrize("ref", ["", "a|b", "no|post|x", "||", "x" * 2000])
def test_a_ref_that_was_made_up_is_not_found(small_desk: Desk, ref: str) -> None:
    with pytest.raises(NotFound):
        small_desk.deliveries.send_again(LIWEI, ref, ALL_AT)


# --- what can be done ------------------------------------------------------------------------------------------------


def test_sent_again_it_is_ready_whatever_it_was_and_the_list_is_shorter(desk: Desk) -> None:
    desk.owe("prompt:a", to=CHENYU, state="unsure", searches=MAX_SEARCHES)
    desk.owe("prompt:b", to=LIWEI, state="missed", error=outbox.TOO_LATE, useful_until=clock("09:30"))
    left = desk.deliveries.send_again(LIWEI, desk.ref(LIWEI, "Chen Yu"), ALL_AT)
    assert (whom(left), left.note) == (["Li Wei"], deliveries.AGAIN)
    assert desk.deliveries.send_again(LIWEI, desk.ref(LIWEI, "Li Wei"), ALL_AT).lines == ()
    with desk.store.transaction(SYSTEM) as session:
        claims.expire(session, ALL_AT)  # too late it may be: it was asked for
    assert (desk.state("prompt:a"), desk.state("prompt:b")) == ("ready", "ready")
    with desk.store.transaction(SYSTEM) as session:
        assert (
            session.scalars(select(AuditRow.action).where(AuditRow.action == "delivery_settled")).all()
            == ["delivery_settled"] * 2
        )


def test_a_direct_conversation_that_slack_does_not_know_any_more_is_opened_anew(small_desk: Desk) -> None:
    with small_desk.store.transaction(SYSTEM) as session:
        session.get_one(MemberRow, small_desk.team.member_id(session, CHENYU)).dm_channel = "D0OLD"
    small_desk.owe("prompt:a", to=CHENYU, error="channel_not_found")
    small_desk.deliveries.send_again(LIWEI, small_desk.ref(LIWEI, "Chen Yu"), ALL_AT)
    with small_desk.store.transaction(SYSTEM) as session:
        assert session.scalars(select(MessageRow.channel)).all() == [None]
        assert session.get_one(MemberRow, small_desk.team.member_id(session, CHENYU)).dm_channel is None


def test_pressing_twice_sends_once(small_desk: Desk) -> None:
    small_desk.owe("prompt:a", to=CHENYU)
    ref = small_desk.ref(LIWEI, "Chen Yu")
    small_desk.deliveries.send_again(LIWEI, ref, ALL_AT)
    assert small_desk.deliveries.send_again(LIWEI, ref, ALL_AT).note == deliveries.SETTLED
    assert small_desk.deliveries.drop(LIWEI, ref, ALL_AT).note == deliveries.SETTLED
    assert small_desk.state("prompt:a") == "ready"


def test_what_waited_for_a_post_goes_with_it(desk: Desk) -> None:
    desk.owe("round:a", to=JOINT)
    desk.owe("answer:b", to=JOINT, thread_of="round:a", error=NO_THREAD)
    left = desk.deliveries.shown(LUCIA, at=ALL_AT)
    assert len(left.lines) == 1
    desk.deliveries.send_again(LUCIA, left.lines[0].ref, ALL_AT)
    assert (desk.state("round:a"), desk.state("answer:b")) == ("ready", "ready")


def test_a_post_that_is_sent_again_is_the_newest_and_no_older_update_follows_it(desk: Desk) -> None:
    desk.owe("round:a", to=JOINT, state="unsure", error=None)
    for text in ("older", "newest"):
        with desk.store.transaction(SYSTEM) as session:
            message = Notice(text=text, values={})
            outbox.owe_update(session, name="round:a", message=message, due=clock("09:30"), language="en")
        with desk.store.transaction(SYSTEM) as session:  # after the older one: the post is found not to have been sent
            row = desk._row(session, "round:a")
            row.state, row.error = "failed", "is_archived"
            claims.expire(session, ALL_AT)
    desk.deliveries.send_again(LIWEI, desk.ref(LIWEI, ""), ALL_AT)
    ((_, _, posted),) = desk.team.owed("round:")
    assert posted == Notice(text="newest", values={})
    assert desk.team.owed("round:", op="update") == []


def test_dropped_it_is_never_sent_nor_what_waited_for_it_and_its_text_is_gone(desk: Desk) -> None:
    desk.owe("round:a", to=JOINT)
    desk.owe("answer:b", to=JOINT, thread_of="round:a", state="ready", error=None)
    left = desk.deliveries.drop(LIWEI, desk.ref(LIWEI, ""), ALL_AT)
    assert (left.lines, left.note) == ((), deliveries.DROPPED)
    with desk.store.transaction(SYSTEM) as session:
        claims.expire(session, ALL_AT)
        assert desk._row(session, "round:a").value == {}
    assert (desk.state("round:a"), desk.state("answer:b")) == ("dropped", "failed")
    assert desk.deliveries.shown(LIWEI, at=ALL_AT).lines == ()


def test_what_nobody_settles_is_dropped_with_its_text_after_thirty_days(small_desk: Desk) -> None:
    small_desk.owe("prompt:a", to=CHENYU)
    for days, state in ((30, "failed"), (31, "dropped")):
        retention.retain(small_desk.store, clock("09:00") + timedelta(days=days))
        assert small_desk.state("prompt:a") == state


def test_a_prompt_that_could_not_be_sent_is_not_sent_after_its_round(desk: Desk) -> None:
    desk.team.play("01:00")
    with desk.store.transaction(SYSTEM) as session:
        for row in session.scalars(select(DeliveryRow).where(DeliveryRow.dedup_key.startswith("post:prompt:"))):
            row.state, row.error = "failed", "user_disabled"
    assert len(desk.deliveries.shown(LIWEI, at=ALL_AT).lines) == 2
    desk.team.run(clock("19:00"))
    assert desk.deliveries.shown(LIWEI, at=ALL_AT).lines == ()


def test_a_team_file_without_a_scrum_master_leaves_it_to_the_log(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store)
    file = team_file()
    file["sides"]["vendor"]["members"][0]["role"] = "participant"
    setup.apply(sqlite_store, file, ALL_AT)
    desk.owe("prompt:a", to=CHENYU)
    desk.deliveries.tell(ALL_AT)
    assert desk.told() == []
    with sqlite_store.transaction(SYSTEM) as session:
        assert desk._row(session, "prompt:a").told_at is not None  # not looked at every five seconds for ever
