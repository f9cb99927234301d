"""Something due once: planned as rows ahead of time, run when due, each in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from time import time
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM

PLANNED, DONE, MISSED, CANCELLED, FAILED = "planned", "done", "missed", "cancelled", "failed"
MAX_ATTEMPTS = 5
AT_ONCE = 10  # occurrences a transaction: others wait for it, some 10 ms
Handler = Callable[[Session, OccurrenceRow, datetime], None]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Composed:
    """A handler in two steps, where what is to be said takes its time: nobody waits for a step that only reads.

    `compose` reads, in a transaction of its own, and returns the handler that writes. It may be run for nothing: only
    the handler is run once, and an occurrence that was moved meanwhile is composed anew.
    """

    compose: Callable[[Session, OccurrenceRow, datetime], Handler]


@dataclass(frozen=True)
class Together:
    """A handler of several at once, all of one ceremony: it reads once what they share, and writes them in a few
    statements. Where one of them fails, it is run for each by itself.
    """

    run: Callable[[Session, Sequence[OccurrenceRow], datetime], None]


Handlers = Mapping[str, Handler | Composed | Together]  # by kind of occurrence


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One occurrence as the schedule wants it; everything but `due` (aware) is its identity."""

    ceremony_id: int
    kind: str
    subject: str  # `member:<id>`, `side:<name>` or `all`
    local_date: date
    due: datetime
    ordinal: int = 0


_Identity = tuple[int, str, str, date, int]


def plan(session: Session, wanted: Iterable[Wanted], at: datetime) -> None:
    """Make the plan equal to `wanted`, which is everything the schedules want from `at` on.

    New ones are inserted, planned ones moved, and planned ones that lie ahead and are not wanted any more cancelled.
    What is overdue, done or was made by hand (ordinal above 0) stays. Safe to run twice at once: the unique key lets
    each occurrence in once.
    """
    asked = {_identity(each): each for each in wanted}
    # Locked and inserted in one order by everybody, so that two processes that plan at once never wait for each other.
    rows = session.scalars(
        select(OccurrenceRow).where(_spoken_of(asked, at)).order_by(OccurrenceRow.id).with_for_update()
    )
    known = {_identity(row): row for row in rows}
    insert_once(session, OccurrenceRow, [vars(asked[key]) for key in sorted(asked.keys() - known.keys())])
    for key, row in known.items():
        if key in asked:
            _follow(row, asked[key].due)
        elif row.state == PLANNED and row.due > at and row.ordinal == 0:
            row.state = CANCELLED


def settled(session: Session, wanted: Iterable[Wanted], at: datetime) -> bool:
    """Whether the plan is equal to `wanted` already; only reads, so that it may be asked often."""
    asked = {_identity(each): each.due for each in wanted}
    rows = session.execute(select(*OccurrenceRow.__table__.columns).where(_spoken_of(asked, at)))
    known: dict[_Identity, Row[Any]] = {_identity(row): row for row in rows}
    return asked.keys() <= known.keys() and not any(_differs(row, asked.get(key), at) for key, row in known.items())


def _differs(row: Row[Any], due: datetime | None, at: datetime) -> bool:
    if due is None:
        return bool(row.state == PLANNED and row.due > at and row.ordinal == 0)
    return bool(row.state == CANCELLED or (row.state == PLANNED and row.due != due))


def _follow(row: OccurrenceRow, due: datetime) -> None:
    if row.state in (PLANNED, CANCELLED):
        row.state, row.due = PLANNED, due


def _spoken_of(wanted: Iterable[_Identity], at: datetime) -> ColumnElement[bool]:
    """The rows `wanted` may speak about: from its first local date on, and all that lie ahead."""
    first = min((local_date for _, _, _, local_date, _ in wanted), default=at.date())
    return (OccurrenceRow.local_date >= first) | ((OccurrenceRow.state == PLANNED) & (OccurrenceRow.due > at))


def _identity(one: Wanted | OccurrenceRow | Row[Any]) -> _Identity:
    return one.ceremony_id, one.kind, one.subject, one.local_date, one.ordinal


