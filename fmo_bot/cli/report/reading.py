"""What every report reads: the export and the workflow file; and what makes it end before it has begun."""

import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import typer

from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.lives import Life
from fmo_bot.domain.workflow_file import WorkflowFile
from fmo_bot.jira import exports
from fmo_bot.jira.exports import Export, Sprints
from fmo_bot.services.national_days import make_up_gap, with_national_days
from fmo_bot.services.team_file import read_yaml

NOTHING_USABLE = 3  # the exit code
_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Given:
    """What a report is made of."""

    export: Export
    rules: WorkflowFile
    calendars: Mapping[str, SideCalendar]  # by side, with national holidays and make-up days
    as_of: int  # epoch milliseconds; what came later has not happened
    source: str  # the file's name

    @property
    def lives(self) -> list[Life]:
        """Every issue of the file, once."""
        return self.export.lives


def read(issues: Path, workflow: Path, as_of: datetime | None) -> Given:
    """Read both files. A line that is no issue is said on stderr; without any issue the command ends with 3."""
    rules = WorkflowFile.from_mapping(read_yaml(workflow), where=str(workflow))
    if (why := exports.unreadable(issues)) is not None:
        print(f"{issues} {why}.", file=sys.stderr)
        raise typer.Exit(NOTHING_USABLE)
    # A command that reads, reckons and ends makes no garbage worth looking for; looking costs a quarter of its time.
    gc.disable()
    export = exports.read(
        issues,
        rules.fields,
        lambda number, why: _passed_over(issues, "line", number, why),
        began_field=rules.incidents.started_field,
        known=rules.workflow.places,
    )
    if not export.lives:
        print(f"{issues}: no line is an issue as Jira's REST API tells it (with expand=changelog).", file=sys.stderr)
        raise typer.Exit(NOTHING_USABLE)
    seen = export.latest if as_of is None else ms(as_of)
    first = instant(min(min(life.created for life in export.lives), seen)).date()
    return Given(export, rules, _calendars(rules.calendars, workflow, first, instant(seen).date()), seen, issues.name)


def sprints(path: Path) -> Sprints:
    """Read a file of sprints. What is none is said on stderr. Raises `FileWrong`."""
    return exports.sprints(path, lambda number, why: _passed_over(path, "sprint number", number, why))


def _calendars(
    written: Mapping[str, SideCalendar], workflow: Path, first: date, today: date
) -> dict[str, SideCalendar]:
    """With national days up to a year ahead, for forecasts; what is not known of days gone by is said on stderr."""
    ahead = min(today, date.max - _AHEAD) + _AHEAD
    found = {}
    for side, calendar in written.items():
        where = f"{workflow}: calendars.{side}"
        found[side] = with_national_days(calendar, first=first, last=ahead, where=where)
        if (gap := make_up_gap(calendar, first=first, last=today, today=today)) is not None:
            print(f"{where}: {gap.sentence(side)}", file=sys.stderr)
    return found


def _passed_over(path: Path, what: str, number: int, why: str) -> None:
    print(f"{path}: {what} {number} is passed over: {why}", file=sys.stderr)
