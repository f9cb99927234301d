"""How many times faster than a frozen baseline, and how sure that is (metrics.md, definition 15).

F = median(baseline) / median(current). A window holds what began in it: what has come to its end since, what is still
open, and how many were given up, which are left out. n counts what has come to its end. Both medians are always said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from fmo_bot.domain import ranks
from fmo_bot.domain.draws import GENERATOR, generator
from fmo_bot.domain.medians import RESAMPLES, Durations, Floats, median, resampled
from fmo_bot.errors import WindowsOverlap

FIGURES = 1  # the version of this arithmetic; rises when the same history would give another figure
FEWEST, PLENTY = 10, 30  # of each window: fewer say nothing; from the second on a difference may be "shown"
_LOW, _HIGH = 25, 975  # per mille: the ends of the 95 % interval
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


class Metric(StrEnum):
    """What is compared."""

    TIME_TO_VALUE = "time_to_value"
    TIME_TO_RECOVER = "time_to_recover"


class Verdict(StrEnum):
    """What may be said of a fold."""

    NOT_ENOUGH = "not_enough"  # fewer than 10 in either window, or a median that is not reached
    INDICATIVE = "indicative"  # 10 to 29, or the interval holds 1
    SHOWN = "shown"  # 30 and more in both, the interval clear of 1
    REFUSED = "refused"  # the windows were counted by different rules


@dataclass(frozen=True)
class Rules:
    """By what a window was counted: which version of the mapping, what value is, which version of the arithmetic."""

    mapping: str
    value: str
    figures: int = FIGURES

    def differ(self, other: "Rules") -> str | None:
        """Why windows of these rules cannot be compared; None where they can."""
        found = {
            "workflow": (self.mapping, other.mapping),
            "meaning of value": (self.value, other.value),
            "version of the arithmetic": (self.figures, other.figures),
        }
        changed = [f"{what} ({one} then, {now} now)" for what, (one, now) in found.items() if one != now]
        return f"the baseline was counted by another {' and another '.join(changed)}" if changed else None


@dataclass(frozen=True)
class Window:
    """What began on the dates from `since` to `until`, both included, as it was known when it was counted."""

    since: date
    until: date
    durations: Durations
    abandoned: int = 0
    rules: Rules | None = None  # None: counted together with the other window

    @property
    def n(self) -> int:
        """How many have come to their end."""
        return self.durations.n


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A comparison. `fold` and the ends of its interval are None where there is no ratio, or no bound."""

    metric: Metric
    baseline: Window
    current: Window
    p50: tuple[int | None, int | None]  # milliseconds, baseline and current; None: not reached
    fold: float | None
    ci_low: float | None
    ci_high: float | None
    verdict: Verdict
    reason: str | None  # of a verdict other than shown, in a sentence
    seed: int
    method: str


def fold(metric: Metric, baseline: Window, current: Window, *, seed: int) -> Fold:
    """The comparison of two windows. Raises WindowsOverlap."""
    if baseline.since <= current.until and current.since <= baseline.until:
        raise WindowsOverlap
    censored = baseline.durations.censored or current.durations.censored
    pair = tuple(w.durations if censored else w.durations.without_open() for w in (baseline, current))
    before, now = (median(durations) for durations in pair)
    ratio = before / now if before is not None and now else None
    low, high = _interval(pair[0], pair[1], seed) if ratio is not None and _enough(baseline, current) else (None, None)
    verdict, reason = _verdict(baseline, current, ratio, (low, high))
    if verdict is Verdict.REFUSED or not _enough(baseline, current):
        ratio = low = high = None
    return Fold(
        metric=metric,
        baseline=baseline,
        current=current,
        p50=(before, now),
        fold=ratio,
        ci_low=low,
        ci_high=high,
        verdict=verdict,
        reason=reason,
        seed=seed,
        method=_method(censored, baseline, current, reason),
    )


