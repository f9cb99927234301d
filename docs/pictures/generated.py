"""The six charts of a joint team that does not exist, made of random numbers with a fixed seed.

About 180 pieces of work pass three stages; what the charts show of them is worked out by the definitions, so that the
pictures agree with each other: the same finishes are dots, weeks and the sample of the forecast.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from fmo_bot.domain import charts as c
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.draws import seed_of
from fmo_bot.domain.forecast import TRIALS, Question, backtest, forecast
from fmo_bot.domain.names import IssueName, ProjectName
from fmo_bot.domain.throughput import Finishes

AS_OF = datetime(2026, 11, 20, 16, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 8, 24, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
CORE = ProjectName(site="shared", id="10000", key="CORE")
DAY = 86400.0
ITEMS = 18


@dataclass(frozen=True)
class Names:
    """What people have named."""

    board: str
    sprint: str
    stages: tuple[str, str, str]
    vendor: str
    operator: str


ENGLISH = Names("5G Core", "Core Sprint 12", ("In progress", "Review: Telefónica", "Acceptance: Telefónica"),
                "Huawei", "Telefónica")  # fmt: skip
CHINESE = Names("5G 核心网", "核心网冲刺 12", ("开发中", "评审：西班牙电信", "验收：西班牙电信"),
                "华为", "西班牙电信")  # fmt: skip


@dataclass(frozen=True)
class _Work:
    """One issue: when it was finished, and how long it stood in each stage, in seconds."""

    finished: datetime
    stays: tuple[float, float, float]

    @property
    def age_on_leaving(self) -> tuple[float, ...]:
        return tuple(sum(self.stays[: number + 1]) for number in range(3))


def every(names: Names) -> tuple[c.Chart, ...]:
    """The six charts."""
    work = _finished(random.Random(7))
    charts = (
        _cycle_time(names, work), _burn_up(names), _throughput(names, work), _ageing(names, work), _waiting(names),
        _forecast(names, work),
    )  # fmt: skip
    return tuple(replace(chart, counted=(CORE,)) for chart in charts)


def _finished(dice: random.Random) -> list[_Work]:
    work = []
    day = SINCE
    while day < AS_OF:
        mean = 0.2 if day.weekday() > 4 else 2.8
        for _ in range(_poisson(dice, mean)):
            stays = [dice.lognormvariate(math.log(days * DAY), 0.9) for days in (3.0, 1.5, 1.2)]
            at = day + timedelta(hours=dice.uniform(6, 17))
            if at < AS_OF:
                work.append(_Work(at, (stays[0], stays[1], stays[2])))
        day += timedelta(days=1)
    return work


def _poisson(dice: random.Random, mean: float) -> int:
    count, product = 0, dice.random()
    while product > math.exp(-mean):
        count, product = count + 1, product * dice.random()
    return count


def rank(values: Iterable[float], share: float) -> float:
    """Nearest rank (definition 0)."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


def _cycle_time(names: Names, work: list[_Work]) -> c.CycleTimeChart:
    times = [sum(each.stays) for each in work]
    p50, p85, p95 = (rank(times, share) for share in (0.5, 0.85, 0.95))
    return c.CycleTimeChart(
        board=names.board,
        since=SINCE,
        until=UNTIL,
        as_of=AS_OF,
        zone="UTC",
        finishes=tuple(c.Finish(at=each.finished, cycle_time_s=sum(each.stays)) for each in work),
        cycle_time=c.Spread(n=len(times), p50_s=p50, p85_s=p85, p95_s=p95),
        never_started=3,
    )


def _burn_up(names: Names) -> c.BurnUpChart:
    start = datetime(2026, 11, 9, 8, tzinfo=UTC)
    steps = ((0, 16, 0), (1.3, 16, 1), (2.2, 17, 2), (3.1, 19, 2), (3.4, 19, 4), (4.2, 19, 5), (7.3, 18, 7),
             (8.2, 18, 9), (9.1, 19, 11), (10.3, 19, 12), (11.1, 19, 13))  # fmt: skip
    points = tuple(c.BurnUpPoint(at=start + timedelta(days=day), scope=scope, done=done) for day, scope, done in steps)
    return c.BurnUpChart(sprint=names.sprint, start=start, end=start + timedelta(days=14), as_of=AS_OF, points=points)


