"""What came in is recorded once before it is worked, so Slack's retries and a crash after the ack change nothing.

Also the jobs that follow an acknowledgement (a report, a board sync). A job may be run again after a crash, so what it
does must be safe to repeat: owing a message by name is.

ready --claim--> working --note--> done | ready (a fault, tried again later) | failed (for good)
failed --a scrum master--> ready | dropped

Whoever asked hears of a refusal and of a failure for good in the transaction that notes it: once, and surely.

What names a bundle waits a moment for others of it, and is worked together with them; and never two of one bundle at
once. So five hundred webhooks of a bulk edit are one question to Jira, and a slow site keeps one hand busy, not all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from time import time
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.parties import language_of
from fmo_bot.db.store import Store
from fmo_bot.db.wakes import INBOX, want
from fmo_bot.delivery import outbox
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import Failure, FmoError, Refusal

READY, WORKING, DONE, FAILED = "ready", "working", "done", "failed"
DROPPED = "dropped"  # nobody wants it any more
LEASE_S = 60.0  # renewed while it is worked
RENEW_S = LEASE_S / 3
MAX_ATTEMPTS = 6
FIRST_PAUSE_S = 2.0  # then twice as long each time: 2, 4, 8, 16, 32
GATHERS_S = 1.0  # for so long the first of a bundle waits for others
MOST_TOGETHER = 500  # of one bundle at once
BUNDLE = "bundle"  # the payload of a bundle holds theirs, oldest first, under this name
Handler = Callable[[dict[str, Any], datetime], None]
_log = structlog.get_logger(__name__)


class Hopeless(Failure):
    """Trying again would end the same way."""


def record(
    session: Session,
    *,
    event_key: str,
    kind: str,
    payload: Mapping[str, Any],
    at: datetime,
    asker: Person | None = None,
    bundle: str | None = None,
    not_before: float = 0.0,
) -> bool:
    """Record that something came in; False where it has been seen before.

    `payload` holds the few fields its job needs (JSON): never a response_url, a trigger id, headers or a whole body.
    `asker` hears what could not be done. Without one it is the scrum masters' concern: those of the joint team this
    transaction works for, or of the boards on the Jira site that the payload names under `site`.
    `not_before` is machine time.
    """
    scope: Scope = session.info["scope"]
    whose = {"workspace": asker and asker.workspace, "person": asker and asker.user, "team_id": scope.team_id}
    values = {"event_key": event_key, "kind": kind, "payload": dict(payload), "received_at": at}
    when = {"bundle": bundle, "not_before": not_before}
    want(session, INBOX)
    return insert_once(session, InboxRow, [values | whose | when]) == 1


@dataclass(frozen=True, kw_only=True)
class Job:
    """What came in, in the hands of `owner`: one row, or those of a bundle."""

    rows: tuple[tuple[int, int], ...]  # (id, attempt), oldest first
    kind: str
    payload: dict[str, Any]
    owner: str
    team_id: int | None
    quoted: str  # the id under which its faults are in the log

    @property
    def id(self) -> int:
        """The oldest one's."""
        return self.rows[0][0]

    @property
    def attempt(self) -> int:
        """The oldest one's."""
        return self.rows[0][1]


def claim(store: Store, *, owner: str, now: float) -> Job | None:
    """Take the oldest thing that is to be worked, its bundle with it; None where there is none. `now`: machine time."""
    oldest = select(InboxRow).where(_waits(now)).order_by(InboxRow.id).limit(1)
    while True:
        with store.reading(SYSTEM) as session:
            if session.scalar(oldest) is None:  # most often; nobody is held up to find that out
                return None
        with store.transaction(SYSTEM) as session:
            row = session.scalar(oldest.with_for_update(skip_locked=True))
            if row is None:
                return None
            if not _taken_meanwhile(session, row, now):
                return _take(session, row, owner, now)
        # Its bundle waits no more: the next look finds what comes after it.


