"""One field of an issue through time, from its changelog (metrics.md, definition 1).

Histories are ordered by (created, numeric id), whatever order they came in; the items of one history count at once.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Generic, TypeVar

from fmo_bot.domain.issues import Change, Issue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """What one history did to one field: ids and shown texts before its first and after its last item."""

    at: datetime
    history: int
    before: str | None
    after: str | None
    before_text: str | None
    after_text: str | None


def steps(issue: Issue, field: str) -> tuple[Step, ...]:
    """The histories that touched `field`, in order; one step each."""
    changes = sorted((change for change in issue.changes if change.field == field), key=_order)
    return tuple(_step(list(items)) for _, items in groupby(changes, key=_order))


def created(issue: Issue) -> datetime:
    """When the issue came to be; an event before `created` moves it back."""
    return min([issue.created, *(change.at for change in issue.changes)])


def events_before_created(issue: Issue) -> int:
    """How many histories are dated before the issue itself."""
    return len({change.history for change in issue.changes if change.at < issue.created})


@dataclass(frozen=True)
class Track(Generic[T]):
    """A value through time: (instant, value held from then on), sorted; at one instant the last one counts."""

    points: tuple[tuple[datetime, T], ...]

    @cached_property
    def _instants(self) -> list[datetime]:
        return [at for at, _ in self.points]

    def at(self, instant: datetime) -> T | None:
        """The value at an instant, changes of that very instant included; None before the issue existed."""
        place = bisect_right(self._instants, instant)
        return self.points[place - 1][1] if place else None


def _order(change: Change) -> tuple[datetime, int]:
    return change.at, change.history


def _step(items: list[Change]) -> Step:
    first, last = items[0], items[-1]
    return Step(first.at, first.history, first.before, last.after, first.before_text, last.after_text)
