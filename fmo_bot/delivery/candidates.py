"""Which deliveries may go now, in the order they are due: ripe, not waiting for another message, on free lanes.

A delivery whose lane is busy is not looked at, so it holds up no other, however many wait on that lane.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVarTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Float,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from fmo_bot.db.base import Instant
from fmo_bot.db.ledger import DeliveryRow, LaneRow, MessageRow
from fmo_bot.delivery import held, lanes
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.outbox import HOME, POST, READY, REMOVE, SENDING, UNSURE, UPDATE

# So many without a result, which takes five minutes, and it has failed; also marks an unsure one left to a person.
MAX_SEARCHES = 6
Ts = TypeVarTuple("Ts")
_Target, _Thread, _Talking = aliased(MessageRow), aliased(MessageRow), aliased(MessageRow)
_Said = aliased(DeliveryRow)
_AT, _NOW = bindparam("at", type_=Instant()), bindparam("now", type_=Float())
_LIMIT, _WITHIN = bindparam("limit", type_=Integer()), bindparam("within", type_=Integer())
_FEW, _ALL = 4, 2**31 - 1  # looked at first, for each that is wanted; and where that was not enough


def ripe(at: datetime | BindParameter[Any], now: float | BindParameter[Any]) -> ColumnElement[bool]:
    """What may change hands, read from the delivery's own row."""
    unheld = or_(DeliveryRow.state == READY, DeliveryRow.lease_until.is_(None), DeliveryRow.lease_until < now)
    return and_(_unfinished(at), DeliveryRow.not_before <= now, unheld)


