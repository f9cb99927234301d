"""Boards for a set-up: only on Jira sites of the company that sets up, and only its own people search there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.store import Store
from fmo_bot.domain.draft_boards import Found, named
from fmo_bot.domain.draft_stages import seen
from fmo_bot.domain.drafts import SeenBoard
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.workflow import Workflow, guess
from fmo_bot.errors import BoardUnavailable, NotFound

ABANDONED = guess(BoardShape(id=0, name="", kind="kanban", columns=(), statuses=())).abandoned_resolutions


@dataclass(frozen=True, kw_only=True)
class BoardFound:
    """A board of a site, with the key of the project it belongs to ("" where Jira does not say)."""

    id: int
    name: str
    project: str = ""


class Finder(Protocol):
    """Looking for boards. Every method raises BoardUnavailable with a sentence that is safe to show."""

    def search(self, site: str, words: str) -> tuple[BoardFound, ...]:
        """Boards of a site with these words in their names, all of them where there are none."""
        ...

    def shape(self, site: str, board: int) -> BoardShape:
        """A board's columns and statuses."""
        ...


class Boards:
    """Searching on behalf of one company."""

    def __init__(self, store: Store, finder: Finder, guesses: Callable[[BoardShape], Workflow] = guess) -> None:
        """`guesses`: a first workflow of a board."""
        self._store, self._finder, self._guesses = store, finder, guesses

    def search(self, organisation_id: int, words: str) -> Found:
        """Boards on the company's own sites, if it has any; a site that is down is named as such."""
        sites = self._sites(organisation_id)
        boards: list[SeenBoard] = []
        troubles: list[tuple[str, str]] = []
        for site in sites:
            try:
                found = self._finder.search(site, words)
            except BoardUnavailable as why:
                troubles.append((site, str(why)))
                continue
            boards += [SeenBoard(site=site, id=each.id, name=each.name, project=each.project) for each in found]
        return Found(words=words, boards=tuple(boards), sites=tuple(sites), troubles=tuple(troubles))

    def chosen(self, organisation_id: int, value: str) -> SeenBoard:
        """The board that was chosen, with what its statuses are guessed to mean. Raises NotFound, BoardUnavailable."""
        meant = named(value)
        if meant is None or meant[0] not in self._sites(organisation_id):
            raise NotFound
        site, number = meant
        shape = self._finder.shape(site, number)
        project = next((e.project for e in self._finder.search(site, shape.name) if e.id == number), "")
        return seen(SeenBoard(site=site, id=number, name=shape.name, project=project), shape, self._guesses(shape))

    def _sites(self, organisation_id: int) -> list[str]:
        with self._store.reading(SYSTEM) as session:
            query = select(JiraSiteRow.key).where(JiraSiteRow.organisation_id == organisation_id)
            return list(session.scalars(query.order_by(JiraSiteRow.key)))
