"""Options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


def a_file(told: str | None = None) -> Any:
    """An option that names a file, which has to be there; `told` is its help."""
    return typer.Option(exists=True, dir_okay=False, readable=True, help=told)


File = Annotated[Path | None, a_file()]


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
