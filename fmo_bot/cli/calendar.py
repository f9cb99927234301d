"""The sides' calendars and their changes: `calendar show`, `propose`, `confirm`, `withdraw`."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmo_bot.cli.deciding import opened, person_of
from fmo_bot.errors import FileWrong

if TYPE_CHECKING:
    from fmo_bot.services.calendar_changes import CalendarChanges, Version

Team = Annotated[str, typer.Argument(help="The joint team, by its name.")]
Number = Annotated[int, typer.Argument(help="The number of the proposal, as `calendar show` says it.")]
File = Annotated[Path, typer.Argument(help="YAML as under `calendar` in the team file: zone, days, hours, country ...")]
From = Annotated[
    str, typer.Option("--from", help="The date from which it holds, such as 2026-11-01; today without it.")
]
Admin = Annotated[str, typer.Option(help="Who decides: workspace:user, such as T0HUAWEI:U0LIWEI.")]
_HOUR = 3_600_000


def register(app: typer.Typer) -> None:
    """Add these commands, all under `calendar`."""
    group = typer.Typer(help="The calendars by which working time is counted.", no_args_is_help=True)
    group.command("show")(show)
    group.command("propose")(propose)
    group.command("confirm")(confirm)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="calendar")


def show(team: Team, admin: Admin) -> None:
    """Show every side's calendar with its changes, and what is proposed."""
    with _changes() as (changes, at):
        for version in changes.show(person_of(admin), team, at):
            _show(version)


def propose(team: Team, file: File, admin: Admin, since: From = "") -> None:
    """Change the calendar of one's own side. From today on it holds at once, before that the other side confirms."""
    from fmo_bot.services.team_file import read_yaml

    with _changes() as (changes, at):
        _show(changes.propose(person_of(admin), team, read_yaml(file), starts=_date(since), at=at))


def confirm(team: Team, number: Number, admin: Admin) -> None:
    """Agree to a change of the other side's past. New reports use it; what was shared stays as it is."""
    with _changes() as (changes, at):
        _show(changes.confirm(person_of(admin), team, number, at))


def withdraw(team: Team, number: Number, admin: Admin) -> None:
    """Take back a proposal of one's own side, or decline the other's."""
    with _changes() as (changes, at):
        changes.withdraw(person_of(admin), team, number, at)
    print(f"Proposal {number} is withdrawn.")


def _show(version: "Version") -> None:
    since = "" if version.starts is None else f" from {version.starts}"
    waits = f"; proposal {version.number}, {' or '.join(version.waits_for)} to confirm" if version.number else ""
    print(f"{version.company} ({version.side}){since}: {version.calendar.described()}{waits}.")
    if (changes := version.changes) is not None:
        days = f"{changes.days} days ({changes.first} to {changes.last})" if changes.days else "no days gone by"
        print(
            f"  It concerns {days}: {changes.before_ms / _HOUR:.1f} h of working time become"
            f" {changes.after_ms / _HOUR:.1f} h. Reports shared since then: {version.shared}, which stay as they are."
        )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FileWrong(f"--from: `{text}` is no date; put it as 2026-11-01.") from error


def _changes() -> AbstractContextManager[tuple["CalendarChanges", datetime]]:
    from fmo_bot.services.calendar_changes import CalendarChanges

    return opened(CalendarChanges)
