"""`fmo-bot report fold` and `report forecast`: out of a file, for programs, for people, in rows."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fmo_bot.cli import application
from fmo_bot.domain.draws import seed_of

WORKFLOW = """
commitment: Build
stages:
  - {name: Open, kind: backlog, statuses: ["1"]}
  - {name: Build, kind: active, side: vendor, statuses: ["3"]}
  - {name: Done, kind: done, statuses: ["5"]}
  - {name: Given up, kind: abandoned, statuses: ["6"]}
incidents: {issue_types: [Incident]}
"""
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday
AFTER = "2026-04-15T09:00:00Z"
DAYS = ("--baseline", "2026-01-05..2026-02-13", "--current", "2026-02-14..2026-03-25")


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def issue(
    number: int, created: datetime, took: float | None, *, ends: str = "5", kind: str = "Story"
) -> dict[str, Any]:
    """An issue that ended after so many days, or not at all."""
    at = stamp(created + timedelta(days=took or 0))
    moved = {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": "1", "to": ends}
    log = [] if took is None else [{"id": str(number), "created": at, "items": [moved]}]
    fields = {"created": stamp(created), "updated": at, "status": {"id": "1" if took is None else ends, "name": "S"}}
    fields |= {"issuetype": {"name": kind, "subtask": False}}
    return {
        "id": str(number),
        "key": f"PAY-{number}",
        "fields": fields,
        "changelog": {"total": len(log), "histories": log},
    }


def faster() -> list[dict[str, Any]]:
    """One a day for 80 days: of the first forty each takes eight days, of the others four; one more is given up."""
    every = [issue(day + 1, FIRST + timedelta(days=day), 8 if day < 40 else 4) for day in range(80)]
    return [*every, issue(99, FIRST, 2, ends="6")]


def run(
    folder: Path, command: str, *options: str, issues: list[dict[str, Any]] | None = None, rules: str = WORKFLOW
) -> Result:
    lines = [json.dumps(one) for one in (faster() if issues is None else issues)]
    (folder / "issues.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "workflow.yaml").write_text(rules, encoding="utf-8")
    files = ("--issues", str(folder / "issues.jsonl"), "--workflow", str(folder / "workflow.yaml"), "--as-of", AFTER)
    return CliRunner().invoke(application(), ["report", command, *files, *options])


def test_a_fold_has_what_the_format_says(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, "fold", *DAYS, "--format", "json").stdout)
    day = 86_400.0
    method = told.pop("method")
    assert told == {
        "metric": "time_to_value",
        "baseline": {"since": "2026-01-05", "until": "2026-02-13", "n": 40, "open": 0, "p50_s": 8 * day},
        "current": {"since": "2026-02-14", "until": "2026-03-25", "n": 40, "open": 0, "p50_s": 4 * day},
        "fold": 2.0,
        "ci_low": 2.0,
        "ci_high": 2.0,
        "verdict": "shown",
        "seed": seed_of("export", datetime(2026, 4, 15, tzinfo=UTC).date()),
    }
    assert "nearest-rank" in method
    assert "abandoned and left out: 1 and 0" in method
    assert "value: finished" in method


def test_a_fold_is_said_in_a_sentence_and_in_rows(tmp_path: Path) -> None:
    said = run(tmp_path, "fold", *DAYS).stdout
    assert "2.0x faster (95 % CI 2.0-2.0; median 8.0 d, n=40 -> 4.0 d, n=40)" in said
    rows = list(csv.DictReader(StringIO(run(tmp_path, "fold", *DAYS, "--format", "csv", "--seed", "7").stdout)))
    assert [(row["window"], row["n"], row["verdict"], row["seed"]) for row in rows] == [
        ("baseline", "40", "shown", "7"),
        ("current", "40", "shown", "7"),
    ]


def test_time_to_recover_is_of_incidents_only(tmp_path: Path) -> None:
    issues = [*faster(), issue(500, FIRST, 1, kind="Incident"), issue(501, FIRST, None, kind="Incident")]
    found = run(tmp_path, "fold", *DAYS, "--metric", "time_to_recover", "--format", "json", issues=issues)
    told = json.loads(found.stdout)
    assert (told["baseline"]["n"], told["baseline"]["open"], told["current"]["n"]) == (1, 1, 0)
    assert told["verdict"] == "not_enough"


def test_an_incident_begins_where_its_own_field_says(tmp_path: Path) -> None:
    told = issue(500, FIRST + timedelta(days=2), 1, kind="Incident")
    told["fields"]["customfield_7"] = stamp(FIRST)
    rules = WORKFLOW.replace("[Incident]}", "[Incident], started_field: customfield_7}")
    found = run(tmp_path, "fold", *DAYS, "--metric", "time_to_recover", "--format", "json", issues=[told], rules=rules)
    assert json.loads(found.stdout)["baseline"]["p50_s"] == 3 * 86_400.0


def test_incidents_are_left_out_of_time_to_value_where_the_file_says_so(tmp_path: Path) -> None:
    issues = [*faster(), issue(500, FIRST, 1, kind="Incident")]
    excluded = WORKFLOW.replace("[Incident]}", "[Incident], exclude_from_flow: true}")
    found = [
        run(tmp_path, "fold", *DAYS, "--format", "json", issues=issues, rules=each) for each in (WORKFLOW, excluded)
    ]
    assert [json.loads(each.stdout)["baseline"]["n"] for each in found] == [41, 40]


@pytest.mark.parametrize(
    ("baseline", "current", "words"),
    [
        ("2026-01-01..2026-02-15", "2026-02-15..2026-03-01", "overlap"),  # they share one day
        ("2026-01-01", "2026-02-15..2026-03-01", "is no window"),
        ("2026-02-01..2026-01-01", "2026-02-15..2026-03-01", "is before"),
        ("soon..2026-01-01", "2026-02-15..2026-03-01", "is no date"),
    ],
)
def test_windows_that_cannot_be_compared_end_with_2_and_a_sentence(
    tmp_path: Path, baseline: str, current: str, words: str
) -> None:
    found = run(tmp_path, "fold", "--baseline", baseline, "--current", current)
    assert (found.exit_code, found.stdout) == (2, "")
    assert words in " ".join(found.stderr.replace("│", "").split())


def test_a_forecast_has_what_the_format_says(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, "forecast", "--items", "10", "--format", "json").stdout)
    assert list(told) == ["items", "n_days", "seed", "p50", "p85", "p95", "refused", "backtest"]
    assert (told["items"], told["n_days"], told["refused"]) == (10, 90, None)
    assert told["seed"] == seed_of("export", datetime(2026, 4, 15, tzinfo=UTC).date())
    assert "2026-04-20" < told["p50"] < told["p95"] < "2026-05-20"
    assert told["backtest"]["weeks"] >= 8
    assert 0 <= told["backtest"]["hit_rate_p85"] <= 1


def test_a_forecast_is_said_to_people_and_in_a_row(tmp_path: Path) -> None:
    said = run(tmp_path, "forecast", "--items", "10", "--by", "2027-01-01", "--seed", "7").stdout
    assert "85 %  2026-" in said
    assert "By 2027-01-01: >95 %" in said
    assert "seed 7, numpy" in said
    (row,) = csv.DictReader(StringIO(run(tmp_path, "forecast", "--items", "10", "--format", "csv").stdout))
    assert row["items"] == "10"
    assert row["p50"] > "2026-04-20"


def test_too_little_throughput_refuses_and_says_why(tmp_path: Path) -> None:
    few = [issue(n, FIRST, 80 + n) for n in range(1, 5)]
    told = json.loads(run(tmp_path, "forecast", "--items", "3", "--format", "json", issues=few).stdout)
    assert told["refused"] == "only 4 of the last 90 days saw anything finished; a forecast needs 5"
    assert (told["p50"], told["p85"], told["p95"]) == (None, None, None)
    assert told["backtest"] == {"weeks": 0, "hit_rate_p85": None}
    for wrong in ("0", "1" + "0" * 30):
        assert run(tmp_path, "forecast", "--items", wrong).exit_code == 2


@pytest.mark.parametrize("command", [("fold", *DAYS), ("forecast", "--items", "10")])
def test_people_read_rule_source_as_of_and_the_whole_ledger(tmp_path: Path, command: tuple[str, ...]) -> None:
    said = run(tmp_path, *command, "--as-of", AFTER).stdout
    for words in ("As of 2026-04-15T09:00:00.000Z; source: issues.jsonl: 81 issues", "nearest", "seed", "numpy"):
        assert words in said
    ledger = [" ".join(one.split()) for one in said[said.index("Data quality") :].splitlines()]
    assert "never started 81" in ledger  # straight from open to done
    assert {one.rsplit(" ", 1)[0] for one in ledger} >= {"malformed lines", "gaps", "back before commitment", "moved"}


def test_the_order_of_the_lines_changes_nothing(tmp_path: Path) -> None:
    for command in (("fold", *DAYS), ("forecast", "--items", "10")):
        one, other = (
            run(tmp_path, *command, "--format", "json", issues=lines).stdout for lines in (faster(), faster()[::-1])
        )
        assert one == other
