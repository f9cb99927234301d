"""The command line: `fmo-bot`. One file per group of commands; rooms are imported inside each command."""

import importlib
import os
import sys
from collections.abc import Sequence

import typer

from fmo_bot.errors import Failure, FileWrong, SettingsWrong

_GROUPS = (
    "running",
    "setting_up",
    "exporting",
    "backfilling",
    "moving",
    "keys",
    "doctor",
    "site",
    "joint",
    "people",
    "calendar",
    "workflow",
    "report",
    "pretending",
    "demo",
)


def application(groups: Sequence[str] = _GROUPS) -> typer.Typer:
    """Every command; each group's module adds its own in `register(app)`."""
    app = typer.Typer(
        name="fmo-bot",
        help="Delivery assistant for joint teams of two companies, in Slack, from Jira.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # errors as plain sentences: a frame breaks file names in two
    )
    for group in groups:
        importlib.import_module(f"fmo_bot.cli.{group}").register(app)
    return app


def main() -> None:
    """Run the command line as this process, which ends with it."""
    try:
        run()
    except SystemExit as end:
        if _is_report() and isinstance(end.code, int):
            _end_at_once(end.code)
        raise


def run() -> None:
    """Run the command line. Wrong settings or files: every sentence on stderr, exit code 2; other failures: 1."""
    try:
        # Reports need neither settings nor database, whose libraries take longer to load than many an export to read.
        application(("report",) if _is_report() else _GROUPS)(prog_name="fmo-bot")
    except (SettingsWrong, FileWrong) as wrong:
        _end(str(wrong), 2)
    except (Failure, OSError) as failure:  # OSError: a port that is taken, a disk that is full
        _end(str(failure), 1)


def _is_report() -> bool:
    return sys.argv[1:2] == ["report"]


def _end_at_once(code: int) -> None:
    """End without looking through a million values for garbage and clearing them up: a tenth of a report's time."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError as failure:  # nobody takes what is still to be said
        print(failure, file=sys.stderr)
        code = code or 1
    os._exit(code)


def _end(sentences: str, code: int) -> None:
    print(sentences, file=sys.stderr)
    sys.exit(code)
