"""Who may talk about what: how deliveries change hands and states. Every change is one short transaction.

ready --claim--> sending --note--> sent | ready | unsure | failed
unsure --claim--> (searching) --note--> sent | ready | unsure | failed
sending --note--> kept (the app is gone from the workspace) --the app is back--> ready; see delivery.kept
sending past its lease --recover--> unsure (a post), ready (an update or a Home: repeating those does no harm) | failed
ready or kept past its usefulness, or after a message that will not come --expire--> missed | failed

A claim is committed before anything is said, and what came of it is noted only where the claim still stands: same
owner, same attempt. A search does not take the owner's place: a slow sender that succeeded after all may still say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

import structlog
from sqlalchemy import Row, Select, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import held, lanes
from fmo_bot.delivery.candidates import candidates, ripe
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.outbox import (
    DROPPED,
    FAILED,
    KEPT,
    LOST,
    MISSED,
    NO_THREAD,
    NOT_SENT,
    POST,
    READY,
    REMOVE,
    SENDING,
    SENT,
    TOO_LATE,
    UNSURE,
    UPDATE,
)
from fmo_bot.domain.parties import SYSTEM

LEASE_S = 60.0
SEARCH_AFTER_S = 10.0  # how long Slack's history may lag behind a post
MAX_ATTEMPTS = 12  # with the pauses between them, twenty minutes
_log = structlog.get_logger(__name__)
_Thread, _Post = aliased(MessageRow), aliased(DeliveryRow)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One delivery in hand: what to say, where, and until when it may be said."""

    id: int
    owner: str | None
    attempt: int
    version: int
    state: str  # sending: it is to be said; unsure: it is to be searched for
    op: str
    value: dict[str, Any]
    language: str
    policy: str
    searches: int
    since: datetime  # calendar time of the first attempt
    lease_until: float  # machine time
    name: str
    key: str
    workspace: str
    channel: str | None
    person: str | None
    ts: str | None
    thread_ts: str | None
    lanes: tuple[str, ...]


def claim(
    store: Store, *, owner: str, at: datetime, now: float, limit: int, paces: Paces, lease: float = LEASE_S
) -> list[Claim]:
    """Take up to `limit` deliveries that may go now, in the order they are due; at most one per conversation.

    `at` is calendar time, `now` machine time, `lease` seconds of it. A delivery whose lane is busy stays where it is
    and holds up no other.
    """
    with store.reading(SYSTEM) as session:
        wanted = dict(candidates(session, at=at, now=now, limit=limit, paces=paces))
        new = lanes.missing(session, {lane for each in wanted.values() for lane in each})
    if not wanted:
        return []
    if new:
        with store.transaction(SYSTEM) as session:
            lanes.ensure(session, new)
    with store.transaction(SYSTEM) as session:
        rows = _hold(session, list(wanted), at=at, now=now)
        held = lanes.hold(session, {lane for row in rows for lane in wanted[row.id]})
        taken = [row for row in rows if lanes.take(held, wanted[row.id], now, paces)]
        lanes.move(session, held)
        _take(session, taken, owner=owner, at=at, lease_until=now + lease)
        return [_claim(row, wanted[row.id], owner=owner, at=at, lease_until=now + lease) for row in taken]


@dataclass(frozen=True, kw_only=True)
class Note:
    """What came of a claim.

    `counted=False`: certainly not sent, and no fault of the delivery (a rate limit); the attempt is given back.
    """

    claim: Claim
    state: str
    ts: str | None = None
    error: str | None = None
    not_before: float = 0.0
    searches: int = 0
    counted: bool = True


