"""Flow figures over timelines: percentiles, throughput, work in progress, ageing, data quality.

metrics.md, definitions 0, 8, 9 and 16. Timelines given together share one as_of.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fmo_bot.domain.calendars import instant_of, local_date
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.timelines import Timeline

COMPARED = timedelta(days=90)  # finished issues an age is compared with
ENOUGH = 20  # fewer compared issues say nothing
_WEEK = timedelta(days=7)


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """`sorted[ceil(p*n)-1]` of sorted, non-empty values; `percent` is whole, so that nothing is rounded twice."""
    return ordered[max(1, -(-percent * len(ordered) // 100)) - 1]


def spread(values_ms: Iterable[int]) -> Spread:
    """n, P50, P85, P95 by nearest rank of durations in milliseconds, as seconds."""
    ordered = sorted(values_ms)
    if not ordered:
        return Spread(n=0, p50_s=None, p85_s=None, p95_s=None)
    p50, p85, p95 = (nearest_rank(ordered, percent) / 1000 for percent in (50, 85, 95))
    return Spread(n=len(ordered), p50_s=p50, p85_s=p85, p95_s=p95)


def cycle_times(timelines: Iterable[Timeline]) -> Spread:
    """The spread of cycle times; issues that never started or are not finished are not in n."""
    return spread(timeline.cycle_ms for timeline in timelines if timeline.cycle_ms is not None)


@dataclass(frozen=True)
class Week:
    """An ISO week in one zone: [start, end), issues finished in it, and whether part of it is not known or asked."""

    monday: date
    start: datetime
    end: datetime
    finished: int
    partial: bool


def week_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """[Monday 00:00, next Monday 00:00) of the ISO week an instant lies in, as instants."""
    monday = _monday(at, zone)
    return _midnight(monday, zone), _midnight(monday + _WEEK, zone)


def throughput(
    timelines: Iterable[Timeline], *, since: datetime, until: datetime, zone: str, as_of: datetime
) -> tuple[Week, ...]:
    """Issues finished per ISO week touching [since, until), weeks without any included."""
    finished = sorted(t.finished for t in timelines if t.finished is not None and since <= t.finished < until)
    weeks = []
    monday = _monday(since, zone)
    while (start := _midnight(monday, zone)) < until:
        end = _midnight(monday + _WEEK, zone)
        count = sum(1 for at in finished if start <= at < end)
        weeks.append(Week(monday, start, end, count, partial=start < since or end > min(until, as_of)))
        monday += _WEEK
    return tuple(weeks)


def in_progress(timelines: Iterable[Timeline]) -> tuple[Timeline, ...]:
    """WIP at the timelines' as_of: started, not finished, not abandoned; the oldest first."""
    return tuple(sorted((t for t in timelines if t.in_progress), key=lambda t: (t.started, t.issue.key)))


@dataclass(frozen=True)
class Aged:
    """An issue in progress beside what finished lately; None while fewer than 20 issues can be compared."""

    timeline: Timeline
    stage: str
    age_ms: int
    compared: int
    percentile: float | None
    over_p85: bool | None


def ageing(timelines: Iterable[Timeline], as_of: datetime) -> tuple[Aged, ...]:
    """Every issue in progress against the ages at which those finished in the last 90 days last left its stage."""
    everybody = tuple(timelines)
    left = ages_on_leaving(everybody, as_of)
    return tuple(_aged(t, left.get(t.stage.name if t.stage else "", [])) for t in in_progress(everybody))


def ages_on_leaving(timelines: Iterable[Timeline], as_of: datetime) -> dict[str, list[int]]:
    """Stage -> sorted ages (ms) on last leaving it, of issues finished in the 90 days before `as_of`."""
    ages: dict[str, list[int]] = {}
    for timeline in timelines:
        if timeline.finished and timeline.started and as_of - COMPARED <= timeline.finished <= as_of:
            for stage, age in _last_leaves(timeline, timeline.started, timeline.finished).items():
                ages.setdefault(stage, []).append(age)
    return {stage: sorted(found) for stage, found in ages.items()}


def _last_leaves(timeline: Timeline, started: datetime, finished: datetime) -> dict[str, int]:
    inside = (stay for stay in timeline.stays if started <= stay.enter and stay.leave and stay.leave <= finished)
    return {stay.stage.name: ms(stay.leave) - ms(started) for stay in inside if stay.stage and stay.leave}


def _aged(timeline: Timeline, compared: list[int]) -> Aged:
    age = timeline.age_ms or 0
    stage = timeline.stage.name if timeline.stage else ""
    if len(compared) < ENOUGH:
        return Aged(timeline, stage, age, len(compared), None, None)
    percentile = 100 * bisect_right(compared, age) / len(compared)
    return Aged(timeline, stage, age, len(compared), percentile, age > nearest_rank(compared, 85))


@dataclass(frozen=True)
class Unmapped:
    """A status that is in no stage: its name, how many issues were in it, for how long together."""

    status: str
    name: str
    issues: int
    seconds: float


def unmapped(timelines: Iterable[Timeline]) -> tuple[Unmapped, ...]:
    """Every unmapped status met, the longest first."""
    names: dict[str, str] = {}
    issues: dict[str, set[str]] = {}
    lasted: Counter[str] = Counter()
    for timeline in timelines:
        for stay in timeline.stays:
            if stay.stage is None:
                start, end = stay.interval(timeline.as_of)
                names[stay.status] = stay.name
                issues.setdefault(stay.status, set()).add(timeline.issue.id)
                lasted[stay.status] += end - start
    return tuple(Unmapped(key, names[key], len(issues[key]), total / 1000) for key, total in lasted.most_common())


# What may make a figure wrong: its name -> how many there are.
QUALITY: Mapping[str, Callable[[Sequence[Timeline]], int]] = {
    "truncated_changelogs": lambda every: sum(not t.issue.complete for t in every),
    "unmapped_statuses": lambda every: len(unmapped(every)),
    "unmapped_issues": lambda every: sum(any(stay.stage is None for stay in t.stays) for t in every),
    "gaps": lambda every: sum(t.gaps for t in every),
    "status_disagrees": lambda every: sum(t.disagrees for t in every),
    "negative_durations": lambda every: sum(t.events_before_created for t in every),
    "never_started": lambda every: sum(t.never_started and t.standing.ended for t in every),
    "back_before_commitment": lambda every: sum(t.standing.back_before_commitment for t in every),
    "moved": lambda every: sum(t.moved for t in every),
}


def data_quality(timelines: Iterable[Timeline]) -> tuple[tuple[str, int], ...]:
    """What a reader has to know before trusting the figures, as (count's name, count), only what is not 0.

    `never_started` counts ended issues without a start: they are in no cycle time.
    """
    every = tuple(timelines)
    counts = ((name, count(every)) for name, count in QUALITY.items())
    return tuple((name, n) for name, n in counts if n)


def _monday(at: datetime, zone: str) -> date:
    day = local_date(at, zone)
    return day - timedelta(days=day.weekday())


def _midnight(day: date, zone: str) -> datetime:
    return instant_of(day, time(), zone)
