"""Showing the bot without Slack or Jira: `demo` to try it by hand, `demo-check` to have a day played and judged."""

import subprocess
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from fmo_bot.cli.options import Apps, File, Flavour, Transport

FOLDER = Path("var")
STORY_BEGINS = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)  # half way through the story's sprint, before the first prompt


class Sabotage(StrEnum):
    """What the pretend Slack does to the bot's messages, so that the check has something to find."""

    DROP = "drop"
    DOUBLE = "double"
    WRONG_SIDE = "wrong-side"
    LATE = "late"


class Ticker(StrEnum):
    """What wakes the bot's code up (FMO_ENGINE)."""

    EMBEDDED = "embedded"
    PROCRASTINATE = "procrastinate"


Database = Annotated[str | None, typer.Option(help="An empty database for the bot; without it a file of its own.")]
Apart = Annotated[bool, typer.Option("--apart", help="The web server and two workers apart; needs --database.")]

Engine = Annotated[
    Ticker | None, typer.Option(help="FMO_ENGINE; without it procrastinate where the parts run apart, else embedded.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("demo")(demo)
    app.command("demo-check")(demo_check)


def demo(
    port: Annotated[int, typer.Option(help="The port of the page; 0 is any free one.")] = 8765,
    apps: Apps = Apps.TWO,
    transport: Transport = Transport.SOCKET,
    jira: Flavour = Flavour.CLOUD,
    issues: File = None,
    sprints: File = None,
    board: File = None,
    workflow: File = None,
    database: Database = None,
    apart: Apart = False,
    engine: Engine = None,
) -> None:
    """Two pretend companies, a pretend Jira and the real bot; be anyone of them on a page."""
    from fmo_bot.cli.stage import DemoFailed, Plan, stage, tail

    options = _options(locals(), start=None if issues else STORY_BEGINS)
    bot: dict[str, Any] = {"database": database, "apart": apart, "engine": engine}
    plan = Plan(sandbox=options, workflow=workflow, folder=FOLDER / "demo", **bot)
    with stage(plan) as running:
        print(f"\nThe demo is on: open {running.sandbox.url}/")
        print("Two companies, one joint channel, a pretend Jira and the real bot. Ctrl-C ends it.", flush=True)
        try:
            code = running.bot.wait()
        except KeyboardInterrupt:
            return
        raise DemoFailed(f"The bot ended with {code}:\n{tail(running.log)}")


def demo_check(
    apps: Apps = Apps.TWO,
    transport: Transport = Transport.SOCKET,
    jira: Flavour = Flavour.CLOUD,
    issues: File = None,
    sprints: File = None,
    board: File = None,
    workflow: File = None,
    database: Database = None,
    apart: Apart = False,
    engine: Engine = None,
    sabotage: Annotated[Sabotage | None, typer.Option("--break", help="Falsify what Slack records.")] = None,
    folder: Annotated[Path, typer.Option(help="Where its files go; emptied first.")] = FOLDER / "demo-check",
) -> None:
    """Play one joint working day and one sprint end without a screen, and judge it; 1 if anything is wrong."""
    from fmo_bot.cli.stage import Plan, stage, tail

    options = _options(locals() | {"port": 0}, start=None)
    bot: dict[str, Any] = {"database": database, "apart": apart, "engine": engine}
    plan = Plan(sandbox=options, workflow=workflow, folder=folder, one_day=True, **bot)
    with stage(plan) as running:
        command = [sys.executable, "-m", "fmo_bot.sandbox.check", running.sandbox.url, str(running.workflow)]
        judged = subprocess.run([*command, *(["--break", sabotage] if sabotage else [])], check=False)
        if running.bot.poll() is not None:
            print(f"demo-check: the bot ended with {running.bot.returncode}:\n{tail(running.log)}")
        raise typer.Exit(judged.returncode or int(running.bot.poll() is not None))


def _options(given: dict[str, Any], *, start: datetime | None) -> Any:
    """The sandbox's options from a command's; without a start the clock begins where the check's day begins."""
    from fmo_bot.sandbox.server import Options

    names = ("apps", "transport", "jira", "issues", "sprints", "board", "port")
    return Options(start=start, **{name: given[name] for name in names})
