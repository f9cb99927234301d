"""Figures of an export, without Slack, database or Jira: `report flow`, `sprint`, `fold`, `forecast`, and `all`.

One file per report, with `add(reports)`; `options` has what they all take, `reading` what they read, `output` how
figures leave, `quality` the ledger that comes with each.
"""

import importlib
import sys

import typer

_REPORTS = ("flow", "sprint", "fold", "forecast", "everything")


def register(app: typer.Typer) -> None:
    """Add these commands, all under `report`."""
    told = "Figures of an export of Jira: files in, figures out."
    reports = typer.Typer(help=told, no_args_is_help=True, callback=_can_write)
    for name in _REPORTS:
        importlib.import_module(f"fmo_bot.cli.report.{name}").add(reports)
    app.add_typer(reports, name="report")


def _can_write() -> None:
    if sys.stdout is None:  # closed by whoever started this
        print("Standard output is closed, so there is nowhere to write to.", file=sys.stderr)
        raise typer.Exit(1)