def _week(at: datetime | date) -> str:
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02}"


def _weeks() -> list[tuple[str, bool]]:
    """Every week of the window, and whether it is partial."""
    mondays = (SINCE + timedelta(weeks=number) for number in range(13))
    return [(_week(monday), monday + timedelta(weeks=1) > min(UNTIL, AS_OF)) for monday in mondays]


def _throughput(names: Names, work: list[_Work]) -> c.ThroughputChart:
    counts = Counter(_week(each.finished) for each in work)
    weeks = tuple(c.Week(label=week, finished=counts[week], partial=partial) for week, partial in _weeks())
    return c.ThroughputChart(board=names.board, since=SINCE, until=UNTIL, as_of=AS_OF, zone="UTC", weeks=weeks)


def _ageing(names: Names, work: list[_Work]) -> c.AgeingChart:
    dice = random.Random(92)
    left = [[each.age_on_leaving[stage] for each in work] for stage in range(3)]
    stages = tuple(
        c.AgeingStage(name=name, n=len(ages), p50_s=rank(ages, 0.5), p85_s=rank(ages, 0.85))
        for name, ages in zip(names.stages, left, strict=True)
    )
    items = []
    for number in range(17):
        stage = dice.choice((0, 0, 0, 1, 1, 2))
        age = dice.lognormvariate(math.log((3.0, 6.0, 9.0)[stage] * DAY), 1.1)
        below = 100 * sum(each <= age for each in left[stage]) / len(left[stage])
        over = age > (stages[stage].p85_s or 0.0)
        name = IssueName(project=CORE, id=str(number), key=f"CORE-{188 + 3 * number}")
        items.append(c.AgeingMark(issue=name, stage=names.stages[stage], age_s=age, percentile=below, over_p85=over))
    return c.AgeingChart(board=names.board, as_of=AS_OF, zone="UTC", stages=stages, items=tuple(items))


def _waiting(names: Names) -> c.WaitingChart:
    dice = random.Random(3)
    weeks = []
    for week, partial in _weeks()[-8:]:
        vendor, operator, both, outside = (
            dice.uniform(low, high) * 3600 for low, high in ((8, 60), (40, 150), (0, 30), (0, 14))
        )
        waits = (
            c.SideWait(side="vendor", waited_s=vendor + both, alone_s=vendor),
            c.SideWait(side="operator", waited_s=operator + both, alone_s=operator),
            c.SideWait(side="external", waited_s=outside, alone_s=outside),
        )
        weeks.append(c.WaitingWeek(label=week, partial=partial, waits=waits, both_s=both))
    return c.WaitingChart(
        board=names.board,
        since=datetime(2026, 9, 28, tzinfo=UTC),
        until=UNTIL,
        as_of=AS_OF,
        zone="UTC",
        weeks=tuple(weeks),
        companies={"vendor": names.vendor, "operator": names.operator},
    )


def _forecast(names: Names, work: list[_Work]) -> c.ForecastChart:
    finishes = Finishes.of((int(each.finished.timestamp() * 1000), None) for each in work)
    as_of = AS_OF.date()
    question = Question(
        items=ITEMS,
        as_of=as_of,
        seen=int(AS_OF.timestamp() * 1000),
        calendars=(SideCalendar(zone="Asia/Shanghai"), SideCalendar(zone="Europe/Madrid")),
        seed=seed_of("7", as_of),
    )
    found, test = forecast(finishes, question), backtest(finishes, question, board="7")
    assert found.p95 is not None
    days = (as_of + timedelta(days=number) for number in range((found.p95 - as_of).days + 4))
    return c.ForecastChart(
        board=names.board,
        as_of=AS_OF,
        zone="UTC",
        items=ITEMS,
        n_days=found.n_days,
        trials=TRIALS,
        seed=question.seed,
        generator=found.generator,
        chances=tuple(c.Chance(day=day, share=found.chance(day) or 0.0) for day in days),
        p50=found.p50,
        p85=found.p85,
        p95=found.p95,
        backtest_weeks=test.weeks,
        hit_rate_p85=test.hit_rate,
    )
