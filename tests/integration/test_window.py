"""A worker can be looked at, on a port of its own."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests

from fmo_bot.bootstrap.clocks import Quiet
from fmo_bot.errors import SettingsWrong
from handlers.health import Window


def bot(*problems: str) -> Any:
    """What a window needs of a bot."""
    settings = SimpleNamespace(host="127.0.0.1")
    watch = SimpleNamespace(found=2, removed=1)
    quiet = Quiet(3, None)
    return SimpleNamespace(settings=settings, problems=lambda: list(problems), quiet=lambda: quiet, night_watch=watch)


@pytest.mark.parametrize("problems", [(), ("The database does not answer (OperationalError).", "The engine is dead.")])
def test_it_says_whether_it_is_well_and_why_not(problems: tuple[str, ...]) -> None:
    with Window(bot(*problems), 0) as window:
        answer = requests.get(f"http://127.0.0.1:{window.port}/health/ready", timeout=60)
        alive = requests.get(f"http://127.0.0.1:{window.port}/health/live", timeout=60)
    assert (answer.status_code, alive.text) == (503 if problems else 200, "alive")
    assert answer.json() == {"ready": not problems, "problems": list(problems)}


def test_it_shows_figures_and_nothing_comes_in_through_it() -> None:
    with Window(bot(), 0) as window:
        figures = requests.get(f"http://127.0.0.1:{window.port}/metrics", timeout=60).text
        knock = requests.post(f"http://127.0.0.1:{window.port}/slack/huawei/events", data=b"{}", timeout=60)
    assert {"fmo_in_hand 3.0", "fmo_doubles_found_total 2.0", "fmo_doubles_removed_total 1.0"} <= set(
        figures.splitlines()
    )
    assert knock.status_code == 404


def test_a_port_that_is_taken_is_named() -> None:
    with Window(bot(), 0) as window, pytest.raises(SettingsWrong) as caught:
        Window(bot(), window.port)
    assert caught.value.problems[0].startswith("FMO_HOST and FMO_WORKER_PORT: ")
