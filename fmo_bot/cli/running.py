"""Running the bot: `run`, or `web` and `worker` apart; `migrate`."""

import signal
import threading
from types import FrameType

import typer

from fmo_bot.cli.settings import settings_and_logging


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    app.command("web")(web)
    app.command("worker")(worker)
    app.command("migrate")(migrate)


def run() -> None:
    """Run everything in one process: Slack, Jira, schedules, the web server; until SIGTERM or Ctrl-C."""
    _open_door(works=True)


def web() -> None:
    """Take what comes in from Slack and Jira, and leave all work to `fmo-bot worker`; any number may run."""
    _open_door(works=False)


def worker() -> None:
    """Send what is owed, work what came in, keep the schedules; any number may run beside `fmo-bot web`."""
    from fmo_bot.bootstrap import Bot

    _end_on_signals()
    with Bot(settings_and_logging()) as bot:
        bot.start()
        threading.Event().wait()


def _open_door(*, works: bool) -> None:
    from fmo_bot.bootstrap import Bot
    from handlers.door import Door

    _end_on_signals()
    settings = settings_and_logging()
    with Bot(settings, works=works) as bot, Door(bot) as door:
        door.serve()


def _end_on_signals() -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    """End as any block ends, so that what is in hand is finished. The web server hears of the signal first."""
    raise SystemExit(0)


def migrate() -> None:
    """Bring the database to the newest schema."""
    from fmo_bot.bootstrap import open_store

    open_store(settings_and_logging()).close()
    print("The database is at the newest schema.")
