"""A side's calendar as it is on given days: its own rules, and the national holidays of its country and region."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from fmo_bot.domain.calendars import SideCalendar


def side_calendar(stored: Mapping[str, Any], *, first: date, last: date) -> SideCalendar:
    """The calendar of `SideRow.calendar`, good for the days from `first` to `last`.

    National holidays become days off and the make-up days a country decrees become working days (source: the
    `holidays` library); what the side itself wrote wins over both.
    """
    calendar = SideCalendar.from_mapping(stored)
    if calendar.country is None:
        return calendar
    national, made_up = _national(calendar.country, calendar.region, first.year, last.year)
    return replace(calendar, extra_working=calendar.extra_working | (made_up - calendar.off)).with_holidays(national)


@lru_cache(maxsize=256)
def _national(country: str, region: str | None, first: int, last: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off, and make-up working days, of the years from `first` to `last`."""
    years = range(first, last + 1)
    found = holidays.country_holidays(country, subdiv=region, years=years)
    made_up = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year in years)
    return frozenset(found), made_up
