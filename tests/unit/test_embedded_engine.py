"""The embedded engine ticks, wakes, and stops; no test waits for a clock."""

from collections.abc import Iterator
from threading import Event, Lock

import pytest

from fmo_bot.delivery.embedded import EmbeddedEngine

SOON = 60.0  # seconds a test waits at most for what should happen at once
NEVER = 3600.0  # a period so long that only a wake runs the job


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    yield engine
    engine.stop(within=SOON)


def test_a_job_runs_at_once_and_then_again_and_again(engine: EmbeddedEngine) -> None:
    runs, third = [], Event()

    def job() -> None:
        runs.append(1)
        if len(runs) == 3:
            third.set()

    engine.every("job", 0.01, job)
    engine.start()
    assert third.wait(SOON)


def test_a_wake_runs_a_job_outside_its_turn(engine: EmbeddedEngine) -> None:
    ran = Event()
    engine.every("job", NEVER, ran.set)
    engine.start()
    assert ran.wait(SOON)
    ran.clear()
    engine.wake("job")
    assert ran.wait(SOON)


def test_a_job_woken_while_it_runs_runs_once_more_and_never_twice_at_once(engine: EmbeddedEngine) -> None:
    inside, go_on, seen, twice, alone = Event(), Event(), Event(), Event(), Lock()
    runs: list[bool] = []

    def job() -> None:
        runs.append(alone.acquire(blocking=False))
        inside.set()
        assert go_on.wait(SOON)
        alone.release()
        if len(runs) == 2:
            twice.set()

    engine.every("job", NEVER, job)
    engine.start()
    assert inside.wait(SOON)
    engine.every("other", NEVER, seen.set)
    for _ in range(5):
        engine.wake("job")
    engine.wake("other")  # its run shows that the wakes before it have been seen
    assert seen.wait(SOON)
    go_on.set()
    assert twice.wait(SOON)
    assert all(runs)


def test_a_job_that_fails_is_run_again(engine: EmbeddedEngine) -> None:
    runs, second = [], Event()

    def job() -> None:
        runs.append(1)
        if len(runs) == 2:
            second.set()
        raise RuntimeError("the database is down")

    engine.every("job", 0.01, job)
    engine.start()
    assert second.wait(SOON)


def test_stopping_waits_for_what_is_running(engine: EmbeddedEngine) -> None:
    inside, go_on, ended = Event(), Event(), Event()

    def job() -> None:
        inside.set()
        assert go_on.wait(SOON)
        ended.set()

    engine.every("job", NEVER, job)
    engine.start()
    assert inside.wait(SOON)
    engine.stop(within=0.01)  # it does not wait for ever
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(SOON)


def test_an_engine_that_never_started_can_be_stopped(engine: EmbeddedEngine) -> None:
    engine.stop(within=SOON)