def run_due(store: Store, handlers: Handlers, at: datetime, *, machine: Callable[[], float] = time) -> int:
    """Run what is due at `at`, each by the handler of its kind; how many were run.

    Those of one ceremony and kind share a transaction, a few at a time: they read the same rows. A handler that finds
    it too late to be useful says so to the people concerned and sets the state to MISSED. One that raises changes
    nothing and is tried again, after pauses of machine time, five times.
    """
    with store.reading(SYSTEM) as session:
        due = [list(rows) for _, rows in groupby(session.execute(_due(at, machine())), _alike)]
    parts = [each[begin : begin + AT_ONCE] for each in due for begin in range(0, len(each), AT_ONCE)]
    return sum(_run_together(store, handlers, part, at=at, machine=machine) for part in parts)


_Due = Row[int, int, str, datetime]  # id, ceremony, kind, due


def _due(at: datetime, now: float) -> Select[int, int, str, datetime]:
    ripe = OccurrenceRow.due <= at, OccurrenceRow.not_before <= now
    columns = OccurrenceRow.id, OccurrenceRow.ceremony_id, OccurrenceRow.kind, OccurrenceRow.due
    query = select(*columns).where(OccurrenceRow.state == PLANNED, *ripe)
    return query.order_by(OccurrenceRow.due, OccurrenceRow.ceremony_id, OccurrenceRow.id)


def _alike(row: _Due) -> tuple[int, str]:
    return row[1], row[2]


def _run_together(
    store: Store, handlers: Handlers, due: list[_Due], *, at: datetime, machine: Callable[[], float]
) -> int:
    """Run some of one ceremony and kind in a transaction."""
    try:
        ready = _ready(store, handlers[due[0].kind], due, at)
        with store.transaction(SYSTEM) as session:
            rows = _hold(session, due)
            _run(session, ready, rows, at)
            return len(rows)
    except Exception as error:  # whatever a handler raises: those of other ceremonies go on
        if len(due) > 1:  # so that only the one that cannot be run waits
            return sum(_run_together(store, handlers, [each], at=at, machine=machine) for each in due)
        _log.exception("an occurrence could not be run", occurrence=due[0].id)
        _note_error(store, due[0], error, machine())
        return 0


def _ready(store: Store, handler: Handler | Composed | Together, due: Sequence[_Due], at: datetime) -> Together:
    """What is left to do once everything that takes its time is done."""
    if isinstance(handler, Together):
        return handler
    if not isinstance(handler, Composed):
        return _one_by_one(lambda _: handler)
    composed = {each.id: _composed(store, handler, each, at) for each in due}
    return _one_by_one(composed.__getitem__)


def _composed(store: Store, handler: Composed, due: _Due, at: datetime) -> Handler:
    with store.reading(SYSTEM) as session:
        return handler.compose(session, session.get_one(OccurrenceRow, due.id), at)


def _one_by_one(handler_of: Callable[[int], Handler]) -> Together:
    def run(session: Session, rows: Sequence[OccurrenceRow], at: datetime) -> None:
        for row in rows:
            handler_of(row.id)(session, row, at)
            # Held: a session lets go of rows that nobody holds, and would read them anew for the next.
            session.info["read"] = list(session.identity_map.values())

    return Together(run)


def _run(session: Session, handler: Together, rows: Sequence[OccurrenceRow], at: datetime) -> None:
    if not rows:
        return
    for row in rows:
        row.state = DONE
    handler.run(session, rows, at)
    for row in rows:
        if row.state == MISSED:
            _log.warning("occurrence missed", kind=row.kind, ceremony=row.ceremony_id, due=row.due.isoformat())


def _hold(session: Session, due: Sequence[_Due]) -> list[OccurrenceRow]:
    """Those that are still to be run, locked; what another process has, or has moved, is left out."""
    moments = {each.id: each.due for each in due}
    query = select(OccurrenceRow).where(OccurrenceRow.id.in_(moments), OccurrenceRow.state == PLANNED)
    rows = session.scalars(query.order_by(OccurrenceRow.id).with_for_update(skip_locked=True))
    return [row for row in rows if row.due == moments[row.id]]


def _note_error(store: Store, due: _Due, error: Exception, now: float) -> None:
    with store.transaction(SYSTEM) as session:
        for row in _hold(session, [due]):
            row.attempt += 1
            row.error, row.not_before = type(error).__name__, now + 2.0**row.attempt
            if row.attempt >= MAX_ATTEMPTS:
                row.state = FAILED
