"""Time lost to waiting, by the side that is waited for (metrics.md, definition 10).

Of one issue: its recorded blockers and its stays in waiting stages, inside its span. A blocker without an issue waits
from when it was raised until it was resolved. A figure sums over issues, so its unit is issue-milliseconds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from fmo_bot.domain.blockers import Blocker
from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.charts import SideWait, WaitingWeek
from fmo_bot.domain.flow import Week, throughput
from fmo_bot.domain.intervals import Interval, covers, cut, union
from fmo_bot.domain.timelines import Timeline

if TYPE_CHECKING:
    from fmo_bot.domain.accumulated import Instants

Intervals = tuple[Interval, ...]


@dataclass(frozen=True)
class Waited:
    """When one piece of work waited, by side; disjoint, sorted, inside its span.

    Sides are those of the joint team, `external`, `unknown`, and `none` for a waiting stage that names no side.
    """

    by_side: Mapping[str, Intervals]
    apart: bool = False  # known to be waited for one side at a time

    @cached_property
    def together(self) -> Intervals:
        """When two sides or more were waited for at once."""
        return () if self.is_apart else union(piece for piece, sides in self._pieces if len(sides) > 1)

    @cached_property
    def alone(self) -> Mapping[str, Intervals]:
        """When each side was the only one waited for."""
        if self.is_apart:
            return self.by_side
        return {side: union(piece for piece, sides in self._pieces if sides == [side]) for side in self.by_side}

    @cached_property
    def is_apart(self) -> bool:
        """Whether one side was waited for at a time, as without blockers it always is."""
        if self.apart or len(self.by_side) < 2:
            return True
        every = sorted(piece for found in self.by_side.values() for piece in found)
        return all(one[1] <= other[0] for one, other in pairwise(every))

    @cached_property
    def _pieces(self) -> list[tuple[Interval, list[str]]]:
        """The time cut at every change, each piece with the sides waited for."""
        edges = sorted({edge for found in self.by_side.values() for piece in found for edge in piece})
        asked = ((piece, [side for side, found in self.by_side.items() if covers(found, piece[0])])
                 for piece in pairwise(edges))  # fmt: skip
        return [(piece, sides) for piece, sides in asked if sides]


def waited(span: Interval | None, found: Iterable[tuple[str, Interval]]) -> Waited:
    """When work of this span waited: `found` are its stays in waiting stages and its recorded blockers, by side.

    They may overlap and reach out of the span. Work that never started (no span) loses no time.
    """
    by_side: dict[str, list[Interval]] = {}
    for side, interval in found if span is not None else ():
        by_side.setdefault(side, []).append(interval)
    inside = {side: union(cut(each, span)) for side, each in by_side.items() if span is not None}
    return Waited({side: each for side, each in inside.items() if each})


def of_issue(line: Timeline, recorded: Collection[Blocker] = ()) -> Waited:
    """When an issue waited, as it was known at its timeline's as_of; `recorded` are the blockers on it."""
    stays = [(place.side, (start, end)) for place, start, end in line.parts() if place is not None and place.waiting]
    if not recorded:
        return _stayed(stays)
    stood = ((blocker.waited_on, blocker.interval(line.as_of)) for blocker in recorded)
    return waited(line.span, (*stays, *stood))


def _stayed(stays: Iterable[tuple[str, Interval]]) -> Waited:
    """The same of stays only, which follow each other: there is nothing to be sorted, cut or told apart."""
    by_side: dict[str, list[Interval]] = {}
    for side, stay in stays:
        before = by_side.setdefault(side, [])
        if before and before[-1][1] == stay[0]:
            before[-1] = (before[-1][0], stay[1])
        else:
            before.append(stay)
    return Waited({side: tuple(each) for side, each in by_side.items()}, apart=True)


def of_blocker(blocker: Blocker, as_of: int) -> Waited:
    """When a blocker without an issue stood, up to `as_of` (epoch milliseconds)."""
    return waited(blocker.interval(as_of), ((blocker.waited_on, blocker.interval(as_of)),))


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Time lost to waiting in one window, in issue-milliseconds.

    `elapsed` counts time on which several sides are waited for once for each of them; `alone` and `together` count it
    once, and sum to `total`. `working` is `elapsed` in each side's own calendar; a side without one is not in it.
    """

    window: Interval
    elapsed: Mapping[str, int]
    working: Mapping[str, int]
    alone: Mapping[str, int]
    together: int

    @property
    def total(self) -> int:
        """The union over sides, summed over issues."""
        return sum(self.alone.values()) + self.together


def lost(
    waiting: Sequence[Waited], windows: Iterable[Interval], calendars: Mapping[str, WorkingTime]
) -> tuple[Lost, ...]:
    """The figures of some windows, such as weeks, over many pieces of work."""
    sides = sorted({side for each in waiting for side in each.by_side})
    elapsed = {side: _Many(each.by_side.get(side, ()) for each in waiting) for side in sides}
    if all(each.is_apart for each in waiting):
        alone, together = elapsed, _Many(())
    else:
        alone = {side: _Many(each.alone.get(side, ()) for each in waiting) for side in sides}
        together = _Many(each.together for each in waiting)
    return tuple(
        Lost(
            window=window,
            elapsed={side: elapsed[side].inside(window) for side in sides},
            working={side: elapsed[side].inside(window, calendars[side]) for side in sides if side in calendars},
            alone={side: alone[side].inside(window) for side in sides},
            together=together.inside(window),
        )
        for window in windows
    )


def by_week(
    waiting: Sequence[Waited],
    *,
    since: int,
    until: int,
    zone: str,
    as_of: int,
    calendars: Mapping[str, WorkingTime],
) -> tuple[WaitingWeek, ...]:
    """The figures of every ISO week that touches [since, until), of each the part inside; in issue-seconds."""
    weeks = throughput((), since=since, until=until, zone=zone, as_of=as_of)
    windows = [(max(week.start, since), min(week.end, until)) for week in weeks]
    return tuple(_week(week, found) for week, found in zip(weeks, lost(waiting, windows, calendars), strict=True))


def _week(week: Week, found: Lost) -> WaitingWeek:
    sides = tuple(
        SideWait(
            side=side,
            waited_s=found.elapsed[side] / 1000,
            alone_s=found.alone[side] / 1000,
            working_s=found.working[side] / 1000 if side in found.working else None,
        )
        for side in found.elapsed
    )
    return WaitingWeek(label=week.name, partial=week.partial, waits=sides, both_s=found.together / 1000)


class _Many:
    """The intervals of many issues side by side."""

    def __init__(self, found: Iterable[Intervals]) -> None:
        pairs = np.array(list(chain.from_iterable(found)), dtype=np.int64).reshape(-1, 2)
        self.starts: Instants = pairs[:, 0].copy()
        self.ends: Instants = pairs[:, 1].copy()

    def inside(self, window: Interval, calendar: WorkingTime | None = None) -> int:
        """How much of them lies in a window, elapsed or in a calendar's working time."""
        touching = (self.starts < window[1]) & (self.ends > window[0])
        starts, ends = np.maximum(self.starts[touching], window[0]), np.minimum(self.ends[touching], window[1])
        return int((ends - starts if calendar is None else calendar.working_ms_many(starts, ends)).sum())
