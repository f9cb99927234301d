"""What came in is recorded once before it is worked, so Slack's retries and a crash after the ack change nothing.

Also the jobs that follow an acknowledgement (a report, a board sync). A job may be run again after a crash, so what it
does must be safe to repeat: owing a message by name is.

ready --claim--> working --note--> done | ready (a fault, tried again later) | failed (for good)
failed --a scrum master--> ready | dropped

Whoever asked hears of a refusal and of a failure for good in the transaction that notes it: once, and surely.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from time import time
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

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
MAX_ATTEMPTS = 6
FIRST_PAUSE_S = 2.0  # then twice as long each time: 2, 4, 8, 16, 32
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
) -> bool:
    """Record that something came in; False where it has been seen before.

    `payload` holds the few fields its job needs (JSON): never a response_url, a trigger id, headers or a whole body.
    `asker` hears what could not be done. Without one it is the scrum masters' concern: those of the joint team this
    transaction works for, or of the boards on the Jira site that the payload names under `site`.
    """
    scope: Scope = session.info["scope"]
    whose = {"workspace": asker and asker.workspace, "person": asker and asker.user, "team_id": scope.team_id}
    values = {"event_key": event_key, "kind": kind, "payload": dict(payload), "received_at": at}
    want(session, INBOX)
    return insert_once(session, InboxRow, [values | whose]) == 1


@dataclass(frozen=True, kw_only=True)
class Job:
    """One thing that came in, in the hands of `owner`."""

    id: int
    kind: str
    payload: dict[str, Any]
    owner: str
    attempt: int
    team_id: int | None
    quoted: str  # the id under which its faults are in the log


def claim(store: Store, *, owner: str, now: float) -> Job | None:
    """Take the oldest thing that is to be worked; None where there is none. `now` is machine time."""
    waiting = and_(InboxRow.state == READY, InboxRow.not_before <= now)
    lost = and_(InboxRow.state == WORKING, InboxRow.lease_until < now)
    oldest = select(InboxRow).where(or_(waiting, lost)).order_by(InboxRow.id).limit(1)
    with store.reading(SYSTEM) as session:
        if session.scalar(oldest) is None:  # most often; nobody is held up to find that out
            return None
    with store.transaction(SYSTEM) as session:
        row = session.scalar(oldest.with_for_update(skip_locked=True))
        if row is None:
            return None
        row.state, row.owner, row.attempt, row.lease_until = WORKING, owner, row.attempt + 1, now + LEASE_S
        return Job(
            id=row.id,
            kind=row.kind,
            payload=row.payload,
            owner=owner,
            attempt=row.attempt,
            team_id=row.team_id,
            quoted=quoted(row),
        )


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
    except Exception as error:
        _log.warning("inbox job failed", id=job.quoted, kind=job.kind, job=job.id, attempt=job.attempt, exc_info=error)
        _note_error(store, job, error, at, machine())
    else:
        _note(store, job, lambda session, row: _done(row))


def give_up_old(store: Store, before: datetime, *, at: datetime) -> None:
    """Give up what came in before an instant and is not done; whoever asked for it is told."""
    old = InboxRow.state.in_((READY, WORKING)), InboxRow.received_at < before
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
    def refuse(session: Session, row: InboxRow) -> None:
        if row.asker is None:  # nobody is there to hear it: what asked for this was no person
            _give_up(session, row, _reason(refusal), at)
            return
        _done(row)
        _tell(session, row, Notice(text=refusal.text, values=dict(refusal.values)), at)

    _note(store, job, refuse)


def _note_error(store: Store, job: Job, error: Exception, at: datetime, now: float) -> None:
    def again(session: Session, row: InboxRow) -> None:
        row.state, row.error, row.not_before = READY, _reason(error), now + FIRST_PAUSE_S * 2 ** (job.attempt - 1)

    if isinstance(error, Hopeless) or job.attempt >= MAX_ATTEMPTS:
        _note(store, job, lambda session, row: _give_up(session, row, _reason(error), at))
    else:
        _note(store, job, again)


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


def _note(store: Store, job: Job, change: Callable[[Session, InboxRow], None]) -> None:
    with store.transaction(_scope(job.team_id)) as session:
        row = session.scalar(select(InboxRow).where(*_mine(job)).with_for_update())
        if row is None:
            _log.warning("another process took this job over", kind=job.kind, job=job.id)
            return
        row.lease_until = None
        change(session, row)


def _scope(team_id: int | None) -> Scope:
    return SYSTEM if team_id is None else Scope(team_id=team_id)


def _mine(job: Job) -> tuple[ColumnElement[bool], ...]:
    """The job's row, if it is still the owner's."""
    mine = InboxRow.id == job.id, InboxRow.owner == job.owner, InboxRow.attempt == job.attempt
    return *mine, InboxRow.state == WORKING


def _reason(error: Exception) -> str:
    """What may be kept of an error: our own sentences are written to be shown, others may quote a token."""
    return str(error) if isinstance(error, FmoError) else type(error).__name__
