"""Links to Jira in Slack, by the real doors: shown where the joint team allows it, field by field; else silence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import select

from fmo_bot.db.boards import BoardRow
from fmo_bot.domain.parties import SYSTEM
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import act, eventually, record, see

ALLOWED = ["key", "summary", "status", "points"]


def team_file(folder: Path, **changes: Any) -> Path:
    """The demo's team file, some of it other than usual, with its workflow beside it."""
    told = yaml.safe_load(TEAM.read_text(encoding="utf-8")) | changes
    (folder / "workflow.yaml").write_text((TEAM.parent / "workflow.yaml").read_text(encoding="utf-8"))
    file = folder / "team.yaml"
    file.write_text(yaml.safe_dump(told, allow_unicode=True))
    return file


@pytest.fixture(scope="module", params=["cloud", "dc"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("links")
    given = {"FMO_JIRA_SHARED_EMAIL": ""} if request.param == "dc" else {}
    with house(folder, "socket", team=team_file(folder, unfurls=ALLOWED), jira=request.param, **given) as made:
        yield made


def link(home: House, key: str) -> str:
    return f"{home.box.url}/jira/shared/browse/{key}"


def say(home: House, words: str, *, user: str = "U0LIWEI", channel: str = "C0JOINT") -> str:
    return str(act(home.box, user, "say", channel=channel, text=words)["ts"])


def beside(home: House, ts: str, *, user: str = "U0LIWEI", channel: str = "C0JOINT") -> list[dict[str, Any]]:
    messages = see(home.box, user, "messages", channel=channel)
    found: list[dict[str, Any]] = next(each for each in messages if each["ts"] == ts).get("attachments", [])
    return found


def test_a_link_shows_what_the_joint_team_allows_and_no_more(home: House) -> None:
    ts = say(home, f"Look at {link(home, 'CORE-50')}")
    (shown,) = eventually(lambda: beside(home, ts))
    text = json.dumps(shown["blocks"])
    assert "CORE-50" in text
    assert "Status" in text
    assert "Assignee" not in text
    assert "Priority" not in text
    assert '"actions"' not in text  # nobody acts from a link: it is everybody's


def test_an_edited_or_doubled_event_shows_it_once(home: House) -> None:
    ts = say(home, f"Again {link(home, 'CORE-51')}")
    eventually(lambda: beside(home, ts))
    event = {"type": "link_shared", "user": "U0LIWEI", "channel": "C0JOINT", "message_ts": ts}
    links: dict[str, Any] = {
        "links": [{"url": link(home, "CORE-51"), "domain": "127.0.0.1"}],
        "source": "conversations_history",
    }
    home.event(event | links, event_id="Ev-double")
    home.settle()
    assert len(beside(home, ts)) == 1
    assert len([each for each in record(home.box)["calls"] if each["method"] == "chat.unfurl" and each["ok"]]) <= 4


@pytest.mark.parametrize(
    "words",
    [
        "CORE-50",  # a key is not a link: nobody reads along
        "http://127.0.0.1:1/jira/shared/browse/CORE-50",  # no site of ours
        "{box}/jira/other/browse/CORE-50",  # nor this
        "{box}/jira/shared/browse/CORE-999999",  # nothing is known of it
    ],
)
def test_anything_else_is_met_with_silence(home: House, words: str) -> None:
    ts = say(home, words.replace("{box}", home.box.url))
    home.settle()
    assert beside(home, ts) == []
    assert [each for each in record(home.box)["calls"] if each["method"] == "chat.unfurl" and not each["ok"]] == []


def test_a_link_outside_of_the_joint_teams_channels_shows_nothing(home: House) -> None:
    ts = say(home, link(home, "CORE-50"), channel="C0HWTEAM")
    home.settle()
    assert beside(home, ts, channel="C0HWTEAM") == []


def test_what_is_typed_into_the_composer_is_not_looked_at(home: House) -> None:
    before = len(record(home.box)["calls"])
    event = {
        "type": "link_shared",
        "user": "U0LIWEI",
        "channel": "COMPOSER",
        "message_ts": "fake",
        "source": "composer",
    }
    assert home.event(event | {"links": [{"url": link(home, "CORE-50")}]}, event_id="Ev-composer").status_code == 200
    home.settle()
    assert "chat.unfurl" not in [each["method"] for each in record(home.box)["calls"][before:]]


def test_an_issue_that_is_asked_for_comes_as_a_direct_message(home: House) -> None:
    act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="issue core-50")
    found = eventually(lambda: [each for each in home.direct("U0LIWEI")[1] if "CORE-50" in each["text"]])
    assert "Assignee" in found[-1]["text"]


def test_an_issue_nobody_knows_is_said_so(home: House) -> None:
    act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="issue CORE-999999")
    eventually(lambda: [each for each in home.joint() if "CORE-999999" in each["text"] and each.get("is_ephemeral")])


def test_off_until_the_joint_team_allows_it_and_internal_where_it_is_not_joint(tmp_path: Path) -> None:
    with house(tmp_path, "socket", team=team_file(tmp_path)) as home:
        ts = say(home, link(home, "CORE-50"))
        home.settle()
        assert beside(home, ts) == []
    internal = [{"site": "shared", "owner": "Huawei"}]
    (tmp_path / "b").mkdir()
    with house(tmp_path / "b", "socket", team=team_file(tmp_path / "b", unfurls=ALLOWED, jira=internal)) as home:
        ts = say(home, link(home, "CORE-50"))
        text = json.dumps(eventually(lambda: beside(home, ts)))
        assert "an internal issue of Huawei" in text
        assert "CORE-50" not in json.dumps(eventually(lambda: beside(home, ts))[0]["blocks"])
        asked = {"channel": "C0JOINT", "command": "/fmo", "text": "issue CORE-50"}
        requests.post(f"{home.box.url}/control/as/U0LUCIA/command", json=asked, timeout=60).raise_for_status()
        eventually(lambda: [each for each in home.joint("U0LUCIA") if "No board of" in each["text"]])


def test_a_channel_that_follows_the_board_is_told_what_somebody_moved(home: House) -> None:
    act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="follow 1 moved")
    eventually(lambda: [each for each in home.joint() if "follows" in each["text"] and each.get("is_ephemeral")])
    moved = f"{home.box.url}/control/jira/shared/issues/CORE-52/move"
    requests.post(moved, json={"status": "Cancelled"}, timeout=60).raise_for_status()
    with home.bot.store.reading(SYSTEM) as session:
        board = session.scalars(select(BoardRow.id)).one()
    home.bot.boards.sync(board, home.bot.clock.now())
    home.bot.follows.tell(home.bot.clock.now())
    eventually(lambda: [each for each in home.joint("U0LUCIA") if "CORE-52 moved to Cancelled" in each["text"]])