def sentence(found: Fold) -> str:
    """Such as "1.8x faster (95 % CI 1.3-2.4; median 12.0 d, n=84 -> 6.7 d, n=91)"; both medians always."""
    medians = _medians(found)
    if found.fold is None:
        return f"{_WITHOUT_RATIO[found.verdict]}: {found.reason} ({medians})"
    slower = found.fold < 1
    ratio = 1 / found.fold if slower else found.fold
    low, high = (found.ci_high, found.ci_low) if slower else (found.ci_low, found.ci_high)
    ends = [_inverted(end) if slower else end for end in (low, high)]
    told = f"{ratio:.1f}x {'slower' if slower else 'faster'} (95 % CI {_bound(ends[0])}-{_bound(ends[1])}; {medians})"
    return told if found.verdict is Verdict.SHOWN else f"indicative: {told}; {found.reason}"


_WITHOUT_RATIO = {Verdict.NOT_ENOUGH: "not enough data", Verdict.REFUSED: "not compared"}


def _enough(baseline: Window, current: Window) -> bool:
    return min(baseline.n, current.n) >= FEWEST


def _verdict(
    baseline: Window, current: Window, ratio: float | None, ends: tuple[float | None, float | None]
) -> tuple[Verdict, str | None]:
    if baseline.rules and current.rules and (differ := baseline.rules.differ(current.rules)):
        return Verdict.REFUSED, differ
    smaller = min(baseline.n, current.n)
    if smaller < FEWEST:
        return Verdict.NOT_ENOUGH, f"fewer than {FEWEST} have come to their end in one of the windows"
    if ratio is None:
        return Verdict.NOT_ENOUGH, "half of a window has not come to its end, or took no time at all"
    if smaller < PLENTY:
        return Verdict.INDICATIVE, f"fewer than {PLENTY} in one of the windows"
    low, high = ends
    if (low is not None and low > 1) or (high is not None and high < 1):
        return Verdict.SHOWN, None
    return Verdict.INDICATIVE, "the interval holds 1, so no difference is shown"


def _interval(baseline: Durations, current: Durations, seed: int) -> tuple[float | None, float | None]:
    """Percentile bootstrap by nearest rank; None: no bound on that side.

    Where both resamples do not reach their median the ratio may be anything, so each end takes the worse for it.
    """
    draws = generator(seed)
    before, now = resampled(baseline, draws), resampled(current, draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = before / now
    low, high = (_per_mille(np.nan_to_num(ratios, nan=worst, posinf=np.inf), rank) for worst, rank in _ENDS)
    return low or None, None if np.isinf(high) else high


_ENDS = ((0.0, _LOW), (np.inf, _HIGH))


def _per_mille(ratios: Floats, rank: int) -> float:
    return float(np.sort(ratios)[ranks.place(RESAMPLES, rank, of=1000)])


def _method(censored: bool, baseline: Window, current: Window, reason: str | None) -> str:
    which = (
        "Kaplan-Meier median on both windows, more than 10 % of one being open"
        if censored
        else "nearest-rank median of what has come to its end, at most 10 % being open"
    )
    said = [
        which,
        f"95 % percentile bootstrap, {RESAMPLES} resamples of each window drawn by their exact law ({GENERATOR})",
        f"abandoned and left out: {baseline.abandoned} and {current.abandoned}",
        *([f"value: {current.rules.value}"] if current.rules else []),
        *([reason] if reason else []),
    ]
    return "; ".join(said)


def _medians(found: Fold) -> str:
    """Both in one unit, the largest of which the longer one has at least one."""
    longest = max((one for one in found.p50 if one is not None), default=0)
    size, unit = next((pair for pair in _UNITS if longest >= pair[0]), _UNITS[-1])
    told = [
        f"{'not reached' if one is None else f'{one / size:.1f} {unit}'}, n={window.n}"
        for one, window in zip(found.p50, (found.baseline, found.current), strict=True)
    ]
    return f"median {' -> '.join(told)}"


def _inverted(end: float | None) -> float | None:
    return 1 / end if end else None


def _bound(end: float | None) -> str:
    return "?" if end is None else f"{end:.1f}"


def durations(found: Iterable[tuple[int, int | None]], as_of: int) -> Durations:
    """From (began, ended or None) in epoch milliseconds: what is not over has lasted until `as_of`."""
    pairs = tuple(found)
    return Durations(
        tuple(sorted(end - start for start, end in pairs if end is not None)),
        tuple(sorted(as_of - start for start, end in pairs if end is None)),
    )
