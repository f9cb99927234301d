"""A side calendar that changes: each date is worked as the version of that date says."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmo_bot.domain.calendars import SideCalendar, days_between
from fmo_bot.domain.dated_calendars import DatedCalendar, difference
from fmo_bot.domain.intervals import cut, instant, measure, ms
from tests.profiles import fewer
from tests.unit.test_calendars import MILLISECONDS, side_calendars

DAY, HOUR = timedelta(days=1), 3_600_000
MADRID, EARLIER = SideCalendar("Europe/Madrid"), SideCalendar("Europe/Madrid", opens=480, closes=960)
EVERY_DAY = frozenset(range(7))


@pytest.mark.parametrize(
    ("first", "then", "since", "hours"),
    [
        # from Wednesday on 08:00 to 16:00: Tuesday from noon to 18:00, then eight hours
        (MADRID, EARLIER, date(2026, 11, 18), 6 + 8),
        # from Tuesday on
        (MADRID, EARLIER, date(2026, 11, 17), 4 + 8),
        # not yet
        (MADRID, EARLIER, date(2026, 12, 1), 6 + 9),
        # the side moves to the east on Wednesday and works round the clock: no hour counts twice
        (SideCalendar("Pacific/Honolulu", EVERY_DAY, 0, 1440), SideCalendar("Pacific/Kiritimati", EVERY_DAY, 0, 1440),
         date(2026, 11, 18), 37),
        # ... and its new Wednesday begins while its old Tuesday has not
        (SideCalendar("Pacific/Honolulu"), SideCalendar("Pacific/Kiritimati", EVERY_DAY, 0, 1440),
         date(2026, 11, 18), 37),
    ],
)  # fmt: skip
def test_working_time_over_a_change(first: SideCalendar, then: SideCalendar, since: date, hours: int) -> None:
    start, end = ms(datetime(2026, 11, 17, 11, tzinfo=UTC)), ms(datetime(2026, 11, 19, tzinfo=UTC))
    assert DatedCalendar(first, ((since, then),)).working_ms(start, end) == hours * HOUR


@settings(fewer(4), deadline=None)
@given(
    side_calendars(), st.dictionaries(st.dates(date(2023, 6, 1), date(2028, 6, 1)), side_calendars(), max_size=3),
    MILLISECONDS, st.integers(0, 10**10),
)  # fmt: skip
def test_working_time_is_that_of_the_hours_of_every_date(
    first: SideCalendar, changes: dict[date, SideCalendar], start: int, length: int
) -> None:
    dated, end = DatedCalendar(first, tuple(sorted(changes.items(), key=lambda each: each[0]))), start + length
    near = days_between(instant(start).date() - 3 * DAY, instant(end).date() + 3 * DAY)
    hours = [each for day in near if (each := dated.on(day).open_on(day))]
    assert dated.working_ms(start, end) == measure(cut(hours, (start, end)))
    assert dated.working_ms_many(np.array([start]), np.array([end])).tolist() == [dated.working_ms(start, end)]


@given(side_calendars(), MILLISECONDS, st.integers(0, 10**10))
def test_one_version_is_the_calendar_itself(calendar: SideCalendar, start: int, length: int) -> None:
    assert DatedCalendar(calendar).working_ms(start, start + length) == calendar.working_ms(start, start + length)


def test_a_later_word_on_the_same_date_takes_the_place_of_the_former() -> None:
    dated = DatedCalendar(MADRID).changed(date(2026, 11, 18), EARLIER).changed(date(2026, 11, 2), EARLIER)
    assert [starts.day for starts, _ in dated.changes] == [2, 18]
    assert dated.changed(date(2026, 11, 18), MADRID).on(date(2026, 12, 1)) == MADRID
    assert dated.next_change(date(2026, 11, 2)) == date(2026, 11, 18)
    assert dated.next_change(date(2026, 11, 18)) is None


def test_a_difference_is_told_in_days_and_hours() -> None:
    before = DatedCalendar(MADRID)
    found = difference(
        before, before.changed(date(2026, 11, 19), EARLIER), first=date(2026, 11, 16), last=date(2026, 11, 23)
    )
    assert (found.days, found.first, found.last) == (3, date(2026, 11, 19), date(2026, 11, 23))
    assert (found.before_ms, found.after_ms) == (27 * HOUR, 24 * HOUR)
    assert difference(before, before, first=date(2026, 11, 16), last=date(2026, 11, 23)).days == 0
