"""Direct conversations, learned as soon as a joint team is set up or changed, so that no morning waits for them.

Slack lets fewer conversations be opened a minute than messages be posted. The pump opens one it does not know yet all
the same; this only sees to it that there are none by then.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import MessageRow
from fmo_bot.db.parties import MemberRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import lanes
from fmo_bot.delivery.lanes import Paces
from fmo_bot.domain.parties import SYSTEM, Person, Place
from fmo_bot.errors import RateLimited, SendOutcome
from fmo_bot.ports import Chat

AGAIN = timedelta(hours=1)  # calendar time after which one that could not be opened is tried once more
MOST = 20  # opened in one run
_LOOKED_AT = 500  # members in one run: of a joint team there are no more
_log = structlog.get_logger(__name__)


def learn(store: Store, chat: Chat, *, at: datetime, machine: Callable[[], float], paces: Paces) -> int:
    """Open what conversations with members are not known yet, as far as Slack's limits let us; how many were opened."""
    with store.reading(SYSTEM) as session:
        waiting = _unknown(session, at)
    busy: set[str] = set()
    opened = 0
    for person in waiting:
        if person.workspace in busy or opened == MOST:
            continue
        if not _take(store, person, at, machine(), paces):
            busy.add(person.workspace)
            continue
        try:
            place = chat.direct(person)
        except SendOutcome as outcome:
            _note(store, person, outcome, machine(), paces)
            continue
        with store.transaction(SYSTEM) as session:
            remember(session, person, place)
        opened += 1
    return opened


def remember(session: Session, person: Person, place: Place) -> None:
    """From now on messages to this person go there, those that are owed already too."""
    theirs = MessageRow.workspace == person.workspace, MessageRow.person == person.user
    session.execute(update(MessageRow).where(*theirs, MessageRow.channel.is_(None)).values(channel=place.channel))
    session.execute(update(MemberRow).where(*_them(person)).values(dm_channel=place.channel))


def forget(session: Session, message: MessageRow) -> None:
    """Slack does not know the conversation any more: it is opened anew for this message, and for what comes."""
    if message.person is not None:
        them = _them(Person(message.workspace, message.person))
        session.execute(update(MemberRow).where(*them).values(dm_channel=None))
        message.channel = None


def _unknown(session: Session, at: datetime) -> Sequence[Person]:
    somewhere = select(ParticipationRow.id).where(takes_part(), ParticipationRow.member_id == MemberRow.id).exists()
    untried = or_(MemberRow.dm_tried_at.is_(None), MemberRow.dm_tried_at < at - AGAIN)
    query = select(MemberRow).where(MemberRow.dm_channel.is_(None), untried, somewhere)
    return [row.person for row in session.scalars(query.order_by(MemberRow.id).limit(_LOOKED_AT))]


def _take(store: Store, person: Person, at: datetime, now: float, paces: Paces) -> bool:
    """A slot for opening one; who is tried now is not tried by another process."""
    lane = lanes.of_method(person.workspace, lanes.OPEN)
    with store.transaction(SYSTEM) as session:
        lanes.ensure(session, [lane])
    with store.transaction(SYSTEM) as session:
        held = lanes.hold(session, [lane])
        if not lanes.take(held, [lane], now, paces):
            return False
        lanes.move(session, held)
        session.execute(update(MemberRow).where(*_them(person)).values(dm_tried_at=at))
        return True


def _note(store: Store, person: Person, outcome: SendOutcome, now: float, paces: Paces) -> None:
    _log.warning("a direct conversation could not be opened", workspace=person.workspace, reason=str(outcome))
    if isinstance(outcome, RateLimited):
        with store.transaction(SYSTEM) as session:
            lane = lanes.of_method(person.workspace, lanes.OPEN)
            lanes.push(session, lane, now + outcome.retry_after, paces)
            session.execute(update(MemberRow).where(*_them(person)).values(dm_tried_at=None))


def _them(person: Person) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
