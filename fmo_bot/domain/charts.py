"""What a chart shows, as values: the figures of definitions 0, 8 to 10, 13 and 14, and what has to be said with them.

Seconds are numbers, instants aware UTC, `zone` is the named zone in which days and weeks are told, `board` whatever
the figures are about (a board's name, or a joint team's). `counted` as in SprintReport: without it a chart is shown to
nobody. A chart is drawn (`charts`) or made of Slack's own blocks (`slack.render.charts`) when it is sent.
"""

from dataclasses import dataclass
from datetime import date, datetime

from fmo_bot.domain.names import IssueName, ProjectName


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A statistic by nearest rank: n and percentiles in seconds, None where n is 0."""

    n: int
    p50_s: float | None
    p85_s: float | None
    p95_s: float | None


@dataclass(frozen=True, kw_only=True)
class BurnUpPoint:
    """A step of the burn-up: scope and done in issues from this instant on."""

    at: datetime
    scope: int
    done: int


@dataclass(frozen=True, kw_only=True)
class BurnUpChart:
    """The burn-up of one sprint (definition 13): the scope line apart from the done line."""

    sprint: str
    start: datetime
    end: datetime
    as_of: datetime
    points: tuple[BurnUpPoint, ...]
    counted: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finish:
    """One finished issue: when, and its cycle time (definition 3)."""

    at: datetime
    cycle_time_s: float


@dataclass(frozen=True, kw_only=True)
class CycleTimeChart:
    """Cycle times of what finished in [since, until), with their percentiles.

    `never_started`: issues finished in the window that have no cycle time.
    """

    board: str
    since: datetime
    until: datetime
    as_of: datetime
    zone: str
    finishes: tuple[Finish, ...]
    cycle_time: Spread
    never_started: int = 0
    counted: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Week:
    """Throughput of one ISO week such as `2026-W03`; `partial`: not wholly inside window and as_of."""

    label: str
    finished: int
    partial: bool


@dataclass(frozen=True, kw_only=True)
class ThroughputChart:
    """Finished issues per ISO week touching [since, until), zero weeks included (definition 8)."""

    board: str
    since: datetime
    until: datetime
    as_of: datetime
    zone: str
    weeks: tuple[Week, ...]
    counted: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AgeingStage:
    """A stage, and the ages at which the n issues finished in the 90 days before as_of last left it (definition 9).

    Percentiles by nearest rank; None while n is below 20.
    """

    name: str
    n: int
    p50_s: float | None
    p85_s: float | None


@dataclass(frozen=True, kw_only=True)
class AgeingMark:
    """An issue that is started and not finished. `stage`: a name of the chart's stages; what is None is not to be told.

    `percentile` (0 to 100) and `over_p85` are None too while its stage has fewer than 20 to compare with.
    """

    issue: IssueName
    stage: str | None
    age_s: float | None
    percentile: float | None
    over_p85: bool | None


@dataclass(frozen=True, kw_only=True)
class AgeingChart:
    """Ageing work against the history of its own stage, stages in the order of the workflow."""

    board: str
    as_of: datetime
    zone: str
    stages: tuple[AgeingStage, ...]
    items: tuple[AgeingMark, ...]
    counted: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SideWait:
    """Waiting on one side in a week: its figure by definition 10, and the part of it on which no other side is waited.

    `side`: vendor, operator, partner:<name>, external, unknown, none. `working_s`: the figure in the side's calendar,
    None where it has none.
    """

    side: str
    waited_s: float
    alone_s: float
    working_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class WaitingWeek:
    """One ISO week in issue-seconds. What several sides are waited for at once stands once, in `both_s`.

    The parts `alone_s` and `both_s` sum to the total, which is the union over sides.
    """

    label: str
    partial: bool
    waits: tuple[SideWait, ...]
    both_s: float

    @property
    def total_s(self) -> float:
        """The union over sides."""
        return sum(wait.alone_s for wait in self.waits) + self.both_s


@dataclass(frozen=True, kw_only=True)
class WaitingChart:
    """Time lost to waiting, by side and ISO week; elapsed, each side's figure in its own calendar as well."""

    board: str
    since: datetime
    until: datetime
    as_of: datetime
    zone: str
    weeks: tuple[WaitingWeek, ...]
    companies: dict[str, str]  # side -> company name
    counted: tuple[ProjectName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chance:
    """By the end of this day the N-th item has fallen in this share (0 to 1) of the trials."""

    day: date
    share: float


@dataclass(frozen=True, kw_only=True)
class ForecastChart:
    """A forecast that was not refused (definition 14); `chances` rise with the days and go a little beyond P95.

    A date is None where it lies beyond the forecast's horizon. `n_days`: days of throughput it draws from. Back-test:
    the share of hits of P85 in `backtest_weeks` weeks.
    """

    board: str
    as_of: datetime
    zone: str
    items: int
    n_days: int
    trials: int
    seed: int
    generator: str  # what draws from the seed, with its version: `numpy 2.4.6 default_rng`
    chances: tuple[Chance, ...]
    p50: date | None
    p85: date | None
    p95: date | None
    backtest_weeks: int
    hit_rate_p85: float | None  # None where nothing could be tested
    counted: tuple[ProjectName, ...] = ()


Chart = BurnUpChart | CycleTimeChart | ThroughputChart | AgeingChart | WaitingChart | ForecastChart
