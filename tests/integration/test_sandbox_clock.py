"""The sandbox's clock, by its real door."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import eventually

START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(start=START)) as box:
        yield box


def report(box: Sandbox, in_hand: int, next: str | None = None) -> int:
    version = requests.get(f"{box.url}/clock", timeout=60).json()["version"]
    body = {"name": "bot", "version": version, "in_hand": in_hand, "next": next}
    return requests.post(f"{box.url}/clock/report", json=body, timeout=60).status_code


def step(box: Sandbox, body: dict[str, object]) -> requests.Response:
    return requests.post(f"{box.url}/clock/step", json=body, timeout=120)


def test_the_clock_starts_where_it_is_told_and_steps_forward_only(box: Sandbox) -> None:
    assert requests.get(f"{box.url}/clock", timeout=60).json()["now"].startswith("2026-11-16T00:30")

    there = step(box, {"to": "2026-11-16T09:00:00Z"})
    back = step(box, {"to": "2026-11-16T08:00:00Z"})

    assert there.json()["now"].startswith("2026-11-16T09:00:00")
    assert there.json()["version"] == 1
    assert back.status_code == 409
    assert "does not go back" in back.json()["error"]


def test_a_step_to_the_next_event_goes_where_a_reporter_wants_to_be_next(box: Sandbox) -> None:
    for _ in range(2):
        assert report(box, 0, "2026-11-16T01:00:00Z") == 200

    assert step(box, {"next": True}).json()["now"].startswith("2026-11-16T01:00:00")


def test_the_world_is_quiet_after_two_idle_reports_for_the_current_version_running() -> None:
    # Reports of (version is current?, in hand), and whether the world is quiet after them.
    table = [
        ([(True, 0), (True, 0)], True),
        ([(True, 0)], False),  # the first may have been begun before the last activity ended
        ([(True, 0), (True, 1), (True, 0)], False),  # not running
        ([(False, 0), (False, 0)], False),  # has not seen the step yet
        ([(False, 0), (True, 0), (True, 0)], True),
    ]
    with Sandbox(Options(start=START)) as box:
        clock = box.world.clock
        for reports, quiet in table:
            clock.report("bot", version=0, in_hand=1, next=None)
            for current, in_hand in reports:
                clock.report("bot", version=0 if current else -1, in_hand=in_hand, next=None)
            assert (clock.whats_busy() == []) is quiet, reports


def test_activity_asks_for_two_new_idle_reports(box: Sandbox) -> None:
    clock = box.world.clock
    for _ in range(3):
        clock.report("bot", version=0, in_hand=0, next=None)
    with clock.busy("a request"):
        assert clock.whats_busy() == ["a request is under way"]
    clock.report("bot", version=0, in_hand=0, next=None)
    assert clock.whats_busy() == ["bot is catching up"]
    clock.report("bot", version=0, in_hand=0, next=None)
    assert clock.whats_busy() == []


def test_reporters_hear_that_they_are_awaited_for_as_long_as_a_step_waits(box: Sandbox) -> None:
    report(box, 1)
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(step, box, {"by": 0})
        eventually(lambda: requests.get(f"{box.url}/clock", timeout=60).json()["awaited"])
        for _ in range(2):
            report(box, 0)
        assert answer.result(60).json()["awaited"] is False


def test_junk_is_answered_with_a_sentence(box: Sandbox) -> None:
    assert "zone" in step(box, {"to": "2026-11-16T09:00:00"}).json()["error"]
    assert step(box, {}).status_code == 400
    assert requests.post(f"{box.url}/clock/report", json={"name": "x"}, timeout=60).status_code == 400
