"""Sprints: future, active or closed by the clock; a completion is hidden until it has happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira import times

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sprint:
    """A sprint with all that will happen to it."""

    id: int
    name: str
    goal: str = ""
    board: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    complete: datetime | None = None

    @classmethod
    def read(cls, raw: Json) -> "Sprint":
        """From the Agile API's shape; a closed sprint without completeDate closed at its endDate."""
        started = raw.get("activatedDate") or raw.get("startDate")
        closed = raw.get("completeDate") or (raw.get("endDate") if raw.get("state") == "closed" else None)
        return cls(
            id=raw["id"],
            name=raw["name"],
            goal=raw.get("goal") or "",
            board=raw.get("originBoardId") or raw.get("boardId"),
            start=_instant(started),
            end=_instant(raw.get("endDate")),
            complete=_instant(closed),
        )

    def state(self, at: datetime) -> str:
        """`future`, `active` or `closed`."""
        if self.start is None or at < self.start:
            return "future"
        return "closed" if self.complete and self.complete <= at else "active"

    @property
    def closes(self) -> datetime | None:
        """When it ends: really, or as planned."""
        return self.complete or self.end


def _instant(value: object) -> datetime | None:
    return times.read(value) if value else None


class Sprints:
    """All sprints of a site, by id."""

    def __init__(self, raw: Iterable[Json]) -> None:
        """`raw` in the Agile API's shape; of two with the same id the first counts."""
        self.by_id: dict[int, Sprint] = {}
        for one in raw:
            self.by_id.setdefault(one["id"], Sprint.read(one))

    def instants(self) -> list[tuple[datetime, str, Sprint]]:
        """What happens to sprints: (when, `sprint_started` or `sprint_closed`, sprint)."""
        starts = [(one.start, "sprint_started", one) for one in self.by_id.values() if one.start]
        return starts + [(one.complete, "sprint_closed", one) for one in self.by_id.values() if one.complete]

    def named(self, text: str) -> Sprint | None:
        """By id or name, as JQL takes it."""
        if text.isdigit() and int(text) in self.by_id:
            return self.by_id[int(text)]
        return next((one for one in self.by_id.values() if one.name.lower() == text.lower()), None)

    def known(self, ids: Iterable[int]) -> list[Sprint]:
        """Those of `ids` that exist."""
        return [self.by_id[one] for one in ids if one in self.by_id]
