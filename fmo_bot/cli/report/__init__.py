"""Figures of an export, without Slack, database or Jira: `report flow`, `sprint`, `fold`, `forecast`, and `all`.

One file per report, with `add(reports)`; `options` has what they all take, `reading` what they read, `output` how
figures leave.
"""

import importlib

import typer

_REPORTS = ("flow", "sprint", "fold", "forecast", "everything")


def register(app: typer.Typer) -> None:
    """Add these commands, all under `report`."""
    reports = typer.Typer(help="Figures of an export of Jira: files in, figures out.", no_args_is_help=True)
    for name in _REPORTS:
        importlib.import_module(f"fmo_bot.cli.report.{name}").add(reports)
    app.add_typer(reports, name="report")
