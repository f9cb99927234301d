"""What came in is recorded once and worked until it is done, on both databases."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, quiet
from fmo_bot.delivery.hands import Hands
from fmo_bot.delivery.retention import UNDONE_FOR, retain
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable, NotFound
from tests.fakes import MONDAY_NINE, FixedClock, Machine


class Killed(BaseException):
    """The process ends here."""


class Reports:
    """A handler that notes what it was given, and raises what it is told to."""

    def __init__(self, *errors: BaseException) -> None:
        self.made: list[tuple[dict[str, Any], datetime]] = []
        self.errors = list(errors)

    def make(self, payload: dict[str, Any], at: datetime) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.made.append((payload, at))


def record(store: Store, key: str = "Ev1") -> bool:
    with store.transaction(SYSTEM) as session:
        return inbox.record(session, event_key=key, kind="report", payload={"team": 1}, at=MONDAY_NINE)


def work(store: Store, clock: FixedClock, machine: Machine, reports: Reports) -> int:
    """Work everything there is; how many things that was."""
    worked = 0
    while job := inbox.claim(store, owner="one", now=machine()):
        inbox.work(store, job, {"report": reports.make}, at=clock.now(), machine=machine)
        worked += 1
    return worked


def the_row(store: Store) -> InboxRow:
    with store.transaction(SYSTEM) as session:
        return session.scalars(select(InboxRow)).one()


def test_an_event_that_slack_sends_three_times_is_worked_once(
    store: Store, clock: FixedClock, machine: Machine
) -> None:
    assert [record(store) for _ in range(3)] == [True, False, False]
    reports = Reports()
    assert work(store, clock, machine, reports) == 1
    assert record(store) is False
    assert work(store, clock, machine, reports) == 0
    assert reports.made == [({"team": 1}, MONDAY_NINE)]


def test_what_is_done_loses_its_payload_at_once(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    work(store, clock, machine, Reports())
    assert (the_row(store).state, the_row(store).payload) == ("done", {})


def test_a_job_that_fails_is_tried_again_after_a_pause(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    reports = Reports(BoardUnavailable("Jira is down"), RuntimeError("token xoxb-123"))
    assert work(store, clock, machine, reports) == 1
    assert work(store, clock, machine, reports) == 0
    assert the_row(store).error == "Jira is down"
    machine.advance(2)
    assert work(store, clock, machine, reports) == 1
    assert the_row(store).error == "RuntimeError"  # a stranger's words are not kept: they may hold a secret
    machine.advance(4)
    work(store, clock, machine, reports)
    assert (the_row(store).state, the_row(store).error, len(reports.made)) == ("done", None, 1)


# What a handler raises, again and again -> how often it is tried before it has failed.
HOPELESS = {"a fault": (RuntimeError("x"), inbox.MAX_ATTEMPTS), "a refusal is an answer": (NotFound(), 1)}


@pytest.mark.parametrize("case", HOPELESS)
def test_a_job_that_cannot_be_done_fails_visibly(case: str, store: Store, clock: FixedClock, machine: Machine) -> None:
    error, tries = HOPELESS[case]
    record(store)
    reports = Reports(*[error] * 20)
    worked = 0
    for _ in range(20):
        worked += work(store, clock, machine, reports)
        machine.advance(60)
    assert (the_row(store).state, worked) == ("failed", tries)
    assert the_row(store).error


def test_a_kind_that_nobody_handles_fails_visibly(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    job = inbox.claim(store, owner="one", now=machine())
    assert job is not None
    inbox.work(store, job, {}, at=clock.now(), machine=machine)
    assert (the_row(store).state, the_row(store).error) == ("failed", "nothing handles report")


def test_a_job_whose_process_was_killed_is_worked_by_another(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    reports = Reports(Killed())
    with pytest.raises(Killed):
        work(store, clock, machine, reports)
    assert work(store, clock, machine, reports) == 0  # it may still be at it
    machine.advance(inbox.LEASE_S + 1)
    assert work(store, clock, machine, reports) == 1
    assert len(reports.made) == 1


def test_a_job_that_takes_long_stays_with_its_process_while_that_lives(store: Store, machine: Machine) -> None:
    record(store)
    job = inbox.claim(store, owner="one", now=machine())
    assert job is not None
    for _ in range(10):
        machine.advance(inbox.LEASE_S / 3)
        inbox.renew(store, [job], now=machine())
        assert inbox.claim(store, owner="two", now=machine()) is None
    machine.advance(inbox.LEASE_S + 1)
    taken = inbox.claim(store, owner="two", now=machine())
    assert taken is not None
    inbox.renew(store, [job], now=machine() + 1000)  # the first lives after all, and changes nothing
    machine.advance(inbox.LEASE_S + 1)
    assert inbox.claim(store, owner="three", now=machine()) is not None


@pytest.mark.parametrize("fresh_url", ["postgres"], indirect=True)  # SQLite lets one transaction write at a time
def test_a_bundle_that_another_process_is_taking_at_this_moment_is_left_to_it(store: Store, machine: Machine) -> None:
    with store.transaction(SYSTEM) as session:
        for key in ("Ev1", "Ev2"):
            inbox.record(session, event_key=key, kind="hint", payload={}, at=MONDAY_NINE, bundle="jira")
    record(store, "Ev3")
    with ThreadPoolExecutor(1) as second:
        with store.transaction(SYSTEM) as first:
            row = first.scalars(select(InboxRow).order_by(InboxRow.id).limit(1).with_for_update()).one()
            row.state, row.lease_until = inbox.WORKING, machine() + inbox.LEASE_S
            first.flush()
            taken = second.submit(inbox.claim, store, owner="two", now=machine())
            wait([taken], timeout=0.5)
        job = taken.result(timeout=60)
    assert job is not None
    assert job.kind == "report"  # what comes after the bundle does not wait for it
    assert inbox.claim(store, owner="two", now=machine()) is None


def test_a_lease_is_renewed_at_a_third_of_it_however_often_a_hand_looks(sqlite_store: Store, machine: Machine) -> None:
    record(sqlite_store)
    begun, go_on = Event(), Event()

    def hang(_payload: dict[str, Any], _at: datetime) -> None:
        begun.set()
        assert go_on.wait(60)

    parts: dict[str, Any] = {"store": sqlite_store, "clock": FixedClock(MONDAY_NINE), "machine": machine}
    hands = Hands(**parts, handlers={"report": hang}, owner="one", done=lambda: None)
    wakes, begin, held = [hands.run_once()], machine(), []
    assert begun.wait(60)
    for _ in range(50):
        machine.advance(1)
        wakes.append(hands.run_once())
        held.append(the_row(sqlite_store).lease_until)
    go_on.set()
    assert hands.stop(within=60)
    assert sorted({until - begin for until in held if until}) == [60, 80, 100]
    assert sorted({at - begin for at in wakes if at}) == [20, 40, 60]


class Stopped(FixedClock):
    """A clock that cannot be asked."""

    def now(self) -> datetime:
        raise LookupError("no clock")


def test_what_a_hand_could_not_begin_is_in_the_log_and_done_again(sqlite_store: Store, machine: Machine) -> None:
    record(sqlite_store)
    hands = Hands(store=sqlite_store, handlers={}, clock=Stopped(), owner="one", done=lambda: None, machine=machine)
    with capture_logs() as lines:
        hands.run_once()
        assert hands.stop(within=60)
    assert [line["event"] for line in lines] == ["inbox job not noted"]
    assert inbox.claim(sqlite_store, owner="two", now=machine() + inbox.LEASE_S + 1) is not None


def test_a_job_that_kills_every_process_is_given_up(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    reports = Reports(*[Killed()] * 20)
    for _ in range(inbox.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            work(store, clock, machine, reports)
        machine.advance(inbox.LEASE_S + 1)
    work(store, clock, machine, reports)
    assert the_row(store).state == "failed"


def test_a_job_is_in_hand_until_it_is_done(store: Store, clock: FixedClock, machine: Machine) -> None:
    record(store)
    with store.transaction(SYSTEM) as session:
        assert quiet.in_hand(session, MONDAY_NINE, extra=2) == 3
    work(store, clock, machine, Reports())
    with store.transaction(SYSTEM) as session:
        assert quiet.in_hand(session, MONDAY_NINE) == 0


# Days since it came in; done or not -> what is left of it.
KEPT = [
    (6, False, ("ready", {"team": 1})),
    (8, False, ("dropped", {})),
    (31, False, None),
    (29, True, ("done", {})),
    (31, True, None),  # Slack does not send it again after so long
]


@pytest.mark.parametrize(("days", "done", "left"), KEPT)
def test_what_came_in_is_forgotten_in_time(
    days: int, done: bool, left: tuple[str, dict[str, Any]] | None, store: Store, clock: FixedClock, machine: Machine
) -> None:
    record(store)
    if done:
        work(store, clock, machine, Reports())
    later = MONDAY_NINE + timedelta(days=days)
    inbox.give_up_old(store, later - UNDONE_FOR, at=later)
    retain(store, later)
    with store.transaction(SYSTEM) as session:
        row = session.scalar(select(InboxRow).execution_options(populate_existing=True))
    assert (None if row is None else (row.state, row.payload)) == left
