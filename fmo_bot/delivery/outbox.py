"""What is owed to Slack becomes a row, in the caller's own transaction. The pump sends it; see `delivery.pump`.

A message has a name that says what it is (`round:12`, `prompt:7:closed`); the database lets each name in once. It owes
one post, and after it any number of updates of which only the latest is kept. What a row holds is what the people there
may read (`delivery.audience`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, or_, select, tuple_
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.once import insert_keyed, insert_once
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.values import message_to_json
from fmo_bot.db.wakes import PUMP, want
from fmo_bot.delivery.audience import fitted
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person, Place, Scope

POST, UPDATE, HOME, REMOVE = "post", "update", "home", "remove"
READY, SENDING, SENT, UNSURE, FAILED, MISSED = "ready", "sending", "sent", "unsure", "failed", "missed"
DROPPED = "dropped"  # nobody wants it any more
KEPT = "kept"  # the app is gone from its workspace: it goes on when the app is back
# Why a delivery was given up by ourselves.
TOO_LATE, NOT_SENT = "it would have come too late", "its message was not sent"
NO_THREAD = "the message it answers was not sent"
LOST = "its process was lost every time"
# How a post ends of which it is not known whether it was sent, where the conversation's history may not be read.
RECONCILE, AT_MOST_ONCE, AT_LEAST_ONCE = "reconcile", "at_most_once", "at_least_once"


@dataclass(frozen=True, kw_only=True)
class Owed:
    """The post of the message `name`, as it is owed.

    Exactly one of `place` and `person` (a direct message from the app in the person's own workspace). `thread_of` names
    a message owed earlier: this one is sent after it, in its thread. Not sent after `useful_until` (calendar time) but
    marked missed. `policy` decides only where history may not be read: `at_least_once` sends again, the others leave it
    unsure for a scrum master to decide.
    """

    name: str
    message: Message
    due: datetime
    language: str
    place: Place | None = None
    person: Person | None = None
    thread_of: str | None = None
    useful_until: datetime | None = None
    policy: str = RECONCILE

    @property
    def reader(self) -> Place | Person:
        """Who reads it."""
        reader = self.place or self.person
        if reader is None or (self.place is not None and self.person is not None):
            raise ValueError("a message goes to a place or to a person, one of them")
        return reader


def owe(
    session: Session,
    *,
    name: str,
    message: Message,
    due: datetime,
    language: str,
    place: Place | None = None,
    person: Person | None = None,
    thread_of: str | None = None,
    useful_until: datetime | None = None,
    policy: str = RECONCILE,
) -> bool:
    """Owe one post, see `Owed`; False, and nothing changes, where it has been owed before.

    LookupError where nobody owes the message `thread_of`.
    """
    one = Owed(
        name=name,
        message=message,
        due=due,
        language=language,
        place=place,
        person=person,
        thread_of=thread_of,
        useful_until=useful_until,
        policy=policy,
    )
    return owe_all(session, [one]) == 1


def owe_all(session: Session, owed: Sequence[Owed]) -> int:
    """Owe several posts, in a few statements however many they are; how many were not owed before."""
    threads = {each.name: _message(session, each.thread_of).id for each in owed if each.thread_of}
    conversations, team = _conversations(session, owed), _team(session)
    targets = [
        {"name": each.name, "key": uuid4().hex, "team_id": team, **_target(each, conversations)} for each in owed
    ]
    new = insert_keyed(session, MessageRow, targets, key="name")
    posts = [
        {
            "dedup_key": f"{POST}:{each.name}",
            "message_id": new[each.name],
            "op": POST,
            "value": message_to_json(fitted(session, each.message, each.reader)),
            "language": each.language,
            "due": each.due,
            "thread_message_id": threads.get(each.name),
            "useful_until": each.useful_until,
            "policy": each.policy,
        }
        for each in owed
        if each.name in new
    ]
    if posts:
        session.connection().execute(insert(DeliveryRow), posts)
        want(session, PUMP)
    return len(posts)


def known(session: Session, *, name: str, place: Place, ts: str) -> None:
    """Name a message that somebody else said, so that ours can be owed in its thread."""
    target = {"workspace": place.workspace, "channel": place.channel, "person": None, "team_id": _team(session)}
    insert_once(session, MessageRow, [{"name": name, "key": uuid4().hex, "ts": ts, **target}])


def owe_update(session: Session, *, name: str, message: Message, due: datetime, language: str) -> None:
    """Owe the newest state of the message `name`: the latest wins. LookupError where nobody owed its post.

    A post that is not on its way yet is simply posted as it is now; so is one that failed, should it be sent again.
    One that nobody wants any more has no newer state.
    """
    target = _message(session, name)
    message = fitted(session, message, _reader(target))
    post = _delivery(session, f"{POST}:{name}")
    if post is not None and post.state in (READY, KEPT, FAILED, MISSED):
        post.value, post.language = message_to_json(message), language
        _forget_waiting_update(session, name)
        return
    if post is not None and post.state == DROPPED:
        return
    _owe_latest(session, UPDATE, target, message=message, due=due, language=language)


def _forget_waiting_update(session: Session, name: str) -> None:
    """An update owed while an earlier attempt to post was on its way: the post now holds a newer state than it."""
    waiting = _delivery(session, f"{UPDATE}:{name}")
    if waiting is not None and waiting.state in (READY, KEPT, MISSED):  # missed: given up when its post was
        session.delete(waiting)


def hold(session: Session, names: Iterable[str]) -> None:
    """Lock what is owed of these messages, before several of them are changed: by id, as `claims.note` takes them.

    Of two transactions that take the same rows in different orders PostgreSQL gives up one.
    """
    messages = select(MessageRow.id).where(MessageRow.name.in_(names))
    query = select(DeliveryRow.id).where(DeliveryRow.message_id.in_(messages)).order_by(DeliveryRow.id)
    session.execute(query.with_for_update())


def is_owed(session: Session, name: str) -> bool:
    """Whether the message `name` has ever been owed."""
    return session.scalar(select(MessageRow.id).where(MessageRow.name == name)) is not None


def place_of(session: Session, name: str) -> Place:
    """Where the message `name` goes, or went. LookupError where nobody owes it, or its conversation is not known."""
    row = _message(session, name)
    if row.channel is None:
        raise LookupError(f"the conversation of {name} has not been opened yet")
    return Place(row.workspace, row.channel)


def withdraw(session: Session, name: str) -> bool:
    """Owe the message `name` no more; False where it is too late for that: it is on its way, or may be there."""
    post = _delivery(session, f"{POST}:{name}")
    if post is None or post.state not in (READY, KEPT, FAILED, MISSED, DROPPED):
        return False
    post.state, post.value = DROPPED, {}
    return True


def withdraw_all(session: Session, person: Person, *, team_id: int, answers: bool) -> None:
    """Owe a person nothing more for a joint team; with `answers` nor what answers their clicks.

    What is on its way, or may be there, stays as it is.
    """
    theirs = MessageRow.workspace == person.workspace, MessageRow.person == person.user
    of_team = (
        or_(MessageRow.team_id == team_id, MessageRow.team_id.is_(None)) if answers else MessageRow.team_id == team_id
    )
    messages = select(MessageRow.id).where(*theirs, of_team)
    waiting = DeliveryRow.state.in_((READY, FAILED, MISSED)), DeliveryRow.op == POST
    query = select(DeliveryRow).where(DeliveryRow.message_id.in_(messages), *waiting).order_by(DeliveryRow.id)
    for row in session.scalars(query.with_for_update()):
        row.state, row.value = DROPPED, {}


def owe_home(session: Session, *, person: Person, message: Message, due: datetime, language: str) -> None:
    """Owe the newest state of a person's App Home: the latest wins."""
    name = f"home:{person.workspace}:{person.user}"
    values = {"name": name, "key": uuid4().hex, "workspace": person.workspace, "channel": None, "person": person.user}
    insert_once(session, MessageRow, [values])
    message = fitted(session, message, person)
    _owe_latest(session, HOME, _message(session, name), message=message, due=due, language=language)


def _owe_latest(
    session: Session, op: str, target: MessageRow, *, message: Message, due: datetime, language: str
) -> None:
    want(session, PUMP)
    dedup_key, value = f"{op}:{target.name}", message_to_json(message)
    first = {"message_id": target.id, "op": op, "value": value, "language": language, "due": due}
    row = None
    while row is None:  # who deletes it between the two leaves room for a new one
        if insert_once(session, DeliveryRow, [{"dedup_key": dedup_key, **first}]):
            return
        row = _delivery(session, dedup_key)
    if row.state == READY:
        due = min(due, row.due)  # a newer state never delays one that was due earlier
    row.value, row.language, row.due = value, language, due
    row.version += 1  # one that is on its way now is sent once more when it comes back; see claims.note
    if row.state != SENDING:
        row.state, row.attempt, row.error = READY, 0, None


def _message(session: Session, name: str) -> MessageRow:
    row = session.scalar(select(MessageRow).where(MessageRow.name == name))
    if row is None:
        raise LookupError(f"nobody owes the message {name}")
    return row


def _reader(target: MessageRow) -> Person | Place:
    if target.person is not None:
        return Person(target.workspace, target.person)
    return Place(target.workspace, target.channel or "")


def _delivery(session: Session, dedup_key: str) -> DeliveryRow | None:
    """The row, locked: it must not be claimed between our look at its state and our change."""
    query = select(DeliveryRow).where(DeliveryRow.dedup_key == dedup_key).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def _team(session: Session) -> int | None:
    """The joint team this transaction works for; None for the system, which answers persons."""
    scope: Scope = session.info["scope"]
    return scope.team_id


def _target(owed: Owed, conversations: Mapping[Person, str | None]) -> dict[str, Any]:
    reader = owed.reader
    if isinstance(reader, Place):
        return {"name": owed.name, "workspace": reader.workspace, "channel": reader.channel, "person": None}
    channel = conversations.get(reader)
    return {"name": owed.name, "workspace": reader.workspace, "channel": channel, "person": reader.user}


def _conversations(session: Session, owed: Sequence[Owed]) -> dict[Person, str | None]:
    """The direct conversations of these persons, as far as they are known."""
    persons = [(each.person.workspace, each.person.user) for each in owed if each.person is not None]
    if not persons:
        return {}
    columns = MemberRow.home_workspace, MemberRow.slack_user_id
    known = session.execute(select(*columns, MemberRow.dm_channel).where(tuple_(*columns).in_(persons)))
    return {Person(workspace, user): channel for workspace, user, channel in known}
