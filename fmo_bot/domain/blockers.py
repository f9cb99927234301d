"""Rules of the waits-on ledger: direction, the key that says "once", and time under blockers (definition 6)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from fmo_bot.domain.intervals import Interval, covers, cut, measure, ms, union
from fmo_bot.domain.parties import EXTERNAL, UNKNOWN
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.workflow import NO_SIDE, StageKind


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

    def interval(self, as_of: datetime) -> Interval:
        """When it stood, in epoch milliseconds, up to `as_of`."""
        return ms(self.since), ms(min(self.resolved or as_of, as_of))


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


def blocked(timeline: Timeline, recorded: Iterable[Blocker] = ()) -> Blocked:
    """The union of flag intervals and recorded blockers, cut to the span; it lies over the split, not beside it.

    By side: the directions of the blockers standing at that instant, else the side of the waiting stage, else
    `unknown`.
    """
    if timeline.span is None:
        return Blocked(0, {})
    span = timeline.span
    ledger = [(blocker.waited_on, cut([blocker.interval(timeline.as_of)], span)) for blocker in recorded]
    pieces = union([*cut(timeline.flag_intervals, span), *(piece for _, found in ledger for piece in found)])
    total: Counter[str] = Counter()
    for start, end in _cut_at_edges(pieces, timeline, ledger):
        for side in _sides(start, timeline, ledger):
            total[side] += end - start
    return Blocked(measure(pieces), dict(total))


_Ledger = list[tuple[str, tuple[Interval, ...]]]


def _cut_at_edges(pieces: tuple[Interval, ...], timeline: Timeline, ledger: _Ledger) -> list[Interval]:
    """The pieces cut wherever the stage or a blocker changes, so that each has one answer."""
    inner = [*(part[2] for part in timeline.parts), *(found for _, intervals in ledger for found in intervals)]
    edges = sorted({edge for interval in inner for edge in interval})
    cuts: list[Interval] = []
    for start, end in pieces:
        marks = [start, *(edge for edge in edges if start < edge < end), end]
        cuts += pairwise(marks)
    return cuts


def _sides(at: int, timeline: Timeline, ledger: _Ledger) -> set[str]:
    directed = {side for side, intervals in ledger if covers(intervals, at)}
    if directed:
        return directed
    waiting = StageKind.WAITING + ":"
    held = next((part for part, _, interval in timeline.parts if covers([interval], at)), "")
    return {held.removeprefix(waiting) or NO_SIDE} if held.startswith(waiting) else {UNKNOWN}
