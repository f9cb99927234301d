"""Reading works with a read-only token of the shared board alone; what it must not see or keep is nowhere."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.boards import IssueRow
from fmo_bot.db.ownership import JiraProjectRow, WithheldRow
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.services.boards import SWEEP_EVERY, Boards
from tests.integration.jirabox import HALF_WAY, Box, Files, running
from tests.joint_team import JointTeam, shown, team_file

EVERYTHING_BUT_BROWSING = ["create", "edit", "assign", "transition", "comment", "link", "users", "webhook", "report"]
CANARY = "Merger with Parkline"
LATER = HALF_WAY + timedelta(hours=1)


@dataclass(frozen=True)
class Reader:
    """The bot's boards over a site on which its account may browse one project and do nothing else."""

    box: Box
    boards: Boards
    team: JointTeam
    store: Store
    account: str

    def sync(self, at: Any = LATER) -> None:
        self.boards.sync(self.team.result.board_id, at)

    def stored(self) -> set[str]:
        with self.store.transaction(SYSTEM) as session:
            return set(session.scalars(select(IssueRow.key)))

    def withheld(self) -> list[str]:
        with self.store.transaction(SYSTEM) as session:
            return list(session.scalars(select(WithheldRow.jira_issue_id)))

    def dump(self) -> str:
        """Every value of every table."""
        with self.store.transaction(SYSTEM) as session:
            return repr([session.execute(table.select()).all() for table in METADATA.sorted_tables])


@pytest.fixture(params=["cloud", "dc"])
def reader(request: pytest.FixtureRequest, sqlite_store: Store) -> Iterator[Reader]:
    with running(Files(jira=request.param)) as box, _client(box) as client:
        account = _account(box)
        box.control("PUT", "/permissions", {"deny": EVERYTHING_BUT_BROWSING}).raise_for_status()
        box.control("PUT", "/projects/LAB", {"name": CANARY, "browse": False}).raise_for_status()
        workflow = {"commitment": "Doing", "stages": [{"name": "Doing", "kind": "active", "statuses": ["3"]}]}
        board = {"site": "shared", "id": box.site.describe()["boards"][0]["id"], "workflow": workflow}
        core = {"key": "CORE", "accepted_by": ["vendor", "operator"]}
        jira = {"site": "shared", "owner": "Huawei", "projects": [core]}
        team = JointTeam(sqlite_store, team_file(board=board, jira=[jira]))
        yield Reader(box, Boards(sqlite_store, {"shared": JiraSource(client)}), team, sqlite_store, account)


@contextmanager
def _client(box: Box) -> Iterator[JiraClient]:
    told = box.site.describe()
    email = told["email"] if told["flavour"] == "cloud" else None
    with closing(JiraClient(Access(key="shared", url=box.url, token=told["token"], email=email))) as client:
        yield client


def _account(box: Box) -> str:
    me = box.get("/rest/api/2/myself").json()
    return str(me.get("accountId") or me["name"])


def test_a_board_is_read_whole_by_an_account_that_may_only_browse_its_project(reader: Reader) -> None:
    refused = reader.box.send("POST", "/rest/api/2/issue/CORE-51/comment", {"body": "x"})
    assert refused.status_code in (400, 403)  # the account can indeed do nothing
    reader.sync()
    theirs = {each["key"] for each in requests.get(_record(reader.box), timeout=60).json()["issues"]}
    assert reader.stored() == theirs
    with reader.store.transaction(SYSTEM) as session:
        view = shown(session, reader.boards, reader.team.result.board_id)
        project = session.scalars(select(JiraProjectRow).where(JiraProjectRow.key == "CORE")).one()
        assert project.jira_project_id is not None  # from its first issue on it is known by its id
    assert view.sync_error is None
    assert view.sprints
    assert all(issue.complete and issue.project == project.jira_project_id for issue in view.issues)


def test_only_reading_requests_are_made(reader: Reader) -> None:
    reader.box.control("POST", "/requests", {"forget": True})
    reader.sync()
    made = reader.box.control("GET", "/requests").json()["requests"]
    writing = [each for each in made if each.split()[0] not in ("GET", "POST")]
    posts = {each.split()[1] for each in made if each.startswith("POST")}
    assert writing == []
    assert all("search" in each or "bulkfetch" in each for each in posts)
    assert not [each for each, statuses in made.items() if set(statuses) - {"200"}]


def test_an_issue_the_account_sees_behind_a_security_level_is_withheld(reader: Reader) -> None:
    reader.sync()
    told = {"level": "Own company only", "members": [reader.account]}
    reader.box.step(LATER)
    reader.box.control("PUT", "/issues/CORE-51/security", told).raise_for_status()
    reader.sync(LATER + timedelta(minutes=30))
    assert "CORE-51" not in reader.stored()
    assert len(reader.withheld()) == 1
    assert "CORE-51'" not in reader.dump()


def test_what_is_said_for_a_role_only_is_nowhere(reader: Reader) -> None:
    told = {"text": CANARY, "role": "Huawei only"}
    reader.box.control("PUT", "/permissions", {"roles": {"Huawei only": [reader.account]}}).raise_for_status()
    reader.box.step(LATER)
    reader.box.control("POST", "/issues/CORE-51/comment", told).raise_for_status()
    reader.sync(LATER + timedelta(minutes=30))
    assert "CORE-51" in reader.stored()
    assert CANARY not in reader.dump()


def test_an_issue_moved_where_the_account_may_not_look_leaves_the_board(reader: Reader) -> None:
    reader.sync()
    reader.box.step(LATER)
    reader.box.control("POST", "/issues/CORE-51/move_to", {"project": "LAB"}).raise_for_status()
    at = LATER + SWEEP_EVERY
    reader.box.step(at)
    reader.sync(at)
    with reader.store.transaction(SYSTEM) as session:
        view = shown(session, reader.boards, reader.team.result.board_id)
    assert "CORE-51" not in {issue.key for issue in view.issues}
    assert "LAB-" not in reader.dump()


def _record(box: Box) -> str:
    return box.url.replace("/jira/", "/control/jira/") + "/record"
