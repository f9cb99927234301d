"""The charts in a digest's thread: throughput, cycle times, ageing work, waiting by side."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from fmo_bot.domain import flow
from fmo_bot.domain.charts import (
    AgeingChart,
    AgeingMark,
    AgeingStage,
    Chart,
    CycleTimeChart,
    Finish,
    ThroughputChart,
    WaitingChart,
    Week,
)
from fmo_bot.domain.flow import Aged
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.mappings import newest
from fmo_bot.domain.names import IssueName, ProjectName
from fmo_bot.domain.ranks import nearest_rank
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.week_flow import BoardWork, Recorded, Setting, waited, weeks_before

WEEKS = 12  # before the one of as_of
DAYS = timedelta(days=90)  # of cycle times


def charts(
    board: str,
    boards: Sequence[BoardWork],
    recorded: Recorded,
    where: Setting,
    *,
    counted: tuple[ProjectName, ...],
    name: Callable[[Timeline], IssueName],
) -> tuple[Chart, ...]:
    """Those that have something to show. `board`: what they are about; `name`: what an issue is called."""
    every = tuple(chain.from_iterable(each.flow for each in boards))
    first = weeks_before(where.as_of, where.zone, WEEKS)
    weeks = waited(boards, recorded, where, since=first)
    found: list[Chart] = [_throughput(board, every, where, first, counted)]
    cycle_time = _cycle_time(board, every, where, counted)
    found += [cycle_time] if cycle_time.finishes else []
    ageing = _ageing(board, boards, every, where, counted, name)
    found += [ageing] if ageing.items else []
    waiting = WaitingChart(
        board=board,
        since=instant(first),
        until=where.as_of,
        as_of=where.as_of,
        zone=where.zone,
        weeks=weeks,
        companies=dict(where.companies),
        counted=counted,
    )
    return (*found, waiting) if any(week.total_s for week in weeks) else tuple(found)


def _throughput(
    board: str, every: Sequence[Timeline], where: Setting, since: int, counted: tuple[ProjectName, ...]
) -> ThroughputChart:
    weeks = flow.throughput(every, since=since, until=ms(where.as_of), zone=where.zone, as_of=ms(where.as_of))
    return ThroughputChart(
        board=board,
        since=instant(since),
        until=where.as_of,
        as_of=where.as_of,
        zone=where.zone,
        weeks=tuple(Week(label=each.name, finished=each.finished, partial=each.partial) for each in weeks),
        counted=counted,
    )


def _cycle_time(
    board: str, every: Sequence[Timeline], where: Setting, counted: tuple[ProjectName, ...]
) -> CycleTimeChart:
    since: datetime = where.as_of - DAYS
    done = [t for t in every if t.finished is not None and ms(since) <= t.finished <= ms(where.as_of)]
    took = [(t.finished, t.cycle_ms) for t in done]
    finishes = (
        Finish(at=instant(at), cycle_time_s=ms_ / 1000) for at, ms_ in took if at is not None and ms_ is not None
    )
    return CycleTimeChart(
        board=board,
        since=since,
        until=where.as_of,
        as_of=where.as_of,
        zone=where.zone,
        finishes=tuple(finishes),
        cycle_time=flow.cycle_times(done),
        never_started=sum(each is None for _, each in took),
        counted=counted,
    )


def _ageing(
    board: str,
    boards: Sequence[BoardWork],
    every: Sequence[Timeline],
    where: Setting,
    counted: tuple[ProjectName, ...],
    name: Callable[[Timeline], IssueName],
) -> AgeingChart:
    aged = flow.ageing(every, ms(where.as_of))
    left = flow.ages_on_leaving(every, ms(where.as_of))
    workflows = [newest(each.workflow) for each in boards]
    # Only where something that is counted is or was: a guess has stages named after statuses of internal issues.
    met = {*left, *(each.stage for each in aged)}
    every_stage = (stage for flow_ in workflows for stage in flow_.stages if flow_.working(stage) and stage.name in met)
    names = dict.fromkeys(stage.name for stage in every_stage)
    names |= dict.fromkeys(each.stage for each in aged)  # of an earlier version of a mapping
    return AgeingChart(
        board=board,
        as_of=where.as_of,
        zone=where.zone,
        stages=tuple(_stage(each, left.get(each, [])) for each in names),
        items=tuple(_mark(each, name) for each in aged),
        counted=counted,
    )


def _stage(name: str, ages: Sequence[int]) -> AgeingStage:
    enough = len(ages) >= flow.ENOUGH
    p50, p85 = (nearest_rank(ages, percent) / 1000 if enough else None for percent in (50, 85))
    return AgeingStage(name=name, n=len(ages), p50_s=p50, p85_s=p85)


def _mark(aged: Aged, name: Callable[[Timeline], IssueName]) -> AgeingMark:
    return AgeingMark(
        issue=name(aged.timeline),
        stage=aged.stage,
        age_s=aged.age_ms / 1000,
        percentile=aged.percentile,
        over_p85=aged.over_p85,
    )
