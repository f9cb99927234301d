"""What measurements come to: one line each, percentiles, and the rules that must never be broken."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line. `broken`: hard rules that were broken, in words; `missed`: targets that were."""

    name: str
    figures: dict[str, object]
    broken: tuple[str, ...] = ()
    missed: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """`name: key=value …`, and what was broken or missed at its end."""
        told = [f"{self.name}:", *(f"{key}={_short(value)}" for key, value in self.figures.items())]
        told += [f"BROKEN({what})" for what in self.broken] + [f"missed({what})" for what in self.missed]
        return " ".join(told)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0..1) of all do not exceed; nan of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def percentiles(values: Sequence[float], *, unit: str, scale: float = 1.0) -> dict[str, object]:
    """p50, p95, p99 and the largest, named with their unit."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {f"{name}_{unit}": percentile(values, share) * scale for name, share in shares.items()}


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
