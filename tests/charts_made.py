"""One of each chart, small, and the awkward ones; for the tests of pictures, words and blocks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from fmo_bot.domain import charts as c
from fmo_bot.domain.names import IssueName, ProjectName, internal

DAY = 86400.0
CORE = ProjectName(site="shared", id="10000", key="CORE")


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


BURN_UP = c.BurnUpChart(
    sprint="Core Sprint 12",
    start=day(9),
    end=day(20, 16),
    as_of=day(17),
    points=tuple(
        c.BurnUpPoint(at=day(number), scope=scope, done=done)
        for number, scope, done in ((9, 16, 0), (10, 17, 1), (12, 19, 4), (16, 18, 7))
    ),
)
CYCLE_TIME = c.CycleTimeChart(
    board="5G Core",
    since=day(2),
    until=day(23),
    as_of=day(20, 16),
    zone="UTC",
    finishes=tuple(c.Finish(at=day(2 + n), cycle_time_s=n * DAY) for n in range(1, 11)),
    cycle_time=c.Spread(n=10, p50_s=5 * DAY, p85_s=9 * DAY, p95_s=10 * DAY),
    never_started=2,
)
THROUGHPUT = c.ThroughputChart(
    board="5G Core",
    since=day(2),
    until=day(23),
    as_of=day(20, 16),
    zone="UTC",
    weeks=(
        c.Week(label="2026-W45", finished=4, partial=False),
        c.Week(label="2026-W46", finished=0, partial=False),
        c.Week(label="2026-W47", finished=2, partial=True),
    ),
)


def mark(key: str, stage: str | None, days: float | None, over: bool | None) -> c.AgeingMark:
    name = IssueName(project=CORE, id=key, key=key)
    age = None if days is None else days * DAY
    return c.AgeingMark(issue=name, stage=stage, age_s=age, percentile=None if over is None else 90.0, over_p85=over)


AGEING = c.AgeingChart(
    board="5G Core",
    as_of=day(20, 16),
    zone="UTC",
    stages=(
        c.AgeingStage(name="Doing", n=42, p50_s=2 * DAY, p85_s=6 * DAY),
        c.AgeingStage(name="Review", n=12, p50_s=None, p85_s=None),
    ),
    items=(
        mark("CORE-1", "Doing", 1.0, False),
        mark("CORE-2", "Doing", 8.0, True),
        mark("CORE-3", "Doing", 12.5, True),
        mark("CORE-4", "Review", 3.0, None),
    ),
)


def week(label: str, *, vendor: float, operator: float, both: float, partial: bool = False) -> c.WaitingWeek:
    """Hours waited for each side alone, and for both."""
    waits = tuple(
        c.SideWait(side=side, waited_s=(alone + both) * 3600, alone_s=alone * 3600)
        for side, alone in (("operator", operator), ("vendor", vendor))
    )
    return c.WaitingWeek(label=label, partial=partial, waits=waits, both_s=both * 3600)


WAITING = c.WaitingChart(
    board="5G Core",
    since=day(9),
    until=day(23),
    as_of=day(20, 16),
    zone="UTC",
    weeks=(
        week("2026-W46", vendor=10, operator=30.5, both=4),
        week("2026-W47", vendor=0, operator=50, both=0, partial=True),
    ),
    companies={"vendor": "Huawei", "operator": "Telefónica"},
)
FORECAST = c.ForecastChart(
    board="5G Core",
    as_of=day(20, 16),
    zone="UTC",
    items=18,
    n_days=64,
    trials=10_000,
    seed=12736530263834203347,
    generator="numpy 2.4.6 default_rng",
    chances=tuple(
        c.Chance(day=date(2026, 11, number), share=share)
        for number, share in ((23, 0.0), (24, 0.2), (25, 0.55), (26, 0.8), (27, 0.9), (30, 0.97))
    ),
    p50=date(2026, 11, 25),
    p85=date(2026, 11, 27),
    p95=date(2026, 11, 30),
    backtest_weeks=12,
    hit_rate_p85=10 / 12,
)
EVERY: tuple[c.Chart, ...] = (BURN_UP, CYCLE_TIME, THROUGHPUT, AGEING, WAITING, FORECAST)


def named(chart: c.Chart, words: str) -> c.Chart:
    """The chart with `words` wherever people name things."""
    if isinstance(chart, c.BurnUpChart):
        return replace(chart, sprint=words)
    if isinstance(chart, c.WaitingChart):
        return replace(chart, board=words, companies={"vendor": words, "operator": words})
    if isinstance(chart, c.AgeingChart):
        stages = tuple(replace(stage, name=words) for stage in chart.stages)
        items = tuple(replace(mark(words, words, 9.0, True), issue=internal(words)) for _ in chart.items)
        return replace(chart, board=words, stages=stages, items=items)
    return replace(chart, board=words)


def awkward() -> Iterator[c.Chart]:
    """What boards come up with, beside the usual."""
    # nothing in it
    yield replace(BURN_UP, points=())
    yield replace(CYCLE_TIME, finishes=(), cycle_time=c.Spread(n=0, p50_s=None, p85_s=None, p95_s=None))
    yield replace(THROUGHPUT, weeks=())
    yield replace(THROUGHPUT, weeks=(c.Week(label="2026-W47", finished=0, partial=True),))
    yield replace(AGEING, stages=(), items=())
    yield replace(WAITING, weeks=())
    # a burn-up: lines that meet; as large as a large board; begun this moment; of no length; of two years
    yield replace(BURN_UP, points=(c.BurnUpPoint(at=day(9), scope=3, done=3),), as_of=day(25))
    yield replace(BURN_UP, points=(c.BurnUpPoint(at=day(9), scope=12_345, done=12_340),), as_of=day(25))
    yield replace(BURN_UP, as_of=day(9))
    yield replace(BURN_UP, end=day(9), as_of=day(9))
    yield replace(BURN_UP, end=datetime(2028, 11, 9, tzinfo=UTC), as_of=day(25))
    # one finish; all at once; none took any time
    for finishes in (CYCLE_TIME.finishes[:1], (CYCLE_TIME.finishes[0],) * 3, (c.Finish(at=day(3), cycle_time_s=0.0),)):
        longest = finishes[0].cycle_time_s
        spread = c.Spread(n=len(finishes), p50_s=longest, p85_s=longest, p95_s=longest)
        yield replace(CYCLE_TIME, finishes=finishes, cycle_time=spread)
    # two years of weeks, over the turn of a year
    labels = [f"{year}-W{number:02}" for year in (2025, 2026) for number in range(1, 53)]
    yield replace(THROUGHPUT, weeks=tuple(c.Week(label=each, finished=1234, partial=False) for each in labels))
    yield replace(WAITING, weeks=tuple(week(each, vendor=1e4, operator=0, both=1e4) for each in labels))
    # nobody to compare with; a hundred over P85 at one age; what is not to be told
    yield replace(AGEING, stages=AGEING.stages[1:], items=AGEING.items[3:])
    yield replace(AGEING, items=tuple(mark(f"LONGPROJECT-{n}", "Doing", 9 + n / 50, True) for n in range(100)))
    yield replace(AGEING, items=(mark("CORE-1", None, None, None), *AGEING.items))
    # a dozen sides
    sides = ("vendor", "operator", "external", "none", "unknown", *(f"partner:{name}" for name in "ABCDEFGH"))
    waits = tuple(c.SideWait(side=side, waited_s=7200, alone_s=3600) for side in sides)
    yield replace(WAITING, weeks=(c.WaitingWeek(label="2026-W46", partial=False, waits=waits, both_s=3600),))
    # a forecast for tomorrow, sure; one of which half lies years ahead
    one = (c.Chance(day=date(2026, 11, 23), share=1.0),)
    yield replace(FORECAST, chances=one, p50=one[0].day, p85=one[0].day, p95=one[0].day, hit_rate_p85=None)
    far = tuple(c.Chance(day=date(2026, 11, 23) + timedelta(days=n), share=n / 1999) for n in range(2000))
    yield replace(FORECAST, chances=far, p50=far[1000].day, p85=far[1700].day, p95=far[1900].day)
    yield replace(FORECAST, chances=far[:1500], p50=far[1000].day, p85=None, p95=None)
    yield replace(FORECAST, chances=(), p50=None, p85=None, p95=None)
