"""Reading a whole board: `backfill`."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fmo_bot.cli.settings import settings_and_logging

if TYPE_CHECKING:
    from fmo_bot.services.backfills import Backfill

STOPPED = "Stopped at {done} issues. Start it again to go on from there."


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("backfill")(backfill)


def backfill(
    board: Annotated[str, typer.Argument(help="Its number in Jira, its name, or its joint team's name.")],
) -> None:
    """Read a whole board from Jira, or go on where that was stopped; shows how far it is."""
    from fmo_bot.bootstrap.backfilling import backfill as read
    from fmo_bot.locales import translator
    from fmo_bot.slack.render.trust import in_words

    settings = settings_and_logging()
    with watched() as progress:
        done, missing = read(settings, board, progress)
    print(f"The board is read: {done.read} issues now, {done.left} left it.")
    for line in in_words(missing, translator("en")):
        print(f"Known to be missing: {line}.")


class Bar:
    """A `Progress` on the terminal: issues done, rate, time left."""

    def __init__(self) -> None:
        """Nothing is shown before the first part is read."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.done = 0
        self._pace = TextColumn("{task.fields[rate]} a second")
        columns = (TextColumn("Issues"), BarColumn(), MofNCompleteColumn(), self._pace, TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("issues", total=None, visible=False, rate=0)
        self._from: tuple[float, int] | None = None

    def __call__(self, board_id: int, backfill: "Backfill") -> None:
        """Show how far it is."""
        self._bar.start()
        now = time.monotonic()
        self._from = self._from or (now, backfill.done)
        seconds, done = now - self._from[0], backfill.done - self._from[1]
        self.done = backfill.done
        total = max(backfill.total or 0, backfill.done) if backfill.total is not None else None
        rate = round(done / seconds) if seconds > 0 else 0
        self._bar.update(self._task, completed=backfill.done, total=total, visible=True, rate=rate)

    def __enter__(self) -> "Bar":
        """Nothing is shown until something is read."""
        return self

    def __exit__(self, *ended: object) -> None:
        """Leave it as it stands."""
        if self._from is not None:
            self._bar.stop()


@contextmanager
def watched() -> Iterator[Bar]:
    """A bar around a read; told to stop (SIGTERM, Ctrl-C), it says where the read goes on, and ends with 1."""
    signal.signal(signal.SIGTERM, _interrupted)
    bar = Bar()
    try:
        with bar:
            yield bar
    except KeyboardInterrupt:
        print(STOPPED.format(done=bar.done), file=sys.stderr)
        sys.exit(1)


def _interrupted(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
