"""Boards: reading what changed in Jira into our rows, and showing a board as values.

A sync reads the open sprints and the issues updated since a cursor, with an overlap, because Jira's search lags behind
its issues; what is known at that very update is not read again. The board's shape and its closed sprints are read less
often. Issues also leave a board, or come to it, without being updated (an edited filter, a moved issue), and the search
may miss an update for longer than the overlap: now and then the list of all of them is compared. Jira is never asked
inside a database transaction, so a slow site holds nobody up, and everything written is an upsert, so two syncs of one
board at once do no harm.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import STATUS, BoardShape, Issue, Sprint
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.workflow import Workflow
from fmo_bot.domain.workflow_file import Incidents, Value
from fmo_bot.errors import BoardUnavailable
from fmo_bot.ports import BoardSource
from fmo_bot.services import absences, backfills, board_quality, board_rows, facts, fields_sought, workflows
from fmo_bot.services.absences import Unseen
from fmo_bot.services.accepting import NOT_YET, whose_word_is_missing
from fmo_bot.services.backfills import Backfill, Progress
from fmo_bot.services.board_facts import BoardFacts
from fmo_bot.services.board_rows import Packed
from fmo_bot.services.fact_reading import StoredFacts

T = TypeVar("T")
OVERLAP = timedelta(minutes=10)  # an issue may be found by Jira's search minutes after it changed
# An update younger than this at the last sync is read again: it may have been followed by one in the same second, which
# is as exactly as some databases under a Data Center tell the time.
SETTLING = timedelta(minutes=1)
COARSE = timedelta(hours=26)  # the most by which a search begins too early: where the account's zone is not known
SWEEP_EVERY = timedelta(hours=6)
DESCRIBE_EVERY = timedelta(minutes=10)
BATCH = 200  # issues per transaction
DOUBTS = 100  # histories that are read again in one sync
_FIELD_IDS = (
    *("sprint_field", "flagged_field", "points_field", "points_name", "naming_fields", "addresses", "instant_fields"),
)


@dataclass(frozen=True, kw_only=True)
class BoardView:
    """A board as far as it is synced. `sync_error`: why the newest sync failed, safe to show; None if it did not.

    `facts` are read when they are asked for, so while the transaction is open.
    """

    facts: BoardFacts
    sprints: tuple[Sprint, ...]
    shape: BoardShape
    workflow: AnyWorkflow
    workflow_guessed: bool
    synced_at: datetime | None
    sync_error: str | None
    quality: board_quality.Found = ()  # what is known to be missing beside what the issues show
    workflow_since: datetime | None = None  # from when its newest version holds; None: since ever
    guesses: tuple[str, ...] = ()  # names of new statuses that count as guessed
    incidents: Incidents = field(default_factory=Incidents)
    value: Value = Value.FINISHED


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync did: issues read, issues that left the board, and the workflow where it was guessed anew."""

    read: int
    left: int
    guessed: Workflow | None


