"""Whether anything is left to do now, and when there will be: what a clock that is stepped by hand has to know."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, InboxRow, OccurrenceRow
from fmo_bot.delivery import held, inbox, occurrences
from fmo_bot.delivery.candidates import MAX_SEARCHES, can_go, with_targets
from fmo_bot.delivery.outbox import READY, SENDING, UNSURE


def in_hand(session: Session, at: datetime, *, extra: int = 0) -> int:
    """How many things are due at `at` and not finished, and `extra`, which the caller counted elsewhere.

    What waits only for a lane, a lease or a pause counts: machine time will bring it. What waits for another message
    does not, since that one counts itself; nor does an unsure delivery that is left to a person, nor what is held with
    its channel. A channel that is to be looked at counts.
    """
    planned = and_(OccurrenceRow.state == occurrences.PLANNED, OccurrenceRow.due <= at)
    to_say = and_(DeliveryRow.state == READY, DeliveryRow.due <= at, can_go)
    to_find = and_(DeliveryRow.state == UNSURE, DeliveryRow.searches < MAX_SEARCHES)
    unfinished = or_(DeliveryRow.state == SENDING, to_say, to_find)
    queries = (  # in the order in which one leads to the next, so that nothing slips through between two looks
        select(func.count()).select_from(OccurrenceRow).where(planned),
        select(func.count()).select_from(InboxRow).where(InboxRow.state.in_((inbox.READY, inbox.WORKING))),
        with_targets(select(func.count(DeliveryRow.id))).where(unfinished),
    )
    return extra + held.doubtful(session) + sum(session.scalar(query) or 0 for query in queries)


def next_due(session: Session, at: datetime) -> datetime | None:
    """The next instant after `at` at which something falls due by itself."""
    planned = and_(OccurrenceRow.state == occurrences.PLANNED, OccurrenceRow.due > at)
    owed = and_(DeliveryRow.state == READY, DeliveryRow.due > at)
    queries = (select(func.min(OccurrenceRow.due)).where(planned), select(func.min(DeliveryRow.due)).where(owed))
    return min((due for query in queries if (due := session.scalar(query))), default=None)
