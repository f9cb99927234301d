"""One instant per local date, and working time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmo_bot.domain.calendars import SideCalendar, days_between, instant_of, local_date, wall_time, weekdays, zone_of
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.errors import FileWrong
from tests.profiles import NAME, fewer

DAY = timedelta(days=1)
SPAIN = SideCalendar(zone="Europe/Madrid")
CHINA = SideCalendar(
    zone="Asia/Shanghai", off=frozenset({date(2026, 10, 1)}), extra_working=frozenset({date(2026, 10, 10)})
)


@pytest.mark.parametrize(
    ("day", "wall", "zone", "expected"),
    [
        # an ordinary morning
        (date(2026, 11, 16), time(9), "Asia/Shanghai", "2026-11-16T01:00:00+00:00"),
        # half-hour zones
        (date(2026, 11, 16), time(9), "Asia/Kolkata", "2026-11-16T03:30:00+00:00"),
        # skipped in Madrid: the first instant after the gap, 03:00 there
        (date(2026, 3, 29), time(2, 30), "Europe/Madrid", "2026-03-29T01:00:00+00:00"),
        # ... and the last one before, and the first one after, are themselves
        (date(2026, 3, 29), time(1, 59), "Europe/Madrid", "2026-03-29T00:59:00+00:00"),
        (date(2026, 3, 29), time(3, 0), "Europe/Madrid", "2026-03-29T01:00:00+00:00"),
        # twice in Madrid: the first of them
        (date(2026, 10, 25), time(2, 30), "Europe/Madrid", "2026-10-25T00:30:00+00:00"),
        # a gap of half an hour, at Lord Howe Island
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", "2026-10-03T15:30:00+00:00"),
        # midnight itself is skipped in Beirut
        (date(2026, 3, 29), time(0, 0), "Asia/Beirut", "2026-03-28T22:00:00+00:00"),
        # a whole date that Samoa never had
        (date(2011, 12, 30), time(9), "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
    ],
)
def test_the_instant_of_a_wall_time(day: date, wall: time, zone: str, expected: str) -> None:
    assert instant_of(day, wall, zone) == datetime.fromisoformat(expected)


def transitions(zone: str) -> list[datetime]:
    """The seconds at which a zone's offset changes, 2024 to 2030."""
    tz = zone_of(zone)
    found = []
    before = datetime(2024, 1, 1, tzinfo=UTC)
    for _ in range(365 * 7):
        after = before + DAY
        if before.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
            found.append(_turn(tz, before, after))
        before = after
    return found


def _turn(tz: ZoneInfo, before: datetime, after: datetime) -> datetime:
    old = before.astimezone(tz).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if middle.astimezone(tz).utcoffset() == old else (before, middle)
    return after


ZONES = sorted(name for name in available_timezones() if not name.startswith(("right/", "posix")))


def test_around_every_clock_change_each_wall_time_has_one_instant_and_time_runs_forward() -> None:
    """The instant is the first at which clocks show that time or, where none does, a later one: checked by search."""
    for zone in ZONES:
        tz = zone_of(zone)
        for turn in transitions(zone):
            local = turn.astimezone(tz).replace(tzinfo=None)
            walls = [local + timedelta(minutes=step) for step in (-121, -90, -60, -30, -1, 0, 1, 29, 30, 60, 61, 121)]
            instants = [instant_of(wall.date(), wall.time(), zone) for wall in walls]
            assert instants == sorted(instants), (zone, turn)
            for wall, found in zip(walls, instants, strict=True):
                shown = found.astimezone(tz)
                assert shown.replace(tzinfo=None) == wall or found == turn, (zone, wall)
                assert shown.fold == 0, (zone, wall)
                assert shown.replace(tzinfo=None) >= wall, (zone, wall)


def test_a_zone_that_does_not_exist_is_named() -> None:
    for name in ("Europe/Nowhere", "", "Europe", "../etc/passwd", "/etc/localtime"):
        with pytest.raises(FileWrong, match="no time zone"):
            zone_of(name)


@pytest.mark.parametrize(
    ("calendar", "day", "works"),
    [
        # a Monday, a Saturday
        (SPAIN, date(2026, 11, 16), True),
        (SPAIN, date(2026, 11, 21), False),
        # a national holiday, handed in as data
        (SPAIN.with_holidays(frozenset({date(2026, 12, 8)})), date(2026, 12, 8), False),
        # a day off of this side
        (CHINA, date(2026, 10, 1), False),
        # a Saturday that makes up for it
        (CHINA, date(2026, 10, 10), True),
        # worked though it is a national holiday
        (CHINA.with_holidays(frozenset({date(2026, 10, 10)})), date(2026, 10, 10), True),
        # a week from Sunday to Thursday
        (SideCalendar(zone="Asia/Riyadh", days=frozenset({6, 0, 1, 2, 3})), date(2026, 11, 22), True),
        (SideCalendar(zone="Asia/Riyadh", days=frozenset({6, 0, 1, 2, 3})), date(2026, 11, 20), False),
    ],
)
def test_which_days_a_side_works(calendar: SideCalendar, day: date, works: bool) -> None:
    assert calendar.is_working_day(day) == works


