"""One issue and its whole history, shown as it was at any instant by undoing what is newer."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.fields import FieldIds, Item, id_list, put, subject

Json = dict[str, Any]


class Issue:
    """`end` is the state after the last known history; `histories` are oldest first, some may lie ahead."""

    __slots__ = ("_cut", "_state", "comments", "created", "end", "histories", "id", "ids", "instants", "key", "touched")

    def __init__(self, raw: Json, ids: FieldIds) -> None:
        """`raw`: an issue of an export, its histories oldest first."""
        self.id: str = raw["id"]
        self.key: str = raw["key"]
        self.ids = ids
        self.end = normal(raw["fields"], ids)
        self.created = times.read(self.end["created"])
        self.histories: list[Json] = raw["changelog"]["histories"]
        self.instants = [times.read(history["created"]) for history in self.histories]
        self.comments: list[tuple[datetime, Json]] = []
        self.touched: list[datetime] = []
        self._cut = -1
        self._state: Json = {}

    def is_there(self, at: datetime) -> bool:
        """Whether the issue had been created."""
        return self.created <= at

    def past(self, at: datetime) -> int:
        """How many histories had happened."""
        return bisect_right(self.instants, at)

    def state(self, at: datetime) -> Json:
        """The fields as they were; do not change what comes back."""
        cut = self.past(at)
        if cut != self._cut:
            self._state = self._undo(cut)
            self._cut = cut
        return self._state

    def updated(self, at: datetime) -> datetime:
        """When it last changed, as far as had happened."""
        known = [self.created, *self.instants[: self.past(at)][-1:], *(t for t in self.touched if t <= at)]
        if self.end.get("updated") and (written := times.read(self.end["updated"])) <= at:
            known.append(written)
        return max(known)

    def sprints(self, at: datetime) -> tuple[int, ...]:
        """Every sprint it was in, then."""
        return self.state(at).get(self.ids.sprint) or ()

    def change(self, items: Sequence[Item], *, author: Json, number: int, at: datetime) -> Json:
        """Somebody changes it: what its export foresaw for these fields does not happen any more."""
        self._forget({subject(item, self.ids) for item in items}, after=at)
        for item in items:
            put(self.end, item, "to", self.ids)
        history = {"id": str(number), "author": author, "created": times.stamp(at), "items": list(items)}
        place = self.past(at)
        self.histories.insert(place, history)
        self.instants.insert(place, at)
        self._cut = -1
        return history

    def touch(self, at: datetime) -> None:
        """Something without a history happened to it, such as a comment."""
        self.touched.append(at)

    def ever_in(self) -> set[int]:
        """The ids of every sprint its history or its end names."""
        found = set(self.end.get(self.ids.sprint) or ())
        for history in self.histories:
            for item in history["items"]:
                if subject(item, self.ids) == "sprint":
                    found |= {*id_list(item.get("from")), *id_list(item.get("to"))}
        return found

    def _undo(self, cut: int) -> Json:
        state = dict(self.end)
        for history in reversed(self.histories[cut:]):
            for item in reversed(history["items"]):
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
            for item in reversed(history["items"]):
                if subject(item, self.ids) in about:
                    put(self.end, item, "from", self.ids)
        kept = [
            {**history, "items": items}
            for history in ahead
            if (items := [item for item in history["items"] if subject(item, self.ids) not in about])
        ]
        self.histories[place:] = kept
        self.instants[place:] = [times.read(history["created"]) for history in kept]


def _resolves(history: Json) -> bool:
    return any(item["field"] == "resolution" and item.get("toString") for item in history["items"])


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
