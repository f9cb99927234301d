"""`fmo-bot report fold` and `forecast` on generated issues: medians, samples and dates against this folder's own."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.oracle import folds, forecasts
from tests.oracle.door import Desk, fmo_bot
from tests.oracle.flows import load
from tests.oracle.generated import make
from tests.oracle.report import Asked
from tests.oracle.rows import iso, ms
from tests.unit.exported import shared

_AS_OF = "2026-11-23T12:00:00Z"


@pytest.fixture(scope="module")
def asked() -> Asked:
    content = load(shared("bench/workflow.yaml"))
    return Asked(make(500, 11).issues, content, ms(_AS_OF))


def told(desk: Desk, asked: Asked, command: str, *options: object) -> dict[str, Any]:
    files = ("--issues", desk.issues([*map(dict, asked.raws)]), "--workflow", desk.workflow(asked.content))
    found: dict[str, Any] = fmo_bot("report", command, *files, "--format", "json", *options).content
    return found


_WINDOWS = [
    # both windows long past: hardly anything is open, the median of the observed
    (("2024-01-01", "2024-06-30"), ("2025-01-01", "2025-06-30")),
    # a fifth of the second window is still open: Kaplan-Meier on both
    (("2024-01-01", "2024-12-31"), ("2026-07-01", "2026-11-10")),
]


@pytest.mark.parametrize(("baseline", "current"), _WINDOWS)
def test_a_fold_of_the_time_to_value(
    desk: Desk, asked: Asked, baseline: tuple[str, str], current: tuple[str, str]
) -> None:
    said = told(
        desk, asked, "fold", "--baseline", "..".join(baseline), "--current", "..".join(current), "--as-of", _AS_OF
    )
    windows = [folds.lead_window(asked, *map(date.fromisoformat, each)) for each in (baseline, current)]
    kaplan_meier = folds.needs_kaplan_meier(*windows)
    assert kaplan_meier == (baseline[1] == "2024-12-31")
    medians = [folds.median(window.times, kaplan_meier=kaplan_meier) for window in windows]
    for name, window, median in zip(("baseline", "current"), windows, medians, strict=True):
        assert (said[name]["n"], said[name]["open"]) == (window.n, window.open)
        assert said[name]["p50_s"] == (None if median is None else median / 1000)
    assert medians[0]
    assert medians[1]
    assert said["fold"] == pytest.approx(medians[0] / medians[1])
    low, high = folds.interval(windows[0], windows[1])
    assert said["ci_low"] == pytest.approx(low, rel=0.12)
    assert said["ci_high"] == pytest.approx(high, rel=0.12)


def test_a_fold_of_the_time_to_recover_counts_from_the_field_that_says_when_it_began(desk: Desk, asked: Asked) -> None:
    """Each incident began an hour before it was written down."""
    raws: list[dict[str, Any]] = [
        {**raw, "fields": {**raw["fields"], "customfield_50": _earlier(raw)}} for raw in asked.raws
    ]
    content = {**asked.content, "incidents": {"issue_types": ["Incident"], "started_field": "customfield_50"}}
    now = Asked(raws, content, asked.as_of)
    windows = [(date(2023, 11, 1), date(2025, 5, 31)), (date(2025, 6, 1), date(2026, 10, 31))]
    spans = [f"{first}..{last}" for first, last in windows]
    metric = ("--metric", "time_to_recover", "--as-of", _AS_OF)
    said = told(desk, now, "fold", "--baseline", spans[0], "--current", spans[1], *metric)
    for name, (first, last) in zip(("baseline", "current"), windows, strict=True):
        window = folds.recovery_window(now, first, last)
        assert (said[name]["n"], said[name]["open"]) == (window.n, window.open)
        assert window.n >= 5
        assert not window.open
        assert said[name]["p50_s"] == (folds.median(window.times, kaplan_meier=False) or 0) / 1000


def _earlier(raw: Mapping[str, Any]) -> str:
    return str(iso(ms(raw["fields"]["created"]) - 3_600_000))


def test_a_fold_of_fewer_than_ten_says_nothing(desk: Desk, asked: Asked) -> None:
    said = told(desk, asked, "fold", "--baseline", "2024-01-01..2024-01-05", "--current", "2025-01-01..2025-06-30")
    assert said["baseline"]["n"] < 10
    assert (said["verdict"], said["fold"]) == ("not_enough", None)


def test_overlapping_windows_end_with_2(desk: Desk, asked: Asked) -> None:
    files = ("--issues", desk.issues([*map(dict, asked.raws[:5])]), "--workflow", desk.workflow(asked.content))
    windows = ("--baseline", "2024-01-01..2024-06-30", "--current", "2024-06-30..2024-12-31")
    assert fmo_bot("report", "fold", *files, *windows).code == 2


@pytest.mark.parametrize("as_of", [_AS_OF, "2025-03-01T12:00:00Z"])
def test_a_forecast(desk: Desk, asked: Asked, as_of: str) -> None:
    then = Asked(asked.raws, asked.content, ms(as_of))
    said = told(desk, asked, "forecast", "--items", 30, "--as-of", as_of, "--seed", 7)
    today = date.fromisoformat(as_of[:10])
    assert (said["items"], said["seed"], said["refused"]) == (30, 7, None)
    assert said["n_days"] == len(forecasts.sample(then, today))
    for name, meant in forecasts.done_by(then, today, 30).items():
        assert abs(date.fromisoformat(said[name]) - meant) <= timedelta(days=3), name
    assert said["backtest"]["weeks"] == 12
    assert 0 <= said["backtest"]["hit_rate_p85"] <= 1


def test_a_forecast_from_fewer_than_five_days_is_refused(desk: Desk, asked: Asked) -> None:
    said = told(desk, asked, "forecast", "--items", 5, "--as-of", "2023-12-01T00:00:00Z")
    assert (
        sum(
            map(bool, forecasts.sample(Asked(asked.raws, asked.content, ms("2023-12-01T00:00:00Z")), date(2023, 12, 1)))
        )
        < 5
    )
    assert said["refused"]
    assert (said["p50"], said["p85"], said["p95"]) == (None, None, None)
