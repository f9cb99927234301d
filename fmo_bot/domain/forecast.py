"""By when N more items will be finished, and how often such a forecast was right (metrics.md, definition 14).

Each of 10,000 trials draws, day by day, one of the days of the sample, until the N-th item has fallen. The first day
ahead is the day of as_of itself, since the sample ends on the day before. Days on which no side works are in neither.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from fmo_bot.domain import ranks
from fmo_bot.domain.calendars import WorkingTime, midnight
from fmo_bot.domain.draws import GENERATOR, generator, seed_of
from fmo_bot.domain.throughput import Finishes, Ints, worked

TRIALS = 10_000
SAMPLED = 90  # days before as_of
ENOUGH = 5  # days with a completion
HORIZON = 1_826  # days that are worked; what has not fallen by then is "later"
MONDAYS, JUDGED = 12, 14  # back-tests, and the days each looks ahead
REACH = timedelta(days=SAMPLED + JUDGED + 7 * MONDAYS)  # before as_of: what was finished earlier is in no sample
_BLOCK = 16  # days drawn at once
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: when will so many `items` be finished, seen from the day `as_of` in `zone`."""

    items: int
    as_of: date
    seen: int | None = None  # the instant of as_of in epoch milliseconds; None: when its day began
    zone: str = "UTC"
    calendars: tuple[WorkingTime, ...] = ()  # the sides'; a day is left out where none of them works
    seed: int

    def __post_init__(self) -> None:
        if self.items < 1:
            raise ValueError("a forecast needs at least one item")

    @property
    def known(self) -> int:
        """What was reopened before this instant (epoch milliseconds) is not finished."""
        return midnight(self.as_of, self.zone) if self.seen is None else self.seen


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What came out. A date is None where more trials than its percentile leaves took longer than the horizon."""

    question: Question
    n_days: int  # of the sample
    completed: int  # items finished on these days
    p50: date | None = None
    p85: date | None = None
    p95: date | None = None
    refused: str | None = None  # the reason, in a sentence
    generator: str = GENERATOR
    trials: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False, compare=False)

    def chance(self, by: date) -> float | None:
        """The share of trials that were done by the end of a day; None where the forecast is refused."""
        if self.refused is not None:
            return None
        days = sum(1 for _ in _ahead(self.question, until=by))
        return int(np.searchsorted(self.trials, days, side="right")) / len(self.trials)


def said(chance: float) -> str:
    """A chance in words that promise nothing: whole percent, rounded down, never more than ">95 %"."""
    if chance > 0.95:
        return ">95 %"
    return f"{math.floor(chance * 100)} %" if chance >= 0.01 else "<1 %"


def forecast(finishes: Finishes, question: Question) -> Forecast:
    """The days by which 50, 85 and 95 of 100 trials had finished the items, by nearest rank."""
    sample = _sample(finishes, question)
    found = Forecast(question=question, n_days=len(sample), completed=int(sample.sum()))
    if (busy := int(np.count_nonzero(sample))) < ENOUGH:
        reason = f"only {busy} of the last {SAMPLED} days saw anything finished; a forecast needs {ENOUGH}"
        return replace(found, refused=reason)
    trials = np.sort(_trials(sample, question))
    p50, p85, p95 = _dates(question, [int(trials[ranks.place(len(trials), percent)]) for percent in (50, 85, 95)])
    return replace(found, p50=p50, p85=p85, p95=p95, trials=trials)


@dataclass(frozen=True)
class Backtest:
    """How often it was done by the P85 of the forecast, in so many weeks that could be judged."""

    weeks: int
    hits: int

    @property
    def hit_rate(self) -> float | None:
        """0 to 1; None where no week could be judged."""
        return self.hits / self.weeks if self.weeks else None


def backtest(finishes: Finishes, question: Question, *, board: str | None) -> Backtest:
    """The same forecast on each of the last 12 Mondays whose next 14 days are over, for what was finished in these.

    A Monday is seen as it was known then, and gets the seed of its own date (`board` None: the question's seed).
    Mondays on which the forecast is refused, or after which nothing was finished, are not judged.
    """
    last = question.as_of - timedelta(days=JUDGED)
    monday = last - timedelta(days=last.weekday())
    found = []
    for _ in range(MONDAYS):
        seed = question.seed if board is None else seed_of(board, monday)
        found.append(_hit(finishes, question, monday, seed))
        monday -= 7 * _DAY
    judged = [hit for hit in found if hit is not None]
    return Backtest(len(judged), sum(judged))


def _hit(finishes: Finishes, question: Question, monday: date, seed: int) -> bool | None:
    """Whether what was finished in the 14 days from a Monday on was done by the P85 of that Monday's forecast."""
    days = [monday + number * _DAY for number in range(JUDGED)]
    finished = finishes.per_day(days, question.zone, known=midnight(monday + JUDGED * _DAY, question.zone))
    if not finished.any():
        return None
    asked = replace(question, items=int(finished.sum()), as_of=monday, seen=None, seed=seed)
    expected = forecast(finishes, asked)
    if expected.refused is not None:
        return None
    done = days[int(np.flatnonzero(finished)[-1])]
    return expected.p85 is None or done <= expected.p85


def _sample(finishes: Finishes, question: Question) -> Ints:
    """Items per day of the 90 days ending the day before, those that no side works left out."""
    days = [question.as_of - number * _DAY for number in range(SAMPLED, 0, -1)]
    counts = finishes.per_day(days, question.zone, known=question.known)
    return counts[[worked(day, question.calendars) for day in days]]


def _trials(sample: Ints, question: Question) -> Ints:
    """Of each trial, on the how-manieth worked day the last item fell; HORIZON + 1: later than we look."""
    draws = generator(question.seed)
    taken = np.full(TRIALS, HORIZON + 1, dtype=np.int64)
    going = np.arange(TRIALS)
    left = np.full(TRIALS, question.items, dtype=np.int64)
    for drawn in range(0, HORIZON, _BLOCK):
        block = min(_BLOCK, HORIZON - drawn)
        fallen = sample[draws.integers(len(sample), size=(len(going), block))].cumsum(axis=1)
        short = (fallen < left[:, None]).sum(axis=1)
        ended = short < block
        taken[going[ended]] = drawn + short[ended] + 1
        going, left = going[~ended], (left - fallen[:, -1])[~ended]
        if not len(going):
            break
    return taken


def _dates(question: Question, numbers: Sequence[int]) -> list[date | None]:
    """The dates of some worked days ahead, 1 for the first; None for those beyond the horizon."""
    wanted = max((number for number in numbers if number <= HORIZON), default=0)
    ahead = [day for _, day in zip(range(wanted), _ahead(question), strict=False)]
    return [ahead[number - 1] if number <= len(ahead) else None for number in numbers]


def _ahead(question: Question, until: date = date.max) -> Iterator[date]:
    """The worked days from as_of on."""
    for number in range((until - question.as_of).days + 1):
        day = question.as_of + number * _DAY
        if worked(day, question.calendars):
            yield day
