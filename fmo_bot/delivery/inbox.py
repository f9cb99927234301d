"""What came in is recorded once before it is worked, so Slack's retries and a crash after the ack change nothing.

Also the jobs that follow an acknowledgement (a report, a board sync). A job may be run again after a crash, so what it
does must be safe to repeat: owing a message by name is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.once import insert_once

Handler = Callable[[dict[str, Any], datetime], None]


def record(session: Session, *, event_key: str, kind: str, payload: Mapping[str, Any], at: datetime) -> bool:
    """Record that something came in; False where it has been seen before.

    `payload` holds the few fields its job needs (JSON): never a response_url, a trigger id, headers or a whole body.
    """
    values = {"event_key": event_key, "kind": kind, "payload": dict(payload), "received_at": at}
    return insert_once(session, InboxRow, [values]) == 1
