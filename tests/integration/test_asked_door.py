"""Every kind of job that comes in by the real door and fails for good, or is refused: somebody hears of it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from fmo_bot.delivery import inbox
from fmo_bot.errors import NotLinked
from fmo_bot.slack.actions import DELIVERY_DROP, SPRINT_ASK
from tests.integration.door_support import WEBHOOK_SECRET, House, house
from tests.integration.sandbox_support import act, eventually

DIRECT = "D0BOTTELEF0LUCIA"


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("asked"), "socket") as made:
        made.step()
        yield made


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "FIRST_PAUSE_S", 0.0)  # six attempts take a minute otherwise


def fails(home: House, monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception) -> list[int]:
    """Let every job of a kind fail so; the tries are kept in the list."""
    tries: list[int] = []

    def make(payload: dict[str, Any], at: object) -> None:
        tries.append(1)
        raise error

    assert kind in home.bot.jobs
    monkeypatch.setitem(home.bot.jobs, kind, make)
    return tries


def told(home: House, user: str, words: str) -> list[dict[str, Any]]:
    return [each for each in home.direct(user)[1] if words in each["text"]]


def ask(home: House) -> None:
    act(home.box, "U0LUCIA", "command", channel="C0JOINT", command="/fmo", text="sprint")


def press(home: House) -> None:
    parent = next(each for each in home.joint() if SPRINT_ASK in json.dumps(each.get("blocks")))
    home.press("U0LUCIA", "C0JOINT", parent, SPRINT_ASK)


def mention(home: House) -> None:
    act(home.box, "U0LUCIA", "say", channel="C0JOINT", text="<@U0BOTHUAWEI> help")


def write(home: House) -> None:
    eventually(lambda: home.direct("U0LUCIA")[0])
    act(home.box, "U0LUCIA", "say", channel=DIRECT, text="help")


def open_home(home: House) -> None:
    act(home.box, "U0LUCIA", "open_home", app_id="A0FMOTELEF", team_id="T0TELEFON")


# What somebody does -> the kind of its job, and what they read when it fails for good.
DOORS = [
    (ask, "sprint_report", "The sprint report you asked for"),
    (press, "sprint_report", "The sprint report you asked for"),
    (mention, "words", "could not answer what you wrote"),
    (write, "words", "could not answer what you wrote"),
    (open_home, "home_opened", "App Home could not be made"),
]


@pytest.mark.parametrize(("do", "kind", "words"), DOORS)
def test_whoever_asked_is_told_once_when_it_fails_for_good(
    do: Any, kind: str, words: str, open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(told(open_house, "U0LUCIA", words))
    tries = fails(open_house, monkeypatch, kind, RuntimeError("a fault"))
    do(open_house)
    message = eventually(lambda: told(open_house, "U0LUCIA", words)[before:])[0]
    assert "finds the reason in its log as" in message["text"]
    open_house.settle()
    assert len(told(open_house, "U0LUCIA", words)) == before + 1
    assert len(tries) == inbox.MAX_ATTEMPTS


@pytest.mark.parametrize(("do", "kind"), [(do, kind) for do, kind, _ in DOORS])
def test_whoever_is_refused_reads_why_at_once(
    do: Any, kind: str, open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(told(open_house, "U0LUCIA", "in no joint team here"))
    tries = fails(open_house, monkeypatch, kind, NotLinked())
    do(open_house)
    eventually(lambda: told(open_house, "U0LUCIA", "in no joint team here")[before:])
    open_house.settle()
    assert len(tries) == 1


def test_a_webhook_that_cannot_be_worked_stands_in_the_scrum_masters_list(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.post(f"{open_house.box.url}/control/faults", json={"jira_503": 1.0}, timeout=60).raise_for_status()
    fails(open_house, monkeypatch, "jira_hint", RuntimeError("a fault"))
    body = json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": 7, "issue": {"id": "20051"}}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature": f"sha256={signature}"}
    url = f"{open_house.url}/jira/shared/webhook"
    requests.post(url, data=body, headers=headers, timeout=60).raise_for_status()

    def shown(user: str) -> list[dict[str, Any]]:
        act(open_house.box, user, "command", channel="C0JOINT", command="/fmo", text="deliveries")
        seen = [each for each in open_house.joint(user) if each.get("is_ephemeral")]
        return [each for each in seen if "Reading what changed in Jira" in each["text"]]

    assert eventually(lambda: shown("U0LUCIA"))
    listed = eventually(lambda: shown("U0LIWEI"))[-1]
    open_house.press("U0LIWEI", "C0JOINT", listed, DELIVERY_DROP)
    eventually(lambda: "will not be tried again" in json.dumps(open_house.joint("U0LIWEI")))
