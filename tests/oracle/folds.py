"""Fold improvement and its medians, by hand: nearest rank or Kaplan-Meier (definition 15)."""

import random
from dataclasses import dataclass
from datetime import date

from tests.oracle.report import Asked, incidents, local_date, nearest_rank

Time = tuple[int, bool]  # milliseconds, and whether the end was seen


@dataclass(frozen=True)
class Window:
    """Those whose clock starts in it; the given up are left out."""

    times: tuple[Time, ...]
    given_up: int

    @property
    def n(self) -> int:
        """How many came to their end: what a median is of."""
        return len(self.times) - self.open

    @property
    def open(self) -> int:
        return sum(not seen for _, seen in self.times)


def lead_window(asked: Asked, since: date, until: date) -> Window:
    lives = [life for life in asked.lives if since <= local_date(life.row.created, asked.zone) <= until]
    kept = [life for life in lives if life.abandoned is None]
    times = [(life.finished, life.row.created) for life in kept]
    return Window(tuple(_time(end, begin, asked.as_of) for end, begin in times), len(lives) - len(kept))


def recovery_window(asked: Asked, since: date, until: date) -> Window:
    inside = [(begin, end) for begin, end in incidents(asked) if since <= local_date(begin, asked.zone) <= until]
    return Window(tuple(_time(end, begin, asked.as_of) for begin, end in inside), 0)


def _time(end: int | None, begin: int, as_of: int) -> Time:
    return (as_of - begin, False) if end is None else (end - begin, True)


def needs_kaplan_meier(*windows: Window) -> bool:
    return any(10 * window.open > len(window.times) for window in windows)


def median(times: tuple[Time, ...], *, kaplan_meier: bool) -> int | None:
    if not kaplan_meier:
        return nearest_rank([time for time, seen in times if seen], 50)
    surviving = 1.0
    for at in sorted({time for time, seen in times if seen}):
        at_risk = sum(time >= at for time, _ in times)
        surviving *= 1 - sum(seen and time == at for time, seen in times) / at_risk
        if surviving <= 0.5 + 1e-12:
            return at
    return None


def interval(before: Window, after: Window, draws: int = 1000) -> tuple[float, float]:
    """A percentile bootstrap of our own, with other draws: the interval of the bot lies near it, not on it."""
    dice, kaplan_meier = random.Random(1), needs_kaplan_meier(before, after)
    folds = []
    for _ in range(draws):
        pair = [
            median(tuple(dice.choices(w.times, k=len(w.times))), kaplan_meier=kaplan_meier) for w in (before, after)
        ]
        if pair[0] is not None and pair[1]:
            folds.append(pair[0] / pair[1])
    folds.sort()
    return folds[len(folds) * 25 // 1000], folds[len(folds) * 975 // 1000 - 1]
