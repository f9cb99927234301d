"""What needs a person: deliveries that will not go by themselves. A person has them sent again, or drops them."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.wakes import PUMP, want
from fmo_bot.delivery import directs
from fmo_bot.delivery.candidates import MAX_SEARCHES
from fmo_bot.delivery.outbox import DROPPED, FAILED, KEPT, MISSED, NO_THREAD, NOT_SENT, POST, READY, UNSURE

_FOLLOWS = (NOT_SENT, NO_THREAD)  # what is lost only because another message was: that one is shown


def needs_person() -> ColumnElement[bool]:
    """Deliveries that were given up, that wait for the app to be back, or that may have been sent or not."""
    given_up = and_(
        DeliveryRow.state.in_((FAILED, MISSED)), or_(DeliveryRow.error.is_(None), DeliveryRow.error.not_in(_FOLLOWS))
    )
    kept = DeliveryRow.state == KEPT
    return or_(given_up, kept, and_(DeliveryRow.state == UNSURE, DeliveryRow.searches >= MAX_SEARCHES))


def followers(session: Session, row: DeliveryRow) -> list[DeliveryRow]:
    """What was given up because this post was: its updates, the replies to it, and theirs."""
    if row.op != POST:
        return []
    replied = aliased(DeliveryRow)
    replies = select(replied.message_id).where(replied.thread_message_id == row.message_id)
    theirs = or_(
        DeliveryRow.message_id == row.message_id,
        DeliveryRow.thread_message_id == row.message_id,
        DeliveryRow.message_id.in_(replies),
    )
    query = select(DeliveryRow).where(theirs, DeliveryRow.error.in_(_FOLLOWS), DeliveryRow.state.in_((FAILED, MISSED)))
    return list(session.scalars(query.order_by(DeliveryRow.id).with_for_update()))


def send_again(session: Session, row: DeliveryRow) -> None:
    """A person wants it sent, however late, even if that might be twice; and what waited for it."""
    if row.error == "channel_not_found":
        directs.forget(session, target(session, row))
    for each in (row, *followers(session, row)):
        each.state, each.error, each.told_at, each.useful_until = READY, None, None, None
        each.attempt = each.searches = 0
        each.not_before, each.lease_until = 0.0, None
    want(session, PUMP)


def drop(session: Session, row: DeliveryRow) -> None:
    """Nobody wants it any more, nor what waited for it; their texts go at once."""
    for each in (row, *followers(session, row)):
        each.state, each.value = DROPPED, {}


def target(session: Session, row: DeliveryRow) -> MessageRow:
    """The message a delivery is about."""
    return session.get_one(MessageRow, row.message_id)
