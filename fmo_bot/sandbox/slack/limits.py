"""Slack's rate limits, in machine time.

Real Slack tolerates bursts without saying how long. Chosen here: a method's tier is a bucket of a minute's calls,
refilled evenly, per method, workspace and app; a channel takes one message a second after a burst of four; a workspace
takes 300 messages a minute.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from fmo_bot.sandbox.slack.errors import TooMany

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
CHANNEL_BURST = 4
WORKSPACE_PER_MINUTE = 300


@dataclass
class Bucket:
    """A token bucket: `level` tokens at machine time `at`."""

    size: float
    per_second: float
    level: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until a token is there; 0 when one is."""
        self.level = min(self.size, self.level + (now - self.at) * self.per_second)
        self.at = now
        return 0.0 if self.level >= 1 else (1 - self.level) / self.per_second


class Limits:
    """Every bucket of one sandbox."""

    def __init__(self, machine: Callable[[], float], *, per_minute: int = WORKSPACE_PER_MINUTE) -> None:
        """`machine` gives seconds of machine time; `per_minute`: messages of an app in a workspace."""
        self.machine = machine
        self._per_minute = per_minute
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def call(self, method: str, tier: int | None, team_id: str, app_id: str) -> None:
        """Count a call of a method; raises `TooMany`."""
        if tier is not None:
            self._take((TIERS[tier], TIERS[tier] / 60, ("call", method, team_id, app_id)))

    def message(self, channel: str, team_id: str, app_id: str) -> None:
        """Count a posted message; raises `TooMany`, having counted nothing."""
        self._take(
            (CHANNEL_BURST, 1.0, ("channel", channel)),
            (self._per_minute, self._per_minute / 60, ("workspace", team_id, app_id)),
        )

    def _take(self, *wanted: tuple[float, float, tuple[str, ...]]) -> None:
        now = self.machine()
        buckets = [self._buckets.setdefault(key, Bucket(size, rate, size, now)) for size, rate, key in wanted]
        if wait := max(bucket.wait(now) for bucket in buckets):
            raise TooMany(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.level -= 1
