"""How the spans of many issues divide, elapsed and in working time (metrics.md, definition 5).

All issues are reckoned together, in columns of numbers, which is many times as quick as stay by stay.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.routes import DONE_PART, UNMAPPED_PART
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.workflow import StageKind

Ints: TypeAlias = NDArray[np.int64]


class Split(NamedTuple):
    """One issue's span in milliseconds, by side. `active`, `waiting`, `done` and `unmapped` sum to its length.

    `done` is time in done (or abandoned) stays before a reopening. Working time is that of sides with a calendar.
    """

    active: dict[str, int]
    waiting: dict[str, int]
    active_working: dict[str, int]
    waiting_working: dict[str, int]
    done: int
    unmapped: int


def splits(timelines: Iterable[Timeline], calendars: Mapping[str, WorkingTime]) -> list[Split]:
    """The split of each of these, in their order; all zero where an issue never started."""
    lines = list(timelines)
    edges: list[int] = []
    names: list[str] = []
    counts: list[int] = []
    for line in lines:
        at, parts = _inside(line)
        edges += at
        names += parts
        counts.append(len(at))
    table = _Table(names, calendars)
    issue = np.repeat(np.arange(len(lines)), counts)
    elapsed, worked = (table.summed(issue, took, len(lines)) for took in table.took(np.array(edges, np.int64)))
    return [table.split(line.route.kinds, *row) for line, *row in zip(lines, elapsed, worked, strict=True)]


_BETWEEN = ""  # no part: what lies between the end of one issue's span and the start of the next
_ALIKE = (_BETWEEN, DONE_PART, UNMAPPED_PART)  # that have no side; they are the first columns
_DONE, _UNMAPPED = 1, 2
_NOWHERE: tuple[tuple[int, ...], tuple[str, ...]] = (), ()


def _inside(line: Timeline) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """When each part of the span begins, and the end of the last one; the part from each of these instants on."""
    first, span = line.route.started, line.span
    if first is None or span is None:
        return _NOWHERE
    last = bisect_left(line.entered, span[1], first)  # what is entered at the end is outside
    return (*line.entered[first:last], span[1]), (*line.route.parts[first:last], _BETWEEN)


_Shown = list[tuple[str, int]]
"""Sides, and the column in which the time of each stands."""


class _Table:
    """A row for each issue, a column for each part of a split."""

    def __init__(self, names: Iterable[str], calendars: Mapping[str, WorkingTime]) -> None:
        """`names`: the parts, one after another, of all issues."""
        self._columns: dict[str, int] = {name: number for number, name in enumerate(_ALIKE)}
        numbers = [self._columns.setdefault(name, len(self._columns)) for name in names]
        self._part = np.array(numbers, np.int64)
        self._calendars = calendars
        self._sides = [name.partition(":")[2] for name in self._columns]
        self._shown: dict[tuple[str, ...], tuple[_Shown, _Shown, _Shown, _Shown]] = {}

    def took(self, edges: Ints) -> tuple[Ints, Ints]:
        """How long each part was, elapsed and in the working time of its side, where that has a calendar."""
        elapsed = np.diff(edges, append=0)
        elapsed[self._part == 0] = 0
        worked = np.zeros_like(elapsed)
        for side, calendar in self._calendars.items():
            (its,) = np.nonzero(np.array([side == each for each in self._sides])[self._part])
            worked[its] = calendar.working_ms_many(edges[its], edges[its + 1])
        return elapsed, worked

    def summed(self, issue: Ints, took: Ints, issues: int) -> list[list[int]]:
        """The sum of each part of each issue; milliseconds are far below 2^53, so sums of floats are exact."""
        width = len(self._columns)
        sums = np.bincount(issue * width + self._part, took, issues * width)
        found: list[list[int]] = sums.astype(np.int64).reshape(issues, width).tolist()
        return found

    def split(self, kinds: tuple[str, ...], elapsed: list[int], worked: list[int]) -> Split:
        """The split of an issue with parts of these kinds, in their order; those of no length are in none."""
        if (shown := self._shown.get(kinds)) is None:
            shown = self._shown[kinds] = self._in_order(kinds)
        active, waiting, active_working, waiting_working = shown
        return Split(
            {side: took for side, column in active if (took := elapsed[column])},
            {side: took for side, column in waiting if (took := elapsed[column])},
            {side: worked[column] for side, column in active_working if elapsed[column]},
            {side: worked[column] for side, column in waiting_working if elapsed[column]},
            elapsed[_DONE],
            elapsed[_UNMAPPED],
        )

    def _in_order(self, kinds: tuple[str, ...]) -> tuple[_Shown, _Shown, _Shown, _Shown]:
        """Sides of active and of waiting parts as they come first; of working time as the calendars come."""
        each = [(kind, self._columns[kind]) for kind in kinds if kind in self._columns and kind not in _ALIKE]
        active, waiting = (
            [(self._sides[column], column) for kind, column in each if kind.startswith(what)]
            for what in (StageKind.ACTIVE, StageKind.WAITING)
        )
        with_calendar = [
            [(side, column) for side in self._calendars for its, column in shown if its == side]
            for shown in (active, waiting)
        ]
        return active, waiting, with_calendar[0], with_calendar[1]
