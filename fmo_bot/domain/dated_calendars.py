"""A side calendar that has changed: dated versions, each from its date on (metrics.md, definition 17)."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from fmo_bot.domain.accumulated import Accumulated, year_ms
from fmo_bot.domain.calendars import SideCalendar, days_between
from fmo_bot.domain.intervals import Interval, cut, union

if TYPE_CHECKING:
    from fmo_bot.domain.accumulated import Instants


@dataclass(frozen=True)
class DatedCalendar:
    """The versions of one side's calendar. Each local date is worked as the version of that date says.

    `first` holds before all `changes`, which are sorted by date, each date once. Where clocks of two zones let the last
    hours of one version and the first of the next overlap, they are counted once.
    """

    first: SideCalendar
    changes: tuple[tuple[date, SideCalendar], ...] = ()
    _worked: Accumulated = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give this value its own sum of working time."""
        object.__setattr__(self, "_worked", Accumulated(self._open_in))

    def on(self, day: date) -> SideCalendar:
        """The version of a local date."""
        index = bisect_right(self.changes, day, key=lambda change: change[0])
        return self.changes[index - 1][1] if index else self.first

    def next_change(self, day: date) -> date | None:
        """The date of the first version after that of a day; None where it is the last."""
        return next((starts for starts, _ in self.changes if starts > day), None)

    def changed(self, starts: date, calendar: SideCalendar) -> "DatedCalendar":
        """The same with one more version; one of the same date gives way."""
        others = tuple(change for change in self.changes if change[0] != starts)
        return DatedCalendar(self.first, tuple(sorted((*others, (starts, calendar)), key=lambda change: change[0])))

    def is_working_day(self, day: date) -> bool:
        """Whether this side works on a local date."""
        return self.on(day).is_working_day(day)

    def working_ms(self, start: int, end: int) -> int:
        """As `SideCalendar.working_ms`, each day by its version."""
        return self._worked.between(start, end)

    def working_ms_many(self, starts: "Instants", ends: "Instants") -> "Instants":
        """As `SideCalendar.working_ms_many`."""
        return self._worked.between_many(starts, ends)

    def _open_in(self, year: int) -> tuple[Interval, ...]:
        days = days_between(date(year - 1, 12, 29), date(year + 1, 1, 3))
        hours = union(interval for day in days if (interval := self.on(day).open_on(day)) is not None)
        return cut(hours, (year_ms(year), year_ms(year + 1)))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What another calendar would change in days gone by: how many, from when to when, and their working time."""

    days: int
    first: date | None
    last: date | None
    before_ms: int
    after_ms: int


def difference(before: DatedCalendar, after: DatedCalendar, *, first: date, last: date) -> Difference:
    """How two calendars differ on the dates from `first` to `last`; working time is that of the differing dates."""
    hours = ((day, before.on(day).open_on(day), after.on(day).open_on(day)) for day in days_between(first, last))
    found = [(day, old, new) for day, old, new in hours if old != new]
    return Difference(
        days=len(found),
        first=found[0][0] if found else None,
        last=found[-1][0] if found else None,
        before_ms=sum(old[1] - old[0] for _, old, _ in found if old),
        after_ms=sum(new[1] - new[0] for _, _, new in found if new),
    )
