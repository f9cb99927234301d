"""`fmo-bot report flow` as a person runs it: what comes out in each form, and how it ends when something is wrong."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from fmo_bot.cli import application
from tests.unit.test_exports import history, item, line

WORKFLOW = """
commitment: Ready
stages:
  - {name: Open,  kind: backlog, statuses: ["1"]}
  - {name: Ready, kind: waiting, side: vendor, statuses: ["2"]}
  - {name: Build, kind: active, side: vendor, statuses: ["3"]}
  - {name: Done,  kind: done, statuses: ["4"]}
incidents: {issue_types: [Incident]}
calendars: {vendor: {zone: UTC, hours: ["09:00", "17:00"]}}
"""
H = 3600.0


def to(before: str, after: str) -> dict[str, Any]:
    return item("status", before, after)


# Created on Monday 5 January 2026 at 09:00; ready after one hour, worked on after two, done after 28.
DONE = line(
    history("1", 1, to("1", "2")),
    history("2", 2, to("2", "3")),
    history("3", 28, to("3", "4")),
    status={"id": "4", "name": "Done"},
    issuetype={"name": "Incident"},
)
UNDER_WAY = line(history("4", 30, to("1", "2")), history("5", 40, to("2", "9")), id="8", status={"id": "9"})
UNDER_WAY["key"] = "=K-8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workflow.yaml").write_text(WORKFLOW)
    (tmp_path / "issues.jsonl").write_text("\n".join(json.dumps(raw) for raw in (DONE, UNDER_WAY)))
    return tmp_path


def ran(folder: Path, *options: str) -> Result:
    files = ["--issues", str(folder / "issues.jsonl"), "--workflow", str(folder / "workflow.yaml")]
    return CliRunner().invoke(application(), ["report", "flow", *files, *options])


def told(folder: Path, *options: str) -> dict[str, Any]:
    found = ran(folder, "--format", "json", *options)
    assert found.exit_code == 0, found.output
    content: dict[str, Any] = json.loads(found.stdout)
    return content


def test_the_figures_as_json(folder: Path) -> None:
    found = told(folder)
    assert found["as_of"] == "2026-01-14T09:00:00.000Z"  # the file's latest: updated
    assert found["window"] == {"since": None, "until": None, "zone": "UTC"}
    assert found["issues"][0] == {
        "key": "K-7",
        "started": "2026-01-05T10:00:00.000Z",
        "finished": "2026-01-06T13:00:00.000Z",
        "abandoned": None,
        "cycle_time_s": 27 * H,
        "lead_time_s": 28 * H,
        "work_span_s": 27 * H,
        "blocked_s": 0,
        "blocked_by_side_s": {},
        "active_s": {"vendor": 26 * H},
        "waiting_s": {"vendor": 1 * H},
        # 11:00 to 17:00 on Monday and 09:00 to 13:00 on Tuesday
        "active_working_s": {"vendor": 10 * H},
        "waiting_working_s": {"vendor": 1 * H},
        "done_s": 0,
        "unmapped_s": 0,
    }
    assert found["cycle_time"] == {"n": 1, "p50_s": 27 * H, "p85_s": 27 * H, "p95_s": 27 * H}
    assert found["time_to_recover"]["p50_s"] == 28 * H
    assert found["throughput"] == [
        {"week": "2026-W02", "finished": 1, "partial": False},
        {"week": "2026-W03", "finished": 0, "partial": True},
    ]
    assert (found["wip"], [each["key"] for each in found["ageing"]]) == (1, ["=K-8"])
    assert found["flow_efficiency"] == {"n": 1, "total": 26 / 27, "median": 26 / 27}
    assert found["data_quality"]["unmapped"] == {"9": {"name": "9", "issues": 1, "seconds": 176 * H}}


def test_what_is_outside_the_window_is_in_no_statistic_but_among_the_issues(folder: Path) -> None:
    found = told(folder, "--since", "2026-01-07", "--until", "2026-01-31")
    assert found["cycle_time"] == {"n": 0, "p50_s": None, "p85_s": None, "p95_s": None}
    assert [issue["key"] for issue in found["issues"]] == ["K-7", "=K-8"]


def test_what_came_after_as_of_is_hidden(folder: Path) -> None:
    found = told(folder, "--as-of", "2026-01-06T13:59:59.999+01:00")
    assert [(issue["key"], issue["finished"]) for issue in found["issues"]] == [("K-7", None)]
    assert found["issues"][0]["active_s"] == {"vendor": 25 * H + 3599.999}


def test_days_are_those_of_the_zone(folder: Path) -> None:
    """13:00 UTC on 6 January is already the 7th in Kiritimati, fourteen hours ahead."""
    assert told(folder, "--until", "2026-01-06", "--zone", "Pacific/Kiritimati")["cycle_time"]["n"] == 0
    assert told(folder, "--until", "2026-01-07", "--zone", "Pacific/Kiritimati")["cycle_time"]["n"] == 1


def test_incidents_may_be_kept_out_of_flow(folder: Path) -> None:
    content = yaml.safe_load(WORKFLOW)
    content["incidents"]["exclude_from_flow"] = True
    (folder / "workflow.yaml").write_text(yaml.safe_dump(content))
    found = told(folder)
    assert [issue["key"] for issue in found["issues"]] == ["=K-8"]
    assert (found["time_to_recover"]["n"], found["data_quality"]["excluded"]) == (1, 1)


def test_a_table_has_a_row_per_issue_and_no_formulas(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ran(folder, "--format", "csv").stdout)))
    assert [row["key"] for row in rows] == ["K-7", "'=K-8"]
    assert (rows[0]["cycle_time_s"], rows[1]["finished"]) == ("97200.0", "")
    assert rows[0]["active_working_s:vendor"] == "36000.0"


def test_people_read_rule_window_n_source_and_what_is_doubtful(folder: Path) -> None:
    said = ran(folder, "--since", "2026-01-01").stdout
    for words in (
        "as of 2026-01-14T09:00:00.000Z",
        "2026-01-01 to as of (UTC)",
        "nearest rank",
        "issues.jsonl: 2 issues",
        "27.0 h",
        "only 1 finished in the last 90 days",
        "status 9 (9) is in no stage: 1 issue, 7.3 d",
    ):
        assert words in said


def test_incidents_that_are_open_stand_beside_the_time_to_recover(folder: Path) -> None:
    assert "(no incident is open)" in ran(folder).stdout
    # At its first hour DONE, the incident of 5 January 09:00, is open.
    assert "(incidents open: 1, the oldest for 90 min)" in ran(folder, "--as-of", "2026-01-05T10:30:00Z").stdout
    (folder / "workflow.yaml").write_text(WORKFLOW.replace("[Incident]", "[]"))
    assert "the workflow names no issue types under incidents" in ran(folder).stdout


def test_where_changelog_and_issue_disagree_is_said(folder: Path) -> None:
    raw = line(history("1", 1, to("1", "2")), status={"id": "3", "name": "Build"})
    (folder / "issues.jsonl").write_text(json.dumps(raw))
    assert "changelog and status disagree: 1 issue; the changelog counts" in ran(folder).stdout


def test_what_somebody_wrote_does_not_steer_the_terminal(folder: Path) -> None:
    raw = line(history("1", 1, to("1", "2")), history("2", 2, to("2", "9")), status={"id": "9", "name": "\x1b[31mX"})
    raw["key"] = "K-\x1b[31m9"
    (folder / "issues.jsonl").write_text(json.dumps(raw))
    said = ran(folder).stdout
    assert "\x1b" not in said
    assert "K-\N{REPLACEMENT CHARACTER}[31m9" in said


def test_a_closed_standard_output_is_said(folder: Path) -> None:
    files = f"--issues {folder / 'issues.jsonl'} --workflow {folder / 'workflow.yaml'}"
    command = f"{sys.executable} -c 'from fmo_bot.cli import main; main()' report flow --format json {files} >&-"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "Standard output is closed, so there is nowhere to write to.\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--since", "yesterday"], "'yesterday' is no date; put it as 2026-01-31"),
        (["--until", "9999-12-31"], "'9999-12-31' is too far away; put a year from 1900 to 2499"),
        (["--since", "0001-01-01", "--zone", "Asia/Shanghai"], "too far away"),
        (["--as-of", "9999-12-31T23:59:59-12:00"], "too far away"),
        (["--as-of", "0001-01-01T00:00:00+14:00"], "too far away"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "2026-01-01 is before 2026-02-01"),
        (["--as-of", "2026-01-01T00:00"], "does not say in which zone"),
        (["--as-of", "now"], "'now' is no instant"),
        (["--zone", "Mars/Olympus"], "'Mars/Olympus' is no time zone"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_a_sentence(folder: Path, options: list[str], sentence: str) -> None:
    found = ran(folder, *options)
    assert (found.exit_code, sentence in found.output) == (2, True), found.output


def test_a_bad_line_is_told_with_its_number_and_the_rest_is_counted(folder: Path) -> None:
    with (folder / "issues.jsonl").open("a") as file:
        file.write("\nno issue\n")
    found = ran(folder, "--format", "json")
    assert "line 3 is passed over: no JSON object" in found.stderr
    assert json.loads(found.stdout)["data_quality"]["malformed_lines"] == 1


def test_a_file_without_issues_ends_with_3(folder: Path) -> None:
    (folder / "issues.jsonl").write_text("[]\n")
    found = ran(folder)
    assert (found.exit_code, found.stdout) == (3, "")
    assert "no line is an issue" in found.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (gzip.compress(b"{}", mtime=0), "is compressed; unpack it first."),
        ("{}".encode("utf-16"), "is UTF-16; save it as UTF-8 first."),
    ],
)
def test_a_file_of_another_kind_is_said_in_one_sentence(folder: Path, content: bytes, sentence: str) -> None:
    (folder / "issues.jsonl").write_bytes(content)
    found = ran(folder)
    assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (3, "", 1)
    assert sentence in found.stderr


def test_a_stream_is_refused_since_it_would_be_read_in_part(folder: Path) -> None:
    (folder / "issues.jsonl").unlink()
    os.mkfifo(folder / "issues.jsonl")
    found = ran(folder)
    assert (found.exit_code, found.stdout) == (3, "")
    assert "write it to a file first" in found.stderr


def test_the_order_of_the_lines_changes_nothing(folder: Path) -> None:
    (folder / "other.jsonl").write_text("\n".join(json.dumps(raw) for raw in (UNDER_WAY, DONE)))
    other = ran(folder, "--format", "json", "--issues", str(folder / "other.jsonl"))
    assert other.stdout == ran(folder, "--format", "json").stdout


def test_all_reports_come_out_of_one_reading(folder: Path) -> None:
    sprint = {"id": 7, "name": "One", "state": "closed", "startDate": "2026-01-05T09:00:00Z"}
    (folder / "sprints.json").write_text(json.dumps([sprint | {"completeDate": "2026-01-09T16:00:00Z"}]))
    files = [f"--{name}={folder / path}" for name, path in FILES.items()]
    windows = ["--baseline=2025-01-01..2025-12-31", "--current=2026-01-01..2026-01-31", "--items=3"]
    found = CliRunner().invoke(application(("report",)), ["report", "all", *files, *windows])
    assert found.exit_code == 0, found.output
    out = folder / "out"
    assert json.loads((out / "flow.json").read_text()) == told(folder)
    assert [json.loads(each)["sprint"] for each in (out / "sprints.jsonl").read_text().splitlines()] == [7]
    assert json.loads((out / "fold.json").read_text())["verdict"] == "not_enough"
    assert json.loads((out / "forecast.json").read_text())["refused"] is not None


FILES = {"issues": "issues.jsonl", "workflow": "workflow.yaml", "sprints": "sprints.json", "out": "out"}
