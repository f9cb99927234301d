"""Flow figures over timelines: percentiles, throughput, work in progress, ageing (metrics.md, definitions 0, 8 and 9).

Timelines given together share one as_of. Instants and durations are epoch milliseconds where no unit is named.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from fmo_bot.domain.calendars import local_date, midnight
from fmo_bot.domain.intervals import Interval, instant
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.ranks import nearest_rank
from fmo_bot.domain.timelines import Timeline

COMPARED_MS = 90 * 24 * 3_600_000  # finished issues an age is compared with
ENOUGH = 20  # fewer compared issues say nothing
_WEEK = timedelta(days=7)


def spread(values_ms: Iterable[int]) -> Spread:
    """n, P50, P85, P95 by nearest rank of durations in milliseconds, as seconds."""
    ordered = sorted(values_ms)
    if not ordered:
        return Spread(n=0, p50_s=None, p85_s=None, p95_s=None)
    p50, p85, p95 = (nearest_rank(ordered, percent) / 1000 for percent in (50, 85, 95))
    return Spread(n=len(ordered), p50_s=p50, p85_s=p85, p95_s=p95)


def cycle_times(timelines: Iterable[Timeline]) -> Spread:
    """The spread of cycle times; issues that never started or are not finished are not in n."""
    return spread(took for timeline in timelines if (took := timeline.cycle_ms) is not None)


@dataclass(frozen=True)
class Week:
    """An ISO week in one zone: [start, end), issues finished in it, and whether part of it is not known or asked."""

    monday: date
    start: int
    end: int
    finished: int
    partial: bool

    @property
    def name(self) -> str:
        """As ISO 8601 writes it: 2026-W03."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"


def week_of(at: int, zone: str) -> Interval:
    """[Monday 00:00, next Monday 00:00) of the ISO week an instant lies in."""
    monday = _monday(at, zone)
    return midnight(monday, zone), midnight(monday + _WEEK, zone)


def throughput(timelines: Iterable[Timeline], *, since: int, until: int, zone: str, as_of: int) -> tuple[Week, ...]:
    """Issues finished per ISO week touching [since, until), weeks without any included."""
    ends = (t.finished for t in timelines if t.finished is not None)
    return weeks(ends, since=since, until=until, zone=zone, as_of=as_of)


def weeks(ends: Iterable[int], *, since: int, until: int, zone: str, as_of: int) -> tuple[Week, ...]:
    """The same of the instants at which issues were finished."""
    finished = sorted(at for at in ends if since <= at < until)
    found = []
    monday = _monday(since, zone)
    while (start := midnight(monday, zone)) < until:
        end = midnight(monday + _WEEK, zone)
        count = bisect_left(finished, end) - bisect_left(finished, start)
        found.append(Week(monday, start, end, count, partial=start < since or end > min(until, as_of)))
        monday += _WEEK
    return tuple(found)


def in_progress(timelines: Iterable[Timeline]) -> tuple[Timeline, ...]:
    """WIP at the timelines' as_of: started, not finished, not abandoned; the oldest first."""
    return tuple(sorted((t for t in timelines if t.in_progress), key=lambda t: (t.started or 0, t.life.key)))


@dataclass(frozen=True)
class Aged:
    """An issue in progress beside what finished lately; None while fewer than 20 issues can be compared."""

    timeline: Timeline
    stage: str
    age_ms: int
    compared: int
    percentile: float | None
    over_p85: bool | None


def ageing(timelines: Iterable[Timeline], as_of: int) -> tuple[Aged, ...]:
    """Every issue in progress against the ages at which those finished in the last 90 days last left its stage."""
    everybody = tuple(timelines)
    return aged(everybody, compared(everybody, as_of))


def aged(timelines: Iterable[Timeline], beside: Iterable["Compared"]) -> tuple[Aged, ...]:
    """The same against issues of which only this is known."""
    left = _ages(beside)
    return tuple(_aged(t, left.get(t.stage, [])) for t in in_progress(timelines))


def ages_on_leaving(timelines: Iterable[Timeline], as_of: int) -> dict[str, list[int]]:
    """Stage -> sorted ages on last leaving it, of issues finished in the 90 days before `as_of`."""
    return _ages(compared(timelines, as_of))


class Compared(NamedTuple):
    """Of an issue that started and finished, what others are compared with; `ages`: stages and ages on leaving them."""

    cycle_ms: int
    ages: Mapping[str, int]


def compared(timelines: Iterable[Timeline], as_of: int) -> tuple[Compared, ...]:
    """Of issues finished in the 90 days before `as_of`; those that never started have nothing to compare."""
    return tuple(each for t in lately_finished(timelines, as_of) if (each := compared_with(t)) is not None)


def compared_with(timeline: Timeline) -> Compared | None:
    """Of one issue, whenever it finished; None where it never started or is not finished."""
    return None if (took := timeline.cycle_ms) is None else Compared(took, _last_leaves(timeline))


def _ages(beside: Iterable[Compared]) -> dict[str, list[int]]:
    ages: dict[str, list[int]] = {}
    for _, known in beside:
        for stage, age in known.items():
            ages.setdefault(stage, []).append(age)
    return {stage: sorted(found) for stage, found in ages.items()}


def lately_finished(timelines: Iterable[Timeline], as_of: int) -> tuple[Timeline, ...]:
    """What finished in the 90 days before `as_of`: what ages are compared with and the SLE is made of."""
    return tuple(t for t in timelines if t.finished is not None and as_of - COMPARED_MS <= t.finished <= as_of)


def _last_leaves(timeline: Timeline) -> dict[str, int]:
    """Stage -> age on last leaving it, of stays within the span; one of no length is left as well."""
    if (span := timeline.span) is None:
        return {}
    started, finished = span
    inside = (stay for stay in timeline.stayed() if started <= stay[2] and stay[3] <= finished)
    return {place.stage.name: leave - started for place, _, _, leave in inside if place is not None and place.working}


def _aged(timeline: Timeline, compared: list[int]) -> Aged:
    age = timeline.age_ms or 0
    if len(compared) < ENOUGH:
        return Aged(timeline, timeline.stage, age, len(compared), None, None)
    percentile = 100 * bisect_right(compared, age) / len(compared)
    return Aged(timeline, timeline.stage, age, len(compared), percentile, age > nearest_rank(compared, 85))


@dataclass(frozen=True)
class Expectation:
    """The service level expectation: a finished issue took at most `p85_s` in `attainment` of the cases (0 to 1).

    None while fewer than 20 issues finished with a cycle time in the 90 days.
    """

    n: int
    p85_s: float | None
    attainment: float | None


def expectation(timelines: Iterable[Timeline], as_of: int) -> Expectation:
    """P85 of the cycle times of the 90 days before `as_of`, and the share of them that kept to it (definition 9)."""
    return expected(compared(timelines, as_of))


def expected(beside: Iterable[Compared]) -> Expectation:
    """The same of issues of which only this is known."""
    took = sorted(each.cycle_ms for each in beside)
    if len(took) < ENOUGH:
        return Expectation(len(took), None, None)
    p85 = nearest_rank(took, 85)
    return Expectation(len(took), p85 / 1000, bisect_right(took, p85) / len(took))


def _monday(at: int, zone: str) -> date:
    day = local_date(instant(at), zone)
    return day - timedelta(days=day.weekday())
