"""Medians of durations of which some are not over yet, and how they vary over resamples (metrics.md, definition 15).

A resample draws n of the n durations with replacement. Its median needs no list of n draws: between two unfinished
ones the Kaplan-Meier curve falls by a factor that depends only on *how many* were drawn there, and which of those is
the median is an order statistic of uniform numbers, whose law is a Beta distribution. So the counts are drawn stretch
by stretch (binomials, each given the ones before it) and the place by one Beta draw: the same distribution as
resampling, in memory that does not grow with n.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
RESAMPLES = 10_000


@dataclass(frozen=True)
class Durations:
    """Milliseconds: `over` of what has ended, `open` of what has lasted so long and goes on."""

    over: tuple[int, ...]
    open: tuple[int, ...] = ()

    @property
    def n(self) -> int:
        """How many have ended."""
        return len(self.over)

    @property
    def censored(self) -> bool:
        """Whether more than 10 % have not ended."""
        return 10 * len(self.open) > len(self.over) + len(self.open)

    def without_open(self) -> "Durations":
        """Those that have ended."""
        return Durations(self.over)


def median(durations: Durations) -> int | None:
    """The Kaplan-Meier median: when half has ended; None where it is not reached.

    With nothing open that is the nearest-rank median.
    """
    at_risk, curve = len(durations.over) + len(durations.open), 1.0
    for stretch in _stretches(durations):
        fewest = _needed(at_risk, curve)
        if fewest <= len(stretch.over):
            return stretch.over[fewest - 1]
        left = at_risk - len(stretch.over)
        curve *= left / at_risk if at_risk else 1.0
        at_risk = left - stretch.then_open
    return None


def resampled(durations: Durations, draws: np.random.Generator) -> Floats:
    """The medians of 10,000 resamples; infinite where one is not reached."""
    found = np.full(RESAMPLES, np.inf)
    n = len(durations.over) + len(durations.open)
    at_risk, curve = np.full(RESAMPLES, n), np.ones(RESAMPLES)
    undrawn, places = np.full(RESAMPLES, n), n
    going = np.arange(RESAMPLES)
    for stretch in _stretches(durations):
        size = len(stretch.over)
        ended = draws.binomial(undrawn, size / places)
        fewest = _all_needed(at_risk, curve)
        here = fewest <= ended
        place = draws.beta(fewest[here], ended[here] - fewest[here] + 1)
        # The draws of a stretch fall evenly on its places; a Beta draw may round up to 1.
        at = np.minimum((place * size).astype(np.int64), size - 1)
        found[going[here]] = np.array(stretch.over, dtype=np.float64)[at]
        rest = ~here
        going, at_risk, curve = going[rest], at_risk[rest], curve[rest]
        undrawn, ended, places = undrawn[rest] - ended[rest], ended[rest], places - size
        opened = draws.binomial(undrawn, stretch.then_open / places) if places else undrawn
        curve = curve * np.where(at_risk > 0, (at_risk - ended) / np.maximum(at_risk, 1), 1.0)
        at_risk, undrawn, places = at_risk - ended - opened, undrawn - opened, places - stretch.then_open
        if not len(going):
            break
    return found


@dataclass(frozen=True)
class _Stretch:
    """Consecutive ended durations, sorted, and how many open ones come before the next."""

    over: list[int]
    then_open: int


def _stretches(durations: Durations) -> Iterator[_Stretch]:
    """In order of duration; of equal ones those that ended come first."""
    over, open_ = sorted(durations.over), np.sort(np.array(durations.open, dtype=np.int64))
    ends = np.searchsorted(np.array(over, dtype=np.int64), open_, side="right")  # ended before each open one
    places, counts = np.unique(ends, return_counts=True)
    start = 0
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        yield _Stretch(over[start:place], count)
        start = place
    if over[start:]:
        yield _Stretch(over[start:], 0)


def _needed(at_risk: int, curve: float) -> int:
    """How many have to end, one after another, for the curve to come down to a half: (at_risk - d) / at_risk."""
    return int(_all_needed(np.array([at_risk]), np.array([curve]))[0])


def _all_needed(at_risk: NDArray[np.int64], curve: Floats) -> NDArray[np.int64]:
    # A half that is reached exactly may be missed by the rounding of the factors before it.
    fewest = np.ceil(at_risk * (1 - 0.5 / curve) - 1e-7).astype(np.int64)
    return np.maximum(fewest, 1)
