"""The bot's real sync against a pretend Jira that goes wrong, and the comparison of the database with its record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from fmo_bot.db.store import Store
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.boards import Boards
from tests.integration.test_boards import put_board
from tests.integration.test_jira_source import KEPT, Sleeper
from tests.joint_team import shown

ROUNDS = 240  # a minute apart: how often the bot may have to look until it has read a board
TIMEOUT = (5.0, 0.4)


@dataclass
class Stage:
    """A sandbox, a database, and the bot's own way from the one into the other."""

    box: Sandbox
    store: Store
    boards: Boards
    board_id: int
    sleeper: Sleeper
    failed: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.box.world.clock.now()

    @property
    def points(self) -> str:
        """The site's field for points; the bot reads it where the board estimates by it."""
        board = self.box.world.jira["shared"].site.board
        return str(board.get("estimation", {}).get("field", {}).get("fieldId"))

    @property
    def is_cloud(self) -> bool:
        return self.box.world.jira["shared"].site.is_cloud

    def lag_of(self, key: str) -> float:
        """Seconds by which the search index is behind with an issue."""
        site = self.box.world.jira["shared"].site
        return site.lag_of(site.find(key)).total_seconds()

    def flagged(self) -> set[str]:
        """The keys of flagged issues, as the bot knows them."""
        return {issue.key for issue in self.held().values() if issue.flagged}

    def answers(self) -> set[int]:
        """The statuses of all answers so far; 0: none came."""
        told = self.control("GET", "/requests")["requests"]
        return {int(status) for counted in told.values() for status in counted}

    def faults(self, **switched: object) -> None:
        requests.post(f"{self.box.url}/control/faults", json=switched, timeout=60).raise_for_status()

    def control(self, method: str, path: str, told: object = None) -> Any:
        answer = requests.request(method, f"{self.box.url}/control/jira/shared{path}", json=told, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def pass_time(self, seconds: float) -> None:
        """Calendar and machine go on together."""
        requests.post(f"{self.box.url}/clock/step", json={"by": seconds}, timeout=120).raise_for_status()
        self.sleeper.now += seconds

    def sync(self) -> None:
        """Look every minute until the board was read once."""
        for _ in range(ROUNDS):
            try:
                self.boards.sync(self.board_id, self.now)
            except BoardUnavailable as error:
                self.failed.append(str(error))
                self.pass_time(60)
                continue
            return
        raise AssertionError(f"The board was not read in {ROUNDS} minutes: {self.failed[-1]}")

    def held(self) -> dict[str, Issue]:
        with self.store.transaction(SYSTEM) as session:
            return {issue.id: issue for issue in shown(session, self.boards, self.board_id).issues}

    def record(self) -> dict[str, dict[str, Any]]:
        return {raw["id"]: raw for raw in self.control("GET", "/record")["issues"]}


@contextmanager
def stage(store: Store, options: Options) -> Iterator[Stage]:
    """A sandbox and a bot that knows its first board."""
    sleeper = Sleeper()
    with Sandbox(options) as box:
        site = box.world.jira["shared"]
        site.site.troubles.machine = lambda: sleeper.now
        told = site.describe()
        access = Access(
            key="shared",
            url=f"{box.url}/jira/shared",
            token=told["token"],
            email=told["email"] if told["flavour"] == "cloud" else None,
        )
        with closing(JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now, timeout=TIMEOUT)) as client:
            boards = Boards(store, {"shared": JiraSource(client)})
            number = put_board(store, jira_board_id=told["boards"][0]["id"])
            yield Stage(box, store, boards, number, sleeper)


def differences(stage: Stage) -> list[str]:
    """In what the database differs from the source, issue by issue and history by history; empty: in nothing."""
    held, record = stage.held(), stage.record()
    found = [f"{record[number]['key']} is not in the database" for number in record.keys() - held.keys()]
    found += [f"{held[number].key} is in the database only" for number in held.keys() - record.keys()]
    for number in record.keys() & held.keys():
        told, kept = as_told(record[number], stage.points), as_kept(held[number])
        found += [
            f"{held[number].key}: {name} is {kept[name]!r}, not {told[name]!r}"
            for name in told
            if told[name] != kept[name]
        ]
        found += [] if held[number].complete else [f"{held[number].key} is not proved whole"]
    return found


def as_told(raw: Mapping[str, Any], points: str) -> dict[str, Any]:
    """What is to be kept of an issue, by the source; `points`: the id of the field."""
    fields = raw["fields"]
    sprints = [fields["sprint"], *fields.get("closedSprints", [])]
    assignee = fields.get("assignee") or {}
    return {
        "key": raw["key"],
        "summary": fields.get("summary") or "",
        "type": (fields["issuetype"]["name"], fields["issuetype"]["subtask"]),
        "created": instant(fields["created"]),
        "updated": instant(fields["updated"]),
        "status": (fields["status"]["id"], fields["status"]["name"], fields["status"]["statusCategory"]["key"]),
        "resolution": (fields.get("resolution") or {}).get("name"),
        "points": fields.get(points),
        "sprints": {sprint["id"] for sprint in sprints if sprint},
        "flagged": fields["flagged"],
        "assignee": assignee.get("accountId") or assignee.get("name"),
        "labels": tuple(fields.get("labels") or ()),
        "project": fields["project"]["id"],
        "changes": Counter(
            (instant(history["created"]), int(history["id"]), KEPT[item["field"]], item.get("from"), item.get("to"))
            for history in raw["changelog"]["histories"]
            for item in history["items"]
            if item["field"] in KEPT
        ),
    }


def as_kept(issue: Issue) -> dict[str, Any]:
    """The same of what the bot stored."""
    return {
        "key": issue.key,
        "summary": issue.summary,
        "type": (issue.issue_type, issue.subtask),
        "created": issue.created,
        "updated": issue.updated,
        "status": (issue.status, issue.status_name, issue.status_category),
        "resolution": issue.resolution,
        "points": issue.points,
        "sprints": set(issue.sprints),
        "flagged": issue.flagged,
        "assignee": issue.assignee,
        "labels": issue.labels,
        "project": issue.project,
        "changes": Counter((each.at, each.history, each.field, each.before, each.after) for each in issue.changes),
    }


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def generated(script: Path, folder: Path, count: int) -> tuple[Path, Path]:
    """Generated issues and their sprints, always the same ones."""
    import subprocess
    import sys

    issues, sprints = folder / "issues.jsonl", folder / "sprints.json"
    told = ["-n", str(count), "-o", str(issues), "--sprints", str(sprints), "--seed", "11"]
    subprocess.run([sys.executable, str(script), *told], check=True, capture_output=True)
    return issues, sprints
