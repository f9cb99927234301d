"""What every report takes. A wrong value ends with 2 and a sentence that says what to put."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from fmo_bot.cli.options import a_file
from fmo_bot.domain.calendars import midnight, zone_of
from fmo_bot.errors import FileWrong

_YEARS = range(1900, 2500)
Day = TypeVar("Day", date, datetime)


class Format(StrEnum):
    """How figures leave."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Window:
    """From `since` 00:00 to the end of `until`, dates in `zone`; None: from the first instant, to the last one."""

    since: date | None
    until: date | None
    zone: str

    @cached_property
    def from_ms(self) -> int | None:
        """Its first instant in epoch milliseconds."""
        return None if self.since is None else midnight(self.since, self.zone)

    @cached_property
    def to_ms(self) -> int | None:
        """The instant at which it is over: 00:00 of the day after `until`."""
        return None if self.until is None else midnight(self.until + timedelta(days=1), self.zone)


def window(since: date | None, until: date | None, zone: str) -> Window:
    """The window these options name; refused where it ends before it begins."""
    if since is not None and until is not None and until < since:
        raise typer.BadParameter(f"{until} is before {since}; put the first day of the window first")
    return Window(since, until, zone)


def a_day(told: str) -> date:
    """A date such as 2026-01-31, in a year that Jira may know of."""
    try:
        day = date.fromisoformat(told)
    except ValueError as error:
        raise typer.BadParameter(f"{told!r} is no date; put it as 2026-01-31") from error
    return _near(day, told)


def an_instant(told: str) -> datetime:
    """An instant with its zone, such as 2026-01-31T12:00:00Z."""
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise typer.BadParameter(f"{told!r} is no instant; put it as 2026-01-31T12:00:00Z") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{told!r} does not say in which zone; put it as 2026-01-31T12:00:00Z")
    return _near(moment, told)


def _near(at: Day, told: str) -> Day:
    """Refused in a year at the ends of the calendar: its neighbours are no dates any more."""
    if at.year not in _YEARS:
        raise typer.BadParameter(f"{told!r} is too far away; put a year from {_YEARS[0]} to {_YEARS[-1]}")
    return at


def a_zone(told: str) -> str:
    """The IANA name of a time zone."""
    try:
        return zone_of(told).key
    except FileWrong as wrong:
        raise typer.BadParameter(str(wrong)) from wrong


IssuesFile = Annotated[Path, a_file("Issues as Jira's REST API tells them with expand=changelog, one a line.")]
WorkflowPath = Annotated[Path, a_file("Which status means what: a workflow file (docs/figures.md).")]
SprintsFile = Annotated[Path, a_file("Sprints as the Agile API tells them: a list, or {values: [...]}.")]
Since = Annotated[date | None, typer.Option(parser=a_day, metavar="DATE", help="First day; all where absent.")]
Until = Annotated[date | None, typer.Option(parser=a_day, metavar="DATE", help="Last day; all where absent.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(parser=an_instant, metavar="INSTANT", help="What came later is hidden; the file's latest instant."),
]
Zone = Annotated[str, typer.Option(parser=a_zone, metavar="ZONE", help="Days and weeks are those of this time zone.")]
Items = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many more are to be finished, for a forecast.")]
Shape = Annotated[Format, typer.Option("--format", help="For people, for programs, or one row per issue.")]
