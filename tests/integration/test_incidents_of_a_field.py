"""When an incident began stands in a field of the site's own: the database says what an export says, on both Jiras."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.store import Store
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import newest
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.recovery import of, recoveries
from fmo_bot.domain.timelines import timeline
from fmo_bot.domain.workflow_file import FieldIds
from fmo_bot.jira import exports
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.services.boards import Boards
from tests.integration.jirabox import HALF_WAY, Box, Files, running
from tests.joint_team import JointTeam, team_file

BEGAN = "customfield_10060"


@pytest.fixture(params=["cloud", "dc"])
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    with running(Files(jira=request.param)) as made:
        yield made


def client(box: Box) -> JiraClient:
    told = box.site.describe()
    email = told["email"] if told["flavour"] == "cloud" else None
    return JiraClient(Access(key="shared", url=box.url, token=told["token"], email=email))


def found(box: Box, jql: str, **more: str) -> list[dict[str, Any]]:
    """Issues as Jira's REST API tells them."""
    cloud = box.site.describe()["flavour"] == "cloud"
    way = "/rest/api/3/search/jql" if cloud else "/rest/api/2/search"
    issues: list[dict[str, Any]] = box.get(way, jql=jql, fields="*all", maxResults="1000", **more).json()["issues"]
    return issues


def export(box: Box, to: Path) -> list[Life]:
    """All issues as somebody would save them, read as the command line reads them."""
    to.write_text("\n".join(map(json.dumps, found(box, "project = CORE", expand="changelog"))), "utf-8")
    wrong: list[str] = []
    read = exports.read(to, FieldIds(), lambda _, why: wrong.append(why), began_field=BEGAN)
    assert wrong == []
    return read.lives


def test_time_to_recover_begins_where_the_field_says_and_a_board_is_read_anew_for_it(
    box: Box, sqlite_store: Store, tmp_path: Path
) -> None:
    with closing(client(box)) as jira:
        boards = Boards(sqlite_store, {"shared": JiraSource(jira)})
        JointTeam(sqlite_store, team_file())
        with sqlite_store.reading(SYSTEM) as session:
            number = session.scalars(select(BoardRow.id)).one()
        boards.sync(number, HALF_WAY)
        with sqlite_store.reading(SYSTEM) as session:
            known = boards.view(session, number)
        assert known.shape.instant_fields == ()

        bugs = [issue["key"] for issue in found(box, "issuetype = Bug")]
        for key, told in zip(bugs, ("2026-10-01T08:30:00.000+0200", "2026-11-30T00:00:00.000+0000"), strict=False):
            box.send("PUT", f"/rest/api/2/issue/{key}", {"fields": {BEGAN: told}}).raise_for_status()
        mapping = newest(known.workflow).to_mapping() | {"incidents": {"issue_types": ["Bug"], "started_field": BEGAN}}
        JointTeam(sqlite_store, team_file(board={"site": "shared", "id": 1, "workflow": mapping}))
        boards.sync(number, HALF_WAY, look=True)

        lives, as_of = export(box, tmp_path / "issues.jsonl"), ms(HALF_WAY)
        with sqlite_store.reading(SYSTEM) as session:
            view = boards.view(session, number)
            stored = view.facts.incidents(0, as_of, as_of, frozenset(view.facts.origins()))
    lines = [timeline(life, view.workflow, as_of) for life in lives]
    ours, theirs, by_creation = (
        recoveries(each, as_of=as_of)
        for each in (stored, of(lines, view.incidents), of(lines, replace(view.incidents, started_field=None)))
    )
    assert view.shape.instant_fields == (BEGAN,)
    assert sum(bool(life.instants) for life in lives) == 2
    assert ours == theirs
    assert ours != by_creation
    assert len(of(lines, view.incidents)) == len(bugs) - 1  # one begins only in a fortnight
