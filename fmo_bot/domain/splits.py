"""How the spans of many issues divide, elapsed and in working time (metrics.md, definition 5).

Working time is asked for all issues of a side together, which is many times as quick as for each stay.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.timelines import Timeline


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


class _Worked(NamedTuple):
    """Stays whose working time is to be counted in one side's calendar."""

    edges: list[int]  # start and end of each, one after the other
    sums: list[dict[str, int]]  # where the working time of each belongs


def splits(timelines: Iterable[Timeline], calendars: Mapping[str, WorkingTime]) -> list[Split]:
    """The split of each of these, in their order; all zero where an issue never started."""
    asked = {side: _Worked([], []) for side in calendars}
    found = [_split(timeline, asked) for timeline in timelines]
    for side, (edges, sums) in asked.items():
        both = np.array(edges, np.int64)
        for total, took in zip(sums, calendars[side].working_ms_many(both[::2], both[1::2]).tolist(), strict=True):
            if side in total:
                total[side] += took
            else:
                total[side] = took
    return found


def _split(timeline: Timeline, asked: Mapping[str, _Worked]) -> Split:
    """The elapsed split; the working time of each of its stays is asked for."""
    active: dict[str, int] = {}
    waiting: dict[str, int] = {}
    active_working: dict[str, int] = {}
    waiting_working: dict[str, int] = {}
    done = unmapped = 0
    for place, start, end in timeline.parts():
        if place is None:
            unmapped += end - start
        elif not place.working:
            done += end - start
        else:
            total, worked = (waiting, waiting_working) if place.waiting else (active, active_working)
            side = place.side
            if side in total:
                total[side] += end - start
            else:
                total[side] = end - start
            if side in asked:
                edges, sums = asked[side]
                edges += (start, end)
                sums.append(worked)
    return Split(active, waiting, active_working, waiting_working, done, unmapped)
