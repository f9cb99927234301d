"""What is wrong with a Jira site as far as the site itself tells: each in one sentence, with the next step."""

from collections.abc import Iterator, Sequence
from typing import Any

from fmo_bot.domain.issues import BoardShape
from fmo_bot.errors import BoardUnavailable, SiteUnavailable
from fmo_bot.jira.client import AGILE, JiraClient, Refused
from fmo_bot.jira.source import JiraSource

SKEW_S = 60.0  # seconds between two clocks from which on it is worth a word
_NOT_SHOWN = (400, 403, 404)


def faults(client: JiraClient, boards: Sequence[int]) -> Iterator[str]:
    """Look at the site and at these boards of it (Jira's numbers). Raises nothing: what fails is a sentence too."""
    try:
        client.flavour()
        client.account()
        yield from _clock(client)
        for board in boards:
            yield from _board(client, board)
    except BoardUnavailable as error:
        yield str(error)


def _clock(client: JiraClient) -> Iterator[str]:
    if client.skew is not None and abs(client.skew) > SKEW_S:
        way = "ahead of" if client.skew > 0 else "behind"
        yield (
            f"The clock of Jira site {client.key} is {abs(client.skew):.0f} s {way} the one of this machine: have this"
            " machine's clock set by a time server (NTP)."
        )


def _board(client: JiraClient, number: int) -> Iterator[str]:
    try:
        told: Any = client.get(f"board/{number}", what=f"board {number}", api=AGILE)
        shape = JiraSource(client).describe(number)
    except Refused as refused:
        if isinstance(refused, SiteUnavailable) or refused.status not in _NOT_SHOWN:
            raise
        yield _unseen(client, number)
        return
    yield from _project(client, told)
    yield from _fields(client, number, shape)


def _unseen(client: JiraClient, number: int) -> str:
    """The account may not browse, or only this board is not shared with it."""
    who = f"The bot's account on Jira site {client.key}"
    if not _projects(client):
        return f"{who} may browse no project: give it the permission Browse Projects in the project of board {number}."
    return (
        f"{who} does not see board {number}: share the board's filter with it, let it browse the board's project, and"
        " check the number."
    )


def _projects(client: JiraClient) -> list[Any]:
    found: Any = client.get("project", what="the projects")
    return found if isinstance(found, list) else []


def _project(client: JiraClient, board: Any) -> Iterator[str]:
    """The project a board belongs to; its filter may show others, which nobody can list."""
    place = board.get("location") if isinstance(board, dict) else None
    key = place.get("projectKey") if isinstance(place, dict) else None
    if not isinstance(key, str) or not key.replace("_", "").isalnum():
        return
    try:
        client.get(f"project/{key}", what=f"project {key}")
    except Refused as refused:
        if isinstance(refused, SiteUnavailable) or refused.status not in _NOT_SHOWN:
            raise
        who = f"The bot's account on Jira site {client.key}"
        yield f"{who} may not browse project {key}: give it the permission Browse Projects there."


def _fields(client: JiraClient, number: int, shape: BoardShape) -> Iterator[str]:
    if shape.flagged_field is None:
        yield (
            f"Jira site {client.key} shows no field Flagged for board {number}, so flags are not read: have an"
            " administrator add it, or let the bot's account see it."
        )
    if shape.kind == "scrum" and (shape.points_field is None or shape.points_name is None):
        yield (
            f"Board {number} on Jira site {client.key} estimates by no field that the bot can read, so reports count"
            " issues only: choose Story Points as its estimation."
        )
