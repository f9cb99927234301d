"""Working time of a side calendar, day by day: for each local date, is it worked, and from when to when."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MS = 24 * 3600 * 1000


@lru_cache
def _country(code: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off, and days worked in their stead: a day off says in its name which day it was exchanged for.

    The last days of a year may be exchanged for the first ones of the next.
    """
    named = holidays.country_holidays(code, years=[year, year + 1], language="en_US")
    swaps = (re.search(r"substituted from (\d\d)/(\d\d)/(\d{4})", name) for name in named.values())
    return frozenset(named), frozenset(date(int(m[3]), int(m[1]), int(m[2])) for m in swaps if m)


class Clock:
    """One side's calendar as the workflow file gives it; `later`: the versions after it, each from a local date on."""

    def __init__(self, content: dict[str, Any], later: Sequence[tuple[date, dict[str, Any]]] = ()) -> None:
        self._content = content
        self._later = [(since, Clock(each)) for since, each in later]
        self._zone = ZoneInfo(content["zone"])
        self._known: dict[date, tuple[int, int] | None] = {}

    def works_on(self, day: date) -> bool:
        content = self._content
        listed = {str(each) for each in content.get("extra_working") or []}
        off, made_up = _country(content["holidays"], day.year) if content.get("holidays") else ((), ())
        if str(day) in listed:
            return True
        if str(day) in {str(each) for each in content.get("off") or []}:
            return False
        if day in made_up:
            return True
        return day not in off and _DAYS[day.weekday()] in content.get("days", _DAYS[:5])

    def working_ms(self, start: int, end: int) -> int:
        """How much of [start, end) is inside working hours; what two versions both call worked counts once."""
        day = datetime.fromtimestamp(start / 1000 - 2 * 86_400, UTC).date()
        last = datetime.fromtimestamp(end / 1000 + 2 * 86_400, UTC).date()
        worked = []
        while day <= last:
            if day not in self._known:
                version = [self, *(clock for since, clock in self._later if since <= day)][-1]
                self._known[day] = version._hours(day) if version.works_on(day) else None
            worked.append(self._known[day] or (start, start))
            day += timedelta(days=1)
        total, until = 0, start
        for opens, closes in sorted(worked):
            total += max(0, min(end, closes) - max(opens, until))
            until = max(until, closes)
        return total

    def _hours(self, day: date) -> tuple[int, int]:
        begin, end = (time.fromisoformat(text) for text in self._content["hours"])
        return self._instant(day, begin), self._instant(day, end)

    def _instant(self, day: date, at: time) -> int:
        return round(datetime.combine(day, at, self._zone).timestamp() * 1000)
