"""Items finished per day of one zone, as it was known at a day: the sample of the forecast (definition 14).

A day is a date in the board's zone. A finish that was taken back later (reopened, abandoned) counts for whoever looks
before that, and for nobody after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fmo_bot.domain.calendars import WorkingTime, midnight
from fmo_bot.domain.endings import Endings, Turn
from fmo_bot.domain.mappings import AnyWorkflow
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


def worked(day: date, calendars: Sequence[WorkingTime]) -> bool:
    """Whether any side works that day; without calendars every day is one."""
    return not calendars or any(calendar.is_working_day(day) for calendar in calendars)


def finishes(timelines: Iterable[Timeline], workflow: AnyWorkflow) -> Finishes:
    """Every time one of these was finished, also those that were taken back since: reopened or given up."""
    endings = Endings(workflow)
    return Finishes.of(run for timeline in timelines for run in _runs(endings.of(timeline.life), timeline.as_of))


def _runs(turns: Iterable[Turn], as_of: int) -> Iterable[tuple[int, int | None]]:
    """The runs of done stays: when each began, and when it was over. One that was given up for a while is one run."""
    return {
        done: until if until <= as_of else None
        for since, until, _, done in turns
        if done is not None and since <= as_of
    }.items()