def _take(session: Session, row: InboxRow, owner: str, now: float) -> Job:
    rows = [row, *_others(session, row, now)]
    for each in rows:
        each.state, each.owner, each.attempt, each.lease_until = WORKING, owner, each.attempt + 1, now + LEASE_S
    return Job(
        rows=tuple((each.id, each.attempt) for each in rows),
        kind=row.kind,
        payload=row.payload if row.bundle is None else {BUNDLE: [each.payload for each in rows]},
        owner=owner,
        team_id=row.team_id,
        quoted=quoted(row),
    )


def next_at(store: Store, *, now: float) -> float | None:
    """When the next thing that pauses may be worked (machine time); None where nothing pauses."""
    pauses = InboxRow.state == READY, InboxRow.not_before > now
    with store.reading(SYSTEM) as session:
        return session.scalar(select(func.min(InboxRow.not_before)).where(*pauses))


def _taken_meanwhile(session: Session, row: InboxRow, now: float) -> bool:
    """Whether somebody else has just taken others of its bundle: whoever holds the first of them decides."""
    if row.bundle is None:
        return False
    unfinished = InboxRow.bundle == row.bundle, InboxRow.state.in_((READY, WORKING))
    session.execute(select(InboxRow.id).where(*unfinished).order_by(InboxRow.id).limit(1).with_for_update())
    return session.scalar(select(InboxRow.id).where(InboxRow.id == row.id, _waits(now))) is None


def _waits(now: float) -> ColumnElement[bool]:
    other = aliased(InboxRow)
    at_it = other.bundle == InboxRow.bundle, other.state == WORKING, other.lease_until >= now
    waiting = and_(InboxRow.state == READY, InboxRow.not_before <= now)
    lost = and_(InboxRow.state == WORKING, InboxRow.lease_until < now)
    return and_(or_(waiting, lost), or_(InboxRow.bundle.is_(None), ~exists().where(*at_it)))


def _others(session: Session, row: InboxRow, now: float) -> Sequence[InboxRow]:
    """What is worked with `row`. Nothing where it was lost: if it took its process down, it does so alone."""
    if row.bundle is None or row.state == WORKING:
        return ()
    fresh = or_(InboxRow.attempt == 0, InboxRow.not_before <= now)
    same = InboxRow.bundle == row.bundle, InboxRow.kind == row.kind, InboxRow.id != row.id
    query = select(InboxRow).where(*same, InboxRow.state == READY, fresh).order_by(InboxRow.id)
    return session.scalars(query.limit(MOST_TOGETHER - 1).with_for_update(skip_locked=True)).all()


def renew(store: Store, jobs: Iterable[Job], *, now: float) -> None:
    """Say that these are still being worked: some take minutes, and one whose process is lost must not wait so long."""
    with store.transaction(SYSTEM) as session:
        for job in jobs:
            session.execute(update(InboxRow).where(*_mine(job)).values(lease_until=now + LEASE_S))


def work(
    store: Store, job: Job, handlers: Mapping[str, Handler], *, at: datetime, machine: Callable[[], float] = time
) -> None:
    """Work what was claimed, by the handler of its kind, and note what came of it.

    A handler gets the payload and the present instant, and opens its own transactions. One that raises is tried again
    later, a few times; a refusal is an answer and is not.
    """
    try:
        if job.attempt > MAX_ATTEMPTS:  # it took its process down every time
            raise Hopeless("tried too often")
        _handler(handlers, job.kind)(job.payload, at)
    except Refusal as refusal:
        _log.info("inbox job refused", id=job.quoted, kind=job.kind, job=job.id, refusal=type(refusal).__name__)
        _refuse(store, job, refusal, at)
    except Exception as error:  # whatever a handler raises is a try that failed; see `_note_error`
        _log.warning("inbox job failed", id=job.quoted, kind=job.kind, job=job.id, attempt=job.attempt, exc_info=error)
        _note_error(store, job, error, at, machine())
    else:
        _note(store, job, _all_done)


