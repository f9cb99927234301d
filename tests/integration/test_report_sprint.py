"""`fmo-bot report sprint`: a sprint of an export, for programs, for people, and issue by issue."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fmo_bot.cli import application
from fmo_bot.domain.sprint_sets import SETS
from fmo_bot.errors import FileWrong

WORKFLOW = """
commitment: Build
fields: {sprint: customfield_10020, points: customfield_10016}
abandoned_resolutions: ["Won't Do"]
stages:
  - {name: Open, kind: backlog, statuses: ["1"]}
  - {name: Build, kind: active, side: vendor, statuses: ["3"]}
  - {name: Done, kind: done, statuses: ["5"]}
"""
DONE = {"id": "5", "name": "Done"}


def day(number: int, at: str = "09:00:00.000") -> str:
    return f"2026-01-{number:02}T{at}+0000"


def item(field: str, before: str | None, after: str | None) -> dict[str, Any]:
    ids = {"status": "status", "Sprint": "customfield_10020", "Story Points": "customfield_10016"}
    kind = "jira" if field == "status" else "custom"
    texts = {"fromString": before, "toString": after}
    return {"field": field, "fieldtype": kind, "fieldId": ids[field], "from": before, "to": after} | texts


def issue(number: int, *histories: tuple[str, dict[str, Any]], points: float | None = None, **fields: Any) -> str:
    told = {
        "created": day(1),
        "updated": day(20),
        "status": {"id": "1", "name": "Open"},
        "issuetype": {"name": "Story", "subtask": False},
        "customfield_10016": points,
    }
    log = [{"id": str(n), "created": at, "items": [what]} for n, (at, what) in enumerate(histories, start=1)]
    whole = {"startAt": 0, "maxResults": 100, "total": len(log), "histories": log}
    return json.dumps({"id": str(number), "key": f"PAY-{number}", "fields": told | fields, "changelog": whole})


ISSUES = [
    # planned at 3, finished at 5
    issue(
        2,
        (day(4), item("Sprint", "", "7")),
        (day(7), item("Story Points", "3", "5")),
        (day(8), item("status", "1", "5")),
        points=5.0,
        status=DONE,
    ),
    # planned, never estimated, taken out
    issue(10, (day(4), item("Sprint", "", "7")), (day(9), item("Sprint", "7", ""))),
    # came in while it ran, with half a point, and stays open
    issue(3, (day(6), item("Sprint", "", "7")), points=0.5),
    # done before it was put in
    issue(4, (day(4), item("status", "1", "5")), (day(6), item("Sprint", "", "7")), points=1.0, status=DONE),
    # of another sprint
    issue(5, (day(4), item("Sprint", "", "8"))),
]
SPRINTS = [
    {"id": 7, "name": "Pay \x1b[31m7", "state": "closed", "startDate": day(5), "completeDate": day(16)},
    {"id": 8, "name": "Pay 8", "state": "active", "startDate": day(17)},
    {"id": 9, "name": "Pay 9", "state": "future"},
]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "issues.jsonl").write_text("\n".join([*ISSUES[:2], "{torn", *ISSUES[2:]]), encoding="utf-8")
    (tmp_path / "sprints.json").write_text(json.dumps(SPRINTS), encoding="utf-8")
    (tmp_path / "workflow.yaml").write_text(WORKFLOW, encoding="utf-8")
    return tmp_path


def asked(files: Path, sprint: int, *more: str) -> Result:
    named = {"issues": "issues.jsonl", "sprints": "sprints.json", "workflow": "workflow.yaml"}
    given = [part for option, name in named.items() for part in (f"--{option}", str(files / name))]
    return CliRunner().invoke(application(), ["report", "sprint", *given, "--sprint", str(sprint), *more])


def test_a_closed_sprint_for_programs(files: Path) -> None:
    told = asked(files, 7, "--format", "json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {
        "sprint": 7,
        "start": "2026-01-05T09:00:00.000Z",
        "end": "2026-01-16T09:00:00.000Z",
        "committed": ["PAY-10", "PAY-2"],
        "added": ["PAY-3"],
        "removed": ["PAY-10"],
        "completed": ["PAY-2"],
        "carried_over": ["PAY-3"],
        "completed_outside": ["PAY-4"],
        "points": {
            "committed": 3,
            "added": 0.5,
            "removed": 0,
            "completed": 5,
            "carried_over": 0.5,
            "completed_outside": 1,
            "re_estimated": 2,
        },
        "unestimated": ["PAY-10"],
        "provisional": False,
    }
    assert "line 3 is passed over" in told.stderr


def test_a_running_sprint_is_provisional_and_ends_as_of_the_latest_instant_of_the_file(files: Path) -> None:
    told = json.loads(asked(files, 8, "--format", "json").stdout)
    assert (told["provisional"], told["end"], told["committed"]) == (True, "2026-01-20T09:00:00.000Z", ["PAY-5"])


def test_as_of_hides_what_came_later(files: Path) -> None:
    told = json.loads(asked(files, 7, "--format", "json", "--as-of", "2026-01-08T08:59:59Z").stdout)
    assert (told["provisional"], told["completed"], told["carried_over"]) == (True, [], ["PAY-10", "PAY-2", "PAY-3"])


def test_a_sprint_of_the_file_that_is_none_is_passed_over_and_counted(files: Path) -> None:
    (files / "sprints.json").write_text(json.dumps([{"id": 6}, *SPRINTS]), encoding="utf-8")
    told = asked(files, 7)
    assert told.exit_code == 0, told.output
    assert "data quality: malformed_lines 1, malformed_sprints 1" in told.stdout
    assert "sprints.json: sprint number 1 is passed over: the name of sprint 6 is missing" in told.stderr
    assert asked(files, 6).exit_code == 2


def test_for_people_it_says_the_same_with_what_to_trust_less(files: Path) -> None:
    told = asked(files, 7, "--zone", "Europe/Madrid").stdout
    assert (
        "sprint 7 (Pay \N{REPLACEMENT CHARACTER}[31m7): 2026-01-05 10:00:00 to 2026-01-16 10:00:00 (Europe/Madrid)"
        in told
    )
    assert "committed                  2         3  PAY-10 PAY-2" in told
    assert "without an estimate: PAY-10" in told
    assert "malformed_lines 1" in told
    assert "as of 2026-01-20 10:00:00; source: issues.jsonl: " in told


def test_issue_by_issue_the_rows_add_up_to_the_sets(files: Path) -> None:
    rows = list(csv.DictReader(StringIO(asked(files, 7, "--format", "csv").stdout)))
    told = json.loads(asked(files, 7, "--format", "json").stdout)
    assert {name: [row["key"] for row in rows if row[name] == "1"] for name in SETS} == {
        name: told[name] for name in SETS
    }
    assert [(row["key"], row["points_joined"], row["points_end"]) for row in rows] == [
        ("PAY-10", "", ""),
        ("PAY-2", "3", "5"),
        ("PAY-3", "0.5", "0.5"),
        ("PAY-4", "", "1"),
    ]


@pytest.mark.parametrize(
    ("sprint", "more", "code", "sentence"),
    [
        # there is none: a wrong argument
        (99, (), 2, "has no sprint 99; the newest are sprint 8 (Pay 8), sprint 7"),
        # nobody has started it, or not yet: nothing to count
        (9, (), 3, "sprint 9 (Pay 9) has not begun as of 2026-01-20T09:00:00.000Z."),
        (8, ("--as-of", "2026-01-10T00:00:00Z"), 3, "sprint 8 (Pay 8) has not begun as of 2026-01-10"),
        (7, ("--as-of", "yesterday"), 2, "is no instant"),
    ],
)
def test_what_cannot_be_counted_is_said(
    files: Path, sprint: int, more: tuple[str, ...], code: int, sentence: str
) -> None:
    told = asked(files, sprint, *more)
    assert (told.exit_code, told.stdout) == (code, "")
    assert sentence in " ".join(told.stderr.split())


def jiras_report(files: Path, content: str) -> str:
    path = files / "jira.json"
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_jiras_own_report_in_a_file_is_compared_with(files: Path) -> None:
    lists = {
        "completedIssues": [{"id": 2, "key": "PAY-2"}],
        "issuesNotCompletedInCurrentSprint": [{"id": 3, "key": "PAY-3"}, {"id": 10, "key": "PAY-10"}],
        "puntedIssues": [],
        "issuesCompletedInAnotherSprint": [{"id": 4, "key": "PAY-4"}],
        "issueKeysAddedDuringSprint": {"PAY-3": True, "PAY-4": True},
    }
    path = jiras_report(files, json.dumps({"contents": lists, "sprint": {"id": 7}}))
    told = json.loads(asked(files, 7, "--format", "json", "--jira-report", path).stdout)
    assert told["differences"] == [
        {
            "key": "PAY-10",
            "jira": "not completed",
            "here": "removed",
            "because": "it was not in the sprint at the end",
        }
    ]
    assert "PAY-10: there not completed, here removed" in asked(files, 7, "--jira-report", path).stdout


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"contents": {}, "sprint": {"id": 8}}'])
def test_a_file_that_is_not_jiras_report_is_said_to_be_none(files: Path, content: str) -> None:
    told = asked(files, 7, "--jira-report", jiras_report(files, content))
    assert isinstance(told.exception, FileWrong)
    assert "not Jira's report on sprint 7" in str(told.exception)
