"""Boards: reading what changed in Jira into our rows, and showing a board as values.

A sync reads the shape and the sprints whole and the issues since a cursor, with an overlap, because Jira's search lags
behind its issues. Issues also leave a board, or come to it, without being updated (an edited filter, a moved issue):
now and then the list of all of them is compared. Jira is never asked inside a database transaction, so a slow site
holds nobody up, and everything written is an upsert, so two syncs of one board at once do no harm.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import STATUS, BoardShape, Issue, Sprint
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import BoardUnavailable
from fmo_bot.ports import BoardSource
from fmo_bot.services import board_rows

log = logging.getLogger(__name__)
T = TypeVar("T")
OVERLAP = timedelta(minutes=10)  # an issue may be found by Jira's search minutes after it changed
SWEEP_EVERY = timedelta(hours=6)
BATCH = 50  # issues per transaction
_FIELD_IDS = ("sprint_field", "flagged_field", "points_field", "points_name")


@dataclass(frozen=True, kw_only=True)
class BoardView:
    """A board as far as it is synced. `sync_error`: why the newest sync failed, safe to show; None if it did not."""

    issues: tuple[Issue, ...]
    sprints: tuple[Sprint, ...]
    shape: BoardShape
    workflow: Workflow
    workflow_guessed: bool
    synced_at: datetime | None
    sync_error: str | None


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync did: issues read, issues that left the board, and the workflow where it was guessed anew."""

    read: int
    left: int
    guessed: Workflow | None


class Boards:
    """The boards of all joint teams, read through one source per Jira site."""

    def __init__(self, store: Store, sources: Mapping[str, BoardSource]) -> None:
        """`sources`: key of a site in the settings -> where to read it."""
        self._store = store
        self._sources = sources

    def sync(self, board_id: int, at: datetime) -> Synced:
        """Read what changed. Raises BoardUnavailable, and leaves its sentence on the board, where Jira fails us."""
        try:
            return self._sync(self._target(board_id), at)
        except BoardUnavailable as error:
            with self._store.transaction(SYSTEM) as session:
                board_rows.find(session, board_id, lock=True).sync_error = str(error)
            raise

    def sync_all(self, at: datetime) -> Mapping[int, str]:
        """Sync every board; those that could not be read, with the sentence why. One failing stops no other."""
        with self._store.reading(SYSTEM) as session:
            board_ids = session.scalars(select(BoardRow.id).order_by(BoardRow.id)).all()
        failed: dict[int, str] = {}
        for board_id in board_ids:
            try:
                self.sync(board_id, at)
            except BoardUnavailable as error:
                log.warning("board %s was not read: %s", board_id, error)
                failed[board_id] = str(error)
        return failed

    def look_again(self, board_id: int, ids: Collection[str]) -> None:
        """Read issues a board may show, as far as it does show them. Raises BoardUnavailable; unread boards wait."""
        target = self._target(board_id)
        if target.shape is not None:
            self._keep(target, target.source.read(target.shape, ids), _Seen(None))

    def refresh(self, board_id: int, ids: Collection[str], *, deleted: Collection[str] = ()) -> None:
        """Read issues a board shows as they are now. Of `deleted`, said to be gone, those not there leave every board.

        Others that are not there are left to the sweep: they may be forbidden for a moment. Raises BoardUnavailable.
        """
        target = self._target(board_id)
        if target.shape is None:
            return
        seen: set[str] = set()
        for batch in _batches(target.source.fresh(target.shape, ids)):
            self._keep(target, batch, _Seen(None))
            seen |= {issue.id for issue in batch}
        if gone := set(deleted) & set(ids) - seen:
            with self._store.transaction(SYSTEM) as session:
                board_rows.let_go_everywhere(session, target.board.site_id, gone)

    def view(self, session: Session, board_id: int) -> BoardView:
        """The board as far as it was read. Raises BoardUnavailable where it never was, NotFound outside the scope."""
        board = board_rows.find(session, board_id)
        if not board.shape:
            raise BoardUnavailable(board.sync_error or "The board has not been read from Jira yet.")
        if not board.workflow:
            raise BoardUnavailable(f"Board {board.name} has no columns to guess stages from: set its workflow.")
        return BoardView(
            issues=board_rows.issues(session, board_id),
            sprints=board_rows.sprints(session, board_id),
            shape=values.from_json(BoardShape, board.shape),
            workflow=Workflow.from_mapping(board.workflow, where=f"workflow of board {board.name}"),
            workflow_guessed=board.workflow_guessed,
            synced_at=board.synced_at,
            sync_error=board.sync_error,
        )

    def _target(self, board_id: int) -> "_Target":
        with self._store.reading(SYSTEM) as session:
            board = board_rows.find(session, board_id)
            site = session.get_one(JiraSiteRow, board.site_id).key
        if site not in self._sources:
            raise BoardUnavailable(f"Jira site {site} is not in the settings. Add it to FMO_JIRA_SITES.")
        return _Target(board, values.from_json(BoardShape, board.shape) if board.shape else None, self._sources[site])

    def _sync(self, target: "_Target", at: datetime) -> Synced:
        # Step 1: what the board is now.
        shape = target.source.describe(target.board.jira_board_id)
        sprints = target.source.sprints(target.board.jira_board_id)
        # Step 2: what changed, batch by batch as it comes.
        seen = _Seen(target.board.cursor)
        self._keep(target, target.source.changed(shape, since=target.since(shape)), seen)
        # Step 3: now and then, what came or went without being updated.
        sweeping = target.wants_sweep(shape, at)
        left = self._sweep(target, shape, seen) if sweeping else 0
        # Step 4: only now the board has been read.
        with self._store.transaction(SYSTEM) as session:
            board = board_rows.find(session, target.board.id, lock=True)
            board.name, board.shape = shape.name, values.to_json(shape)
            board.cursor = max((mark for mark in (board.cursor, seen.newest) if mark is not None), default=None)
            board.swept_at = at if sweeping else board.swept_at
            board.synced_at, board.sync_error = at, None
            board_rows.keep_sprints(session, board, sprints)
            guessed = board_rows.guess_workflow(board, shape, seen.statuses)
        return Synced(read=seen.count, left=left, guessed=guessed)

    def _keep(self, target: "_Target", issues: Iterable[Issue], seen: "_Seen") -> None:
        for batch in _batches(issues):
            rows = board_rows.of_issues(target.board, batch)  # before the transaction, which others wait for
            with self._store.transaction(SYSTEM) as session:
                board_rows.keep(session, target.board, rows)
            seen.note(batch)

    def _sweep(self, target: "_Target", shape: BoardShape, seen: "_Seen") -> int:
        """Compare with the whole list: read what we lack or hold an older state of, let go of what left."""
        with self._store.reading(SYSTEM) as session:
            held = board_rows.held(session, target.board.id)
        listed = target.source.updates(shape)
        stale = [number for number, updated in listed.items() if number not in held or held[number] < updated]
        self._keep(target, target.source.read(shape, stale), seen)
        # Only of those held before the list was read: what another sync added since cannot be in it.
        gone = [number for number in held if number not in listed]
        for batch in _batches(gone):
            with self._store.transaction(SYSTEM) as session:
                board_rows.let_go(session, target.board, batch)
        return len(gone)


