"""One issue and its whole history, shown as it was at any instant by undoing what is newer."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.fields import FieldIds, Item, id_list, put, subject
from fmo_bot.sandbox.jira.histories import History, Items

Json = dict[str, Any]


class Issue:
    """`end` is the state after the last known history; `histories` are oldest first, some may lie ahead."""

    __slots__ = (
        "_cut",
        "_state",
        "_written",
        "comments",
        "created",
        "end",
        "histories",
        "id",
        "ids",
        "instants",
        "key",
        "touched",
    )

    def __init__(self, raw: Json, ids: FieldIds) -> None:
        """`raw`: an issue of an export, its histories oldest first."""
        self.id: str = raw["id"]
        self.key: str = raw["key"]
        self.ids = ids
        self.end = normal(raw["fields"], ids)
        self.created = times.read(self.end["created"])
        self._written = times.read(self.end["updated"]) if self.end.get("updated") else self.created
        self.histories: list[History] = raw["histories"]
        self.instants: list[datetime] = [history.at for history in self.histories]
        self.comments: list[tuple[datetime, Json]] = []
        self.touched: list[datetime] = []
        self._cut = -1
        self._state: Json = {}

    @property
    def rank(self) -> tuple[str, int]:
        """Its place among all issues by key."""
        project, _, number = self.key.rpartition("-")
        return project, int(number) if number.isdigit() else 0

    def is_there(self, at: datetime) -> bool:
        """Whether the issue had been created."""
        return self.created <= at

    def past(self, at: datetime) -> int:
        """How many histories had happened."""
        instants = self.instants
        return len(instants) if not instants or instants[-1] <= at else bisect_right(instants, at)

    def state(self, at: datetime) -> Json:
        """The fields as they were; do not change what comes back."""
        cut = self.past(at)
        if cut != self._cut:
            self._state = self._undo(cut)
            self._cut = cut
        return self._state

    def updated(self, at: datetime) -> datetime:
        """When it last changed, as far as had happened."""
        cut = self.past(at)
        last = self.instants[cut - 1] if cut else self.created
        if last < self._written <= at:
            last = self._written
        return max(last, *(touch for touch in self.touched if touch <= at)) if self.touched else last

    def sprints(self, at: datetime) -> tuple[int, ...]:
        """Every sprint it was in, then."""
        return self.state(at).get(self.ids.sprint) or ()

    def change(self, items: Sequence[Item], *, author: Json, number: int, at: datetime) -> History:
        """Somebody changes it: what its export foresaw for these fields does not happen any more."""
        self._forget({subject(item, self.ids) for item in items}, after=at)
        for item in items:
            put(self.end, item, "to", self.ids)
        history = History(number, at, tuple(items), author)
        place = self.past(at)
        self.histories.insert(place, history)
        self.instants.insert(place, at)
        self._cut = -1
        return history

    def touch(self, at: datetime) -> None:
        """Something without a history happened to it, such as a comment."""
        self.touched.append(at)

    def ever_in(self, named: Callable[[Items], set[int]]) -> set[int]:
        """The ids of every sprint its history or its end names; `named` tells those of a history's items."""
        return set(self.end.get(self.ids.sprint) or ()).union(*(named(history.items) for history in self.histories))

    def _undo(self, cut: int) -> Json:
        state = dict(self.end)
        for history in reversed(self.histories[cut:]):
            for item in reversed(history.items):
                put(state, item, "from", self.ids)
        state["resolutiondate"] = self._resolved(state, cut)
        return state

    def _resolved(self, state: Json, cut: int) -> str | None:
        """The instant of the last resolution that still stands; the export's own where no history tells."""
        if not state.get("resolution"):
            return None
        for place in range(cut - 1, -1, -1):
            if _resolves(self.histories[place]):
                return self._as_written(place)
        written: str | None = self.end.get("resolutiondate")
        return written

    def _as_written(self, place: int) -> str:
        written = self.end.get("resolutiondate")
        near = written and abs((times.read(written) - self.instants[place]).total_seconds()) < 60
        return written if written and near else times.stamp(self.instants[place])

    def _forget(self, about: set[str], *, after: datetime) -> None:
        """Leave out what lies ahead for these fields, and set the end back accordingly."""
        place = self.past(after)
        ahead = self.histories[place:]
        for history in reversed(ahead):
            for item in reversed(history.items):
                if subject(item, self.ids) in about:
                    put(self.end, item, "from", self.ids)
        kept = [
            structs.replace(history, items=items)
            for history in ahead
            if (items := tuple(item for item in history.items if subject(item, self.ids) not in about))
        ]
        self.histories[place:] = kept
        self.instants[place:] = [history.at for history in kept]


def sprints_named(items: Items, ids: FieldIds) -> set[int]:
    """The ids of the sprints that a history's items name."""
    ends = [item.get(end) for item in items if subject(item, ids) == "sprint" for end in ("from", "to")]
    return {number for end in ends for number in id_list(end)}


def _resolves(history: History) -> bool:
    return any(item["field"] == "resolution" and item.get("toString") for item in history.items)


def normal(fields: Json, ids: FieldIds) -> Json:
    """The fields of an export as a state: the agile shape (`sprint`, `closedSprints`, `flagged`) folded in."""
    state = dict(fields)
    state["status"] = str(fields["status"]["id"])
    agile = [*(state.pop("closedSprints", None) or []), state.pop("sprint", None)]
    state[ids.sprint] = tuple(
        dict.fromkeys([*_sprint_ids(state.get(ids.sprint)), *(one["id"] for one in agile if isinstance(one, dict))])
    )
    flagged = state.pop("flagged", None)
    if flagged and not state.get(ids.flagged):
        state[ids.flagged] = [{"value": "Impediment", "id": "10019"}]
    return state


def _sprint_ids(value: object) -> list[int]:
    """Ids in a sprint field: objects on Cloud, `…Sprint@…[id=42,…]` strings on Data Center."""
    found = []
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), int):
            found.append(one["id"])
        elif isinstance(one, str) and "id=" in one:
            found.append(id_list(one[one.index("id=") :].split(",")[0])[0])
    return found
