"""The flow report for programs: one JSON object, written piece by piece, since a board may have many issues."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from fmo_bot.cli.report import quality
from fmo_bot.cli.report.flow_rows import Row
from fmo_bot.cli.report.options import Window
from fmo_bot.cli.report.output import utc
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.flow_figures import FlowFigures

_TOGETHER = 500
_encode = msgspec.json.encode
Seconds = dict[str, float]
_NOTHING: Seconds = {}


class IssueRow(Struct, gc=False):
    """One issue that started or finished; durations in seconds."""

    key: str
    started: str | None
    finished: str | None
    abandoned: str | None
    cycle_time_s: float | None
    lead_time_s: float | None
    work_span_s: float | None
    blocked_s: float
    blocked_by_side_s: Seconds
    active_s: Seconds
    waiting_s: Seconds
    active_working_s: Seconds
    waiting_working_s: Seconds
    done_s: float
    unmapped_s: float


def write(
    rows: Iterable[Row],
    figures: Callable[[], FlowFigures],
    given: Given,
    asked: Window,
    out: BinaryIO,
) -> None:
    """Write all of it; `figures` is asked when the rows are over."""
    window = {"since": asked.since, "until": asked.until, "zone": asked.zone}
    head = {"as_of": utc(given.as_of), "window": window, "percentile_rule": "nearest-rank"}
    out.write(_encode(head)[:-1] + b',"issues":[')
    told = map(_row, rows)
    between = b""
    while some := list(islice(told, _TOGETHER)):
        out.write(between + _encode(some)[1:-1])
        between = b","
    out.write(b"]," + _encode(_figures(figures(), given))[1:] + b"\n")


def _row(row: Row) -> IssueRow:
    line, (active, waiting, active_working, waiting_working, done, unmapped), blocked, value = row
    life, (_, first, started, finished, abandoned, _, _) = line.life, line.standing
    return IssueRow(
        life.key,
        None if started is None else utc(started),
        None if finished is None else utc(finished),
        None if abandoned is None else utc(abandoned),
        None if started is None or finished is None else (finished - started) / 1000,
        None if value is None else (value - life.created) / 1000,
        None if first is None or finished is None else (finished - first) / 1000,
        blocked.total_ms / 1000,
        _seconds(blocked.by_side_ms),
        _seconds(active),
        _seconds(waiting),
        _seconds(active_working),
        _seconds(waiting_working),
        done / 1000,
        unmapped / 1000,
    )


def _seconds(sides: dict[str, int]) -> Seconds:
    return {side: took / 1000 for side, took in sides.items()} if sides else _NOTHING


def _figures(figures: FlowFigures, given: Given) -> dict[str, Any]:
    efficiency = figures.efficiency
    return {
        "cycle_time": figures.cycle_time,
        "lead_time": figures.lead_time,
        "time_to_recover": figures.incidents.took,
        "throughput": [
            {"week": week.name, "finished": week.finished, "partial": week.partial} for week in figures.weeks
        ],
        "wip": figures.wip,
        "ageing": [
            {
                "key": aged.timeline.life.key,
                "age_s": aged.age_ms / 1000,
                "stage": aged.stage,
                "percentile": aged.percentile,
            }
            for aged in figures.ageing
        ],
        "flow_efficiency": {"n": efficiency.n, "total": efficiency.total, "median": efficiency.median},
        "data_quality": quality.as_json(figures.ledger, figures.excluded, given),
    }
