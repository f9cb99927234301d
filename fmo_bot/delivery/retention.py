"""What is forgotten, and when: texts go as soon as nobody needs them to send or to retry."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, InboxRow
from fmo_bot.delivery import inbox, outbox

UNDONE_FOR = timedelta(days=7)  # a job that nobody could do loses its payload
KNOWN_FOR = timedelta(days=30)  # Slack and Jira do not send an event again after so long
SENT_FOR = timedelta(days=30)
UNSENT_FOR = timedelta(days=30)  # what nobody has had sent again by then is dropped


def retain(session: Session, at: datetime) -> None:
    """Forget what is older than it has to be; run now and then. (A job that is done has lost its payload at once.)

    What came in so long ago has been given up before; see `inbox.give_up_old`.
    """
    undone = InboxRow.state == inbox.FAILED, InboxRow.received_at < at - UNDONE_FOR
    session.execute(update(InboxRow).where(*undone).values(state=inbox.DROPPED, payload={}))
    known = InboxRow.state.in_((inbox.DONE, inbox.DROPPED)), InboxRow.received_at < at - KNOWN_FOR
    session.execute(delete(InboxRow).where(*known))
    sent = DeliveryRow.state == outbox.SENT, DeliveryRow.sent_at < at - SENT_FOR
    session.execute(update(DeliveryRow).where(*sent).values(value={}))
    given_up = (outbox.FAILED, outbox.MISSED, outbox.UNSURE, outbox.DROPPED)
    unwanted = DeliveryRow.state.in_(given_up), DeliveryRow.due < at - UNSENT_FOR
    session.execute(update(DeliveryRow).where(*unwanted).values(state=outbox.DROPPED, value={}))
