"""What could not be delivered, by the real door: the scrum master is told, asks, and presses."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.parties import JointTeamRow
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Place, Scope
from fmo_bot.slack.actions import DELIVERY_AGAIN, DELIVERY_DROP
from tests.integration.door_support import House, house
from tests.integration.sandbox_support import act, eventually

NOWHERE = Place("T0HUAWEI", "C0NOWHERE")


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which something is owed to a channel that Slack does not know."""
    with house(tmp_path_factory.mktemp("undelivered"), "socket") as made:
        with made.bot.store.transaction(SYSTEM) as session:
            team = session.scalars(select(JointTeamRow.id)).one()
        with made.bot.store.transaction(Scope(team_id=team)) as session:
            at = made.bot.clock.now()
            message = Notice(text="nobody is to read this here", values={})
            outbox.owe(session, name="test:lost", message=message, due=at, language="en", place=NOWHERE)
        yield made


def lists(home: House, user: str) -> list[dict[str, Any]]:
    """What a person was told of this, in direct messages and to them alone."""
    seen = [*home.direct(user)[1], *(each for each in home.joint(user) if each.get("is_ephemeral"))]
    return [each for each in seen if "Not delivered" in each["text"]]


def first_told(home: House, user: str) -> dict[str, Any]:
    """What a person was told unasked; looked for every few seconds, so it may take as long to come."""
    for _ in range(3):
        with suppress(AssertionError):
            found = eventually(lambda: lists(home, user))
            return dict(found[0])
    raise AssertionError("Nobody told them.")


def test_both_scrum_masters_are_told_unasked_what_it_is_and_not_what_it_says(open_house: House) -> None:
    for user in ("U0LIWEI", "U0LUCIA"):
        told = first_told(open_house, user)
        assert "a notice" in told["text"]
        assert "does not see the conversation" in told["text"]
        assert "nobody is to read" not in json.dumps(told)


def test_who_is_no_scrum_master_is_refused(open_house: House) -> None:
    act(open_house.box, "U0CHENYU", "command", channel="C0JOINT", command="/fmo", text="deliveries")
    told = eventually(lambda: [each for each in open_house.joint("U0CHENYU") if each.get("is_ephemeral")])
    assert "does not allow this" in told[-1]["text"]


def test_sent_again_the_list_says_so_in_its_own_place_and_the_trouble_comes_back(open_house: House) -> None:
    first_told(open_house, "U0LUCIA")
    act(open_house.box, "U0LUCIA", "command", channel="C0JOINT", command="/fmo", text="deliveries")
    shown = eventually(lambda: [each for each in lists(open_house, "U0LUCIA") if each.get("is_ephemeral")])[-1]
    open_house.press("U0LUCIA", "C0JOINT", shown, DELIVERY_AGAIN)
    eventually(lambda: [each for each in lists(open_house, "U0LUCIA") if "on its way again" in each["text"]])


def test_dropped_it_is_settled_for_both(open_house: House) -> None:
    told, (channel, _) = first_told(open_house, "U0LIWEI"), open_house.direct("U0LIWEI")
    bot, master = open_house.bot, Person("T0HUAWEI", "U0LIWEI")
    # It was sent again just now, and has to fail first.
    eventually(lambda: bot.deliveries.shown(master, at=bot.clock.now()).lines)
    open_house.press("U0LIWEI", channel, told, DELIVERY_DROP)
    eventually(lambda: [each for each in lists(open_house, "U0LIWEI") if "Dropped" in each["text"]])
    act(open_house.box, "U0LUCIA", "command", channel="C0JOINT", command="/fmo", text="deliveries")
    eventually(lambda: [each for each in lists(open_house, "U0LUCIA") if "Nothing waits" in each["text"]])
