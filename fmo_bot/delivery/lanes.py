"""Slack's rate limits as rows, so that any number of processes keep to them together.

A lane's `next_at` is the machine time from which its next slot is free (the generic cell rate algorithm: with a burst
of n, up to n slots may be taken ahead of their time). Sources: 1 message a second in a channel; chat.postMessage
"several hundred a minute" in a workspace (a setting); tiers 1 to 4 are 1, 20, 50, 100 calls a minute of a method in a
workspace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import SQLColumnExpression, bindparam, literal, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import LaneRow
from fmo_bot.db.once import insert_once


@dataclass(frozen=True)
class Pace:
    """One slot every `interval` seconds, and up to `burst` at once after a rest."""

    interval: float
    burst: int = 1

    @property
    def ahead(self) -> float:
        """How many seconds before its time a slot may be taken."""
        return self.interval * (self.burst - 1)


CHANNEL_S = 1.0  # seconds between two messages in a conversation
CHANNEL = Pace(CHANNEL_S)
POST, UPDATE, HOME = "chat.postMessage", "chat.update", "views.publish"
OPEN, SEARCH, REMOVE = "conversations.open", "conversations.history", "chat.delete"
_TIERED = {
    UPDATE: Pace(1.2, burst=5),
    HOME: Pace(0.6, burst=5),
    OPEN: Pace(1.2, burst=5),
    SEARCH: Pace(1.2, burst=5),
    REMOVE: Pace(1.2, burst=5),
}


class Paces:
    """How fast each lane moves."""

    def __init__(self, messages_per_minute: int = 300) -> None:
        """So many messages may be posted in one workspace in any minute; a second's worth of them at once."""
        burst = max(1, messages_per_minute // 60)
        # The burst is paid for by the pace, and one more, since calls do not take equally long to arrive.
        self._methods = {**_TIERED, POST: Pace(60 / max(1, messages_per_minute - burst), burst)}

    def of(self, lane: str) -> Pace:
        """How fast a lane moves; a method we do not know is taken for Tier 3."""
        return CHANNEL if lane.startswith("channel:") else self.of_method(lane.rpartition(":")[2])

    def of_method(self, method: str) -> Pace:
        """How fast a method's lane moves, in every workspace."""
        return self._methods.get(method, _TIERED[SEARCH])


def of_channel(workspace: str, channel: str) -> str:
    """The lane of one conversation, as the installation in `workspace` posts there."""
    return f"channel:{workspace}:{channel}"


def of_method(workspace: str, method: str) -> str:
    """The lane of one Web API method, such as `chat.postMessage`, in one workspace."""
    return f"method:{workspace}:{method}"


def channel_sql(workspace: SQLColumnExpression[Any], channel: SQLColumnExpression[Any]) -> SQLColumnExpression[str]:
    """`of_channel`, within a query."""
    return literal("channel:") + workspace + ":" + channel


def method_sql(workspace: SQLColumnExpression[Any], method: SQLColumnExpression[Any]) -> SQLColumnExpression[str]:
    """`of_method`, within a query."""
    return literal("method:") + workspace + ":" + method


def missing(session: Session, lanes: Iterable[str]) -> set[str]:
    """Those of these lanes that have no row."""
    wanted = set(lanes)
    return wanted.difference(session.scalars(select(LaneRow.key).where(LaneRow.key.in_(wanted))))


def ensure(session: Session, lanes: Iterable[str]) -> None:
    """Make rows for lanes that have none. In a transaction of its own: it waits for others that make the same ones."""
    insert_once(session, LaneRow, [{"key": key, "next_at": 0.0} for key in sorted(missing(session, lanes))])


def hold(session: Session, lanes: Iterable[str]) -> dict[str, float]:
    """From when each lane is free; locked until the transaction ends, in one order, so that nobody waits in a ring."""
    query = select(LaneRow.key, LaneRow.next_at).where(LaneRow.key.in_(set(lanes)))
    return {row.key: row.next_at for row in session.execute(query.order_by(LaneRow.key).with_for_update())}


def take(held: dict[str, float], lanes: Sequence[str], now: float, paces: Paces) -> bool:
    """Take one slot on each of `lanes` if all have one free; otherwise none. `move` writes down what was taken."""
    if not all(lane in held and held[lane] - paces.of(lane).ahead <= now for lane in lanes):
        return False
    for lane in lanes:
        held[lane] = max(held[lane], now) + paces.of(lane).interval
    return True


def move(session: Session, held: Mapping[str, float]) -> None:
    """Write down from when lanes that are held are free."""
    if held:
        session.connection().execute(_MOVE, [{"lane": lane, "free": free} for lane, free in held.items()])


def push(session: Session, lane: str, until: float, paces: Paces) -> None:
    """Nothing on this lane before `until` (machine time)."""
    ensure(session, [lane])
    move(session, {lane: max(hold(session, [lane])[lane], until + paces.of(lane).ahead)})


def rest(session: Session, lanes: Iterable[str], *, until: float) -> None:
    """Nothing on these conversations' lanes before `until` (machine time); always in one order, as `hold`."""
    if moved := [{"lane": lane, "free": until} for lane in sorted(set(lanes))]:
        session.connection().execute(_REST, moved)


_MOVE = update(LaneRow).where(LaneRow.key == bindparam("lane")).values(next_at=bindparam("free"))
_REST = _MOVE.where(LaneRow.next_at < bindparam("free"))
