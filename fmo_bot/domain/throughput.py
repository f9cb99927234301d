"""Items finished per day of one zone, as it was known at a day: the sample of the forecast (definition 14).

A day is a date in the board's zone. A finish that was taken back later (reopened, abandoned) counts for whoever looks
before that, and for nobody after.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fmo_bot.domain.calendars import WorkingTime, instant_of
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.lives import held
from fmo_bot.domain.mappings import AnyWorkflow, in_force
from fmo_bot.domain.timelines import Timeline

Ints: TypeAlias = NDArray[np.int64]
STILL = np.iinfo(np.int64).max  # until when a finish holds that nobody has taken back
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Finishes:
    """Instants at which items were finished, sorted, and until when each held, in epoch milliseconds."""

    at: Ints
    until: Ints

    @classmethod
    def of(cls, found: Iterable[tuple[int, int | None]]) -> "Finishes":
        """From (finished, taken back or None) in any order; an item may have been finished more than once."""
        pairs = sorted((at, STILL if until is None else until) for at, until in found)
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return cls(both[:, 0].copy(), both[:, 1].copy())

    def known(self, at: int) -> Ints:
        """The finishes up to `at` that held then, sorted; in epoch milliseconds."""
        past = int(np.searchsorted(self.at, at, side="right"))
        return self.at[:past][self.until[:past] > at]

    def per_day(self, days: Sequence[date], zone: str, *, known: int) -> Ints:
        """How many were finished on each of some consecutive days, as it was known at an instant."""
        edges = np.array([midnight(day, zone) for day in (*days, days[-1] + _DAY)], dtype=np.int64)
        return np.diff(np.searchsorted(self.known(known), edges))


def midnight(day: date, zone: str) -> int:
    """When a date begins in `zone`, in epoch milliseconds."""
    return ms(instant_of(day, time(), zone))


def worked(day: date, calendars: Sequence[WorkingTime]) -> bool:
    """Whether any side works that day; without calendars every day is one."""
    return not calendars or any(calendar.is_working_day(day) for calendar in calendars)


def finishes(timelines: Iterable[Timeline], workflow: AnyWorkflow) -> Finishes:
    """Every time one of these was finished, also those that were taken back since."""
    return Finishes.of(run for timeline in timelines for run in _runs(timeline, workflow))


def _runs(timeline: Timeline, workflow: AnyWorkflow) -> Iterator[tuple[int, int | None]]:
    """The runs of done stays, unmapped ones between left out: when each began, and when it was over."""
    began: int | None = None
    for enter, place, _ in timeline.stays:
        if place is None:
            continue
        if place.done:
            began = enter if began is None else began
        elif began is not None:
            resolution = held(timeline.life.resolutions, enter - 1, None)
            if not in_force(workflow, enter - 1).abandons(resolution):
                yield began, enter
            began = None
    if began is not None and (timeline.abandoned is None or began < timeline.abandoned):
        yield began, timeline.abandoned
