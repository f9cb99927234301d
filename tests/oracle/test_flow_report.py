"""`fmo-bot report flow` on generated issues, every figure against this folder's own, issue by issue."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.oracle.compare import day, flow_differences
from tests.oracle.door import Desk
from tests.oracle.flows import load
from tests.oracle.generated import make
from tests.oracle.report import Asked
from tests.oracle.rows import ms
from tests.profiles import NAME
from tests.unit.exported import shared

_END = "2026-11-23T12:00:00Z"


def bench() -> dict[str, Any]:
    content: dict[str, Any] = load(shared("bench/workflow.yaml"))
    return content


_CASES = [
    # n, seed, offset of the strings, order, as_of, since, until, zone
    (500, 1, "+0000", "desc", _END, None, None, "UTC"),
    # looked at from the past: three quarters of it has not happened
    (500, 2, "+0800", "asc", "2024-09-10T08:30:00Z", "2024-06-01", "2024-09-30", "Asia/Shanghai"),
    # a window that ends before as_of, and weeks of a zone behind UTC
    (400, 3, "-0330", "desc", _END, "2026-01-01", "2026-06-30", "America/St_Johns"),
    # a window of one day, in a zone with summer time
    (400, 4, "+0530", "asc", "2025-10-26T01:30:00Z", "2025-10-26", "2025-10-26", "Europe/Madrid"),
    # an instant between two milliseconds' events: the very last one of the file by default
    (300, 5, "+0000", "desc", None, "2026-08-01", "2026-12-31", "UTC"),
]


@pytest.mark.parametrize(("n", "seed", "tz", "order", "as_of", "since", "until", "zone"), _CASES)
def test_the_report_of_generated_issues(
    desk: Desk,
    n: int,
    seed: int,
    tz: str,
    order: str,
    as_of: str | None,
    since: str | None,
    until: str | None,
    zone: str,
) -> None:
    made = make(n * (4 if NAME == "long" else 1), seed, tz=tz, order=order)
    latest = max(ms(raw["fields"]["updated"]) for raw in made.issues)
    asked = Asked(made.issues, bench(), ms(as_of) if as_of else latest, day(since), day(until), zone)
    named = {"--as-of": as_of, "--since": since, "--until": until, "--zone": zone}
    options = [part for name, value in named.items() if value for part in (name, value)]
    assert flow_differences(desk.flow(made.issues, bench(), *options), asked) == []


def test_value_is_there_with_the_release_where_the_workflow_says_so(desk: Desk) -> None:
    """Released before it was finished, on that day, later, after as_of; not yet, without a date; two; none."""
    raws: list[dict[str, Any]] = [{**raw, "fields": {**raw["fields"]}} for raw in make(300, 6).issues]
    for number, raw in enumerate(raws):
        resolved = raw["fields"]["resolutiondate"]
        shifts: list[int | None] = [[-3], [0], [9], [4000], [None], [], [5, -2], [40, 12]][number % 8]  # type: ignore[assignment]
        raw["fields"]["fixVersions"] = [version(resolved, shift, place) for place, shift in enumerate(shifts)]
    content = {**bench(), "value": "release"}
    asked = Asked(raws, content, ms(_END), zone="Asia/Tokyo")
    assert flow_differences(desk.flow(raws, content, "--as-of", _END, "--zone", "Asia/Tokyo"), asked) == []


def version(resolved: str | None, shift: int | None, place: int) -> dict[str, Any]:
    day = date.fromisoformat((resolved or "2026-01-01")[:10]) + timedelta(days=shift or 0)
    when = {} if shift is None else {"releaseDate": day.isoformat()}
    return {"id": str(70 + place), "name": f"R{place}", "released": shift is not None, "archived": False, **when}
