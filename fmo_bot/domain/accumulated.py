"""How much of a set of intervals lies between two instants, by two bisects in its sum so far."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from fmo_bot.domain.intervals import Interval, instant, ms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Instants = NDArray[np.int64]

_DAY_MS = 24 * 3600 * 1000
# An interval of a local date begins at most one day before that date begins in UTC and ends at most two days after it.
_MARGIN_MS = 3 * _DAY_MS
# What a file says of years far away (it may say 9999) costs no more than these and counts as not covered.
_YEARS = range(1971, 2500)


class _Sum:
    """Sorted, disjoint intervals of some years, and what was covered before each of them."""

    def __init__(self, years: range, intervals: Iterable[Interval]) -> None:
        self.years = years
        self.valid_from = year_ms(years.start) + _MARGIN_MS
        self.valid_to = year_ms(years.stop) - _MARGIN_MS
        start = -(2**62)
        self.opens, self.closes, self.before = [start], [start], [0]  # an empty one first: every instant has one before
        for opens, closes in intervals:
            self.before.append(self.before[-1] + self.closes[-1] - self.opens[-1])
            self.opens.append(opens)
            self.closes.append(closes)

    def until(self, at: int) -> int:
        """Milliseconds covered from the first of the years to `at`."""
        index = bisect_right(self.opens, at) - 1
        return self.before[index] + min(at, self.closes[index]) - self.opens[index]

    def until_many(self, at: "Instants") -> "Instants":
        """The same for every instant of an array."""
        import numpy as np  # here, for whoever never reckons in arrays starts without it

        opens, closes, before = self._arrays
        index = np.searchsorted(opens, at, side="right") - 1
        found: Instants = before[index] + np.minimum(at, closes[index]) - opens[index]
        return found

    @cached_property
    def _arrays(self) -> "tuple[Instants, Instants, Instants]":
        import numpy as np

        return np.array(self.opens), np.array(self.closes), np.array(self.before)


class Accumulated:
    """The measure of a set of intervals that is asked for year by year, and only as far as somebody asks.

    `of_year` gives the intervals of one year (its local dates) in epoch milliseconds, sorted and disjoint, also from
    those of the years beside it. Instants are epoch milliseconds.
    """

    def __init__(self, of_year: Callable[[int], Iterable[Interval]]) -> None:
        self._of_year = of_year
        self._sum: _Sum | None = None  # replaced as a whole, so that threads see one or the other

    def between(self, start: int, end: int) -> int:
        """Milliseconds covered in [start, end); 0 where end is not later."""
        if start >= end:
            return 0
        found = self._reaching(start, end)
        return found.until(end) - found.until(start)

    def between_many(self, starts: "Instants", ends: "Instants") -> "Instants":
        """The same for pairs of instants, as arrays of equal length (int64)."""
        import numpy as np

        if starts.size == 0:
            return np.zeros(0, dtype=np.int64)
        found = self._reaching(int(min(starts.min(), ends.min())), int(max(starts.max(), ends.max())))
        return np.where(starts < ends, found.until_many(ends) - found.until_many(starts), 0)

    def _reaching(self, first: int, last: int) -> _Sum:
        """The sum over at least the years of these two instants."""
        known = self._sum
        first, last = max(first, _FIRST_MS), min(last, _LAST_MS)
        if known is not None and known.valid_from <= first and last < known.valid_to:
            return known
        years = range(instant(first - _MARGIN_MS).year, instant(last + _MARGIN_MS).year + 1)
        if known is not None:
            years = range(min(years.start, known.years.start), max(years.stop, known.years.stop))
        self._sum = grown = _Sum(years, (interval for year in years for interval in self._of_year(year)))
        return grown


def year_ms(year: int) -> int:
    """Epoch milliseconds at which a year begins in UTC."""
    return ms(datetime(year, 1, 1, tzinfo=UTC))


_FIRST_MS, _LAST_MS = year_ms(_YEARS.start), year_ms(_YEARS.stop)
