"""`report forecast`: by when N more items will be finished (metrics.md, definition 14)."""

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from fmo_bot.cli.report import quality, reading
from fmo_bot.cli.report.fold import Board, Seed
from fmo_bot.cli.report.options import AsOf, Format, IssuesFile, Items, Shape, WorkflowPath, Zone, a_day
from fmo_bot.cli.report.output import issue_count, plain, utc, write_json
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.calendars import local_date, midnight
from fmo_bot.domain.draws import seed_of
from fmo_bot.domain.forecast import HORIZON, REACH, TRIALS, Backtest, Forecast, Question, backtest, forecast, said
from fmo_bot.domain.intervals import instant
from fmo_bot.domain.throughput import Finishes, finishes
from fmo_bot.domain.timelines import timeline
from fmo_bot.services.national_days import with_national_days

_AHEAD = timedelta(days=3 * 366)  # for how long national holidays are looked up; later ones nobody knows yet


def add(reports: typer.Typer) -> None:
    """Add the command."""
    reports.command("forecast")(foresee)


def foresee(
    *,
    issues: IssuesFile,
    workflow: WorkflowPath,
    items: Items,
    by: Annotated[date | None, typer.Option(parser=a_day, metavar="DATE", help="How likely by this day, too.")] = None,
    as_of: AsOf = None,
    zone: Zone = "UTC",
    board: Board = "export",
    seed: Seed = None,
    shape: Shape = Format.TEXT,
) -> None:
    """By when so many more items will be finished, and how often such a forecast was right."""
    given = reading.read(issues, workflow, as_of)
    found, tested = foreseen(given, items, zone=zone, board=board, seed=seed)
    if shape is Format.JSON:
        write_json(as_json(found, tested))
    elif shape is Format.CSV:
        _write_row(found, tested)
    else:
        print("\n".join(_lines(found, tested, given, by)))


def foreseen(given: Given, items: int, *, zone: str, board: str, seed: int | None) -> tuple[Forecast, Backtest]:
    """A forecast and its back-test; without a seed by the one made from board and date."""
    today = local_date(instant(given.as_of), zone)
    question = Question(
        items=items,
        as_of=today,
        seen=given.as_of,
        zone=zone,
        calendars=tuple(_until(given, today)),
        seed=seed_of(board, today) if seed is None else seed,
    )
    ended = _finishes(given, today, zone)
    return forecast(ended, question), backtest(ended, question, board=board if seed is None else None)


def _until(given: Given, today: date) -> Iterator[Any]:
    """The sides' calendars, with the holidays of the time that is looked ahead."""
    first = today - REACH
    for side, calendar in given.rules.calendars.items():
        yield with_national_days(calendar, first=first, last=today + _AHEAD, where=f"calendars.{side}")


def _finishes(given: Given, today: date, zone: str) -> Finishes:
    """What was finished in the days that forecast and back-test look at."""
    since, incidents = midnight(today - REACH, zone), given.rules.incidents
    seen = (
        timeline(life, given.rules.workflow, given.as_of)
        for life in given.lives
        if life.entered[-1] >= since  # whatever was finished since had a change of its status since
        and not incidents.leave_out(life.issue_type)
    )
    return finishes(seen, given.rules.workflow)


def as_json(found: Forecast, tested: Backtest) -> dict[str, Any]:
    """A forecast for programs: dates, null where it is refused or beyond the horizon."""
    return {
        "items": found.question.items,
        "n_days": found.n_days,
        "seed": found.question.seed,
        **{name: _iso(getattr(found, name)) for name in ("p50", "p85", "p95")},
        "refused": found.refused,
        "backtest": {"weeks": tested.weeks, "hit_rate_p85": tested.hit_rate},
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _write_row(found: Forecast, tested: Backtest) -> None:
    told = as_json(found, tested)
    row = {**told, **told.pop("backtest")}
    row.pop("backtest", None)
    writer = csv.DictWriter(sys.stdout, row, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)


def _lines(found: Forecast, tested: Backtest, given: Given, by: date | None) -> Iterator[str]:
    asked = found.question
    if found.refused is not None:
        yield f"No forecast for {asked.items} more items: {found.refused}."
    else:
        later = f"later than {HORIZON} working days from now"
        yield f"{asked.items} more items will be finished by:"
        for percent, day in ((50, found.p50), (85, found.p85), (95, found.p95)):
            yield f"  {percent} %  {day or later}"
    if by is not None and (chance := found.chance(by)) is not None:
        yield f"By {by}: {said(chance)}"
    if tested.hit_rate is None:
        yield "Back-test: no week of the past could be judged."
    else:
        yield f"Back-test: done by its 85 % date in {tested.hits} of {tested.weeks} past weeks ({tested.hit_rate:.0%})."
    yield (
        f"How: {found.completed} items on {found.n_days} days before {asked.as_of} ({asked.zone}),"
        f" {TRIALS} trials, percentiles by nearest rank; seed {asked.seed}, {found.generator}"
    )
    yield f"As of {utc(given.as_of)}; source: {plain(given.source)}: {issue_count(len(given.lives))}"
    yield ""
    yield from quality.lines(*quality.counted(given), given)
