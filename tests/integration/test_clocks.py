"""Following the sandbox's calendar."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from fmo_bot.bootstrap.clocks import Quiet, RealClock, SandboxClock
from fmo_bot.errors import SettingsWrong
from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import PATIENT, START

LATER = START + timedelta(hours=3)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


def test_the_real_clock_tells_utc() -> None:
    assert RealClock().now().tzinfo is UTC


def test_no_clock_at_the_address_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsWrong, match="FMO_CLOCK_URL: no clock answers"):
        SandboxClock("http://127.0.0.1:9/clock")


def test_a_step_waits_for_what_is_in_hand_and_is_followed(box: Sandbox) -> None:
    clock = SandboxClock(f"{box.url}/clock")
    assert abs(clock.now() - START) < timedelta(minutes=5)
    in_hand = [2]
    looks: list[datetime] = []
    seen: list[datetime] = []
    stepped, known = threading.Event(), threading.Event()

    def look(at: datetime) -> Quiet:
        if looks:
            known.set()  # the report before this one has been taken
        looks.append(at)
        return Quiet(in_hand[0], LATER)

    def follow() -> None:
        seen.append(clock.now())
        stepped.set()

    clock.follow(name="bot", look=look, stepped=follow)
    try:
        assert known.wait(60)
        answers: list[requests.Response] = []
        step = {"to": LATER.isoformat()}
        asking = threading.Thread(
            target=lambda: answers.append(requests.post(f"{box.url}/clock/step", json=step, timeout=120))
        )
        asking.start()
        assert not stepped.wait(0.5)  # the world stands still while something is in hand
        in_hand[0] = 0
        assert stepped.wait(60)
        asking.join(60)
        assert answers[0].status_code == 200
        assert LATER <= seen[0] < LATER + timedelta(minutes=5)
    finally:
        clock.stop()


def test_a_look_that_fails_is_tried_again(box: Sandbox) -> None:
    clock = SandboxClock(f"{box.url}/clock")
    looks: list[datetime] = []
    again = threading.Event()

    def look(at: datetime) -> Quiet:
        looks.append(at)
        if len(looks) == 1:
            raise RuntimeError("the database was busy")
        again.set()
        return Quiet(0, None)

    clock.follow(name="bot", look=look, stepped=lambda: None)
    try:
        assert again.wait(60)
    finally:
        clock.stop()
