"""The sample behind a forecast, and a forecast of our own from it (definition 14)."""

import random
from datetime import date, timedelta

from tests.oracle.report import Asked, local_date, nearest_rank


def idle(asked: Asked, day: date) -> bool:
    """Non-working in every side's calendar; without calendars every day counts."""
    return bool(asked.clocks) and not any(clock.works_on(day) for clock in asked.clocks.values())


def sample(asked: Asked, today: date) -> list[int]:
    """Issues finished on each of the 90 days before `today`, zeros included, idle days left out."""
    days = [today - timedelta(days=back) for back in range(90, 0, -1)]
    finished = [local_date(x.finished, asked.zone) for x in asked.lives if x.finished is not None]
    return [finished.count(day) for day in days if not idle(asked, day)]


def done_by(asked: Asked, today: date, items: int, trials: int = 2000) -> dict[str, date]:
    """Our own draws: the bot's dates lie within a few days of these."""
    dice, daily = random.Random(1), sample(asked, today)
    ends = []
    for _ in range(trials):
        left, day = items, today - timedelta(days=1)
        while left > 0:
            day += timedelta(days=1)
            if not idle(asked, day):
                left -= dice.choice(daily)
        ends.append((day - today).days)
    return {f"p{p}": today + timedelta(days=nearest_rank(ends, p)) for p in (50, 85, 95)}
