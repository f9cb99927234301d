"""Several embedded engines on one database run some jobs once between them, on both databases."""

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from fmo_bot.db.ledger import LeaseRow
from fmo_bot.db.store import Store
from fmo_bot.delivery.embedded import EmbeddedEngine
from fmo_bot.delivery.leases import LEASE_S, Leases
from fmo_bot.domain.parties import SYSTEM
from tests.fakes import Machine

SOON = 60.0  # seconds a test waits at most for what should happen at once
MINUTE = 60.0
ROOT = Path(__file__).parents[2]


class Killed(BaseException):
    """The process ends here."""


class Job:
    """Notes who ran it, and fails as it is told to."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.error: BaseException | None = None

    def of(self, leases: Leases, who: str, seconds: float = MINUTE, name: str = "sync") -> "Runner":
        return Runner(leases, name, seconds, lambda: self._run(who))

    def _run(self, who: str) -> None:
        self.ran.append(who)
        if self.error is not None:
            raise self.error


class Runner:
    """The job in one process."""

    def __init__(self, leases: Leases, name: str, seconds: float, function: object) -> None:
        self.leases, self.name = leases, name
        self.tick = leases.alone(name, seconds, function)  # type: ignore[arg-type]


@pytest.fixture
def two(fresh_url: str) -> Iterator[tuple[Store, Store]]:
    stores = Store(fresh_url), Store(fresh_url)
    yield stores
    for each in stores:
        each.close()


@pytest.fixture
def job() -> Job:
    return Job()


@pytest.fixture
def both(two: tuple[Store, Store], machine: Machine, job: Job) -> tuple[Runner, Runner]:
    """The job in two processes."""
    first, second = (Leases(store, machine) for store in two)
    return job.of(first, "first"), job.of(second, "second")


def test_of_two_processes_that_tick_one_runs_it_once_a_turn(
    both: tuple[Runner, Runner], machine: Machine, job: Job
) -> None:
    first, second = both
    for _ in range(3):
        for each in (first, second):  # half a minute apart
            each.tick()
            machine.advance(MINUTE / 2)
    assert job.ran == ["first"] * 3


def test_whoever_runs_it_is_followed_by_another_when_it_is_gone(
    both: tuple[Runner, Runner], machine: Machine, job: Job
) -> None:
    first, second = both
    first.tick()
    for _ in range(3):
        machine.advance(MINUTE / 2)
        second.tick()
    assert job.ran == ["first", "second"]


def test_a_process_that_is_killed_at_it_frees_it_after_its_lease(
    both: tuple[Runner, Runner], two: tuple[Store, Store], machine: Machine, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = both
    job.error = Killed()
    with monkeypatch.context() as dead:  # a process that is killed gives nothing back
        dead.setattr(first.leases, "_give", lambda name, until: None)
        with pytest.raises(Killed):
            first.tick()
    job.error = None
    machine.advance(LEASE_S - 1)
    second.tick()
    assert job.ran == ["first"]
    machine.advance(2)
    second.tick()
    assert job.ran == ["first", "second"]


HOLDS = """
import sys, time
from fmo_bot.db.store import Store
from fmo_bot.delivery.leases import Leases

def hang():
    print("at it", flush=True)
    time.sleep(60)

Leases(Store(sys.argv[1])).alone("sync", 60, hang)()
"""


def test_a_holder_that_is_killed_for_real_is_followed_when_its_lease_is_over(fresh_url: str, job: Job) -> None:
    now, store = [0.0], Store(fresh_url)
    second = job.of(Leases(store, lambda: now[0]), "second")
    command = [sys.executable, "-c", HOLDS, fresh_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "at it\n"
        with store.reading(SYSTEM) as session:
            ends = session.scalars(select(LeaseRow.until)).one()
        now[0] = ends - LEASE_S
        second.tick()
        first.kill()
    for now[0] in (ends - LEASE_S, ends - 1, ends + 1):
        second.tick()
        if now[0] < ends:
            assert job.ran == []
    store.close()
    assert job.ran == ["second"]


def test_a_run_that_takes_long_is_held_as_long_as_its_process_lives(
    two: tuple[Store, Store], machine: Machine, job: Job
) -> None:
    first, second = (Leases(store, machine) for store in two)
    other = job.of(second, "second")

    def slow() -> None:
        for _ in range(10):
            machine.advance(LEASE_S / 2)
            first.renew()
            other.tick()

    first.alone("sync", MINUTE, slow)()
    assert job.ran == []
    other.tick()  # it is more than its turn ago that the other began
    assert job.ran == ["second"]


def test_one_that_was_frozen_and_taken_over_changes_nothing_any_more(
    two: tuple[Store, Store], machine: Machine, job: Job
) -> None:
    first, second = (Leases(store, machine) for store in two)
    inside: list[str | None] = []

    def take_over() -> None:
        machine.advance(LEASE_S + 1)
        second.alone("sync", MINUTE, look)()

    def look() -> None:
        first.renew()  # it wakes up
        with two[0].reading(SYSTEM) as session:
            inside.append(session.scalars(select(LeaseRow.owner)).one())

    first.alone("sync", MINUTE, take_over)()
    assert inside == [second._owner]
    job.of(first, "first").tick()
    assert job.ran == []  # it rests from the second one's run


def test_a_run_that_fails_has_had_its_turn(both: tuple[Runner, Runner], machine: Machine, job: Job) -> None:
    first, second = both
    job.error = RuntimeError("Jira is down")
    with pytest.raises(RuntimeError):
        first.tick()
    second.tick()
    machine.advance(MINUTE)
    with pytest.raises(RuntimeError):
        second.tick()
    assert job.ran == ["first", "second"]


def test_jobs_do_not_wait_for_each_other(two: tuple[Store, Store], machine: Machine, job: Job) -> None:
    first, second = (Leases(store, machine) for store in two)
    for leases, name in ((first, "sync"), (second, "tell"), (second, "sync"), (first, "tell")):
        job.of(leases, name, name=name).tick()
    assert job.ran == ["sync", "tell"]


def test_two_engines_that_tick_at_once_run_it_once_and_never_twice_at_once(two: tuple[Store, Store]) -> None:
    inside, twice, enough = threading.Lock(), threading.Event(), threading.Event()
    ticked, begun = threading.local(), list[float]()

    def machine() -> float:
        ticked.at = time.time()  # by which its turn is counted, whenever its thread gets on
        return float(ticked.at)

    def run() -> None:
        if not inside.acquire(blocking=False):
            twice.set()
            return
        begun.append(ticked.at)
        if len(begun) == 6:
            enough.set()
        inside.release()

    engines = [EmbeddedEngine(Leases(store, machine)) for store in two]
    for engine in engines:
        engine.every("sync", 0.2, run, alone=True)
    for engine in engines:
        engine.start()
    assert enough.wait(SOON)
    for engine in engines:
        engine.stop(within=SOON)
    assert not twice.is_set()
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(begun))


def test_a_job_that_need_not_run_alone_runs_in_both(two: tuple[Store, Store]) -> None:
    ran = [threading.Event(), threading.Event()]
    engines = [EmbeddedEngine(Leases(store)) for store in two]
    for engine, each in zip(engines, ran, strict=True):
        engine.every("pump", 3600, each.set)
        engine.start()
    assert all(each.wait(SOON) for each in ran)
    for engine in engines:
        engine.stop(within=SOON)
