"""Looking for boards by name, on whichever site."""

from collections.abc import Callable, Mapping
from typing import Any

from fmo_bot.domain.issues import BoardShape
from fmo_bot.errors import BoardUnavailable
from fmo_bot.jira.client import AGILE, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.services.wizard_boards import BoardFound

MOST = 200  # boards of one search: a word of the name finds the others
_UNREACHED = "FMO bot is not connected to Jira site {site}; whoever runs it can connect it."


class JiraFinder:
    """Boards of every site; raises BoardUnavailable with a sentence that is safe to show."""

    def __init__(self, client: Callable[[str], JiraClient]) -> None:
        """`client`: of a site, by its key; KeyError where there is none."""
        self._client = client

    def search(self, site: str, words: str) -> tuple[BoardFound, ...]:
        """By Jira's own search for a part of the name."""
        client, found = self._of(site), dict[int, BoardFound]()
        wanted = {"name": words} if words else {}
        start = 0
        while len(found) < MOST:
            page: Any = client.get("board", what="its boards", params={**wanted, "startAt": start}, api=AGILE)
            boards = page.get("values") if isinstance(page, Mapping) else None
            if not isinstance(boards, list):
                raise client.nonsense("a page of boards without its values")
            found |= {board.id: board for board in map(_board, boards) if board is not None}
            start += len(boards)  # the server may lower the page size, so what came is what counts
            if not boards or page.get("isLast") is True:
                break
        return tuple(found.values())

    def shape(self, site: str, board: int) -> BoardShape:
        """As a sync would read it."""
        return JiraSource(self._of(site)).describe(board)

    def _of(self, site: str) -> JiraClient:
        try:
            return self._client(site)
        except KeyError:
            raise BoardUnavailable(_UNREACHED.format(site=site)) from None


def _board(raw: object) -> BoardFound | None:
    if not isinstance(raw, Mapping) or not isinstance(number := raw.get("id"), int):
        return None
    place = raw.get("location")
    key = place.get("projectKey") if isinstance(place, Mapping) else None
    return BoardFound(id=number, name=str(raw.get("name") or number), project=str(key or ""))
