"""Time lost to waiting, week by week, from slices (definition 10)."""

from collections import defaultdict
from typing import Any

from tests.oracle.report import Asked, iso_weeks


def waits(asked: Asked) -> list[dict[str, Any]]:
    """Of each week that touches the window: milliseconds by side, those of one side alone, and of two or more."""
    first, last = asked.edges()
    found = []
    for week, monday, following in iso_weeks(asked.zone, first, last):
        begin, end = max(first, monday), min(last, following)
        elapsed, alone, working = (defaultdict[str, int](int) for _ in range(3))
        both = 0
        for piece in (piece for life in asked.lives for piece in life.span):
            since, until = max(piece.start, begin), min(piece.end, end)
            if since >= until:
                continue
            for side in piece.waited_on:
                elapsed[side] += until - since
                if side in asked.clocks:
                    working[side] += asked.clocks[side].working_ms(since, until)
            if len(piece.waited_on) == 1:
                alone[min(piece.waited_on)] += until - since
            elif piece.waited_on:
                both += until - since
        sides = {side: (elapsed[side], alone[side], working[side]) for side in elapsed}
        found.append({"week": week, "sides": sides, "both": both})
    return found