class Boards:
    """The boards of all joint teams, read through one source per Jira site."""

    def __init__(
        self,
        store: Store,
        sources: Mapping[str, BoardSource],
        *,
        addresses: Callable[[], Mapping[str, str]] = dict,
        progress: Progress = backfills.nobody,
    ) -> None:
        """`sources`: key of a site -> where to read it; `addresses`: where people open it."""
        self._store = store
        self._sources = sources
        self._addresses = addresses
        self._progress = progress

    def sync(
        self,
        board_id: int,
        at: datetime,
        *,
        look: bool = False,
        everything: bool = False,
        progress: Progress = backfills.nobody,
    ) -> Synced:
        """Read what changed. Raises BoardUnavailable, and leaves its sentence on the board, where Jira fails us.

        `look`: read the board's shape even if that was done a moment ago; `everything`: all issues, even if they were
        read before. `progress` hears of that too.
        """
        try:
            synced = self._sync(self._target(board_id), at, look=look, everything=everything, progress=progress)
        except BoardUnavailable as error:
            with self._store.transaction(SYSTEM) as session:
                board_rows.find(session, board_id, lock=True).sync_error = str(error)
            facts.refresh(self._store, board_id)  # due all the same, where the workflow was changed meanwhile
            raise
        facts.refresh(self._store, board_id)
        return synced

    def look_again(self, board_id: int, ids: Collection[str], at: datetime) -> None:
        """Read issues a board may show, as far as it does show them. Raises BoardUnavailable; unread boards wait."""
        target = self._target(board_id)
        if target.shape is not None:
            self._keep(target, target.source.read(target.shape, ids), _Seen(), at)

    def refresh(self, board_id: int, ids: Collection[str], at: datetime, *, deleted: Collection[str] = ()) -> None:
        """Read issues a board shows as they are now. Of `deleted`, said to be gone, those not there leave every board.

        Others that are not there are left to the sweep: they may be forbidden for a moment. Raises BoardUnavailable.
        """
        target = self._target(board_id)
        if target.shape is None:
            return
        seen = _Seen()
        self._keep(target, target.source.fresh(target.shape, ids), seen, at)
        if gone := set(deleted) & set(ids) - seen.ids:
            with self._store.transaction(SYSTEM) as session:
                board_rows.let_go_everywhere(session, target.board.site_id, gone)
                absences.note(session, target.board.site_id, gone, Unseen.DELETED, at)

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        """Jira's own report on a sprint (Jira's id); None where it does not come, whatever the reason."""
        try:
            target = self._target(board_id)
            return target.source.own_report(target.board.jira_board_id, sprint_id)
        except BoardUnavailable:
            return None

    def view(self, session: Session, board_id: int) -> BoardView:
        """The board as far as it was read. Raises BoardUnavailable where it never was, NotFound outside the scope."""
        board = board_rows.find(session, board_id)
        if not board.shape:
            raise BoardUnavailable(board.sync_error or "The board has not been read from Jira yet.")
        known = workflows.of_board(session, board_id)
        if known is None:
            raise BoardUnavailable(f"Board {board.name} has no columns to guess stages from: set its workflow.")
        return BoardView(
            facts=StoredFacts(session, board, known.workflow, known.incidents),
            sprints=board_rows.sprints(session, board_id),
            shape=values.from_json(BoardShape, board.shape),
            workflow=known.workflow,
            workflow_guessed=known.guessed,
            workflow_since=known.since,
            guesses=known.guesses,
            incidents=known.incidents,
            value=known.value,
            synced_at=board.synced_at,
            sync_error=board.sync_error,
            quality=board_quality.found(session, board),
        )

    def _target(self, board_id: int) -> "_Target":
        with self._store.reading(SYSTEM) as session:
            board = board_rows.find(session, board_id)
            site, missing = session.get_one(JiraSiteRow, board.site_id).key, whose_word_is_missing(session, board)
            if missing is not None:
                raise BoardUnavailable(NOT_YET.format(company=missing.organisation.name, team=missing.team.name))
        if site not in self._sources:
            raise BoardUnavailable(f"Jira site {site} is not in the settings. Add it to FMO_JIRA_SITES.")
        return _Target(board, values.from_json(BoardShape, board.shape) if board.shape else None, self._sources[site])

    def _sync(self, target: "_Target", at: datetime, *, look: bool, everything: bool, progress: Progress) -> Synced:
        # Step 1: what the board is now.
        looking = look or target.wants_look(at)
        shape = self._describe(target) if looking or target.shape is None else target.shape
        sweeping = target.wants_sweep(shape, at)
        sprints, every = self._sprints(target, shape, sweeping=sweeping)
        # Step 2: what changed, part by part as it comes; everything, where it was never read or by other field ids.
        seen = _Seen()
        since = None if everything else target.since(shape)
        if since is None:
            whole = self._read_everything(target, shape, seen, at, progress)
        else:
            self._read_changes(target, shape, since, seen, at)
            whole = False
        # Step 3: histories that are not proved whole yet; now and then, what came or went without being updated.
        self._settle_doubts(target, shape, seen, at)
        left = self._sweep(target, shape, seen, at, listed=seen.ids if whole else None) if sweeping else 0
        if sweeping and not whole:
            self._read_released(target, shape, seen, at)
        # Step 4: only now the board has been read.
        with self._store.transaction(SYSTEM) as session:
            board = board_rows.find(session, target.board.id, lock=True)
            board.name, board.shape = shape.name, values.to_json(shape)
            board.described_at = at if looking else board.described_at
            board.cursor = seen.cursor(board.cursor if since else None, at)
            board.swept_at = at if sweeping else board.swept_at
            board.synced_at, board.sync_error = at, None
            board.backfill = {} if since is None else board.backfill
            board_rows.keep_sprints(session, board, sprints, whole=every)
            guessed = workflows.guess_anew(session, board, shape, seen.statuses, at)
        return Synced(read=seen.count, left=left, guessed=guessed)

    def _describe(self, target: "_Target") -> BoardShape:
        with self._store.reading(SYSTEM) as session:
            sought = fields_sought.sought(session, target.board.site_id, self._addresses)
        return target.source.describe(target.board.jira_board_id, sought)

    def _sprints(self, target: "_Target", shape: BoardShape, *, sweeping: bool) -> tuple[tuple[Sprint, ...], bool]:
        """The board's sprints, and whether these are all: the closed ones are read when one has just been closed."""
        if shape.kind == "kanban":
            return (), True
        number = target.board.jira_board_id
        if not sweeping:
            sprints = target.source.sprints(number, only_open=True)
            with self._store.reading(SYSTEM) as session:
                were_open = board_rows.open_sprints(session, target.board.id)
            if were_open <= {sprint.id for sprint in sprints}:
                return sprints, False
        return target.source.sprints(number), True

    def _read_changes(self, target: "_Target", shape: BoardShape, since: datetime, seen: "_Seen", at: datetime) -> None:
        settled = (target.board.synced_at or since) - SETTLING
        with self._store.reading(SYSTEM) as session:  # a Data Center finds more than was asked for: whole minutes
            known = board_rows.held(session, target.board.id, between=(since - COARSE, settled))
        for part in target.source.changed(shape, since=since, known=known):
            self._keep(target, part.issues, seen, at)

    def _read_everything(
        self, target: "_Target", shape: BoardShape, seen: "_Seen", at: datetime, progress: Progress
    ) -> bool:
        """Read all issues, from where an earlier read was stopped; whether it was one read from first to last."""
        backfill = Backfill.resumed(target.board.backfill, shape) or Backfill.new(shape, at, target.source.count(shape))
        fresh = backfill.mark is None
        seen.began = backfill.began
        for part in target.source.changed(shape, since=None, mark=backfill.mark):
            self._keep(target, part.issues, seen, at)
            backfill = backfill.after(part)
            with self._store.transaction(SYSTEM) as session:
                board_rows.find(session, target.board.id, lock=True).backfill = values.to_json(backfill)
            for told in (self._progress, progress):
                told(target.board.id, backfill)
        return fresh

    def _settle_doubts(self, target: "_Target", shape: BoardShape, seen: "_Seen", at: datetime) -> None:
        with self._store.reading(SYSTEM) as session:
            doubtful = board_rows.doubtful(session, target.board.id, at, most=DOUBTS)
        if doubtful:
            self._keep(target, target.source.read(shape, doubtful), seen, at)

    def _keep(self, target: "_Target", issues: Iterable[Issue], seen: "_Seen", at: datetime) -> None:
        for batch in _batches(map(Packed.of, issues)):
            with self._store.transaction(SYSTEM) as session:
                board_rows.keep(session, target.board, batch, at)
            seen.note([each.issue for each in batch])

    def _read_released(self, target: "_Target", shape: BoardShape, seen: "_Seen", at: datetime) -> None:
        """Read again what a version was released, renamed or dated anew of: that updates none of its issues."""
        with self._store.reading(SYSTEM) as session:
            held = board_rows.versioned(session, target.board.id)
        projects = sorted({issue.project for issue in held if issue.project})
        now = {version.id: version for project in projects for version in target.source.versions(project)}
        stale = [issue.id for issue in held if any(now.get(one.id, one) != one for one in issue.versions)]
        if stale:
            self._keep(target, target.source.read(shape, stale), seen, at)

    def _sweep(
        self, target: "_Target", shape: BoardShape, seen: "_Seen", at: datetime, *, listed: Collection[str] | None
    ) -> int:
        """Compare with the whole list: read what we lack or hold an older state of, let go of what left.

        `listed`: the ids, where they have just been read from first to last.
        """
        with self._store.reading(SYSTEM) as session:
            held = board_rows.held(session, target.board.id)
        if listed is None:
            updates = target.source.updates(shape)
            stale = [number for number, updated in updates.items() if number not in held or held[number] < updated]
            self._keep(target, target.source.read(shape, stale), seen, at)
            listed = updates.keys()
        # Only of those held before the list was read: what another sync added since cannot be in it.
        gone = [number for number in held if number not in listed]
        with self._store.transaction(SYSTEM) as session:
            absences.forget(session, target.board, listed)
        return self._let_go(target, gone, at) if gone else 0

    def _let_go(self, target: "_Target", gone: Sequence[str], at: datetime) -> int:
        """Take off the board what its filter no longer finds; how many. What a lost permission hides stays."""
        with self._store.reading(SYSTEM) as session:
            missing = absences.projects_of(session, target.board, gone)
        absent = absences.told_apart(target.source, missing)
        for batch in _batches((*absent.left, *absent.hidden)):
            with self._store.transaction(SYSTEM) as session:
                board_rows.let_go(session, target.board, batch)
        for why, numbers in ((Unseen.HIDDEN, absent.hidden), (Unseen.FORBIDDEN, absent.forbidden)):
            for batch in _batches(numbers):
                with self._store.transaction(SYSTEM) as session:
                    absences.note(session, target.board.site_id, batch, why, at)
        return len(gone) - len(absent.forbidden)


