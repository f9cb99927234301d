"""From a Jira over real sockets to our values, in both flavours: nothing is lost, nothing that is not ours is kept."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from fmo_bot.db.store import Store
from fmo_bot.domain.issues import SPRINT, STATUS, BoardShape, Issue, Version
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.boards import Boards
from tests.integration.test_boards import put_board
from tests.joint_team import shown
from tests.unit.exported import shared

FLAVOURS = ("cloud", "dc")
HALF_WAY = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)  # later than anything in the files
# Kept items as Jira names them, told apart here without the bot's own tables.
KEPT = {
    "status": "status",
    "resolution": "resolution",
    "assignee": "assignee",
    "project": "project",
    "Fix Version": "fix_version",
    "Link": "link",
    "Key": "key",
    "Sprint": "sprint",
    "Flagged": "flagged",
    "Story Points": "points",
    "Story point estimate": "points",
}
Item = tuple[str, int, str, str | None, str | None]


@dataclass
class Sleeper:
    """Machine time that moves only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def source_of(box: Sandbox, *, sleeper: Sleeper | None = None, token: str = "") -> Iterator[JiraSource]:
    told = requests.get(f"{box.url}/control/world", timeout=60).json()["jira"][0]
    access = Access(
        key="shared",
        url=f"{box.url}/jira/shared",
        token=token or told["token"],
        email=told["email"] if told["flavour"] == "cloud" else None,
    )
    sleeper = sleeper or Sleeper()
    with closing(JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)) as client:
        yield JiraSource(client)


def board_of(box: Sandbox) -> int:
    number: int = requests.get(f"{box.url}/control/world", timeout=60).json()["jira"][0]["boards"][0]["id"]
    return number


def faults(box: Sandbox, **switched: object) -> None:
    requests.post(f"{box.url}/control/faults", json=switched, timeout=60).raise_for_status()


