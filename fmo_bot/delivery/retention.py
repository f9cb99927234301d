"""What is forgotten, and when: texts go as soon as nobody needs them to send or to retry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Delete, Text, Update, cast, delete, select, update

from fmo_bot.db.accounts import LinkCodeRow, LinkRequestRow
from fmo_bot.db.acting import SignInRow
from fmo_bot.db.ledger import DeliveryRow, InboxRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain.parties import SYSTEM

UNDONE_FOR = timedelta(days=7)  # a job that nobody could do loses its payload
KNOWN_FOR = timedelta(days=30)  # Slack and Jira do not send an event again after so long
SENT_FOR = timedelta(days=30)
UNSENT_FOR = timedelta(days=30)  # what nobody has had sent again by then is dropped
TOGETHER = 500  # rows a transaction: others wait for it
ASKED_FOR = timedelta(days=14)  # a question to an admin that nobody answered
_GIVEN_UP = (outbox.KEPT, outbox.FAILED, outbox.MISSED, outbox.UNSURE)


def retain(store: Store, at: datetime) -> None:
    """Forget what is older than it has to be; run now and then. (A job that is done has lost its payload at once.)

    What came in so long ago has been given up before; see `inbox.give_up_old`. Writes only where there is something to
    forget: what was ever sent stays as a row.
    """
    undone = InboxRow.state == inbox.FAILED, InboxRow.received_at < at - UNDONE_FOR
    _write(store, update(InboxRow).values(state=inbox.DROPPED, payload={}), InboxRow.id, undone)
    known = InboxRow.state.in_((inbox.DONE, inbox.DROPPED)), InboxRow.received_at < at - KNOWN_FOR
    _write(store, delete(InboxRow), InboxRow.id, known)
    for row in (LinkCodeRow, SignInRow):  # a word nobody wrote; tokens of a sign-in that nobody confirmed
        _write(store, delete(row), row.link_id, (row.until < at,))
    asked = (LinkRequestRow.asked_at < at - ASKED_FOR,)
    _write(store, delete(LinkRequestRow), LinkRequestRow.link_id, asked)
    sent = DeliveryRow.state == outbox.SENT, DeliveryRow.sent_at < at - SENT_FOR, _has_text()
    _write(store, update(DeliveryRow).values(value={}), DeliveryRow.id, sent)
    unwanted = DeliveryRow.state.in_(_GIVEN_UP), DeliveryRow.due < at - UNSENT_FOR
    _write(store, update(DeliveryRow).values(state=outbox.DROPPED, value={}), DeliveryRow.id, unwanted)


def _has_text() -> ColumnElement[bool]:
    return cast(DeliveryRow.value, Text) != "{}"  # PostgreSQL does not compare JSON


def _write(store: Store, change: Update | Delete, key: Any, which: Sequence[ColumnElement[bool]]) -> None:
    """Change the rows that a look without the write lock finds, as far as they still are what it found."""
    with store.reading(SYSTEM) as session:
        found = session.scalars(select(key).where(*which).order_by(key)).all()
    for begin in range(0, len(found), TOGETHER):
        with store.transaction(SYSTEM) as session:
            these = key.in_(found[begin : begin + TOGETHER])
            session.execute(select(key).where(these, *which).order_by(key).with_for_update())  # by id, as all do
            session.connection().execute(change.where(these, *which))
