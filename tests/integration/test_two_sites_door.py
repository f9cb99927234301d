"""Two sites by the real door: a typed key that both know is a choice between them, in Slack."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.boards import IssueRow, JiraSiteRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.team_file import read
from fmo_bot.slack.actions import BLOCKER_ISSUE
from tests.integration.door_support import TEAM, House, find_direct, form_of, house
from tests.integration.sandbox_support import PATIENT, START, act, eventually, see

KEY = "CORE-51"  # in progress in the story, which both sites tell
ACCEPTED = ["vendor", "operator"]
LAST_WEEK = 1_083  # issue-hours lost to waiting on one site: both tell the same story


def team_file(folder: Path, *, operators: list[str]) -> Path:
    """The demo's joint team with a second board, on Telefonica's own site, accepted by these sides."""
    team = read(TEAM)
    team["other_boards"] = [{"site": "operator", "id": 1, "workflow": deepcopy(team["board"]["workflow"])}]
    team["jira"].append({"site": "operator", "owner": "Telefonica", "accepted_by": operators})
    file = folder / "team.yaml"
    file.write_text(yaml.safe_dump(team, allow_unicode=True), "utf-8")
    return file


@pytest.fixture(scope="module", params=[ACCEPTED, []], ids=["joint", "internal"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, bool]]:
    """The house with two Jira sites that tell the same story; whether the second one is joint."""
    folder = tmp_path_factory.mktemp("two-sites")
    with Sandbox(Options(patience=PATIENT, start=START)) as other:
        given = {
            "FMO_JIRA_SITES": "shared,operator",
            "FMO_JIRA_OPERATOR_URL": f"{other.url}/jira/shared",
            "FMO_JIRA_OPERATOR_EMAIL": "bot@shared.example",
            "FMO_JIRA_OPERATOR_TOKEN": "jira-sandbox-shared",
        }
        with house(folder, "socket", team=team_file(folder, operators=request.param), **given) as made:
            made.step()
            eventually(lambda: len(held(made)) == 2)  # each site is read in its own time
            yield made, bool(request.param)


def held(home: House) -> list[int]:
    """The sites of which the bot holds the issue."""
    with home.bot.store.reading(SYSTEM) as session:
        return list(session.scalars(select(IssueRow.site_id).where(IssueRow.key == KEY)))


def whispers(home: House, user: str) -> list[dict[str, Any]]:
    return [each for each in home.joint(user) if each.get("is_ephemeral")]


def typed(home: House, user: str, text: str) -> dict[str, Any]:
    """What a person sees who types `/fmo text` in the joint channel."""
    before = len(whispers(home, user))
    assert act(home.box, user, "command", channel="C0JOINT", command="/fmo", text=text)["ok"]
    told: dict[str, Any] = eventually(lambda: whispers(home, user)[before:])[0]
    return told


def raised(home: House) -> list[tuple[str | None, str]]:
    """(site, what) of every blocker, newest last."""
    with home.bot.store.transaction(SYSTEM) as session:
        sites = {row.id: row.key for row in session.scalars(select(JiraSiteRow))}
        rows = session.scalars(select(BlockerRow).order_by(BlockerRow.id))
        return [(sites.get(row.site_id or 0), row.what) for row in rows]


def test_a_key_on_two_sites_is_asked_about_with_their_names(home: tuple[House, bool]) -> None:
    made, joint = home
    before = raised(made)
    told = typed(made, "U0LIWEI", f"blocked {KEY.lower()} the lab keys")
    if not joint:  # for Huawei there is one: nobody is told of the other
        assert "It is noted: Huawei waits on Telefonica" in told["text"]
        assert raised(made)[-1] == ("shared", "the lab keys")
        return
    assert "stands on several Jira sites" in told["text"]
    assert "[operator] CORE-51" in told["text"]
    assert "[shared] CORE-51" in told["text"]
    assert raised(made) == before
    block = next(block for block in told["blocks"] if block["type"] == "actions")
    theirs = next(each for each in block["elements"] if "[operator]" in each["text"]["text"])
    assert theirs["action_id"].startswith(BLOCKER_ISSUE)
    pressed = {"channel": "C0JOINT", "ts": told["ts"], "block_id": block["block_id"], "action_id": theirs["action_id"]}
    for _ in range(2):  # the second press changes nothing
        act(made.box, "U0LIWEI", "press", **pressed)
    eventually(lambda: raised(made) != before)
    assert raised(made) == [*before, ("operator", "the lab keys")]
    eventually(lambda: [each for each in whispers(made, "U0LIWEI") if "It is noted" in each["text"]])


def test_the_form_names_the_site_where_a_key_alone_would_not_tell(home: tuple[House, bool]) -> None:
    made, joint = home
    view = form_of(made, "U0CHENYU")
    choice = {"view_id": view["id"], "block_id": "blocked", "action_id": "blocked", "value": "operator"}
    act(made.box, "U0CHENYU", "press_view", **choice, values={})

    def offered() -> list[str]:
        shown = see(made.box, "U0CHENYU", "views")[-1]
        found = [block for block in shown["blocks"] if block.get("block_id") == "blocked_issue"]
        return [each["text"]["text"] for block in found for each in block["element"]["options"]]

    texts = [text for text in eventually(offered) if text.startswith(f"{KEY} ")]
    sites = ["operator", "shared"] if joint else []  # for Huawei's people there is one, which needs no site's name
    assert sorted(site for text in texts for site in ("operator", "shared") if f"[{site}]" in text) == sites
    assert len(texts) == (2 if joint else 1)


def test_who_waits_on_whom_counts_what_both_may_know_and_says_the_same_to_both(home: tuple[House, bool]) -> None:
    made, joint = home
    told = typed(made, "U0LUCIA", "blocked CORE-47 the firmware")  # for her it stands on two sites
    block = next(block for block in told["blocks"] if block["type"] == "actions")
    theirs = next(each for each in block["elements"] if "[operator]" in each["text"]["text"])
    pressed = {"channel": "C0JOINT", "ts": told["ts"], "block_id": block["block_id"], "action_id": theirs["action_id"]}
    assert act(made.box, "U0LUCIA", "press", **pressed) == {"ok": True}
    eventually(lambda: ("operator", "the firmware") in raised(made))
    shown = []
    for user in ("U0LUCIA", "U0LIWEI"):
        assert "Counting who waits on whom" in typed(made, user, "waits")["text"]
        _, message = eventually(partial(find_direct, made, user, "Who waits on whom"))
        shown.append(message["text"])
        assert "Telefonica waits on Huawei: 1" in message["text"]
        assert "CORE-" not in json.dumps(message)
        assert message["text"].count("5G Core joint board") == (2 if joint else 1)
    lost = [re.findall(r"[0-9,]+ issue-hours this week, [0-9,]+ last week", text) for text in shown]
    assert len(lost[0]) == 1
    assert lost[0] == lost[1]
    assert f"{2 * LAST_WEEK if joint else LAST_WEEK:,} last week" in lost[0][0]  # nothing of the internal one


def test_every_issue_was_read_from_both_sites(home: tuple[House, bool]) -> None:
    made, _ = home
    with made.bot.store.transaction(SYSTEM) as session:
        query = select(JiraSiteRow.key, IssueRow.key).join(IssueRow, IssueRow.site_id == JiraSiteRow.id)
        found = {(site, key) for site, key in session.execute(query)}
    ours, theirs = ({key for site, key in found if site == name} for name in ("shared", "operator"))
    assert ours == theirs
    assert KEY in ours


def test_what_cannot_be_understood_is_said(home: tuple[House, bool]) -> None:
    made, _ = home
    assert "is not on the joint team" in typed(made, "U0LIWEI", "blocked CORE-99999 x")["text"]
    assert "CORE-12 what is missing" in typed(made, "U0LIWEI", "blocked")["text"]
    told = typed(made, "U0LIWEI", "blocked no access to the lab")
    assert "Huawei waits on Telefonica. no access to the lab" in told["text"]
    assert "CORE" not in json.dumps(told)