@dataclass(frozen=True)
class _Target:
    """A board as it stood before the sync (its row, detached), and where to read it."""

    board: BoardRow
    shape: BoardShape | None
    source: BoardSource

    def since(self, shape: BoardShape) -> datetime | None:
        """From when to read; None is everything: never read, or read by other field ids than today's."""
        if self.board.cursor is None or self.shape is None or _field_ids(self.shape) != _field_ids(shape):
            return None
        return self.board.cursor - OVERLAP

    def wants_sweep(self, shape: BoardShape, at: datetime) -> bool:
        """Whether the whole list is to be compared: after a while, or when the board looks at another filter."""
        if self.board.swept_at is None or self.shape is None or self.shape.filter_id != shape.filter_id:
            return True
        return at - self.board.swept_at >= SWEEP_EVERY


class _Seen:
    """What a sync came across: how many issues, the newest update, every status."""

    def __init__(self, newest: datetime | None) -> None:
        self.count = 0
        self.newest = newest
        self.statuses: set[str] = set()

    def note(self, issues: Sequence[Issue]) -> None:
        """Add a batch, not empty."""
        self.count += len(issues)
        newest = max(issue.updated for issue in issues)
        self.newest = newest if self.newest is None else max(self.newest, newest)
        for issue in issues:
            moves = (change for change in issue.changes if change.field == STATUS)
            self.statuses |= {issue.status, *(end for move in moves for end in (move.before, move.after) if end)}


def _field_ids(shape: BoardShape) -> tuple[str | None, ...]:
    return tuple(getattr(shape, name) for name in _FIELD_IDS)


def _batches(everything: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(everything)
    while batch := list(islice(rest, BATCH)):
        yield batch