def note(session: Session, notes: Sequence[Note], *, at: datetime, now: float) -> list[bool]:
    """Write down what came of claims; False, and nothing changes, for one that no longer stands.

    The next message into a conversation waits until a second after the answer: when it came, the last one was there.
    """
    known = select(*_NOTED).where(DeliveryRow.id.in_({each.claim.id for each in notes})).order_by(DeliveryRow.id)
    rows = {row.id: SimpleNamespace(**row._mapping) for row in session.execute(known.with_for_update())}
    stand = [_note(rows[each.claim.id], each, at) for each in notes]
    written = [each for each, stands in zip(notes, stand, strict=True) if stands]
    changed = {each.claim.id: rows[each.claim.id] for each in written}.values()
    posted = [{"message": rows[each.claim.id].message_id, "ts": each.ts} for each in written if _posted(each)]
    posted.sort(key=itemgetter("message"))  # whoever changes several rows takes them by id
    _execute(session, _NOTE, [{f"new_{name}": getattr(row, name) for name in _OUTCOME} for row in changed])
    _execute(session, _ARRIVED, posted)
    lanes.rest(session, {lane for each in written for lane in _spoken_in(each)}, until=now + lanes.CHANNEL_S)
    return stand


# Columns and statements instead of row objects: those were the larger part of a morning's work.
_OUTCOME = ("id", "state", "error", "searches", "not_before", "lease_until", "attempt", "sent_at", "told_at")
_NOTED = [getattr(DeliveryRow, name) for name in (*_OUTCOME, "owner", "version", "message_id")]
_NOTE = update(DeliveryRow).where(DeliveryRow.id == bindparam("new_id"))
_NOTE = _NOTE.values(**{name: bindparam(f"new_{name}") for name in _OUTCOME[1:]})
_ARRIVED = update(MessageRow).where(MessageRow.id == bindparam("message")).values(ts=bindparam("ts"))


