"""What countries decree: holidays, and the working days that make up for them, from the `holidays` library.

Needs no database, so that the command line reckons by the same days as the bot.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import holidays

from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.errors import FileWrong

_YEARS = range(1971, 2101)  # what a file says of years far away costs no more than these
_HABIT = 3  # a country that decreed make-up days in one of so many years up to now is expected to go on


@dataclass(frozen=True, kw_only=True)
class MakeUpGap:
    """Years of which the library does not know a country's make-up working days yet."""

    country: str
    years: tuple[int, ...]
    known_until: int

    def sentence(self, whose: str) -> str:
        """What is missing in whose calendar, and what to do."""
        years = ", ".join(map(str, self.years))
        return (
            f"The make-up working days of {self.country} are known up to {self.known_until} only, so the calendar of"
            f" {whose} lacks those of {years}: list them there under `extra_working`, and further days off under `off`."
        )


def with_national_days(calendar: SideCalendar, *, first: date, last: date, where: str = "calendar") -> SideCalendar:
    """The calendar with the holidays and make-up days of its country and region, for the years of these days.

    A make-up day has the side's ordinary hours. What the side itself wrote wins over both. Raises `FileWrong` that
    starts with `where` for a country or region the library does not know.
    """
    if calendar.country is None:
        return calendar
    try:
        off, made_up = _national(calendar.country, calendar.region, *_within(first, last))
    except NotImplementedError as error:
        place = calendar.country if calendar.region is None else f"{calendar.country} with region {calendar.region}"
        raise FileWrong(f"{where}: {place} is not known; put an ISO 3166 code such as CN or ES") from error
    return replace(calendar, extra_working=calendar.extra_working | (made_up - calendar.off), holidays=off)


def make_up_gap(calendar: SideCalendar, *, first: date, last: date, today: date) -> MakeUpGap | None:
    """The years from `first` to `last` of which a country that has make-up days has none in the library yet.

    `calendar` as the side wrote it: a year of which it names an extra working day itself is not missing. What a
    country did up to `today` tells whether it has any.
    """
    if calendar.country is None:
        return None
    since = min(first.year, today.year - _HABIT)
    _, made_up = _national(calendar.country, calendar.region, *_within(date(since, 1, 1), last))
    known_until = max((day.year for day in made_up), default=0)
    if known_until < today.year - _HABIT:
        return None
    filled_in = {day.year for day in calendar.extra_working}
    missing = [year for year in range(max(first.year, known_until + 1), last.year + 1) if year not in filled_in]
    return MakeUpGap(country=calendar.country, years=tuple(missing), known_until=known_until) if missing else None


def _within(first: date, last: date) -> tuple[int, int]:
    return max(first.year, _YEARS.start), min(last.year, _YEARS.stop - 1)


@lru_cache(maxsize=256)
def _national(country: str, region: str | None, first: int, last: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off, and make-up working days, of the years from `first` to `last`."""
    asked = range(first, last + 1)
    # A make-up day of December may stand with the holidays of the next year.
    found = holidays.country_holidays(country, subdiv=region, years=range(first, last + 2))
    made_up = frozenset(day for day in found.weekend_workdays if day.year in asked)
    return frozenset(day for day in found if day.year in asked), made_up
