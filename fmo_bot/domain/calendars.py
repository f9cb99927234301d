"""When a side works: days, hours, days off; and the one instant of a wall time on a local date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from fmo_bot.domain.accumulated import Accumulated
from fmo_bot.domain.intervals import Interval, ms
from fmo_bot.errors import FileWrong

if TYPE_CHECKING:
    from fmo_bot.domain.accumulated import Instants

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # in the order of date.weekday()
_DAY, _MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
_DAY_MS = _DAY // _MILLISECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_KEYS = ("zone", "days", "hours", "holidays", "country", "region", "off", "extra_working")


def instant_of(day: date, wall: time, zone: str) -> datetime:
    """The instant (UTC) at which clocks in `zone` show `wall` on `day`; exactly one for every local date.

    A time that happens twice is the first of the two; one that is skipped is the first instant after the gap.
    """
    return _instant_of(day, wall, zone)


@lru_cache(maxsize=65536)
def _instant_of(day: date, wall: time, zone: str) -> datetime:
    tz = zone_of(zone)
    shown = datetime.combine(day, wall)
    first = shown.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if first.astimezone(tz).replace(tzinfo=None) == shown:
        return first
    # In a gap, fold=1 reckons with the offset after it and lands before the transition, fold=0 at or after it.
    before, after = shown.replace(tzinfo=tz, fold=1).astimezone(UTC), first
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(tz).replace(tzinfo=None) >= shown:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises `FileWrong` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # by what is wrong: unknown, a directory of zones, a path
        raise FileWrong(f"{name!r} is no time zone; put an IANA name such as Europe/Madrid") from error


def local_date(at: datetime, zone: str) -> date:
    """The date that calendars in `zone` show at an instant."""
    return at.astimezone(zone_of(zone)).date()


def midnight(day: date, zone: str) -> int:
    """When a date begins in `zone`, in epoch milliseconds."""
    return ms(instant_of(day, time(), zone))


def days_between(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    for number in range((last - first).days + 1):
        yield first + number * _DAY


class WorkingTime(Protocol):
    """What a calendar is asked: of one version (`SideCalendar`) or of several (`dated_calendars.DatedCalendar`)."""

    def is_working_day(self, day: date) -> bool:
        """Whether this side works on a local date."""

    def working_ms(self, start: int, end: int) -> int:
        """Milliseconds of working time in [start, end), both epoch milliseconds; 0 where end is not later."""

    def working_ms_many(self, starts: "Instants", ends: "Instants") -> "Instants":
        """The same for numpy arrays of equal length (int64)."""


@dataclass(frozen=True)
class SideCalendar:
    """The working time of one side. National holidays come in as data: see `with_holidays`.

    `opens` and `closes` are minutes of the local day (0 to 1440); `days` are weekday numbers, Monday 0. A day in
    `extra_working` is worked whatever else is said of it (make-up days).
    """

    zone: str
    days: frozenset[int] = frozenset(range(5))
    opens: int = 9 * 60
    closes: int = 18 * 60
    country: str | None = None
    region: str | None = None
    off: frozenset[date] = frozenset()
    extra_working: frozenset[date] = frozenset()
    holidays: frozenset[date] = frozenset()  # national, filled in by whoever knows them; not part of the mapping
    _worked: Accumulated = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give this calendar its own sum of working time; `replace` makes a new one."""
        object.__setattr__(self, "_worked", Accumulated(self._open_in))

    def with_holidays(self, holidays: frozenset[date]) -> "SideCalendar":
        """The same calendar with these national holidays."""
        return replace(self, holidays=holidays)

    def is_working_day(self, day: date) -> bool:
        """Whether this side works on a local date."""
        if day in self.extra_working:
            return True
        return day.weekday() in self.days and day not in self.off and day not in self.holidays

    def working_ms(self, start: int, end: int) -> int:
        """Milliseconds of working time in [start, end), both epoch milliseconds; 0 where end is not later.

        Exact across clock changes. The years asked for first cost about a millisecond each, then it is two bisects.
        """
        return self._worked.between(start, end)

    def working_ms_many(self, starts: "Instants", ends: "Instants") -> "Instants":
        """The same for numpy arrays of equal length (int64)."""
        return self._worked.between_many(starts, ends)

    def open_on(self, day: date) -> Interval | None:
        """The working hours of a local date, in epoch milliseconds; None where it is not worked."""
        return open_hours(self.zone, self.opens, self.closes, day) if self.is_working_day(day) else None

    def _open_in(self, year: int) -> Iterator[Interval]:
        hours = (self.open_on(day) for day in days_between(date(year, 1, 1), date(year, 12, 31)))
        return (interval for interval in hours if interval is not None)

    @classmethod
    def from_mapping(cls, mapping: object, *, where: str = "calendar") -> "SideCalendar":
        """Read `{zone, days, hours, holidays or country, region, off, extra_working}`; all but `zone` may be absent.

        Raises `FileWrong` that starts with `where`, names the place and says what to put.
        """
        if not isinstance(mapping, Mapping):
            raise FileWrong(f"{where}: here a mapping with at least `zone` is needed, not {mapping!r:.60}")
        unknown = [key for key in mapping if key not in _KEYS]
        if unknown:
            raise FileWrong(f"{where}: {unknown[0]!r} is not known here; known are {', '.join(_KEYS)}")
        opens, closes = _hours(mapping.get("hours", ["09:00", "18:00"]), f"{where}.hours")
        off = _dates(mapping.get("off"), f"{where}.off")
        extra = _dates(mapping.get("extra_working"), f"{where}.extra_working")
        if off & extra:
            raise FileWrong(f"{where}: {min(off & extra)} is both off and extra_working; leave it in one of them")
        return cls(
            zone=_zone(mapping.get("zone"), f"{where}.zone"),
            days=weekdays(mapping.get("days", WEEKDAYS[:5]), where=f"{where}.days"),
            opens=opens,
            closes=closes,
            country=_code(mapping.get("country", mapping.get("holidays")), f"{where}.country"),
            region=_code(mapping.get("region"), f"{where}.region"),
            off=off,
            extra_working=extra,
        )

    def to_mapping(self) -> dict[str, Any]:
        """The mapping of this calendar, without the national holidays; `from_mapping` reads it back."""
        return {
            "zone": self.zone,
            "days": [WEEKDAYS[day] for day in sorted(self.days)],
            "hours": [_wall(self.opens), _wall(self.closes)],
            "country": self.country,
            "region": self.region,
            "off": [day.isoformat() for day in sorted(self.off)],
            "extra_working": [day.isoformat() for day in sorted(self.extra_working)],
        }

    def described(self) -> str:
        """The calendar in one line, in the words of its file."""
        told = self.to_mapping()
        place = " ".join(filter(None, (told["country"], told["region"])))
        parts = [told["zone"], " ".join(told["days"]), "-".join(told["hours"]), f"holidays {place}" if place else ""]
        parts += [f"{name.replace('_', ' ')} {' '.join(told[name])}" for name in ("off", "extra_working") if told[name]]
        return ", ".join(filter(None, parts))


