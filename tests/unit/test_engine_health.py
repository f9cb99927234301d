"""An engine says why jobs do not run as they should; machine time stands still until it is moved."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from fmo_bot.delivery.embedded import EmbeddedEngine
from fmo_bot.delivery.jobs import Jobs
from tests.fakes import Machine

SOON = 60.0  # seconds a test waits at most for what should happen at once


@pytest.fixture
def jobs(machine: Machine) -> Iterator[Jobs]:
    jobs = Jobs(machine)
    yield jobs
    jobs.close(within=SOON)


def well() -> None:
    pass


def fail() -> None:
    raise RuntimeError("the database is full")


def test_before_it_was_started_and_while_it_is_well_it_says_nothing(jobs: Jobs) -> None:
    jobs.add("pump", well)
    assert jobs.problems() == []
    jobs.open()
    jobs.tick("pump")
    assert jobs.problems() == []


def test_an_engine_that_is_not_heard_of_is_dead(jobs: Jobs, machine: Machine) -> None:
    jobs.open()
    machine.advance(20)
    assert jobs.problems() == ["The engine has not been heard of for 20 s."]
    jobs.beat()
    assert jobs.problems() == []
    jobs.close(within=SOON)
    assert jobs.problems() == ["The engine has stopped."]


def test_a_job_that_fails_again_and_again_is_named_until_it_ends_well(jobs: Jobs, machine: Machine) -> None:
    ends: list[Callable[[], None]] = [fail, fail, well]
    jobs.add("pump", lambda: ends.pop(0)())
    jobs.open()
    jobs.tick("pump")
    machine.advance(70)
    jobs.beat()
    assert jobs.problems() == []  # once is no pattern: another process may have run it since
    jobs.tick("pump")
    assert jobs.problems() == ["The job pump has not ended well for 70 s."]
    jobs.tick("pump")
    assert jobs.problems() == []


@pytest.mark.parametrize("quick", [True, False])
def test_a_job_that_does_not_end_is_named_unless_it_may_take_long(jobs: Jobs, machine: Machine, quick: bool) -> None:
    inside, go_on = Event(), Event()

    def hang() -> None:
        inside.set()
        assert go_on.wait(SOON)

    jobs.add("job", hang, quick=quick)
    jobs.open()
    running = jobs.soon("job")
    assert inside.wait(SOON)
    machine.advance(70)
    jobs.beat()
    assert jobs.problems() == (["The job job has not ended well for 70 s."] if quick else [])
    go_on.set()
    assert running is not None
    running.result(SOON)
    assert jobs.problems() == []


def test_the_embedded_engine_is_heard_of_while_it_runs() -> None:
    engine, ran = EmbeddedEngine(), Event()
    engine.every("pump", 3600, ran.set)
    assert engine.problems() == []
    engine.start()
    assert ran.wait(SOON)
    assert engine.problems() == []
    engine.stop(within=SOON)
    assert engine.problems() == ["The engine has stopped."]
