"""Running the bot: `run`, `migrate`."""

import signal
from types import FrameType

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    app.command("migrate")(migrate)


def run() -> None:
    """Run everything in one process: Slack, Jira, schedules, the web server; until SIGTERM or Ctrl-C."""
    from fmo_bot.bootstrap import Bot
    from handlers.door import Door

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    settings = settings_and_logging()
    with Bot(settings) as bot, Door(bot) as door:
        door.serve()


def _leave(number: int, frame: FrameType | None) -> None:
    """End as any block ends, so that what is in hand is finished. The web server hears of the signal first."""
    raise SystemExit(0)


def migrate() -> None:
    """Bring the database to the newest schema."""
    from fmo_bot.bootstrap import open_store

    open_store(settings_and_logging()).close()
    print("The database is at the newest schema.")