@pytest.mark.parametrize(
    ("calendar", "since", "until", "hours"),
    [
        # within one day (Madrid is at +1 in November)
        (SPAIN, "2026-11-16T09:00Z", "2026-11-16T11:00Z", 2),
        # from before work to after it
        (SPAIN, "2026-11-16T00:00Z", "2026-11-17T00:00Z", 9),
        # over a weekend: Friday's last hour and Monday's first
        (SPAIN, "2026-11-20T16:00Z", "2026-11-23T09:00Z", 2),
        # a whole weekend
        (SPAIN, "2026-11-21T00:00Z", "2026-11-22T22:00Z", 0),
        # nothing, and backwards
        (SPAIN, "2026-11-16T09:00Z", "2026-11-16T09:00Z", 0),
        (SPAIN, "2026-11-17T09:00Z", "2026-11-16T09:00Z", 0),
        # to the millisecond
        (SPAIN, "2026-11-16T09:00:00.001Z", "2026-11-16T09:00:00.003Z", 0.002 / 3600),
        # the night in which Madrid loses an hour has 23 hours, worked round the clock
        (SideCalendar(zone="Europe/Madrid", days=frozenset(range(7)), opens=0, closes=1440),
         "2026-03-28T23:00Z", "2026-03-29T22:00Z", 23),
        # ... and the one that has it twice 25
        (SideCalendar(zone="Europe/Madrid", days=frozenset(range(7)), opens=0, closes=1440),
         "2026-10-24T22:00Z", "2026-10-25T23:00Z", 25),
        # hours that begin inside the skipped hour begin after it
        (SideCalendar(zone="Europe/Madrid", days=frozenset(range(7)), opens=150, closes=240),
         "2026-03-29T00:00Z", "2026-03-29T12:00Z", 1),
        # a day off, and a Saturday that makes up for it
        (CHINA, "2026-09-30T16:00Z", "2026-10-01T16:00Z", 0),
        (CHINA, "2026-10-09T16:00Z", "2026-10-10T16:00Z", 9),
    ],
)  # fmt: skip
def test_working_time(calendar: SideCalendar, since: str, until: str, hours: float) -> None:
    start, end = ms(datetime.fromisoformat(since)), ms(datetime.fromisoformat(until))
    assert calendar.working_ms(start, end) == pytest.approx(hours * 3_600_000, abs=1e-6)


def slowly(calendar: SideCalendar, start: int, end: int) -> int:
    """Working time day by day, each day's hours by `instant_of`: what the quick way is held against."""
    if start >= end:
        return 0
    total = 0
    for day in days_between(instant(start).date() - 2 * DAY, instant(end).date() + 2 * DAY):
        if calendar.is_working_day(day):
            opens, closes = (ms(_at_minute(day, minute, calendar.zone)) for minute in (calendar.opens, calendar.closes))
            total += max(0, min(end, closes) - max(start, opens))
    return total


def _at_minute(day: date, minute: int, zone: str) -> datetime:
    return instant_of(day + minute // 1440 * DAY, time(*divmod(minute % 1440, 60)), zone)


# Clocks that change at midnight, at 24:00, by half an hour, not at all, and four times a year.
TRICKY = ("Europe/Madrid", "America/Mexico_City", "Asia/Gaza", "Asia/Beirut", "Africa/Cairo", "America/Havana",
          "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/Santiago", "UTC")  # fmt: skip
MILLISECONDS = st.integers(ms(datetime(2023, 1, 1, tzinfo=UTC)), ms(datetime(2029, 1, 1, tzinfo=UTC)))
HOURS = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda pair: pair[0] < pair[1])
DATES = st.frozensets(st.dates(date(2023, 1, 1), date(2028, 12, 31)), max_size=5)


@st.composite
def side_calendars(draw: st.DrawFn) -> SideCalendar:
    opens, closes = draw(HOURS | st.just((0, 1440)) | st.just((540, 1080)))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return SideCalendar(
        draw(st.sampled_from(TRICKY)), days, opens, closes, off=draw(DATES), extra_working=draw(DATES),
        holidays=draw(DATES),
    )  # fmt: skip


