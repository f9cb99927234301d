"""Figures as messages carry them, beside those of `domain.charts`: seconds are numbers, shares go from 0 to 1.

What is None is not known, or refused by its definition.
"""

from dataclasses import dataclass
from datetime import date

from fmo_bot.domain.charts import Spread, WaitingWeek


@dataclass(frozen=True)
class StatusInNoStage:
    """A status that belongs to no stage: how many issues were in it, for how long together (definition 1)."""

    name: str
    issues: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class SideTime:
    """What of some issues' spans a side held (definition 5) and how long it blocked them (definition 6).

    Working time is in the side's own calendar; None where it has none. `side` may also be external, unknown, none.
    """

    side: str
    active_s: float
    waiting_s: float
    blocked_s: float
    active_working_s: float | None = None
    waiting_working_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """By when so many items are finished (definition 14), drawn from `n_days`; `chance` is that of being done `by`."""

    items: int
    n_days: int
    seed: int
    generator: str
    by: date
    chance: float | None = None
    p50: date | None = None
    p85: date | None = None
    p95: date | None = None
    refused: bool = False
    backtest_weeks: int = 0
    hit_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Incidents restored in the window (definition 11), and those open at as_of."""

    took: Spread
    open: int
    oldest_s: float | None


@dataclass(frozen=True, kw_only=True)
class WeekFlow:
    """A week's flow beyond throughput, cycle time and age (definitions 4, 7, 9, 10, 11 and 14).

    `expected_*`: the service level expectation; `efficiency*`: of issues finished in the week; `waiting`: the week
    before and this one.
    """

    lead_time: Spread
    by_release: bool
    expected_n: int
    expected_s: float | None
    attainment: float | None
    efficiency_configured: bool
    efficiency_n: int
    efficiency: float | None
    efficiency_median: float | None
    unmapped: float | None
    waiting: tuple[WaitingWeek, ...]
    companies: dict[str, str]
    recovery: Recovered | None = None
    forecast: Foreseen | None = None
