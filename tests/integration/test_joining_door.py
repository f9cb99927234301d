"""A guest of the one company in the other's workspace joins the joint channel, by the real door: who is asked what."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.parties import MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.slack.actions import PERSON_NO, PERSON_PARTICIPANT, PERSON_YES
from tests.integration.door_support import House, find_direct, house
from tests.integration.sandbox_support import eventually

HAO = "U0HAO"  # Zhang Hao of Huawei, a guest of Telefonica's workspace
JOINED, WHOSE = "has joined the channel", "nobody has confirmed for whom"


@pytest.fixture(params=["socket", "http"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, request.param, FMO_ADMINS="T0HUAWEI:U0CHENYU,T0TELEFON:U0SOFIA") as made:
        made.step()
        yield made


def move(home: House, user: str, *, leave: bool = False) -> None:
    """Somebody joins the joint channel, or leaves it."""
    told = {"user": user, "leave": leave}
    requests.post(f"{home.box.url}/control/channels/C0JOINT/members", json=told, timeout=60).raise_for_status()
    home.settle()


def side_of(home: House, user: str) -> str | None:
    """The side somebody takes part for, "" without one; None: they take no part."""
    with home.bot.store.reading(SYSTEM) as session:
        query = select(ParticipationRow).join(MemberRow, MemberRow.id == ParticipationRow.member_id)
        part = session.scalar(query.where(MemberRow.slack_user_id == user, takes_part()))
        if part is None:
            return None
        return session.get_one(SideRow, part.side_id).name if part.side_id is not None else ""


def question(home: House, user: str, words: str) -> tuple[str, dict[str, Any]]:
    found: tuple[str, dict[str, Any]] = eventually(partial(find_direct, home, user, words))
    return found


def test_a_guest_is_asked_about_and_takes_part_for_the_company_that_says_so(home: House) -> None:
    move(home, HAO, leave=True)
    move(home, HAO)
    channel, asked = question(home, "U0LUCIA", JOINED)  # his home there suggests her side
    assert "Telefonica" in asked["text"]
    assert find_direct(home, HAO, "") is None  # the joiner is asked nothing
    assert home.press("U0LUCIA", channel, asked, PERSON_PARTICIPANT) == {"ok": True}
    channel, whose = question(home, "U0SOFIA", WHOSE)
    assert side_of(home, HAO) == ""
    assert home.press("U0SOFIA", channel, whose, PERSON_NO) == {"ok": True}  # he is not Telefonica's
    channel, whose = question(home, "U0CHENYU", WHOSE)
    assert "Huawei" in whose["text"]
    assert home.press("U0CHENYU", channel, whose, PERSON_YES) == {"ok": True}
    eventually(lambda: side_of(home, HAO) == "vendor")
    eventually(lambda: "has added them" in json.dumps(question(home, "U0LUCIA", JOINED)[1]))


def test_who_leaves_before_anybody_answered_is_asked_about_no_more(home: House) -> None:
    move(home, HAO, leave=True)
    move(home, HAO)
    question(home, "U0LUCIA", JOINED)
    move(home, HAO, leave=True)
    eventually(lambda: "They have left again" in json.dumps(question(home, "U0LUCIA", JOINED)[1]))
    assert side_of(home, HAO) is None
