"""Channels in which nothing is said for now: what is owed there waits, and goes on by the ledger's own rules.

What a claim asks is a part of its one query: whether the channel is among the few that are held. A channel is held by
its state (archived, unshared, a stranger in it, ...), and from the moment something was heard of it until it was looked
at again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import ChannelRow
from fmo_bot.db.values import message_from_json, message_to_json
from fmo_bot.db.wakes import PUMP, want
from fmo_bot.delivery.audience import fitted
from fmo_bot.delivery.outbox import DROPPED, FAILED, KEPT, MISSED, POST, READY, REMOVE, SENT
from fmo_bot.domain.channels import State
from fmo_bot.domain.parties import Place

LOOK_S = 3600.0  # for so long what waits for a held channel is not thought of; letting go wakes it at once
_HELD = select(ChannelRow.slack_channel_id).where(or_(ChannelRow.state != State.ACTIVE, ChannelRow.doubts > 0))


def may_speak(channel: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """Whether a message may go to a channel; a direct conversation that is not known yet is none."""
    return or_(channel.is_(None), channel.not_in(_HELD))


def doubtful(session: Session) -> int:
    """How many channels are to be looked at before anything is said there."""
    doubt = ChannelRow.doubts > 0, ChannelRow.state != State.UNSEEN
    return session.scalar(select(func.count()).select_from(ChannelRow).where(*doubt)) or 0


def any_waits(session: Session, at: datetime, now: float) -> bool:
    """Whether `put_off` would find something."""
    return session.scalar(_overdue(at, now).limit(1)) is not None


def put_off(session: Session, at: datetime, now: float) -> None:
    """Have nobody look at what waits for held channels: of a long list it would be the first in line for ever."""
    _change(session, _overdue(at, now), not_before=now + LOOK_S)


def let_go(session: Session, channel: str) -> None:
    """What waited for the channel may go, in its turn; fitted again, for others may read there now."""
    ids = _change(session, _waiting(MessageRow.channel == channel), not_before=0.0)
    query = select(DeliveryRow, MessageRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
    for row, message in session.execute(query.where(DeliveryRow.id.in_(ids)).order_by(DeliveryRow.id)):
        place = Place(message.workspace, channel)
        row.value = message_to_json(fitted(session, message_from_json(row.value), place))
    want(session, PUMP)


def take_back(session: Session, place: Place, at: datetime) -> int:
    """Owe that everything of ours in a channel is removed, and nothing more of it; how many messages that is."""
    here = MessageRow.workspace == place.workspace, MessageRow.channel == place.channel
    _change(session, _waiting(*here), state=DROPPED, value={})
    _change(session, _in_state((FAILED, MISSED, KEPT), *here), state=DROPPED, value={})
    said = select(MessageRow).join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
    posted = session.scalars(said.where(*here, DeliveryRow.op == POST, DeliveryRow.state == SENT))
    return sum(_remove(session, each, at) for each in posted)


def _overdue(at: datetime, now: float) -> Select[int]:
    return _waiting(DeliveryRow.due <= at, DeliveryRow.not_before <= now, MessageRow.channel.in_(_HELD))


def _remove(session: Session, message: MessageRow, at: datetime) -> bool:
    key = f"{REMOVE}:{message.name}"
    if session.scalar(select(DeliveryRow.id).where(DeliveryRow.dedup_key == key)) is not None:
        return False
    value = {"message": "Removal"}
    session.add(DeliveryRow(dedup_key=key, message_id=message.id, op=REMOVE, value=value, language="en", due=at))
    want(session, PUMP)
    return True


def _waiting(*which: ColumnElement[bool]) -> Select[int]:
    return _in_state((READY,), *which)


def _in_state(states: Sequence[str], *which: ColumnElement[bool]) -> Select[int]:
    query = select(DeliveryRow.id).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
    return query.where(DeliveryRow.state.in_(states), DeliveryRow.op != REMOVE, *which)


def _change(session: Session, which: Select[int], **values: Any) -> Sequence[int]:
    """Change deliveries, taken by id as everybody takes them; which they are."""
    ids = session.scalars(which.order_by(DeliveryRow.id).with_for_update(of=DeliveryRow)).all()
    if ids:
        session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(ids)).values(**values))
    return ids
