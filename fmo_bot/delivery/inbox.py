"""What came in is recorded once before it is worked, so Slack's retries and a crash after the ack change nothing.

Also the jobs that follow an acknowledgement (a report, a board sync). A job may be run again after a crash, so what it
does must be safe to repeat: owing a message by name is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.store import Store
from fmo_bot.db.wakes import INBOX, want
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import FmoError, Refusal

READY, WORKING, DONE, FAILED = "ready", "working", "done", "failed"
LEASE_S = 60.0  # renewed while it is worked
MAX_ATTEMPTS = 6
FIRST_PAUSE_S = 2.0  # then twice as long each time: 2, 4, 8, 16, 32
Handler = Callable[[dict[str, Any], datetime], None]
_log = structlog.get_logger(__name__)


def record(session: Session, *, event_key: str, kind: str, payload: Mapping[str, Any], at: datetime) -> bool:
    """Record that something came in; False where it has been seen before.

    `payload` holds the few fields its job needs (JSON): never a response_url, a trigger id, headers or a whole body.
    """
    values = {"event_key": event_key, "kind": kind, "payload": dict(payload), "received_at": at}
    want(session, INBOX)
    return insert_once(session, InboxRow, [values]) == 1


@dataclass(frozen=True)
class Job:
    """One thing that came in, in the hands of `owner`."""

    id: int
    kind: str
    payload: dict[str, Any]
    owner: str
    attempt: int


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
        return Job(row.id, row.kind, row.payload, owner, row.attempt)


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
            raise Refusal("tried too often")
        _handler(handlers, job.kind)(job.payload, at)
    except Exception as error:
        _log.warning("inbox job failed", kind=job.kind, job=job.id, attempt=job.attempt, exc_info=error)
        _note_error(store, job, error, machine())
    else:
        _note(store, job, state=DONE, payload={}, error=None)


def _handler(handlers: Mapping[str, Handler], kind: str) -> Handler:
    if kind not in handlers:
        raise Refusal(f"nothing handles {kind}")
    return handlers[kind]


def _note_error(store: Store, job: Job, error: Exception, now: float) -> None:
    if isinstance(error, Refusal) or job.attempt >= MAX_ATTEMPTS:
        _note(store, job, state=FAILED, error=_reason(error))
    else:
        pause = FIRST_PAUSE_S * 2 ** (job.attempt - 1)
        _note(store, job, state=READY, error=_reason(error), not_before=now + pause)


def _note(store: Store, job: Job, **changes: Any) -> None:
    with store.transaction(SYSTEM) as session:
        row = session.scalar(select(InboxRow).where(*_mine(job)).with_for_update())
        if row is None:
            _log.warning("another process took this job over", kind=job.kind, job=job.id)
            return
        row.lease_until = None
        for name, value in changes.items():
            setattr(row, name, value)


def _mine(job: Job) -> tuple[ColumnElement[bool], ...]:
    """The job's row, if it is still the owner's."""
    mine = InboxRow.id == job.id, InboxRow.owner == job.owner, InboxRow.attempt == job.attempt
    return *mine, InboxRow.state == WORKING


def _reason(error: Exception) -> str:
    """What may be kept of an error: our own sentences are written to be shown, others may quote a token."""
    return str(error) if isinstance(error, FmoError) else type(error).__name__