def give_up_old(store: Store, before: datetime, *, at: datetime) -> None:
    """Give up what came in before an instant and nobody has begun or ended; whoever asked for it is told.

    What is being worked at this moment may still go well.
    """
    old = InboxRow.state == READY, InboxRow.received_at < before
    with store.reading(SYSTEM) as session:
        found = session.execute(select(InboxRow.id, InboxRow.team_id).where(*old)).all()
    for one, team_id in found:
        with store.transaction(_scope(team_id)) as session:
            row = session.scalar(select(InboxRow).where(InboxRow.id == one, *old).with_for_update(skip_locked=True))
            if row is not None:
                _give_up(session, row, "too old", at)


def quoted(row: InboxRow) -> str:
    """The id of a job that a person may quote, and that its lines in the log carry."""
    return sha256(row.event_key.encode()).hexdigest()[:8]


def _handler(handlers: Mapping[str, Handler], kind: str) -> Handler:
    if kind not in handlers:
        raise Hopeless(f"nothing handles {kind}")
    return handlers[kind]


def _refuse(store: Store, job: Job, refusal: Refusal, at: datetime) -> None:
    def refuse(session: Session, rows: Sequence[InboxRow]) -> None:
        for row in rows:
            if row.asker is None:  # nobody is there to hear it: what asked for this was no person
                _give_up(session, row, _reason(refusal), at)
            else:
                _done(row)
                _tell(session, row, Notice(text=refusal.text, values=dict(refusal.values)), at)

    _note(store, job, refuse)


def _note_error(store: Store, job: Job, error: Exception, at: datetime, now: float) -> None:
    def judge(session: Session, rows: Sequence[InboxRow]) -> None:
        for row in rows:
            if isinstance(error, Hopeless) or row.attempt >= MAX_ATTEMPTS:
                _give_up(session, row, _reason(error), at)
            else:
                pause = FIRST_PAUSE_S * 2 ** (row.attempt - 1)
                row.state, row.error, row.not_before = READY, _reason(error), now + pause

    _note(store, job, judge)


def _all_done(_session: Session, rows: Sequence[InboxRow]) -> None:
    for row in rows:
        _done(row)


def _done(row: InboxRow) -> None:
    row.state, row.payload, row.error = DONE, {}, None


def _give_up(session: Session, row: InboxRow, reason: str, at: datetime) -> None:
    """It is not tried again by itself. Where nobody asked for it, scrum masters hear of it; see services.undone."""
    row.state, row.error = FAILED, reason
    _log.error("inbox job given up", id=quoted(row), kind=row.kind, job=row.id, reason=reason)
    if row.asker is not None:
        values = {"asked": row.received_at, "id": quoted(row)}
        _tell(session, row, Notice(text=troubles.not_done(row.kind), values=values), at)


def _tell(session: Session, row: InboxRow, notice: Notice, at: datetime) -> None:
    asker = row.asker
    assert asker is not None
    language = language_of(session, asker)
    outbox.owe(session, name=f"told:job:{row.id}", message=notice, due=at, language=language, person=asker)


def _note(store: Store, job: Job, change: Callable[[Session, Sequence[InboxRow]], None]) -> None:
    with store.transaction(_scope(job.team_id)) as session:
        rows = session.scalars(select(InboxRow).where(*_mine(job)).order_by(InboxRow.id).with_for_update()).all()
        if len(rows) < len(job.rows):
            _log.warning("another process took this job over", kind=job.kind, job=job.id)
        for row in rows:
            row.lease_until = None
        if rows:
            change(session, rows)


def _scope(team_id: int | None) -> Scope:
    return SYSTEM if team_id is None else Scope(team_id=team_id)


def _mine(job: Job) -> tuple[ColumnElement[bool], ...]:
    """The job's rows, as far as they are still the owner's."""
    mine = tuple_(InboxRow.id, InboxRow.attempt).in_(job.rows)
    return mine, InboxRow.owner == job.owner, InboxRow.state == WORKING


def _reason(error: Exception) -> str:
    """What may be kept of an error: our own sentences are written to be shown, others may quote a token."""
    return str(error) if isinstance(error, FmoError) else type(error).__name__
