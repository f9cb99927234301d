"""A board's flow in a window, out of facts: the figures of an export, over the issues that matter to it."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fmo_bot.domain import facts, flow, waiting
from fmo_bot.domain.calendars import WorkingTime
from fmo_bot.domain.charts import WaitingWeek
from fmo_bot.domain.efficiency import Efficiency, efficiency
from fmo_bot.domain.flow import Aged, Expectation, Week
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.ownership import Origin
from fmo_bot.domain.quality import Unmapped
from fmo_bot.domain.recovery import Recoveries, recoveries
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.values import lead_ms
from fmo_bot.domain.waiting import Waited
from fmo_bot.domain.workflow_file import Incidents
from fmo_bot.services.board_facts import BoardFacts
from fmo_bot.services.workflows import BoardWorkflow


@dataclass(frozen=True, kw_only=True)
class FlowReport:
    """Issues finished in the window; work in progress and its age at as_of; time lost to waiting inside the window.

    `quality`, `in_no_stage`: data quality of the whole board. `recovery`: None where no incidents are mapped.
    `excluded`: incidents that count in no other figure.
    """

    cycle_time: Spread
    lead_time: Spread
    recovery: Recoveries | None
    weeks: tuple[Week, ...]
    wip: int
    ageing: tuple[Aged, ...]
    expectation: Expectation
    efficiency: Efficiency
    waiting: tuple[WaitingWeek, ...]
    quality: tuple[tuple[str, int], ...]
    in_no_stage: tuple[Unmapped, ...]
    excluded: int


def flow_report(
    board: BoardFacts,
    by: BoardWorkflow,
    origins: Collection[Origin],
    *,
    since: int,
    until: int,
    as_of: int,
    zone: str,
    calendars: Mapping[str, WorkingTime],
) -> FlowReport:
    """The flow of [since, until), epoch milliseconds, as known at `as_of`; `by`: the workflow of the board's facts."""
    with _no_search_for_garbage():
        return _counted(board, by, origins, since, until, as_of, zone, calendars)


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
    by: BoardWorkflow,
    origins: Collection[Origin],
    since: int,
    until: int,
    as_of: int,
    zone: str,
    calendars: Mapping[str, WorkingTime],
) -> FlowReport:
    lives = board.met(since, until, as_of, origins)
    counted = (life for life in lives if life.created <= as_of and not by.incidents.leave_out(life.issue_type))
    courses = [timeline(life, by.workflow, as_of) for life in counted]
    done = [course for course in courses if course.finished is not None and since <= course.finished < until]
    over = min(until, as_of + 1)
    beside = board.compared(as_of, origins)
    return FlowReport(
        cycle_time=flow.cycle_times(done),
        lead_time=flow.spread(lead for each in done if (lead := lead_ms(each, rule=by.value, zone=zone)) is not None),
        recovery=_recovery(board, by.incidents, origins, since, until, as_of),
        weeks=flow.throughput(done, since=since, until=until, zone=zone, as_of=as_of),
        wip=len(flow.in_progress(courses)),
        ageing=flow.aged(courses, beside),
        expectation=flow.expected(beside),
        efficiency=efficiency(zip(done, splits(done, {}), strict=True), by.workflow),
        waiting=waiting.by_week(
            _waits(courses, since, over), since=since, until=over, zone=zone, as_of=as_of, calendars=calendars
        ),
        quality=facts.told(board.doubts(as_of, origins)),
        in_no_stage=board.in_no_stage(as_of, origins),
        excluded=board.excluded(as_of, origins),
    )


def _waits(courses: Iterable[Timeline], since: int, over: int) -> list[Waited]:
    """Of what was in work at some instant of [since, over), as far as it waited."""
    spans = ((course, course.span) for course in courses)
    met = (course for course, span in spans if span is not None and span[0] < over and span[1] > since)
    return [each for each in map(waiting.of_issue, met) if each.by_side]


def _recovery(
    board: BoardFacts, incidents: Incidents, origins: Collection[Origin], since: int, until: int, as_of: int
) -> Recoveries | None:
    if not incidents.issue_types:
        return None
    found = board.incidents(since, until, as_of, origins)
    return recoveries(found, as_of=as_of, since=since, until=until)