@settings(fewer(2), deadline=None)
@given(side_calendars(), st.lists(st.tuples(MILLISECONDS, st.integers(-(10**9), 10**10)), min_size=1, max_size=3))
def test_working_time_is_that_of_going_day_by_day(calendar: SideCalendar, asked: list[tuple[int, int]]) -> None:
    expected = [slowly(calendar, start, start + length) for start, length in asked]
    assert [calendar.working_ms(start, start + length) for start, length in asked] == expected
    starts = np.array([start for start, _ in asked])
    assert calendar.working_ms_many(starts, starts + np.array([length for _, length in asked])).tolist() == expected


def test_working_time_is_exact_around_every_clock_change() -> None:
    for zone in ZONES if NAME == "long" else TRICKY:
        calendar = SideCalendar(zone, frozenset(range(7)), 60, 1440)
        for turn in transitions(zone):
            start, end = ms(turn - DAY), ms(turn + DAY)
            assert calendar.working_ms(start, end) == slowly(calendar, start, end), (zone, turn)


@given(side_calendars(), st.lists(MILLISECONDS, min_size=3, max_size=3))
def test_working_time_of_two_parts_is_that_of_the_whole(calendar: SideCalendar, instants: list[int]) -> None:
    first, middle, last = sorted(instants)
    parts = calendar.working_ms(first, middle) + calendar.working_ms(middle, last)
    assert parts == calendar.working_ms(first, last) <= last - first


def test_years_far_away_neither_fail_nor_cost_much() -> None:
    today, ever = ms(datetime(2026, 11, 23, tzinfo=UTC)), ms(datetime.max.replace(tzinfo=UTC))
    assert SPAIN.working_ms(ms(datetime.min.replace(tzinfo=UTC)), ever) > SPAIN.working_ms(today, ever) > 0
    assert SPAIN.working_ms_many(np.array([], dtype=np.int64), np.array([], dtype=np.int64)).size == 0


def test_a_calendar_goes_to_a_mapping_and_back() -> None:
    mapping = {
        "zone": "Asia/Shanghai", "days": ["mon", "sat"], "hours": ["08:30", "24:00"], "country": "CN", "region": "GD",
        "off": ["2026-02-16"], "extra_working": ["2026-02-14"],
    }  # fmt: skip
    assert SideCalendar.from_mapping(mapping).to_mapping() == mapping
    assert SideCalendar.from_mapping({"zone": "Asia/Shanghai", "holidays": "CN"}).country == "CN"
    assert SideCalendar.from_mapping({"zone": "Europe/Madrid", "off": [date(2026, 2, 16)]}).off == {date(2026, 2, 16)}


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"zone": "Mars/Base"}, r"side.zone: 'Mars/Base' is no time zone; put an IANA name"),
        ({}, r"side.zone: None is no time zone"),
        ("Europe/Madrid", r"side: here a mapping with at least `zone`"),
        ({"zone": "UTC", "hour": []}, r"side: 'hour' is not known here; known are zone, days, hours"),
        ({"zone": "UTC", "days": ["monday"]}, r"side.days: 'monday' is no weekday; put mon, tue"),
        ({"zone": "UTC", "days": "mon"}, r"side.days: here a list of days"),
        ({"zone": "UTC", "hours": ["18:00", "09:00"]}, r"side.hours: work has to end after it begins"),
        ({"zone": "UTC", "hours": ["9", "18:00"]}, r"side.hours: '9' is no time of day"),
        # YAML reads 9:00 without quotes as a number
        ({"zone": "UTC", "hours": [540, "18:00"]}, r"side.hours: 540 is no time of day; put it in quotes"),
        ({"zone": "UTC", "off": ["Christmas"]}, r"side.off: 'Christmas' is no date; put it as 2026-12-24"),
        ({"zone": "UTC", "off": ["2026-01-01"], "extra_working": ["2026-01-01"]}, r"is both off and extra_working"),
        ({"zone": "UTC", "country": "España"}, r"side.country: 'España' is no code"),
    ],
)
def test_a_wrong_calendar_is_refused_by_place_and_reason(mapping: Any, sentence: str) -> None:
    with pytest.raises(FileWrong, match=sentence):
        SideCalendar.from_mapping(mapping, where="side")


def test_wall_times_and_weekdays_of_a_schedule() -> None:
    assert wall_time("09:05", where="x") == time(9, 5)
    assert weekdays(["fri", "mon"], where="x") == {0, 4}
    with pytest.raises(FileWrong, match="24:00 is no time of day"):
        wall_time("24:00", where="x")


def test_the_local_date_is_that_of_the_zone() -> None:
    late = datetime(2026, 11, 16, 23, tzinfo=UTC)
    assert (local_date(late, "Asia/Shanghai"), local_date(late, "America/Mexico_City")) == (
        date(2026, 11, 17),
        date(2026, 11, 16),
    )