def record_of(box: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{box.url}/control/jira/shared/record", timeout=60).json()
    return found


@pytest.fixture(scope="module", params=FLAVOURS)
def story(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The story of the sandbox, its sprint half way."""
    with Sandbox(Options(jira=request.param, start=HALF_WAY)) as box:
        yield box


def told_items(raw: dict[str, Any]) -> Counter[Item]:
    """The items of a raw issue that are to be kept."""
    return Counter(
        (_utc(history["created"]), int(history["id"]), KEPT[item["field"]], item.get("from"), item.get("to"))
        for history in raw["changelog"]["histories"]
        for item in history["items"]
        if item["field"] in KEPT
    )


def kept_items(issue: Issue) -> Counter[Item]:
    return Counter((each.at.isoformat(), each.history, each.field, each.before, each.after) for each in issue.changes)


def _utc(stamp: str) -> str:
    return datetime.fromisoformat(stamp).astimezone(UTC).isoformat()


def changed(source: JiraSource, shape: BoardShape, *, since: datetime | None = None) -> list[Issue]:
    return [issue for part in source.changed(shape, since=since) for issue in part.issues]


def everything(source: JiraSource, board_id: int) -> dict[str, Issue]:
    found = changed(source, source.describe(board_id))
    assert Counter(issue.id for issue in found).most_common(1)[0][1] == 1
    return {issue.id: issue for issue in found}


def test_the_picture_is_complete_issue_by_issue_and_history_by_history(story: Sandbox) -> None:
    with source_of(story) as source:
        found = everything(source, board_of(story))
    told = {raw["id"]: raw for raw in record_of(story)["issues"]}
    assert set(found) == set(told)
    for number, issue in found.items():
        fields = told[number]["fields"]
        assert kept_items(issue) == told_items(told[number]), issue.key
        assert issue.complete
        assert (issue.key, issue.summary) == (told[number]["key"], fields["summary"])
        assert (issue.status, issue.flagged) == (fields["status"]["id"], fields["flagged"])
        assert issue.updated.isoformat() == _utc(fields["updated"])
        now = [fields["sprint"], *fields.get("closedSprints", [])]
        assert set(issue.sprints) >= {sprint["id"] for sprint in now if sprint}


def test_the_board_tells_its_shape_and_its_sprints(story: Sandbox) -> None:
    record = record_of(story)
    with source_of(story) as source:
        shape = source.describe(board_of(story))
        sprints = source.sprints(board_of(story))
    board = record["boards"][0]
    assert [column.name for column in shape.columns] == [each["name"] for each in board["columnConfig"]["columns"]]
    assert shape.points_field == board["estimation"]["field"]["fieldId"]
    assert {(sprint.id, sprint.name, sprint.state) for sprint in sprints} == {
        (each["id"], each["name"], each["state"]) for each in record["sprints"]
    }


def test_a_later_read_brings_only_what_changed(story: Sandbox) -> None:
    requests.post(f"{story.url}/clock/step", json={"by": 3600}, timeout=120).raise_for_status()
    since = story.world.clock.now()
    card = next(raw["key"] for raw in record_of(story)["issues"] if raw["fields"]["status"]["name"] != "Done")
    status = record_of(story)["boards"][0]["columnConfig"]["columns"][-1]["statuses"][0]["id"]
    moved = requests.post(
        f"{story.url}/control/jira/shared/issues/{card}/move", json={"status": str(status)}, timeout=60
    )
    moved.raise_for_status()
    with source_of(story) as source:
        shape = source.describe(board_of(story))
        (again,) = changed(source, shape, since=since)
        assert again.key == card
        assert list(source.read(shape, [again.id])) == [again]
        assert source.updates(shape)[again.id] == again.updated
    assert again.changes[-1].after == str(status)


def test_the_database_holds_the_same_picture(story: Sandbox, sqlite_store: Store) -> None:
    with source_of(story) as source:
        boards = Boards(sqlite_store, {"shared": source})
        board_id = put_board(sqlite_store, jira_board_id=board_of(story))
        first = boards.sync(board_id, HALF_WAY)
        second = boards.sync(board_id, HALF_WAY)
        found = everything(source, board_of(story))
    with sqlite_store.transaction(SYSTEM) as session:
        view = shown(session, boards, board_id)
    assert {issue.id: issue for issue in view.issues} == found
    assert first.read >= len(found) > second.read
    assert first.guessed is not None


def test_a_site_that_is_busy_now_and_then_is_read_whole(story: Sandbox) -> None:
    sleeper = Sleeper()
    faults(story, jira_429=0.2, jira_503=0.05)
    try:
        with source_of(story, sleeper=sleeper) as source:
            found = everything(source, board_of(story))
    finally:
        faults(story, jira_429=0, jira_503=0)
    assert len(found) == len(record_of(story)["issues"])
    assert all(pause >= 1 for pause in sleeper.slept)  # the sandbox asks for a second


def test_a_site_that_stays_busy_is_left_alone_after_four_tries(story: Sandbox) -> None:
    sleeper = Sleeper()
    faults(story, jira_429=1)
    try:
        with source_of(story, sleeper=sleeper) as source, pytest.raises(BoardUnavailable, match="asks for a pause"):
            source.describe(board_of(story))
    finally:
        faults(story, jira_429=0)
    assert len(sleeper.slept) == 3
    assert all(pause >= 1 for pause in sleeper.slept)


def test_a_wrong_token_is_one_sentence(story: Sandbox) -> None:
    with (
        source_of(story, token="jira-sandbox-other") as source,
        pytest.raises(BoardUnavailable, match=r"does not accept the bot's token.*FMO_JIRA_SHARED_TOKEN"),
    ):
        source.describe(board_of(story))


def test_a_board_that_is_not_there_is_one_sentence(story: Sandbox) -> None:
    with source_of(story) as source, pytest.raises(BoardUnavailable, match="does not show board 4711"):
        source.describe(4711)


@pytest.fixture(params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@contextmanager
def box_of(issues: Path, *, flavour: str, sprints: Path | None = None) -> Iterator[Sandbox]:
    with Sandbox(Options(jira=flavour, issues=issues, sprints=sprints, start=NOW)) as box:
        yield box


def lines_of(path: Path) -> dict[str, dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return {str(raw["id"]): raw for raw in map(json.loads, lines)}


def count(issues: Iterable[Issue], name: str) -> int:
    return sum(change.field == name for issue in issues for change in issue.changes)


def test_real_cloud_sprints_come_through_whole(flavour: str) -> None:
    folder = shared("data/cloud_sprints")
    with (
        box_of(folder / "issues.jsonl", flavour=flavour, sprints=folder / "sprints.json") as box,
        source_of(box) as source,
    ):
        found = everything(source, board_of(box))
        sprints = source.sprints(board_of(box))
    told = lines_of(folder / "issues.jsonl")
    assert len(found) == 33
    assert (count(found.values(), STATUS), count(found.values(), SPRINT)) == (165, 21)
    assert {number: kept_items(issue) for number, issue in found.items()} == {
        number: told_items(raw) for number, raw in told.items()
    }
    assert len(sprints) >= 30


def test_a_real_kanban_board_comes_through_whole_and_has_no_sprints(flavour: str) -> None:
    file = shared("data/real_kanban/issues.jsonl")
    with box_of(file, flavour=flavour) as box, source_of(box) as source:
        found = everything(source, board_of(box))
        assert source.sprints(board_of(box)) == ()
    told = lines_of(file)
    assert len(found) == 1317
    assert {number: kept_items(issue) for number, issue in found.items()} == {
        number: told_items(raw) for number, raw in told.items()
    }


def test_a_changelog_that_is_cut_is_read_again_or_marked_as_not_proved() -> None:
    """Data Center: no longer history can be had, so the issue says that its history is not proved."""
    file = shared("data/cloud_sprints/issues.jsonl")
    with box_of(file, flavour="dc") as box, source_of(box) as source:
        faults(box, changelog_cut=5)
        found = everything(source, board_of(box))
    whole = {number for number, raw in lines_of(file).items() if len(raw["changelog"]["histories"]) <= 5}
    assert {number for number, issue in found.items() if issue.complete} == whole


def test_histories_beyond_the_newest_forty_are_not_lost_on_cloud(tmp_path: Path) -> None:
    raw = next(iter(lines_of(shared("data/cloud_sprints/issues.jsonl")).values()))
    start = datetime(2021, 1, 1, tzinfo=UTC)
    ends = [raw["fields"]["status"]["id"], "10020"]
    raw["changelog"] = {
        "histories": [
            {
                "id": str(number),
                "created": (start + timedelta(hours=number)).isoformat(),
                "items": [
                    {
                        "field": "status",
                        "fieldtype": "jira",
                        "fieldId": "status",
                        "from": ends[number % 2],
                        "fromString": "a",
                        "to": ends[1 - number % 2],
                        "toString": "b",
                    }
                ],
            }
            for number in range(1, 2502)  # more than two pages of the bulk answer
        ]
    }
    raw["fields"] |= {"created": "2020-12-31T00:00:00.000+0000", "updated": "2021-06-01T00:00:00.000+0000"}
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(raw) + "\n")
    with box_of(file, flavour="cloud") as box, source_of(box) as source:
        (issue,) = everything(source, board_of(box)).values()
    assert [change.history for change in issue.changes] == list(range(1, 2502))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_versions_come_with_the_issue_and_from_their_project(flavour: str) -> None:
    with Sandbox(Options(jira=flavour, start=HALF_WAY)) as box, source_of(box) as source:
        site = f"{box.url}/control/jira/shared"
        number = requests.post(f"{site}/versions", json={"name": "R1"}, timeout=60).json()["id"]
        requests.post(f"{site}/issues/CORE-50/version", json={"version": number}, timeout=60).raise_for_status()
        told = {"released": True, "releaseDate": "2026-11-15"}
        requests.put(f"{site}/versions/{number}", json=told, timeout=60).raise_for_status()
        shape = source.describe(board_of(box))
        issues = [issue for part in source.changed(shape, since=None) for issue in part.issues]
        found = next(issue for issue in issues if issue.key == "CORE-50")

        assert found.versions == (Version(number, "R1", True, date(2026, 11, 15)),)
        assert source.versions(found.project or "") == found.versions
        assert source.versions("99999") == ()
