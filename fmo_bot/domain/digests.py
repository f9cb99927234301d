"""The figures of a weekly digest: this ISO week beside the four before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fmo_bot.domain import flow
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.timelines import Timeline

_BEFORE = 4  # weeks a week is compared with


@dataclass(frozen=True, kw_only=True)
class DigestFigures:
    """Field names are those of the digest message. `since` is the Monday of the week, `until` is as_of."""

    since: datetime
    until: datetime
    finished: int
    finished_before: tuple[int, ...]  # oldest first
    cycle_time: Spread
    cycle_time_before: Spread  # the four weeks before, together
    wip: int
    ageing: tuple[flow.Aged, ...]  # every issue in progress, the oldest first


def compared_since(as_of: datetime, zone: str) -> int:
    """The Monday with which the weeks begin that the week of `as_of` is compared with, in epoch milliseconds."""
    first, _ = flow.week_of(ms(as_of) - 1, zone)
    for _ in range(_BEFORE):
        first, _ = flow.week_of(first - 1, zone)
    return first


def figures(timelines: Iterable[Timeline], *, zone: str, as_of: datetime) -> DigestFigures:
    """The week in which `as_of` lies (at Monday 00:00 sharp: the week just over), in one named zone.

    Of the timelines only those matter that finished since `compared_since` or in the 90 days before `as_of`, or are in
    progress.
    """
    every = tuple(timelines)
    until = ms(as_of)
    since, _ = flow.week_of(until - 1, zone)
    first = compared_since(as_of, zone)
    weeks = flow.throughput(every, since=first, until=until + 1, zone=zone, as_of=until)
    before = [t for t in every if t.finished is not None and first <= t.finished < since]
    week = [t for t in every if t.finished is not None and since <= t.finished <= until]
    return DigestFigures(
        since=instant(since),
        until=as_of,
        finished=len(week),
        finished_before=tuple(found.finished for found in weeks[:_BEFORE]),
        cycle_time=flow.cycle_times(week),
        cycle_time_before=flow.cycle_times(before),
        wip=len(flow.in_progress(every)),
        ageing=flow.ageing(every, until),
    )
