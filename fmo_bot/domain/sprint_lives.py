"""What the sets of a sprint read of an issue, as whole milliseconds and values held from then on (definition 1)."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from fmo_bot.domain.histories import created, steps
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import POINTS, RESOLUTION, SPRINT, STATUS, Issue

T = TypeVar("T")
Track = tuple[tuple[int, T], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """An issue's tracks, each sorted, from its creation on; at one instant the last value counts."""

    issue: Issue
    statuses: Track[str]
    resolutions: Track[str | None]
    sprints: Track[frozenset[int]]
    points: Track[Decimal | None]

    @property
    def id(self) -> str:
        """Jira's."""
        return self.issue.id

    @property
    def key(self) -> str:
        """As it is now."""
        return self.issue.key

    @property
    def subtask(self) -> bool:
        """Sub-tasks count as issues, not in points."""
        return self.issue.subtask


def of(issue: Issue) -> Life:
    """Read an issue."""

    def track(field: str, now: T, read: Callable[[str | None, str | None], T]) -> Track[T]:
        found = steps(issue, field)
        first = read(found[0].before, found[0].before_text) if found else now
        held = {ms(created(issue)): first}
        held |= {ms(step.at): read(step.after, step.after_text) for step in found}
        return tuple(held.items())

    points = None if issue.points is None else points_of(None, repr(issue.points))
    return Life(
        issue=issue,
        statuses=track(STATUS, issue.status, lambda value, text: value or ""),
        resolutions=track(RESOLUTION, issue.resolution, lambda value, text: text or value),
        sprints=track(SPRINT, frozenset(issue.sprints), lambda value, text: sprint_ids(value)),
        points=track(POINTS, points, points_of),
    )


def sprint_ids(value: str | None) -> frozenset[int]:
    """The ids of a Sprint item such as "38, 40"; empty is no sprint, and what is no number is passed over."""
    pieces = (piece.strip() for piece in (value or "").split(","))
    return frozenset(int(piece) for piece in pieces if piece.isascii() and piece.isdigit())


def points_of(value: str | None, text: str | None) -> Decimal | None:
    """An estimate from a changelog item: numbers travel in the shown text; None: not estimated."""
    try:
        number = Decimal((text or value or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
