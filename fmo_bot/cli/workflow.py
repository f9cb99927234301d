"""What a board's statuses mean since when: `workflow show`, `propose`, `apply-backwards`, `confirm`, `withdraw`."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmo_bot.cli.deciding import opened, person_of
from fmo_bot.errors import FileWrong

if TYPE_CHECKING:
    from fmo_bot.services.workflow_changes import Version, WorkflowChanges

Team = Annotated[str, typer.Argument(help="The joint team, by its name.")]
Number = Annotated[int, typer.Argument(help="The number of the proposal, as `workflow show` says it.")]
File = Annotated[Path, typer.Argument(help="A workflow file: stages with their status ids (docs/figures.md).")]
Since = Annotated[str, typer.Argument(help="The date from which the present workflow is to hold, such as 2026-11-01.")]
Board = Annotated[int, typer.Option("--board", help="Another board than the one of record, by its number in Jira.")]
Admin = Annotated[str, typer.Option(help="Who decides: workspace:user, such as T0HUAWEI:U0LIWEI.")]


def register(app: typer.Typer) -> None:
    """Add these commands, all under `workflow`."""
    group = typer.Typer(help="What a board's statuses mean, in dated versions.", no_args_is_help=True)
    group.command("show")(show)
    group.command("propose")(propose)
    group.command("apply-backwards")(apply_backwards)
    group.command("confirm")(confirm)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="workflow")


def show(team: Team, admin: Admin, board: Board = 0) -> None:
    """Show every version of a board's workflow, and what is proposed."""
    with _changes() as (changes, at):
        for version in changes.show(person_of(admin), team, at, board or None):
            _show(version)


def propose(team: Team, file: File, admin: Admin, board: Board = 0) -> None:
    """Propose another workflow. It holds from the moment at which the other side confirms it."""
    from fmo_bot.services.team_file import read_yaml

    with _changes() as (changes, at):
        _show(changes.propose(person_of(admin), team, read_yaml(file), at, board or None))


def apply_backwards(team: Team, since: Since, admin: Admin, board: Board = 0) -> None:
    """Propose that the present workflow hold from an earlier date on; says which published figures that changes."""
    with _changes() as (changes, at):
        _show(changes.apply_backwards(person_of(admin), team, _date(since), at, board or None))


def confirm(team: Team, number: Number, admin: Admin) -> None:
    """Agree to what the other side proposes. New reports use it; what was shared stays as it is."""
    with _changes() as (changes, at):
        _show(changes.confirm(person_of(admin), team, number, at))


def withdraw(team: Team, number: Number, admin: Admin) -> None:
    """Take back a proposal of one's own side, or decline the other's."""
    with _changes() as (changes, at):
        changes.withdraw(person_of(admin), team, number, at)
    print(f"Proposal {number} is withdrawn.")


def _show(version: "Version") -> None:
    if version.starts is not None:
        when = f"from {version.starts:%Y-%m-%d %H:%M} UTC on"
    else:
        when = "from its confirmation on" if version.number else "since ever"
    by = f", proposed by {version.company}" if version.company else ""
    waits = f"; proposal {version.number}, {' or '.join(version.waits_for)} to confirm" if version.number else ""
    guess = ", a guess" if version.guessed else ""
    print(f"{version.board}, {when}{guess}{by}{waits}:")
    for stage in version.workflow.stages:
        begins = ", work starts here" if stage.name == version.workflow.commitment else ""
        print(f"  {stage.name} ({stage.part}{begins}): {', '.join(stage.statuses)}")
    if version.guesses:
        print(f"  Guessed until both sides have said it: {', '.join(version.guesses)}")
    if version.back:
        print("  Published figures that this changes; the reports stay as they were shared:")
        for each in version.changes:
            print(f"    {each.report}: {each.figure} {each.before} -> {each.after}")
        if not version.changes:
            print("    none")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileWrong(f"`{text}` is no date; put it as 2026-11-01.") from error


def _changes() -> AbstractContextManager[tuple["WorkflowChanges", datetime]]:
    from fmo_bot.services.boards import Boards
    from fmo_bot.services.workflow_changes import WorkflowChanges

    return opened(lambda store: WorkflowChanges(store, Boards(store, {})))
