"""`report fold`: how many times faster than a baseline, and how sure that is (metrics.md, definition 15)."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer

from fmo_bot.cli.report import quality, reading
from fmo_bot.cli.report.options import (
    AsOf,
    Format,
    IssuesFile,
    Shape,
    Window,
    WorkflowPath,
    Zone,
    a_day,
    window,
)
from fmo_bot.cli.report.output import issue_count, plain, utc, write_json
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain import fold as folds
from fmo_bot.domain.calendars import local_date
from fmo_bot.domain.draws import seed_of
from fmo_bot.domain.fold import Fold, Metric
from fmo_bot.domain.intervals import instant
from fmo_bot.domain.recovery import recovery
from fmo_bot.domain.timelines import timeline
from fmo_bot.domain.values import value_at
from fmo_bot.errors import WindowsOverlap

Span = Annotated[str, typer.Option(metavar="DATE..DATE", help="First and last day, such as 2026-01-01..2026-03-31.")]
Board = Annotated[str, typer.Option(help="The id of the board, which the seed is made from.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Instead of the one made from board and date.")]


def add(reports: typer.Typer) -> None:
    """Add the command."""
    reports.command("fold")(compare)


def compare(
    *,
    issues: IssuesFile,
    workflow: WorkflowPath,
    baseline: Span,
    current: Span,
    metric: Annotated[Metric, typer.Option(help="What is compared.")] = Metric.TIME_TO_VALUE,
    as_of: AsOf = None,
    zone: Zone = "UTC",
    board: Board = "export",
    seed: Seed = None,
    shape: Shape = Format.TEXT,
) -> None:
    """How many times faster the median is than in a baseline, with its interval: what began in each window."""
    spans = windows(baseline, current, zone)
    given = reading.read(issues, workflow, as_of)
    found = compared(given, metric, spans, zone=zone, board=board, seed=seed)
    if shape is Format.JSON:
        write_json(as_json(found))
    elif shape is Format.CSV:
        _write_rows(found)
    else:
        print("\n".join(_lines(found, given)))


def windows(baseline: str, current: str, zone: str) -> tuple["_Span", "_Span"]:
    """Both windows; refused where they overlap."""
    before, now = (_window(told, name, zone) for name, told in (("baseline", baseline), ("current", current)))
    if before.first <= now.last and now.first <= before.last:
        raise typer.BadParameter((WindowsOverlap.__doc__ or "").strip())
    return before, now


def compared(
    given: Given, metric: Metric, spans: tuple["_Span", "_Span"], *, zone: str, board: str, seed: int | None
) -> Fold:
    """The comparison of these windows; without a seed by the one made from board and date."""
    sown = seed_of(board, local_date(instant(given.as_of), zone)) if seed is None else seed
    return folds.fold(metric, *(_counted(given, metric, span, zone) for span in spans), seed=sown)


@dataclass(frozen=True)
class _Span:
    """A window both of whose ends are named."""

    first: date
    last: date
    window: Window

    def holds(self, at: int) -> bool:
        """Whether an instant lies inside."""
        return (self.window.from_ms or 0) <= at < (self.window.to_ms or 0)


def _window(told: str, name: str, zone: str) -> _Span:
    first, dots, last = told.partition("..")
    if not dots:
        raise typer.BadParameter(f"--{name}: {told!r} is no window; put it as 2026-01-01..2026-03-31")
    since, until = a_day(first), a_day(last)
    return _Span(since, until, window(since, until, zone))


def _counted(given: Given, metric: Metric, span: _Span, zone: str) -> folds.Window:
    """What began in a window: ended, open at as_of, or given up and left out."""
    clocks = _values if metric is Metric.TIME_TO_VALUE else _recoveries
    found = [clock for clock in clocks(given, span, zone) if span.holds(clock.began)]
    ran = [(clock.began, clock.ended) for clock in found if not clock.abandoned]
    rules = folds.Rules(mapping="of the file", value=str(given.rules.value)) if metric is Metric.TIME_TO_VALUE else None
    return folds.Window(span.first, span.last, folds.durations(ran, given.as_of), len(found) - len(ran), rules)


@dataclass(frozen=True, slots=True)
class _Clock:
    """What is measured of one issue, in epoch milliseconds."""

    began: int
    ended: int | None
    abandoned: bool


def _values(given: Given, span: _Span, zone: str) -> Iterator[_Clock]:
    incidents = given.rules.incidents
    for life in given.lives:
        if not span.holds(life.created) or life.created > given.as_of:
            continue
        if incidents.leave_out(life.issue_type):
            continue
        seen = timeline(life, given.rules.workflow, given.as_of)
        ended = value_at(seen, rule=given.rules.value, zone=zone)
        yield _Clock(life.created, ended, seen.abandoned is not None)


def _recoveries(given: Given, span: _Span, zone: str) -> Iterator[_Clock]:
    for life in given.lives:
        if not given.rules.incidents.include(life.issue_type):
            continue
        seen = timeline(life, given.rules.workflow, given.as_of)
        one = recovery(seen, given.rules.incidents)
        if one is not None:
            ended = None if one.took is None else one.restored
            yield _Clock(one.began, ended, one.abandoned or (one.restored is not None and ended is None))


def as_json(found: Fold) -> dict[str, Any]:
    """A fold for programs: the median in seconds, null where it is not reached."""
    baseline, current = (
        {
            "since": one.since.isoformat(),
            "until": one.until.isoformat(),
            "n": one.n,
            "open": len(one.durations.open),
            "p50_s": None if p50 is None else p50 / 1000,
        }
        for one, p50 in zip((found.baseline, found.current), found.p50, strict=True)
    )
    return {
        "metric": str(found.metric),
        "baseline": baseline,
        "current": current,
        "fold": found.fold,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "verdict": str(found.verdict),
        "seed": found.seed,
        "method": found.method,
    }


def _write_rows(found: Fold) -> None:
    """One row per window, what is said of both in each."""
    told = as_json(found)
    both = {name: told[name] for name in ("metric", "fold", "ci_low", "ci_high", "verdict", "seed")}
    rows = [{"window": name, **told[name], **both} for name in ("baseline", "current")]
    writer = csv.DictWriter(sys.stdout, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _lines(found: Fold, given: Given) -> Iterator[str]:
    yield f"{str(found.metric).replace('_', ' ').capitalize()}: {folds.sentence(found)}"
    for name, one in (("Baseline", found.baseline), ("Current", found.current)):
        yield f"{name}: {one.since} to {one.until}, n={one.n}, {len(one.durations.open)} still open"
    yield f"How: {found.method}; seed {found.seed}"
    yield f"As of {utc(given.as_of)}; source: {plain(given.source)}: {issue_count(len(given.lives))}"
    yield ""
    yield from quality.lines(*quality.counted(given), given)
