"""What is due once is planned once, follows the schedule until it is done, and is run once; on both databases."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences, quiet
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.domain.parties import SYSTEM
from tests.fakes import MONDAY_NINE, Machine

AT = MONDAY_NINE - timedelta(hours=3)
MONDAY = date(2026, 11, 16)


@pytest.fixture
def standup(store: Store) -> int:
    """The id of a stand-up."""
    with store.transaction(SYSTEM) as session:
        session.add(company := OrganisationRow(name="Huawei"))
        session.flush()
        session.add(team := JointTeamRow(name="5G Core", ref="t", host_id=company.id))
        session.flush()
        session.add(ceremony := CeremonyRow(team_id=team.id, kind="standup", name="Daily", days=["mon"], at="09:00"))
        session.flush()
        return ceremony.id


def prompt(standup: int, member: int = 1, due: datetime = MONDAY_NINE, **other: int) -> Wanted:
    return Wanted(ceremony_id=standup, kind="prompt", subject=f"member:{member}", local_date=MONDAY, due=due, **other)


def plan(store: Store, *wanted: Wanted, at: datetime = AT) -> None:
    with store.transaction(SYSTEM) as session:
        occurrences.plan(session, wanted, at)


def planned(store: Store) -> list[tuple[str, str, datetime]]:
    with store.transaction(SYSTEM) as session:
        rows = session.scalars(select(OccurrenceRow).order_by(OccurrenceRow.id))
        return [(row.subject, row.state, row.due) for row in rows]


class Trips:
    """A handler that fails for one member."""

    def __init__(self, over: str) -> None:
        self.over, self.asked = over, Asked()

    def __call__(self, session: Session, row: OccurrenceRow, at: datetime) -> None:
        if row.subject == self.over:
            raise LookupError
        self.asked(session, row, at)


class Asked:
    """A handler that notes whom it asked."""

    def __init__(self) -> None:
        self.whom: list[str] = []

    def __call__(self, session: Session, row: OccurrenceRow, at: datetime) -> None:
        self.whom.append(row.subject)


def run(
    store: Store,
    asked: occurrences.Handler | occurrences.Composed | occurrences.Together,
    at: datetime,
    machine: Machine,
) -> int:
    return occurrences.run_due(store, {"prompt": asked}, at, machine=machine)


def test_planning_twice_plans_once(store: Store, standup: int) -> None:
    for _ in range(2):
        plan(store, prompt(standup, 1), prompt(standup, 2))
    assert planned(store) == [("member:1", "planned", MONDAY_NINE), ("member:2", "planned", MONDAY_NINE)]


LATER = MONDAY_NINE + timedelta(hours=6)


# What is wanted after members 1 and 2 were planned for nine o'clock -> whether the plan is as it should be.
@pytest.mark.parametrize(
    ("wanted", "is_settled"),
    [
        ([(1, MONDAY_NINE), (2, MONDAY_NINE)], True),
        ([(1, MONDAY_NINE), (2, LATER)], False),  # moved
        ([(1, MONDAY_NINE)], False),  # somebody left
        ([(1, MONDAY_NINE), (2, MONDAY_NINE), (3, MONDAY_NINE)], False),  # somebody came
    ],
)
def test_it_is_known_by_reading_whether_there_is_anything_to_plan(
    wanted: list[tuple[int, datetime]], is_settled: bool, store: Store, standup: int
) -> None:
    plan(store, prompt(standup, 1), prompt(standup, 2))
    asked = [prompt(standup, member, due) for member, due in wanted]
    assert settled(store, *asked) == is_settled
    plan(store, *asked)
    assert settled(store, *asked)


def settled(store: Store, *wanted: Wanted) -> bool:
    with store.reading(SYSTEM) as session:
        return occurrences.settled(session, wanted, AT)


def test_who_comes_back_has_to_be_planned_again(store: Store, standup: int) -> None:
    plan(store, prompt(standup, 1), prompt(standup, 2))
    plan(store, prompt(standup, 1))
    assert not settled(store, prompt(standup, 1), prompt(standup, 2))


def test_a_member_who_changes_zone_is_asked_at_the_new_time_only(store: Store, standup: int) -> None:
    plan(store, prompt(standup))
    later = MONDAY_NINE + timedelta(hours=6)
    plan(store, prompt(standup, due=later))
    assert planned(store) == [("member:1", "planned", later)]


def test_who_left_is_not_asked_and_who_came_back_is(store: Store, standup: int) -> None:
    plan(store, prompt(standup, 1), prompt(standup, 2))
    plan(store, prompt(standup, 2))
    assert [state for _, state, _ in planned(store)] == ["cancelled", "planned"]
    plan(store, prompt(standup, 1), prompt(standup, 2))
    assert [state for _, state, _ in planned(store)] == ["planned", "planned"]


def test_what_is_done_is_never_planned_again(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))
    asked = Asked()
    assert run(store, asked, MONDAY_NINE, machine) == 1
    plan(store, prompt(standup, due=MONDAY_NINE + timedelta(hours=6)))  # the member flew west
    assert run(store, asked, MONDAY_NINE + timedelta(hours=7), machine) == 0
    assert asked.whom == ["member:1"]


def test_what_is_overdue_or_made_by_hand_stays_when_the_schedule_does_not_want_it(store: Store, standup: int) -> None:
    overdue, by_hand = prompt(standup, 1, due=AT - timedelta(hours=1)), prompt(standup, 2, ordinal=1)
    plan(store, overdue, by_hand, at=AT - timedelta(hours=2))
    plan(store, at=AT)
    assert [state for _, state, _ in planned(store)] == ["planned", "planned"]


def test_nothing_is_run_before_it_is_due_and_each_is_run_once(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup, 2, MONDAY_NINE + timedelta(minutes=1)), prompt(standup, 1))
    asked = Asked()
    assert run(store, asked, MONDAY_NINE - timedelta(seconds=1), machine) == 0
    for minutes in (0, 0, 1, 1):
        run(store, asked, MONDAY_NINE + timedelta(minutes=minutes), machine)
    assert asked.whom == ["member:1", "member:2"]


def test_a_handler_that_fails_changes_nothing_and_holds_up_no_other(
    store: Store, standup: int, machine: Machine
) -> None:
    plan(store, prompt(standup, 1), prompt(standup, 2))
    asked, broken = Asked(), {"member:1"}

    def ask(session: Session, row: OccurrenceRow, at: datetime) -> None:
        if row.subject in broken:
            session.add(OrganisationRow(name="half done"))
            session.flush()
            raise RuntimeError("a fault")
        asked(session, row, at)

    assert run(store, ask, MONDAY_NINE, machine) == 1
    assert run(store, ask, MONDAY_NINE, machine) == 0  # there is a pause first
    broken.clear()
    machine.advance(2)
    assert run(store, ask, MONDAY_NINE, machine) == 1
    assert asked.whom == ["member:2", "member:1"]
    with store.transaction(SYSTEM) as session:
        assert session.scalars(select(OrganisationRow.name)).all() == ["Huawei"]


def test_a_handler_that_always_fails_leaves_it_failed_and_visible(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))

    def ask(session: Session, row: OccurrenceRow, at: datetime) -> None:
        raise RuntimeError("a fault")

    for _ in range(10):
        run(store, ask, MONDAY_NINE, machine)
        machine.advance(60)
    with store.transaction(SYSTEM) as session:
        row = session.scalars(select(OccurrenceRow)).one()
        assert (row.state, row.error, row.attempt) == ("failed", "RuntimeError", occurrences.MAX_ATTEMPTS)
        assert quiet.in_hand(session, MONDAY_NINE) == 0


def test_a_handler_may_find_it_too_late(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))

    def ask(session: Session, row: OccurrenceRow, at: datetime) -> None:
        row.state = occurrences.MISSED

    run(store, ask, MONDAY_NINE + timedelta(hours=5), machine)
    assert [state for _, state, _ in planned(store)] == ["missed"]


def test_the_clock_may_go_on_only_when_nothing_is_due(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup, 1), prompt(standup, 2, MONDAY_NINE + timedelta(hours=1)))
    with store.transaction(SYSTEM) as session:
        assert (quiet.in_hand(session, AT), quiet.next_due(session, AT)) == (0, MONDAY_NINE)
        assert quiet.in_hand(session, MONDAY_NINE) == 1
    run(store, Asked(), MONDAY_NINE, machine)
    with store.transaction(SYSTEM) as session:
        assert quiet.in_hand(session, MONDAY_NINE) == 0
        assert quiet.next_due(session, MONDAY_NINE) == MONDAY_NINE + timedelta(hours=1)
        assert quiet.next_due(session, MONDAY_NINE + timedelta(days=1)) is None


def test_one_that_cannot_be_run_holds_up_no_other_of_its_ceremony(store: Store, standup: int, machine: Machine) -> None:
    plan(store, *(prompt(standup, member) for member in (1, 2, 3)))
    trips = Trips("member:2")
    assert run(store, trips, MONDAY_NINE, machine) == 2
    assert [state for _, state, _ in planned(store)] == ["done", "planned", "done"]


class AsksTogether:
    """Asks several at once, and notes which; fails while `over` is among them, after it has changed something."""

    def __init__(self, over: str = "") -> None:
        self.over = over
        self.asked: list[list[str]] = []

    def __call__(self, session: Session, rows: Sequence[OccurrenceRow], at: datetime) -> None:
        if any(row.subject == self.over for row in rows):
            session.get_one(CeremonyRow, rows[0].ceremony_id).name = "changed"
            session.flush()
            raise LookupError
        self.asked.append([row.subject for row in rows])


def test_those_of_one_ceremony_may_be_run_together_each_once(store: Store, standup: int, machine: Machine) -> None:
    plan(store, *(prompt(standup, member) for member in (1, 2, 3)), prompt(standup, 4, LATER))
    asks = AsksTogether()
    for _ in range(2):
        run(store, occurrences.Together(asks), MONDAY_NINE, machine)
    assert asks.asked == [["member:1", "member:2", "member:3"]]
    assert [state for _, state, _ in planned(store)] == ["done", "done", "done", "planned"]


def test_where_one_of_several_cannot_be_run_the_others_are(store: Store, standup: int, machine: Machine) -> None:
    plan(store, *(prompt(standup, member) for member in (1, 2, 3)))
    asks = AsksTogether(over="member:2")
    assert run(store, occurrences.Together(asks), MONDAY_NINE, machine) == 2
    assert asks.asked == [["member:1"], ["member:3"]]
    assert [state for _, state, _ in planned(store)] == ["done", "planned", "done"]
    with store.reading(SYSTEM) as session:
        assert session.get_one(CeremonyRow, standup).name == "Daily"


def test_what_is_run_together_was_moved_or_taken_by_nobody(store: Store, standup: int, machine: Machine) -> None:
    """Between the look at what is due and the transaction that runs it, one is moved and one is run by another."""
    plan(store, *(prompt(standup, member) for member in (1, 2, 3)))
    asks = AsksTogether()

    def meanwhile() -> None:
        with store.transaction(SYSTEM) as session:
            first, second, _ = session.scalars(select(OccurrenceRow).order_by(OccurrenceRow.id))
            first.due, second.state = LATER, "done"

    class Handlers(dict[str, Any]):
        """Looked into after the look at what is due, and before the transaction that runs it."""

        def __getitem__(self, kind: str) -> occurrences.Together:
            meanwhile()
            return occurrences.Together(asks)

    assert occurrences.run_due(store, Handlers(), MONDAY_NINE, machine=machine) == 1
    assert asks.asked == [["member:3"]]
    assert [state for _, state, _ in planned(store)] == ["planned", "done", "done"]


class Composes:
    """Composes what `asked` does then; meanwhile something else happens once."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile, self.asked, self.times = meanwhile, Asked(), 0

    def __call__(self, session: Session, row: OccurrenceRow, at: datetime) -> occurrences.Handler:
        self.times += 1
        if self.times == 1:
            self.meanwhile()
        return self.asked


