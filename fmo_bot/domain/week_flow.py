"""A week's flow over the boards of a joint team, each by its own workflow (definitions 4, 7, 9, 10, 11 and 14)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from fmo_bot.domain import flow, waiting
from fmo_bot.domain.blockers import Blocker
from fmo_bot.domain.calendars import WorkingTime, local_date
from fmo_bot.domain.charts import WaitingWeek
from fmo_bot.domain.draws import seed_of
from fmo_bot.domain.efficiency import Efficiency, Shares, has_waiting
from fmo_bot.domain.forecast import Question, backtest, forecast
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.recovery import Recovery, recoveries
from fmo_bot.domain.shown import Foreseen, Recovered, WeekFlow
from fmo_bot.domain.splits import splits
from fmo_bot.domain.throughput import Finishes, finishes
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.values import lead_ms
from fmo_bot.domain.workflow_file import Incidents, Value

FORTNIGHT = timedelta(days=14)
_WEEK_MS = 7 * 24 * 3_600_000


@dataclass(frozen=True, kw_only=True)
class BoardWork:
    """What is counted of one board, and by which rules."""

    timelines: tuple[Timeline, ...]
    workflow: AnyWorkflow
    recoveries: tuple[Recovery, ...] = ()  # of incidents that are open, or were restored in the window
    excluded: int = 0  # incidents that count in no figure of flow
    incidents: Incidents = field(default_factory=Incidents)
    value: Value = Value.FINISHED

    @property
    def flow(self) -> tuple[Timeline, ...]:
        """Those that count in figures of flow: incidents too, unless the workflow keeps them out."""
        return tuple(each for each in self.timelines if not self.incidents.leave_out(each.life.issue_type))


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The recorded blockers of a joint team: by issue (site, id), and those without an issue."""

    by_issue: Mapping[tuple[str, str], Sequence[Blocker]]
    loose: Sequence[Blocker] = ()

    def of(self, line: Timeline) -> Sequence[Blocker]:
        """The blockers on one issue."""
        return self.by_issue.get((line.life.site, line.life.id), ())


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and when figures are counted: `board` names the forecast's seed, `companies` are those of the sides."""

    zone: str
    as_of: datetime
    board: str
    calendars: Mapping[str, WorkingTime]
    companies: Mapping[str, str]


def week_flow(boards: Sequence[BoardWork], recorded: Recorded, where: Setting) -> WeekFlow:
    """The figures of the week in which as_of lies (at Monday 00:00 sharp: the week just over)."""
    until = ms(where.as_of)
    since, _ = flow.week_of(until - 1, where.zone)
    every = tuple(chain.from_iterable(board.flow for board in boards))
    expected = flow.expectation(every, until)
    found = _efficiency(boards, recorded, since, until)
    return WeekFlow(
        lead_time=flow.spread(_leads(boards, since, until, where.zone)),
        by_release=any(board.value is Value.RELEASE for board in boards),
        expected_n=expected.n,
        expected_s=expected.p85_s,
        attainment=expected.attainment,
        efficiency_configured=found.configured,
        efficiency_n=found.n,
        efficiency=found.total,
        efficiency_median=found.median,
        unmapped=found.unmapped,
        waiting=waited(boards, recorded, where, since=since - 1),
        companies=dict(where.companies),
        recovery=_recovered(boards, since, until),
        forecast=_foreseen(boards, where),
    )


def waited(boards: Iterable[BoardWork], recorded: Recorded, where: Setting, *, since: int) -> tuple[WaitingWeek, ...]:
    """Time lost to waiting in each week from that of `since` (epoch milliseconds) to as_of."""
    until = ms(where.as_of)
    first, _ = flow.week_of(since, where.zone)
    lines = (line for board in boards for line in board.flow if line.span is not None and line.span[1] > first)
    waits = [waiting.of_issue(line, recorded.of(line)) for line in lines]
    waits += [waiting.of_blocker(each, until) for each in recorded.loose]
    return waiting.by_week(waits, since=first, until=until, zone=where.zone, as_of=until, calendars=where.calendars)


def weeks_before(as_of: datetime, zone: str, count: int) -> int:
    """The Monday `count` weeks before that of as_of's week, in epoch milliseconds."""
    first, _ = flow.week_of(ms(as_of) - 1, zone)
    for _ in range(count):
        first, _ = flow.week_of(first - 1, zone)
    return first


def _finished(lines: Iterable[Timeline], since: int, until: int) -> tuple[Timeline, ...]:
    return tuple(line for line in lines if line.finished is not None and since <= line.finished <= until)


def _leads(boards: Iterable[BoardWork], since: int, until: int, zone: str) -> Iterator[int]:
    """Of issues finished in the week, as far as they have their value date."""
    for board in boards:
        for line in _finished(board.flow, since, until):
            if (took := lead_ms(line, rule=board.value, zone=zone)) is not None:
                yield took


def _efficiency(boards: Sequence[BoardWork], recorded: Recorded, since: int, until: int) -> Efficiency:
    """Over boards with waiting stages; of the others nothing can be said."""
    able = [board for board in boards if has_waiting(board.workflow)]
    shares = Shares()
    for board in able:
        lines = _finished(board.flow, since, until)
        for line, split in zip(lines, splits(lines, {}), strict=True):
            shares.count(line, split, recorded.of(line))
    return shares.efficiency((able or boards)[0].workflow)


def _recovered(boards: Iterable[BoardWork], since: int, until: int) -> Recovered | None:
    """None where no board maps incidents."""
    mapped = [board for board in boards if board.incidents.issue_types]
    if not mapped:
        return None
    every = chain.from_iterable(board.recoveries for board in mapped)
    found = recoveries(every, as_of=until, since=since, until=until + 1)
    return Recovered(
        took=found.took, open=found.open, oldest_s=None if found.oldest_ms is None else found.oldest_ms / 1000
    )


def _foreseen(boards: Sequence[BoardWork], where: Setting) -> Foreseen | None:
    """By when what is in progress is finished; None where nothing is."""
    items = sum(len(flow.in_progress(board.flow)) for board in boards)
    if not items:
        return None
    today = local_date(where.as_of, where.zone)
    question = Question(
        items=items,
        as_of=today,
        seen=ms(where.as_of),
        zone=where.zone,
        calendars=tuple(where.calendars.values()),
        seed=seed_of(where.board, today),
    )
    ended = _together([finishes(board.flow, board.workflow) for board in boards])
    found, tested = forecast(ended, question), backtest(ended, question, board=where.board)
    by = today + FORTNIGHT
    return Foreseen(
        items=items,
        n_days=found.n_days,
        seed=question.seed,
        generator=found.generator,
        by=by,
        chance=found.chance(by),
        p50=found.p50,
        p85=found.p85,
        p95=found.p95,
        refused=found.refused is not None,
        backtest_weeks=tested.weeks,
        hit_rate=tested.hit_rate,
    )


def _together(found: Sequence[Finishes]) -> Finishes:
    pairs = ((each.at.tolist(), each.until.tolist()) for each in found)
    return Finishes.of(pair for starts, ends in pairs for pair in zip(starts, ends, strict=True))