def weekdays(value: object, *, where: str) -> frozenset[int]:
    """Weekday numbers of a list such as [mon, tue]; raises `FileWrong`."""
    if not isinstance(value, list | tuple) or not value:
        raise FileWrong(f"{where}: here a list of days is needed, such as [mon, tue]")
    wrong = [day for day in value if day not in WEEKDAYS]
    if wrong:
        raise FileWrong(f"{where}: {wrong[0]!r} is no weekday; put {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(day) for day in value)


def wall_time(value: object, *, where: str) -> time:
    """The time of a text such as "09:00"; raises `FileWrong`."""
    minutes = _minutes(value, where)
    if minutes == 24 * 60:
        raise FileWrong(f"{where}: 24:00 is no time of day; put 00:00 of the next day")
    return time(*divmod(minutes, 60))


def open_hours(zone: str, opens: int, closes: int, day: date) -> Interval:
    """[opens, closes) of a local date, in epoch milliseconds."""
    number = day.toordinal() - _EPOCH_DAY
    offset = _offset_ms(zone, number - 1)
    # No zone in the tz database changes its clocks twice within six days: the same offset on both sides is the offset.
    if offset == _offset_ms(zone, number + 2):
        midnight = number * _DAY_MS - offset
        return midnight + opens * 60_000, midnight + closes * 60_000
    return ms(_minute_of_day(day, opens, zone)), ms(_minute_of_day(day, closes, zone))


@lru_cache(maxsize=65536)
def _offset_ms(zone: str, number: int) -> int:
    """How far clocks in `zone` are ahead of UTC at 00:00 UTC of a day, counted from 1970."""
    offset = (_EPOCH + number * _DAY).astimezone(zone_of(zone)).utcoffset()
    assert offset is not None  # the instant is aware
    return offset // _MILLISECOND


def _minute_of_day(day: date, minute: int, zone: str) -> datetime:
    days, rest = divmod(minute, 24 * 60)  # 24:00 is 00:00 of the next date
    return instant_of(day + days * _DAY, time(*divmod(rest, 60)), zone)


def _wall(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minutes(value: object, where: str) -> int:
    text = value if isinstance(value, str) else ""
    hours, _, minutes = text.partition(":")
    if hours.isascii() and minutes.isascii() and hours.isdigit() and minutes.isdigit() and len(minutes) == 2:
        total = int(hours) * 60 + int(minutes)
        if len(hours) <= 2 and int(minutes) < 60 and total <= 24 * 60:
            return total
    raise FileWrong(f'{where}: {value!r} is no time of day; put it in quotes, such as "09:00"')


def _hours(value: object, where: str) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise FileWrong(f'{where}: put two times, such as ["09:00", "18:00"]')
    opens, closes = _minutes(value[0], where), _minutes(value[1], where)
    if opens >= closes:
        raise FileWrong(f"{where}: work has to end after it begins; {value[0]} is not before {value[1]}")
    return opens, closes


def _dates(value: object, where: str) -> frozenset[date]:
    if value is None:
        return frozenset()
    if not isinstance(value, list | tuple):
        raise FileWrong(f"{where}: here a list of dates is needed, such as [2026-12-24]")
    return frozenset(_date(entry, where) for entry in value)


def _date(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise FileWrong(f"{where}: {value!r} is no date; put it as 2026-12-24") from error


def _zone(value: object, where: str) -> str:
    try:
        return zone_of(value if isinstance(value, str) else "").key
    except FileWrong as error:
        raise FileWrong(f"{where}: {value!r} is no time zone; put an IANA name such as Europe/Madrid") from error


def _code(value: object, where: str) -> str | None:
    if value is None or (isinstance(value, str) and value.isascii() and value.replace("-", "").isalnum()):
        return value
    raise FileWrong(f"{where}: {value!r} is no code; put one such as ES")
