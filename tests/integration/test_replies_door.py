"""Who has no app answers in the round's thread by mentioning the other company's, by the real door."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import select

from fmo_bot.db.ceremonies import AnswerRow
from fmo_bot.domain.parties import SYSTEM
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import act, eventually

MADRID = "2026-11-16T08:01:00+00:00"
NO_APP = {"FMO_SLACK_APPS": "huawei"} | {
    f"FMO_SLACK_TELEFONICA_{name}": "" for name in ("BOT_TOKENS", "APP_TOKEN", "SIGNING_SECRET")
}


def one_app(folder: Path) -> Path:
    """The demo's team with Huawei's app for both companies; Telefonica has not installed it."""
    file = yaml.safe_load(TEAM.read_text("utf-8"))
    file["organisations"][1]["workspace"]["app"] = "huawei"
    shutil.copy(TEAM.parent / file["board"]["workflow"]["file"], folder)
    changed = folder / "team.yaml"
    changed.write_text(yaml.safe_dump(file), "utf-8")
    return changed


@pytest.fixture(params=[True, False], ids=["no app at his side", "an app each"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    team, given = (one_app(tmp_path), NO_APP) if request.param else (TEAM, {})
    with house(tmp_path, "socket", team=team, **given) as made:
        requests.post(f"{made.box.url}/clock/step", json={"to": MADRID}, timeout=120).raise_for_status()
        yield made


def said(home: House) -> dict[str, str]:
    """Every answer there is: question -> text."""
    with home.bot.store.reading(SYSTEM) as session:
        return {row.question: row.text for row in session.scalars(select(AnswerRow)) if row.text}


def thread(home: House) -> str:
    found: list[dict[str, Any]] = eventually(lambda: [each for each in home.joint() if "*Telefonica*" in each["text"]])
    return str(found[0]["ts"])


def reply(home: House, user: str, text: str) -> None:
    where = {"channel": "C0JOINT", "thread_ts": thread(home)}
    assert act(home.box, user, "say", **where, text=f"<@U0BOTHUAWEI> {text}")["ts"]


def test_a_reply_that_mentions_the_app_is_an_answer_and_a_second_one_replaces_it(home: House) -> None:
    reply(home, "U0JAVIER", "1. The AMF build\n2) Call Madrid")
    eventually(lambda: "The AMF build" in said(home).values())
    assert "Call Madrid" in said(home).values()
    posted = eventually(
        lambda: [each for each in home.joint() if "Call Madrid" in each["text"] and "Javier" in each["text"]]
    )
    assert posted
    told = eventually(lambda: [each for each in home.joint("U0JAVIER") if "Taken as your answer" in json.dumps(each)])
    assert told[-1]["is_ephemeral"]
    assert not [each for each in home.joint() if "Taken as your answer" in json.dumps(each)]
    reply(home, "U0JAVIER", "1. The UPF build")
    eventually(lambda: "The UPF build" in said(home).values())
    assert "The AMF build" not in said(home).values()
    assert "Call Madrid" in said(home).values()


def test_what_a_stranger_writes_there_or_nobody_is_no_answer(home: House) -> None:
    reply(home, "U0ELENA", "1. A look around")
    eventually(lambda: [each for each in home.joint("U0ELENA") if each.get("is_ephemeral")])
    reply(home, "U0DIEGO", "")
    home.settle()
    assert said(home) == {}