def test_what_two_processes_compose_at_once_is_done_once(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))
    composes = Composes(lambda: run(store, occurrences.Composed(composes), MONDAY_NINE, machine))
    assert run(store, occurrences.Composed(composes), MONDAY_NINE, machine) == 0
    assert composes.times == 2
    assert composes.asked.whom == ["member:1"]
    assert [state for _, state, _ in planned(store)] == ["done"]


def test_what_is_moved_while_it_is_composed_is_composed_anew(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))
    earlier = MONDAY_NINE - timedelta(minutes=5)
    composes = Composes(lambda: plan(store, prompt(standup, due=earlier)))
    assert run(store, occurrences.Composed(composes), MONDAY_NINE, machine) == 0
    assert run(store, occurrences.Composed(composes), MONDAY_NINE, machine) == 1
    assert (composes.times, composes.asked.whom) == (2, ["member:1"])


def test_what_cannot_be_composed_is_tried_again_later(store: Store, standup: int, machine: Machine) -> None:
    plan(store, prompt(standup))
    composed = occurrences.Composed(lambda *_: trip())
    assert run(store, composed, MONDAY_NINE, machine) == 0
    assert [state for _, state, _ in planned(store)] == ["planned"]
    machine.advance(2)
    assert run(store, Asked(), MONDAY_NINE, machine) == 1


def trip() -> occurrences.Handler:
    raise LookupError
