"""Something due once: planned as rows ahead of time, run when due, each in one transaction."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.once import insert_once

PLANNED, DONE, MISSED, CANCELLED, FAILED = "planned", "done", "missed", "cancelled", "failed"


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


def plan(session: Session, wanted: Iterable[Wanted], at: datetime, *, kinds: Collection[str] | None = None) -> None:
    """Make the plan equal to `wanted`, which is everything the schedules want from `at` on.

    New ones are inserted, planned ones moved, and planned ones that lie ahead and are not wanted any more are cancelled
    (of `kinds` only, where given: name those that `wanted` speaks about). What is overdue, done or was made by hand
    (ordinal above 0) stays. Safe to run twice at once: the unique key lets each occurrence in once.
    """
    asked = {_identity(each): each for each in wanted}
    known = {_identity(row): row for row in _known(session, asked.values(), at)}
    insert_once(session, OccurrenceRow, [asdict(each) for key, each in asked.items() if key not in known])
    for key, row in known.items():
        if key in asked:
            _follow(row, asked[key].due)
        elif row.state == PLANNED and row.due > at and row.ordinal == 0 and (kinds is None or row.kind in kinds):
            row.state = CANCELLED


def _follow(row: OccurrenceRow, due: datetime) -> None:
    if row.state in (PLANNED, CANCELLED):
        row.state, row.due = PLANNED, due


def _known(session: Session, wanted: Collection[Wanted], at: datetime) -> Collection[OccurrenceRow]:
    """The rows `wanted` may speak about: from its first local date on, and all that lie ahead."""
    first = min((each.local_date for each in wanted), default=at.date())
    recent = OccurrenceRow.local_date >= first
    ahead = (OccurrenceRow.state == PLANNED) & (OccurrenceRow.due > at)
    return session.scalars(select(OccurrenceRow).where(recent | ahead).with_for_update()).all()


def _identity(one: Wanted | OccurrenceRow) -> _Identity:
    return one.ceremony_id, one.kind, one.subject, one.local_date, one.ordinal
