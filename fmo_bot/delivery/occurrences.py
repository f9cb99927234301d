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
TOGETHER = 10  # occurrences a transaction: others wait for it, some 20 ms
Handler = Callable[[Session, OccurrenceRow, datetime], None]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Composed:
    """A handler in two steps, where what is to be said takes its time: nobody waits for a step that only reads.

    `compose` reads, in a transaction of its own, and returns the handler that writes. It may be run for nothing: only
    the handler is run once, and an occurrence that was moved meanwhile is composed anew.
    """

    compose: Callable[[Session, OccurrenceRow, datetime], Handler]


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


def run_due(
    store: Store, handlers: Mapping[str, Handler | Composed], at: datetime, *, machine: Callable[[], float] = time
) -> int:
    """Run what is due at `at`, each by the handler of its kind; how many were run.

    Those of one ceremony share a transaction, a few at a time: they read the same rows. A handler that finds it too
    late to be useful says so to the people concerned and sets the state to MISSED. One that raises changes nothing and
    is tried again, after pauses of machine time, five times.
    """
    with store.reading(SYSTEM) as session:
        due = [list(rows) for _, rows in groupby(session.execute(_due(at, machine())), _ceremony)]
    parts = [each[begin : begin + TOGETHER] for each in due for begin in range(0, len(each), TOGETHER)]
    return sum(_run_together(store, handlers, part, at=at, machine=machine) for part in parts)


_Due = Row[int, int, str, datetime]  # id, ceremony, kind, due


def _due(at: datetime, now: float) -> Select[int, int, str, datetime]:
    ripe = OccurrenceRow.due <= at, OccurrenceRow.not_before <= now
    columns = OccurrenceRow.id, OccurrenceRow.ceremony_id, OccurrenceRow.kind, OccurrenceRow.due
    query = select(*columns).where(OccurrenceRow.state == PLANNED, *ripe)
    return query.order_by(OccurrenceRow.due, OccurrenceRow.ceremony_id, OccurrenceRow.id)


def _ceremony(row: _Due) -> int:
    return row[1]


def _run_together(
    store: Store,
    handlers: Mapping[str, Handler | Composed],
    due: list[_Due],
    *,
    at: datetime,
    machine: Callable[[], float],
) -> int:
    try:
        ready = [(each, _ready(store, handlers[each.kind], each, at)) for each in due]
        with store.transaction(SYSTEM) as session:
            rows, done = _hold(session, [each.id for each in due]), 0
            for each, handler in ready:
                done += _run(session, handler, rows.get(each.id), each, at)
                # Held: a session lets go of rows that nobody holds, and would read them anew for the next.
                session.info["read"] = list(session.identity_map.values())
            return done
    except Exception as error:
        if len(due) > 1:  # so that only the one that cannot be run waits
            return sum(_run_together(store, handlers, [each], at=at, machine=machine) for each in due)
        _log.exception("an occurrence could not be run", occurrence=due[0].id)
        _note_error(store, due[0].id, error, machine())
        return 0


def _ready(store: Store, handler: Handler | Composed, due: _Due, at: datetime) -> Handler:
    """What is left to do once everything that takes its time is done."""
    if not isinstance(handler, Composed):
        return handler
    with store.reading(SYSTEM) as session:
        return handler.compose(session, session.get_one(OccurrenceRow, due.id), at)


def _run(session: Session, handler: Handler, row: OccurrenceRow | None, due: _Due, at: datetime) -> bool:
    if row is None or row.due != due.due:  # another process has it, or it was moved
        return False
    row.state = DONE
    handler(session, row, at)
    if row.state == MISSED:
        _log.warning("occurrence missed", kind=row.kind, ceremony=row.ceremony_id, due=row.due.isoformat())
    return True


def _hold(session: Session, ids: Sequence[int]) -> dict[int, OccurrenceRow]:
    """Those that are still to be run, locked; what another process has is left out."""
    query = select(OccurrenceRow).where(OccurrenceRow.id.in_(ids), OccurrenceRow.state == PLANNED)
    rows = session.scalars(query.order_by(OccurrenceRow.id).with_for_update(skip_locked=True))
    return {row.id: row for row in rows}


def _note_error(store: Store, one: int, error: Exception, now: float) -> None:
    with store.transaction(SYSTEM) as session:
        row = _hold(session, [one]).get(one)
        if row is None:
            return
        row.attempt += 1
        row.error, row.not_before = type(error).__name__, now + 2.0**row.attempt
        if row.attempt >= MAX_ATTEMPTS:
            row.state = FAILED
