"""Rules of the waits-on ledger: direction, the key that says "once", and time under blockers (definition 6)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from fmo_bot.domain.intervals import Interval, covers, cut, measure, ms, union
from fmo_bot.domain.parties import EXTERNAL, UNKNOWN
from fmo_bot.domain.timelines import Part, Timeline


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """A recorded blocker: which side waits on which (a side, `external` or `unknown`), since when, until when."""

    waiting: str
    waited_on: str
    since: datetime
    resolved: datetime | None = None
    issue: str | None = None  # key

    def open_at(self, at: datetime) -> bool:
        """Whether it stands at an instant."""
        return self.since <= at and (self.resolved is None or at < self.resolved)

    def interval(self, as_of: int) -> Interval:
        """When it stood up to `as_of`; all in epoch milliseconds."""
        return ms(self.since), as_of if self.resolved is None else min(ms(self.resolved), as_of)


def open_key(issue: str | None, waiting: str, waited_on: str, *, click: str) -> str:
    """The unique key of an open blocker: one per issue and direction; without an issue, one per `click`."""
    return "|".join((f"issue:{issue}" if issue else f"click:{click}", waiting, waited_on))


def may_be_waited_on(waiting: str, sides: Collection[str]) -> tuple[str, ...]:
    """Whom a side can be waiting for: every other side, somebody outside, or not chosen yet; never itself."""
    return (*(side for side in sides if side != waiting), EXTERNAL, UNKNOWN)


@dataclass(frozen=True)
class Waits:
    """Open blockers of one direction."""

    waiting: str
    waited_on: str
    open: int
    oldest_since: datetime


def waits(blockers: Iterable[Blocker], at: datetime) -> tuple[Waits, ...]:
    """Blockers open at an instant by direction, the longest wait first."""
    by_direction: dict[tuple[str, str], list[datetime]] = {}
    for blocker in blockers:
        if blocker.open_at(at):
            by_direction.setdefault((blocker.waiting, blocker.waited_on), []).append(blocker.since)
    found = (Waits(*direction, len(since), min(since)) for direction, since in by_direction.items())
    return tuple(sorted(found, key=lambda wait: (wait.oldest_since, wait.waiting, wait.waited_on)))


@dataclass(frozen=True)
class Blocked:
    """Blocked time of one issue inside its span, in milliseconds; sides may overlap, the total counts once."""

    total_ms: int
    by_side_ms: dict[str, int]


NOT_BLOCKED = Blocked(0, {})
_Ledger = Sequence[tuple[str, Interval]]


def blocked(timeline: Timeline, recorded: Sequence[Blocker] = ()) -> Blocked:
    """The union of flag intervals and recorded blockers, cut to the span; it lies over the split, not beside it.

    By side: the directions of the blockers standing at that instant, else the side of the waiting stage, else
    `unknown`.
    """
    if not (timeline.life.flags or recorded) or (span := timeline.span) is None:
        return NOT_BLOCKED
    ledger = [
        (blocker.waited_on, piece) for blocker in recorded for piece in cut([blocker.interval(timeline.as_of)], span)
    ]
    pieces = union([*cut(timeline.life.flags, span), *(piece for _, piece in ledger)])
    if not pieces:
        return NOT_BLOCKED
    total: Counter[str] = Counter()
    parts = timeline.parts()
    for start, end in _cut_at_edges(pieces, parts, ledger):
        for side in _sides(start, parts, ledger):
            total[side] += end - start
    return Blocked(measure(pieces), dict(total))


def blocked_while_active_ms(timeline: Timeline, recorded: Sequence[Blocker] = ()) -> int:
    """Blocked time in active stays of the span: what it adds to waiting time (definition 7)."""
    if not (timeline.life.flags or recorded):
        return 0
    stood = union([*timeline.life.flags, *(blocker.interval(timeline.as_of) for blocker in recorded)])
    active = (part for part in timeline.parts() if part[0] is not None and part[0].working and not part[0].waiting)
    return sum(measure(cut(stood, (start, end))) for _, start, end in active)


def _cut_at_edges(pieces: Iterable[Interval], parts: Iterable[Part], ledger: _Ledger) -> list[Interval]:
    """The pieces cut wherever the stage or a blocker changes, so that each has one answer."""
    edges = {start for _, start, _ in parts}.union(*(piece for _, piece in ledger))
    cuts: list[Interval] = []
    for start, end in pieces:
        cuts += pairwise([start, *sorted(edge for edge in edges if start < edge < end), end])
    return cuts


def _sides(at: int, parts: Iterable[Part], ledger: _Ledger) -> set[str]:
    directed = {side for side, piece in ledger if covers([piece], at)}
    if directed:
        return directed
    place = next((place for place, start, end in parts if start <= at < end), None)
    return {place.side if place is not None and place.waiting else UNKNOWN}
