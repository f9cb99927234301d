"""Options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


def a_file(told: str | None = None) -> Any:
    """An option that names a file, which has to be there; `told` is its help."""
    return typer.Option(exists=True, dir_okay=False, readable=True, help=told)


File = Annotated[Path | None, a_file()]

# Of a Slack app's manifest.
Speaking = Annotated[str, typer.Option("--transport", help="socket (Socket Mode) or http.")]
Profile = Annotated[str, typer.Option(help="minimal (reads no channel history) or full.")]
Address = Annotated[
    str | None,
    typer.Option("--url", envvar="FMO_PUBLIC_URL", help="The address under which Slack and browsers reach the bot."),
]
AppKey = Annotated[str, typer.Option("--app", help="The app's key in FMO_SLACK_APPS.")]
Grid = Annotated[bool, typer.Option("--grid", help="It may be installed in a whole Enterprise Grid organisation.")]
JiraHosts = Annotated[
    list[str] | None,
    typer.Option("--jira", help="The host of a Jira site whose links may be shown; up to five times."),
]


class Apps(StrEnum):
    """How many Slack apps the two companies use."""

    ONE = "one"
    TWO = "two"


class Transport(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


class Flavour(StrEnum):
    """Which Jira it is."""

    CLOUD = "cloud"
    DATA_CENTER = "dc"
