"""Percentiles by nearest rank (metrics.md, definition 0): one of the values themselves, nothing between two of them."""

from collections.abc import Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)


def place(n: int, share: int, *, of: int = 100) -> int:
    """Where, from 0, the percentile stands among `n` > 0 values in order: ceil(n * share / of) - 1.

    All are whole numbers, so that nothing is rounded twice.
    """
    return max(1, -(-share * n // of)) - 1


def nearest_rank(ordered: Sequence[Number], percent: int) -> Number:
    """The percentile of sorted, non-empty values."""
    return ordered[place(len(ordered), percent)]