def _unfinished(at: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    """What is due, and not on its way."""
    return or_(_to_say(at), _to_find())


def _to_say(at: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    useful = or_(DeliveryRow.useful_until.is_(None), DeliveryRow.useful_until >= at)
    return and_(DeliveryRow.state == READY, DeliveryRow.due <= at, useful)


def _to_find() -> ColumnElement[bool]:
    return and_(DeliveryRow.state == UNSURE, DeliveryRow.searches < MAX_SEARCHES)


can_go = and_(  # an update waits for its message, a reply for the message it answers, all for an open channel
    or_(DeliveryRow.op != UPDATE, _Target.ts.is_not(None)),
    or_(DeliveryRow.thread_message_id.is_(None), _Thread.ts.is_not(None)),
    or_(DeliveryRow.state == UNSURE, DeliveryRow.op == REMOVE, held.may_speak(_Target.channel)),
)
_is_post = and_(DeliveryRow.state == READY, DeliveryRow.op == POST)
# Which method's lane decides. A direct conversation that is not known yet has to be opened first.
_method = (
    (DeliveryRow.state == UNSURE, lanes.SEARCH),
    (and_(DeliveryRow.op == POST, _Target.channel.is_(None)), lanes.OPEN),
    (DeliveryRow.op == POST, lanes.POST),
    (DeliveryRow.op == UPDATE, lanes.UPDATE),
    (DeliveryRow.op == HOME, lanes.HOME),
    (DeliveryRow.op == REMOVE, lanes.REMOVE),
)


def with_targets(query: Select[*Ts]) -> Select[*Ts]:
    """The query with each delivery's message, and the one whose thread it goes to, joined: what `can_go` reads."""
    return query.join(_Target, _Target.id == DeliveryRow.message_id).outerjoin(
        _Thread, _Thread.id == DeliveryRow.thread_message_id
    )


def candidates(
    session: Session, *, at: datetime, now: float, limit: int, paces: Paces
) -> list[tuple[int, tuple[str, ...]]]:
    """Ids of deliveries that may go with every lane free as it stands, each with its lanes, by when they are due.

    While something is being said in a conversation, nothing else is: how long it takes nobody knows.
    """
    told = {"at": at, "now": now, "limit": limit, "within": _FEW * limit}
    rows = session.execute(_query(paces), told).all()
    if len(rows) < limit and session.scalar(_BEYOND, told) is not None:
        rows = session.execute(_query(paces), told | {"within": _ALL}).all()
    return [(row.id, _lanes(row.state, row.op, row.workspace, row.channel)) for row in rows]


@lru_cache(maxsize=8)
def _query(paces: Paces) -> Select[Any]:
    """Made once: putting it together takes longer than running it."""
    now = _NOW
    of_channel, of_method = aliased(LaneRow), aliased(LaneRow)
    ahead = case(*((condition, paces.of_method(method).ahead) for condition, method in _method))
    conversation = _conversation(_Target)
    turn = func.row_number().over(
        partition_by=case((_is_post, conversation), else_=cast(DeliveryRow.id, String)),
        order_by=(DeliveryRow.due, DeliveryRow.id),
    )
    talking = select(_conversation(_Talking)).join(_Said, _Said.message_id == _Talking.id)
    talking = talking.where(_Said.state == SENDING, _Said.op == POST)
    named = DeliveryRow.id, DeliveryRow.due, DeliveryRow.state, DeliveryRow.op, _Target.workspace, _Target.channel
    free = (
        with_targets(select(*named, turn.label("turn")))
        .outerjoin(of_channel, and_(_is_post, of_channel.key == lanes.channel_sql(_Target.workspace, _Target.channel)))
        .outerjoin(of_method, of_method.key == lanes.method_sql(_Target.workspace, case(*_method)))
        .where(DeliveryRow.id.in_(_first()), ripe(_AT, now), can_go)
        .where(or_(of_channel.key.is_(None), of_channel.next_at <= now))
        .where(or_(of_method.key.is_(None), of_method.next_at <= now + ahead))
        .where(or_(~_is_post, conversation.not_in(talking)))
        .subquery()
    )
    return select(free).where(free.c.turn == 1).order_by(free.c.due, free.c.id).limit(_LIMIT)


def _first() -> CompoundSelect[Any]:
    """Ids of the first `within` that may be said, and of as many that may be searched for.

    Read in the order of an index: what waits behind them costs nothing, however much it is.
    """
    firsts = (_ripe_ids(condition).limit(_WITHIN).subquery() for condition in (_to_say(_AT), _to_find()))
    return union_all(*(select(each.c.id) for each in firsts))


def _ripe_ids(condition: ColumnElement[bool]) -> Select[int]:
    unheld = or_(DeliveryRow.lease_until.is_(None), DeliveryRow.lease_until < _NOW, DeliveryRow.state == READY)
    query = select(DeliveryRow.id).where(condition, DeliveryRow.not_before <= _NOW, unheld)
    return query.order_by(DeliveryRow.due, DeliveryRow.id)


# Whether more are ripe than those looked at first; of unsure ones there are never so many.
_BEYOND = _ripe_ids(_to_say(_AT)).offset(_WITHIN).limit(1)


def opens(session: Session, *, at: datetime, paces: Paces) -> float | None:
    """From when (machine time) the first of what is due may go: its pause is over and its lanes are free.

    None where nothing is due. What is due and free already counts too: somebody may be busy in its conversation.
    """
    return session.scalar(_opening(paces, session.get_bind().dialect.name), {"at": at})


@lru_cache(maxsize=8)
def _opening(paces: Paces, dialect: str) -> Select[float]:
    of_channel, of_method = aliased(LaneRow), aliased(LaneRow)
    ahead = case(*((condition, paces.of_method(method).ahead) for condition, method in _method))
    times = (DeliveryRow.lease_until, of_channel.next_at, of_method.next_at - ahead)
    free = _LATEST[dialect](DeliveryRow.not_before, *(func.coalesce(each, 0.0) for each in times))
    return (
        with_targets(select(func.min(free)))
        .outerjoin(of_channel, and_(_is_post, of_channel.key == lanes.channel_sql(_Target.workspace, _Target.channel)))
        .outerjoin(of_method, of_method.key == lanes.method_sql(_Target.workspace, case(*_method)))
        .where(_unfinished(_AT), can_go)
    )


_LATEST: dict[str, Callable[..., Any]] = {"sqlite": func.max, "postgresql": func.greatest}


def _conversation(message: type[MessageRow]) -> SQLColumnExpression[str]:
    return message.workspace + ":" + func.coalesce(message.channel, message.person)


def _post_lanes(workspace: str, channel: str | None) -> tuple[str, ...]:
    post = lanes.of_method(workspace, lanes.POST)
    if channel is None:
        return post, lanes.of_method(workspace, lanes.OPEN)
    return post, lanes.of_channel(workspace, channel)


_LANES: dict[str, Callable[[str, str | None], tuple[str, ...]]] = {
    POST: _post_lanes,
    UPDATE: lambda workspace, _: (lanes.of_method(workspace, lanes.UPDATE),),
    HOME: lambda workspace, _: (lanes.of_method(workspace, lanes.HOME),),
    REMOVE: lambda workspace, _: (lanes.of_method(workspace, lanes.REMOVE),),
}


def _lanes(state: str, op: str, workspace: str, channel: str | None) -> tuple[str, ...]:
    """The lanes to take a slot on; the first is that of the method about to be called."""
    return (lanes.of_method(workspace, lanes.SEARCH),) if state == UNSURE else _LANES[op](workspace, channel)
