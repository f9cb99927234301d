"""A board's flow in a window, out of facts: the figures of an export, over the issues that matter to it."""

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fmo_bot.domain import facts, flow, waiting
from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.charts import WaitingWeek
from fmo_bot.domain.efficiency import Efficiency, efficiency
from fmo_bot.domain.flow import Aged, Expectation, Week
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import timeline
from fmo_bot.services.fact_reading import BoardFacts


@dataclass(frozen=True, kw_only=True)
class FlowReport:
    """Issues finished in the window; work in progress and its age at as_of; time lost to waiting inside the window.

    `quality`: data quality of the whole board.
    """

    cycle_time: Spread
    lead_time: Spread
    weeks: tuple[Week, ...]
    wip: int
    ageing: tuple[Aged, ...]
    expectation: Expectation
    efficiency: Efficiency
    waiting: tuple[WaitingWeek, ...]
    quality: tuple[tuple[str, int], ...]


def flow_report(
    board: BoardFacts,
    workflow: AnyWorkflow,
    origins: Collection[Origin],
    *,
    since: int,
    until: int,
    as_of: int,
    zone: str,
    calendars: Mapping[str, WorkingTime],
) -> FlowReport:
    """The flow of [since, until), epoch milliseconds, as known at `as_of`. Value is there when an issue is finished."""
    with _no_search_for_garbage():
        return _counted(board, workflow, origins, since, until, as_of, zone, calendars)


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """A report makes ten thousand small values and no rings of them: looking for such would take half of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _counted(
    board: BoardFacts,
    workflow: AnyWorkflow,
    origins: Collection[Origin],
    since: int,
    until: int,
    as_of: int,
    zone: str,
    calendars: Mapping[str, WorkingTime],
) -> FlowReport:
    lives = board.of_window(since, until, as_of, origins)
    courses = [timeline(life, workflow, as_of) for life in lives if life.created <= as_of]
    done = [course for course in courses if course.finished is not None and since <= course.finished < until]
    over = min(until, as_of + 1)
    met = (course for course in courses if course.span is not None and course.span[0] < over and course.span[1] > since)
    waits = [waiting.of_issue(course) for course in met]
    return FlowReport(
        cycle_time=flow.cycle_times(done),
        lead_time=flow.spread(course.finished - course.life.created for course in done if course.finished is not None),
        weeks=flow.throughput(done, since=since, until=until, zone=zone, as_of=as_of),
        wip=len(flow.in_progress(courses)),
        ageing=flow.ageing(courses, as_of),
        expectation=flow.expectation(courses, as_of),
        efficiency=efficiency(zip(done, splits(done, {}), strict=True), workflow),
        waiting=waiting.by_week(waits, since=since, until=over, zone=zone, as_of=as_of, calendars=calendars),
        quality=facts.told(board.doubts(as_of, origins)),
    )
