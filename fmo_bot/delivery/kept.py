"""What is owed through an installation that ended: kept, and let go when the app is back.

The pump finds out when it is to be sent, so nothing has to be changed when an installation ends, however much is owed.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.wakes import PUMP, want
from fmo_bot.delivery.outbox import KEPT, READY, UNSURE

NOT_INSTALLED = "the app is not installed"


def waiting_in(session: Session) -> Sequence[str]:
    """The workspaces in which something is kept."""
    query = select(MessageRow.workspace).join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
    return session.scalars(query.where(_is_kept()).distinct().order_by(MessageRow.workspace)).all()


def let_go(session: Session, workspaces: Collection[str]) -> int:
    """What is kept in these workspaces may go, in its turn; how many deliveries that is."""
    query = select(DeliveryRow.id).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
    here = query.where(_is_kept(), MessageRow.workspace.in_(workspaces)).order_by(DeliveryRow.id)
    ids = session.scalars(here.with_for_update(of=DeliveryRow)).all()  # by id, as everybody takes them
    anew = {"error": None, "not_before": 0.0}
    rows = update(DeliveryRow).where(DeliveryRow.id.in_(ids))
    session.execute(rows.where(DeliveryRow.state == KEPT).values(state=READY, **anew))
    session.execute(rows.where(DeliveryRow.state == UNSURE).values(searches=0, **anew))
    if ids:
        want(session, PUMP)
    return len(ids)


def _is_kept() -> ColumnElement[bool]:
    return or_(DeliveryRow.state == KEPT, and_(DeliveryRow.state == UNSURE, DeliveryRow.error == NOT_INSTALLED))
