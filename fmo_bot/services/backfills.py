"""Reading a whole board: how far it has come, so that it can be stopped and goes on where it was.

The place is kept on the board after each part, with the fields it was read for: a read for other fields begins anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fmo_bot.db import values
from fmo_bot.domain.issues import BoardShape
from fmo_bot.ports import Part


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """A read of all issues that is under way. `total` is about how many there are; None where Jira does not say."""

    began: datetime
    about: tuple[str | None, ...]  # the filter and the field ids it reads by
    mark: str | None = None
    done: int = 0
    total: int | None = None

    @classmethod
    def new(cls, shape: BoardShape, at: datetime, total: int | None) -> "Backfill":
        """One that begins at `at`."""
        return cls(began=at, about=_about(shape), total=total)

    @property
    def is_done(self) -> bool:
        """Whether all was read."""
        return self.done > 0 and self.mark is None

    @classmethod
    def resumed(cls, kept: Mapping[str, Any], shape: BoardShape) -> "Backfill | None":
        """The one that was stopped; None where none was, or it read something else."""
        found = values.from_json(cls, dict(kept)) if kept else None
        return found if found and found.mark is not None and found.about == _about(shape) else None

    def after(self, part: Part) -> "Backfill":
        """How far it is after this part."""
        return replace(self, mark=part.mark, done=self.done + len(part.issues))


Progress = Callable[[int, Backfill], None]  # the board, how far it is


def nobody(board_id: int, backfill: Backfill) -> None:
    """Nobody is told."""


class Pace:
    """How fast a read goes, as far as this process has seen it."""

    def __init__(self, backfill: Backfill, now: float) -> None:
        """It stands here at `now`, seconds of machine time."""
        self._from, self._since = backfill.done, now

    def rate(self, backfill: Backfill, now: float) -> float:
        """Issues a second; 0 where nothing can be said yet."""
        seconds = now - self._since
        return (backfill.done - self._from) / seconds if seconds > 0 else 0.0

    def left(self, backfill: Backfill, now: float) -> float | None:
        """Seconds until all is read; None where that cannot be said."""
        rate = self.rate(backfill, now)
        return max(0, backfill.total - backfill.done) / rate if backfill.total is not None and rate > 0 else None


def _about(shape: BoardShape) -> tuple[str | None, ...]:
    return shape.filter_id, shape.sprint_field, shape.flagged_field, shape.points_field, shape.points_name
