"""The flow report as text and as a table, read back and held against this folder's own figures."""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.compare import comparable
from tests.oracle.door import Desk, fmo_bot
from tests.oracle.generated import make
from tests.oracle.report import Asked, flow_report, weeks
from tests.oracle.rows import ms
from tests.oracle.test_flow_report import bench

_AS_OF, _SINCE, _UNTIL = "2026-11-23T12:00:00Z", "2026-08-01", "2026-10-31"
_SIDES = ("blocked_by_side_s", "active_s", "waiting_s", "active_working_s", "waiting_working_s")
_INSTANTS = ("started", "finished", "abandoned")


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked(make(300, 7).issues, bench(), ms(_AS_OF), date.fromisoformat(_SINCE), date.fromisoformat(_UNTIL))


def said(desk: Desk, asked: Asked, form: str) -> str:
    files: list[Path | str] = [
        "--issues",
        desk.issues([dict(raw) for raw in asked.raws]),
        "--workflow",
        desk.workflow(asked.content),
    ]
    window = ("--as-of", _AS_OF, "--since", _SINCE, "--until", _UNTIL, "--format", form)
    ended = fmo_bot("report", "flow", *files, *window)
    assert ended.code == 0, ended.err
    return ended.out


def test_the_table_holds_every_issue_with_its_durations_by_side(desk: Desk, asked: Asked) -> None:
    found = {row["key"]: row for row in csv.DictReader(said(desk, asked, "csv").splitlines())}
    meant = flow_report(asked)["issues"]
    assert found.keys() == meant.keys()
    for key, row in found.items():
        assert comparable(_of_row(row)) == comparable(meant[key])


def _of_row(row: dict[str, str]) -> dict[str, Any]:
    """A row in the shape of the JSON: what is empty is none, a side stands after the colon of its column's name."""
    plain = {name: value or None for name, value in row.items() if ":" not in name}
    numbers = {name: None if value is None else float(value) for name, value in plain.items() if name.endswith("_s")}
    sides = {
        name: {column.partition(":")[2]: float(value) for column, value in row.items() if column.startswith(f"{name}:")}
        for name in _SIDES
    }
    return {**{name: plain[name] for name in _INSTANTS}, **numbers, **sides}


def test_the_text_says_the_same_figures_rounded(desk: Desk, asked: Asked) -> None:
    text, meant = said(desk, asked, "text"), flow_report(asked)
    names = {"Cycle time": "cycle_time", "Lead time": "lead_time", "Time to recover": "time_to_recover"}
    for shown, name in names.items():
        n, *percentiles = re.findall(rf"^{shown} +(\d+) +(\S+ \S+) +(\S+ \S+) +(\S+ \S+)$", text, re.MULTILINE)[0]
        assert int(n) == meant[name]["n"] > 0
        for each, exact in zip(percentiles, ("p50_s", "p85_s", "p95_s"), strict=True):
            assert abs(_seconds(each) - meant[name][exact]) <= _rounding(each)
    share, median, n = re.findall(r"^Flow efficiency: (\d+)% in all, median (\d+)% \(n=(\d+)\)$", text, re.MULTILINE)[0]
    of_flow = meant["flow_efficiency"]
    assert int(n) == of_flow["n"]
    assert max(abs(int(share) - 100 * of_flow["total"]), abs(int(median) - 100 * of_flow["median"])) <= 0.5
    assert int(re.findall(r"^Work in progress: (\d+)$", text, re.MULTILINE)[0]) == meant["wip"]
    assert _weeks(text) == weeks(asked, *asked.edges())


def _weeks(text: str) -> list[dict[str, Any]]:
    found = re.findall(r"^  (\d{4}-W\d\d) +(\d+)  #*( \(partial\))?$", text, re.MULTILINE)
    return [{"week": week, "finished": int(n), "partial": bool(partial)} for week, n, partial in found]


def test_the_text_names_the_oldest_work_and_what_is_doubtful(desk: Desk, asked: Asked) -> None:
    text, meant = said(desk, asked, "text"), flow_report(asked)
    oldest = sorted(meant["ageing"].values(), key=lambda each: -each["age_s"])[:15]
    found = re.findall(r"^  (\S+) +(\S+ [dhms]\S*)  (.+) \((percentile (\d+)|too few to compare)", text, re.MULTILINE)
    assert [key for key, *_ in found] == [each["key"] for each in oldest]
    for (_, age, stage, _, percentile), each in zip(found, oldest, strict=True):
        assert abs(_seconds(age) - each["age_s"]) <= _rounding(age)
        assert stage == each["stage"]
        assert (percentile == "") == (each["percentile"] is None)
        assert not percentile or abs(int(percentile) - each["percentile"]) <= 0.5
    doubts = meant["data_quality"]
    for name in ("gaps", "negative_durations", "never_started", "back_before_commitment"):
        assert re.search(rf"^  {name.replace('_', ' ')} +{doubts[name]}$", text, re.MULTILINE)
    unmapped = re.findall(r"^  status (.+) \((\d+)\) is in no stage: ([\d,]+) issues?, (\S+ \S+) together$", text, re.M)
    assert {status for _, status, _, _ in unmapped} == doubts["unmapped"].keys() != set()
    for name, status, issues, took in unmapped:
        exact = doubts["unmapped"][status]
        assert (name, int(issues.replace(",", ""))) == (exact["name"], exact["issues"])
        assert abs(_seconds(took) - exact["seconds"]) <= _rounding(took)


_UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def _seconds(shown: str) -> float:
    number, unit = shown.replace(",", "").split(" ")
    return float(number) * _UNITS[unit]


def _rounding(shown: str) -> float:
    """How far a figure may be from what it was rounded from: days and hours have one decimal, minutes none."""
    number, unit = shown.split(" ")
    return (0.05 if "." in number else 0.5) * _UNITS[unit] + 1e-6
