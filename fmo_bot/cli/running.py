"""Running the bot: `run`, or `web` and `worker` apart; `migrate`."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
    """Send what is owed, work what came in, keep the schedules; any number may run beside `fmo-bot web`.

    With FMO_WORKER_PORT set it says there how it is: /health/live, /health/ready, /metrics.
    """
    from fmo_bot.bootstrap.bot import Bot
    from handlers.health import Window
    from handlers.jobs import add_jobs

    settings = settings_and_logging()
    with _until_told(), Bot(settings) as bot:
        add_jobs(bot)
        port = settings.worker_port
        with nullcontext() if port is None else Window(bot, port):
            bot.start()
            threading.Event().wait()


def _open_door(*, works: bool) -> None:
    from fmo_bot.bootstrap.bot import Bot
    from handlers.door import Door

    with _until_told(), Bot(settings_and_logging(), works=works) as bot, Door(bot) as door:
        door.serve()


@contextmanager
def _until_told() -> Iterator[None]:
    """Run the block until SIGTERM or Ctrl-C, then end it as any block ends, so that what is in hand is finished.

    What is not finished then has had its time; it would hold the process up at its end, so it is not waited for again.
    """
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    try:
        yield
    except _Told:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class _Told(SystemExit):
    """Somebody told this process to end."""


def _leave(number: int, frame: FrameType | None) -> None:
    """The web server hears of the signal first."""
    raise _Told(0)


def migrate() -> None:
    """Bring the database to the newest schema."""
    from fmo_bot.bootstrap.opening import open_store

    open_store(settings_and_logging()).close()
    print("The database is at the newest schema.")