def _execute(session: Session, statement: Update, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        session.connection().execute(statement, values)


def _note(row: SimpleNamespace, note: Note, at: datetime) -> bool:
    if not _stands(row, note.claim):
        return False
    row.state, row.error, row.searches, row.lease_until = note.state, note.error, note.searches, None
    row.not_before = note.not_before
    if not note.counted:
        row.attempt -= 1
    if note.state == SENT:
        row.sent_at, row.told_at = at, None
    if row.version != note.claim.version and note.state in (SENT, FAILED):  # a newer state was owed meanwhile
        row.state, row.attempt, row.error = READY, 0, None
    return True


def _stands(row: SimpleNamespace, claim: Claim) -> bool:
    """Whether the claim still stands. A sender may be overtaken by the sweep, and still be right."""
    states = (SENDING, UNSURE) if claim.state == SENDING else (UNSURE,)
    return row.owner == claim.owner and row.attempt == claim.attempt and row.state in states


def _posted(note: Note) -> bool:
    return note.claim.op == POST and note.ts is not None


def _spoken_in(note: Note) -> tuple[str, ...]:
    """The lane of the conversation in which something was said just now, or may have been."""
    claim = note.claim
    said = claim.op == POST and claim.state == SENDING and note.state in (SENT, UNSURE)
    return (lanes.of_channel(claim.workspace, claim.channel),) if said and claim.channel else ()


def sweep(store: Store, *, at: datetime, now: float, search_after: float = SEARCH_AFTER_S) -> None:
    """Take back what was lost and give up what comes too late; writes only where there is something to write."""
    with store.reading(SYSTEM) as session:
        needed = any(session.scalar(select(query.exists())) for query in (_lapsed(now), *_hopeless(at)))
    if needed:
        with store.transaction(SYSTEM) as session:
            recover(session, now, search_after=search_after)
            expire(session, at)


def _lapsed(now: float) -> Select[int]:
    return select(DeliveryRow.id).where(DeliveryRow.state == SENDING, DeliveryRow.lease_until < now)


def recover(session: Session, now: float, *, search_after: float = SEARCH_AFTER_S) -> None:
    """Take back what its owner has held for longer than the lease; a post is searched for `search_after` s later."""
    # What its owner notes at this moment after all is left to it.
    lapsed = DeliveryRow.id.in_(session.scalars(_lapsed(now).with_for_update(skip_locked=True)).all())
    unsure = {"state": UNSURE, "lease_until": None, "not_before": now + search_after, "error": "the sender was lost"}
    session.execute(update(DeliveryRow).where(lapsed, DeliveryRow.op == POST).values(**unsure))
    repeated, too_often = DeliveryRow.op != POST, DeliveryRow.attempt >= MAX_ATTEMPTS
    again = {"state": READY, "lease_until": None, "not_before": now}
    session.execute(update(DeliveryRow).where(lapsed, repeated, ~too_often).values(**again))
    given_up = {"state": FAILED, "lease_until": None, "error": LOST}
    failed = update(DeliveryRow).where(lapsed, repeated, too_often).values(**given_up)
    for key in session.scalars(failed.returning(DeliveryRow.dedup_key)):
        _log.warning("delivery needs a person", delivery=key, state=FAILED, reason=LOST)


def expire(session: Session, at: datetime) -> None:
    """Mark what will not be sent any more, and say so in the log."""
    late, updates, replies = _hopeless(at)
    _give_up(session, late, MISSED, TOO_LATE)
    _give_up(session, updates, MISSED, NOT_SENT)
    _give_up(session, replies, FAILED, NO_THREAD)


def _hopeless(at: datetime) -> tuple[Select[DeliveryRow], ...]:
    """What comes too late; updates of messages that were not sent; replies to such."""
    late = select(DeliveryRow).where(DeliveryRow.state.in_((READY, KEPT)), DeliveryRow.useful_until < at)
    lost = _Post.state.in_((FAILED, MISSED, DROPPED)) & (_Post.op == POST) & (DeliveryRow.state == READY)
    same = and_(DeliveryRow.op == UPDATE, _Post.message_id == DeliveryRow.message_id)
    updates = select(DeliveryRow).join(_Post, same).where(lost)
    replies = select(DeliveryRow).join(_Post, _Post.message_id == DeliveryRow.thread_message_id).where(lost)
    return late, updates, replies


def _give_up(session: Session, query: Select[DeliveryRow], state: str, error: str) -> None:
    # What another process is claiming at this moment is left to it.
    for row in session.scalars(query.with_for_update(of=DeliveryRow, skip_locked=True)):
        row.state, row.error = state, error
        _log.warning("delivery given up", delivery=row.dedup_key, state=state, reason=error)


def _hold(session: Session, ids: Sequence[int], *, at: datetime, now: float) -> list[Row[Any]]:
    """The rows, locked; those that another process holds or has changed meanwhile are left out."""
    # Something may have been heard of a channel since the look without a lock.
    may_go_there = or_(DeliveryRow.state == UNSURE, DeliveryRow.op == REMOVE, held.may_speak(MessageRow.channel))
    query = (
        select(*_CLAIMED, _Thread.ts.label("thread_ts"))
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .outerjoin(_Thread, _Thread.id == DeliveryRow.thread_message_id)
        .where(DeliveryRow.id.in_(ids), ripe(at, now), may_go_there)
        .order_by(DeliveryRow.due, DeliveryRow.id)
        .with_for_update(of=DeliveryRow, skip_locked=True)
    )
    return [*session.execute(query)]


_KEPT = ("id", "version", "op", "value", "language", "policy", "searches")
_WHERE = ("name", "key", "workspace", "channel", "person", "ts")
_CHANGED = ("state", "owner", "attempt", "claimed_at")
_CLAIMED = [getattr(DeliveryRow, name) for name in _KEPT + _CHANGED] + [getattr(MessageRow, name) for name in _WHERE]


def _take(session: Session, rows: Sequence[Row[Any]], *, owner: str, at: datetime, lease_until: float) -> None:
    held = {"lease_until": lease_until, "claimed_at": func.coalesce(DeliveryRow.claimed_at, at)}
    mine = {"state": SENDING, "owner": owner, "attempt": DeliveryRow.attempt + 1}
    for state, changes in ((READY, held | mine), (UNSURE, held)):
        if ids := [row.id for row in rows if row.state == state]:
            session.connection().execute(update(DeliveryRow).where(DeliveryRow.id.in_(ids)).values(**changes))


def _claim(row: Row[Any], wanted: tuple[str, ...], *, owner: str, at: datetime, lease_until: float) -> Claim:
    says = row.state == READY
    return Claim(
        **{name: getattr(row, name) for name in (*_KEPT, *_WHERE, "thread_ts")},
        state=SENDING if says else row.state,
        owner=owner if says else row.owner,
        attempt=row.attempt + says,
        since=row.claimed_at or at,
        lease_until=lease_until,
        lanes=wanted,
    )
