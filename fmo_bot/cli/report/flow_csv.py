"""The flow report as a table: one row per issue that started or finished. The other figures stand in text and JSON."""

import csv
import sys
from collections.abc import Sequence

from fmo_bot.cli.report.flow_rows import Row, lead_ms
from fmo_bot.cli.report.output import cell, utc_or_none

_INSTANTS = ("started", "finished", "abandoned")
_DURATIONS = ("cycle_time_s", "lead_time_s", "work_span_s", "blocked_s", "done_s", "unmapped_s")
_SIDES = ("blocked_by_side_s", "active_s", "waiting_s", "active_working_s", "waiting_working_s")


def write(rows: Sequence[Row]) -> None:
    """Sides are columns of their own: `active_s:vendor`; those that occur anywhere, in alphabetical order."""
    sides = {name: sorted({side for row in rows for side in _by_side(row)[name]}) for name in _SIDES}
    table = csv.writer(sys.stdout, lineterminator="\n")
    columns = [f"{name}:{side}" for name in _SIDES for side in sides[name]]
    table.writerow(["key", *_INSTANTS, *_DURATIONS, *columns])
    for row in rows:
        line, split, blocked, _ = row
        took = (line.cycle_ms, lead_ms(row), line.work_span_ms, blocked.total_ms, split.done, split.unmapped)
        held = _by_side(row)
        table.writerow(
            [
                cell(line.life.key),
                *(utc_or_none(at) for at in (line.started, line.finished, line.abandoned)),
                *("" if each is None else each / 1000 for each in took),
                *(held[name].get(side, 0) / 1000 for name in _SIDES for side in sides[name]),
            ]
        )


def _by_side(row: Row) -> dict[str, dict[str, int]]:
    _, split, blocked, _ = row
    found = (blocked.by_side_ms, split.active, split.waiting, split.active_working, split.waiting_working)
    return dict(zip(_SIDES, found, strict=True))
