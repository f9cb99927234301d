"""Real exports in the pretend Jira: loaded whole, and shown as they were."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.sandbox.jira import JiraSite, build, export, suggested_start
from fmo_bot.sandbox.jira.export import UnusableExport
from fmo_bot.sandbox.jira.histories import Shelf
from fmo_bot.sandbox.jira.issue import normal
from tests.integration.jirabox import Files, SetClock
from tests.unit.exported import shared

AFTER_ALL = datetime(2027, 1, 1, tzinfo=UTC)


def site_of(folder: str, at: datetime, *, sprints: bool = False, board: str | None = None) -> JiraSite:
    files = Files(
        issues=shared(f"data/{folder}/issues.jsonl"),
        sprints=shared(f"data/{folder}/sprints.json") if sprints else None,
        board=shared(f"data/{folder}/{board}") if board else None,
    )
    return build("shared", SetClock(at), options=files)


@pytest.mark.parametrize("folder", ["cloud_sprints", "real_kanban", "cloud_flags"])
def test_after_its_last_change_every_issue_is_as_the_file_says(folder: str) -> None:
    site = site_of(folder, AFTER_ALL).site
    told = {raw["id"]: raw for raw in reversed(_lines(shared(f"data/{folder}/issues.jsonl")))}

    assert set(site.issues) == set(told)
    for number, issue in site.issues.items():
        fields = told[number]["fields"]
        expected = {**normal(fields, site.ids), "resolutiondate": None}
        assert {**issue.state(AFTER_ALL), "resolutiondate": None} == expected
        resolved = issue.state(AFTER_ALL)["resolutiondate"]
        assert (resolved is None) == (not fields.get("resolution"))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_real_sprints_are_seen_as_on_their_last_working_day() -> None:
    site = site_of("cloud_sprints", datetime(2020, 6, 19, 0, 30, tzinfo=UTC), sprints=True)
    record = site.record()
    sprints = {sprint["id"]: sprint for sprint in record["sprints"]}
    finished = [issue["key"] for issue in record["issues"] if issue["fields"]["status"]["id"] in {"5", "6"}]

    assert site.describe()["boards"] == [{"id": 8, "name": "EE board"}]
    assert site.describe()["busiest_sprint"]["id"] == 7
    assert site.suggested_start() == datetime(2020, 6, 19, 0, 30, tzinfo=UTC)
    assert [number for number, sprint in sprints.items() if sprint["state"] == "active"] == [7]
    assert "completeDate" not in sprints[7]
    assert len(record["issues"]) == 30  # those of 2022 are not there yet
    assert 0 < len(finished) < 30
    assert max(i["fields"]["updated"] for i in record["issues"]) < "2020-06-19T00:30"
    assert site.describe()["problems"] == []


def test_a_board_without_sprints_is_a_kanban_board_that_starts_on_its_last_day() -> None:
    site = site_of("real_kanban", datetime(2026, 7, 14, 0, 30, tzinfo=UTC))
    following = site.next_event()

    assert site.describe()["busiest_sprint"] is None
    assert site.suggested_start() == datetime(2026, 7, 14, 0, 30, tzinfo=UTC)
    assert site.site.board["type"] == "kanban"
    assert len(site.record()["issues"]) == 1317
    assert following is not None
    assert following < datetime(2026, 7, 14, 18, 35, tzinfo=UTC)


def test_a_board_from_a_file_keeps_its_columns_and_double_lines_are_named() -> None:
    site = site_of("cloud_flags", AFTER_ALL, board="sample_board_1_configuration.json")
    columns = site.site.board["columnConfig"]["columns"]

    assert [column["name"] for column in columns] == ["Backlog", "Ready", "In Progress", "Review", "Done"]
    assert site.site.ids.points == "customfield_10036"
    assert site.describe()["busiest_sprint"] is None  # the issues were in sprints, but this is a kanban board
    assert [problem.split(":")[0] for problem in site.describe()["problems"]] == [
        "issues.jsonl line 7",
        "issues.jsonl line 12",
    ]


@pytest.mark.parametrize("folder", ["cloud_sprints", "real_kanban", "cloud_flags"])
def test_a_line_read_quickly_is_read_like_one_looked_at_piece_by_piece(folder: str) -> None:
    quickly = 0
    for line in shared(f"data/{folder}/issues.jsonl").read_bytes().splitlines():
        usual = export._usual(line, Shelf())
        assert usual is None or usual == export._unusual(line)
        quickly += usual is not None
    assert quickly > 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("[]\n{}\n", "line 1: an issue is not a JSON object"),  # the first reason stands for all
    ],
)
def test_an_export_without_any_issue_is_refused_in_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "issues.jsonl"
    file.write_text(text, "utf-8")
    with pytest.raises(UnusableExport, match=re.escape(f"issues.jsonl holds no issue that can be used: {why}")):
        suggested_start(Files(issues=file))


def test_sprints_without_issues_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnusableExport, match="--issues"):
        suggested_start(Files(sprints=tmp_path / "sprints.json"))


def test_a_link_is_there_from_the_moment_it_was_made() -> None:
    issue = site_of("cloud_flags", AFTER_ALL).site.by_key["SP-15"]
    made = datetime(2022, 4, 24, 16, 42, 42, 531_000, tzinfo=UTC)

    before, after = (
        [link["inwardIssue"]["key"] for link in issue.state(at)["issuelinks"] if "inwardIssue" in link]
        for at in (made - timedelta(milliseconds=1), made)
    )

    assert (before, after) == ([], ["SP-14"])
