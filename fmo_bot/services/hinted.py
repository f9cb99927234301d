"""What webhooks lead to: the issues they name are read again, all that came together in one question.

A hint is not believed, so a forged, late, doubled or misordered one costs a question and changes nothing: what is
stored is what Jira says now, and never over a newer state. A hint that is lost, polling makes good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow, SprintRow
from fmo_bot.db.store import Store
from fmo_bot.delivery.inbox import BUNDLE
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services.boards import Boards
from fmo_bot.services.hooks import projects


@dataclass(kw_only=True)
class _Board:
    """A board of the site, and what the hints ask of it."""

    id: int
    number: int
    is_read: bool
    sprints: set[int]
    projects: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def is_meant(self, hint: Mapping[str, Any]) -> bool:
        """Whether a hint is about this board or a sprint it shows."""
        return hint["board"] == self.number or hint["sprint"] in self.sprints


class Hinted:
    """The job of webhooks."""

    def __init__(self, store: Store, boards: Boards) -> None:
        """`boards` reads."""
        self._store, self._boards = store, boards

    def look(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Read again what a bundle of hints of one site is about. Raises BoardUnavailable when every board is done."""
        hints: Sequence[Mapping[str, Any]] = payload[BUNDLE]
        issues = {number for hint in hints for number in hint["issues"]}
        failed: list[BoardUnavailable] = []
        left = set(issues)  # an issue is stored once for all boards of its site: the first that holds it reads it
        for board in self._known(hints[0]["site"], issues):
            mine, left = board.held & left, left - board.held
            try:
                self._read(board, hints, mine, at)
            except BoardUnavailable as error:  # keeps no other board from being read
                failed.append(error)
        if failed:
            raise failed[0]

    def _read(self, board: "_Board", hints: Sequence[Mapping[str, Any]], held: set[str], at: datetime) -> None:
        deleted = {number for hint in hints if hint["deleted"] for number in hint["issues"]}
        if not board.is_read or any(board.is_meant(hint) for hint in hints if not hint["issues"]):
            self._boards.sync(board.id, at, look=True)
        if held:
            self._boards.refresh(board.id, held, at, deleted=deleted)
        if new := _could_be_new(board, hints) - deleted:
            self._boards.look_again(board.id, new, at)

    def _known(self, site: str, issues: set[str]) -> list[_Board]:
        """The boards of the site, with which of these issues each holds."""
        with self._store.reading(SYSTEM) as session:
            here = select(BoardRow).join(JiraSiteRow, JiraSiteRow.id == BoardRow.site_id)
            rows = session.scalars(here.where(JiraSiteRow.key == site).order_by(BoardRow.id)).all()
            shown = projects(session, site) if issues else {}
            boards = []
            for row in rows:
                sprints = session.scalars(select(SprintRow.jira_sprint_id).where(SprintRow.board_id == row.id))
                held = select(IssueRow.jira_issue_id).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
                held = held.where(BoardIssueRow.board_id == row.id, IssueRow.jira_issue_id.in_(issues))
                boards.append(
                    _Board(
                        id=row.id,
                        number=row.jira_board_id,
                        is_read=bool(row.shape),
                        sprints=set(sprints),
                        projects=shown.get(row.id, set()),
                        held=set(session.scalars(held)),
                    )
                )
            return boards


def _could_be_new(board: _Board, hints: Sequence[Mapping[str, Any]]) -> set[str]:
    """Issues of a project the board shows that it does not hold; a hint without a project brings none to a board."""
    named = {number for hint in hints if hint["project"] in board.projects for number in hint["issues"]}
    return named - board.held if board.is_read else set()