@dataclass(frozen=True)
class _Target:
    """A board as it stood before the sync (its row, detached), and where to read it."""

    board: BoardRow
    shape: BoardShape | None
    source: BoardSource

    def wants_look(self, at: datetime) -> bool:
        """Whether its shape is to be read again."""
        return self.board.described_at is None or at - self.board.described_at >= DESCRIBE_EVERY

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


@dataclass
class _Seen:
    """What a sync came across: how many issues, which, the newest update, every status."""

    began: datetime | None = None  # when the read began, where that was not in this sync
    count: int = 0
    newest: datetime | None = None
    statuses: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def note(self, issues: Sequence[Issue]) -> None:
        """Add a batch, not empty."""
        self.count += len(issues)
        self.ids |= {issue.id for issue in issues}
        newest = max(issue.updated for issue in issues)
        self.newest = newest if self.newest is None else max(self.newest, newest)
        for issue in issues:
            moves = (change for change in issue.changes if change.field == STATUS)
            self.statuses |= {issue.status, *(end for move in moves for end in (move.before, move.after) if end)}

    def cursor(self, before: datetime | None, at: datetime) -> datetime:
        """From where the next sync reads: the newest update, but not later than this read began.

        While a long read goes on, issues change that it has passed already, and those it meets show later updates.
        """
        began = self.began or at
        if self.newest is None:
            return before or began
        reached = min(self.newest, began)
        return reached if before is None else max(before, reached)


def _field_ids(shape: BoardShape) -> tuple[object, ...]:
    return tuple(getattr(shape, name) for name in _FIELD_IDS)


def _batches(everything: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(everything)
    while batch := list(islice(rest, BATCH)):
        yield batch
