"""The statuses of a site: taken from a file, or found in its issues."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.histories import Items, OnceEach

Json = dict[str, Any]

CATEGORIES = {  # key: (id, English name, colour), Jira's own
    "undefined": (1, "No Category", "medium-gray"),
    "new": (2, "To Do", "blue-gray"),
    "done": (3, "Done", "green"),
    "indeterminate": (4, "In Progress", "yellow"),
}
_RANK = {"new": 0, "undefined": 1, "indeterminate": 1, "done": 2}
_SYSTEM = {"1": "new", "3": "indeterminate", "4": "new", "5": "done", "6": "done"}  # the same on every Jira
_NAMES = {"to do": "new", "open": "new", "backlog": "new", "done": "done", "closed": "done"}


@dataclass(frozen=True)
class Status:
    """A status id with its newest name and category key."""

    id: str
    name: str
    category: str


@dataclass
class _Heard:
    """What the issues say about one status: the newest name and category, and where on its way work met it."""

    named: tuple[datetime, str] | None = None
    sorted: tuple[datetime, str] | None = None
    places: Counter[int] = field(default_factory=Counter)

    def mention(self, at: datetime, name: str, category: str | None = None) -> None:
        """One more mention."""
        if self.named is None or self.named[0] < at:
            self.named = (at, name)
        if category in CATEGORIES and (self.sorted is None or self.sorted[0] < at):
            self.sorted = (at, str(category))

    @property
    def place(self) -> float:
        """Where on its way work met it, on average."""
        return sum(place * times for place, times in self.places.items()) / max(1, self.places.total())


def find(issues: Iterable[Json]) -> dict[str, Status]:
    """Statuses by id, in the order work meets them: by category, then by their mean place in the histories.

    The newest mention of a name and of a category counts. A category nobody mentions is Jira's own for its system
    statuses, else follows from the name, else is `new` for a status in which most of its issues begin, else
    `indeterminate`.
    """
    heard: dict[str, _Heard] = defaultdict(_Heard)
    moves = OnceEach(_moves)
    for issue in issues:
        for place, status in enumerate(_met(issue, heard, moves)):
            heard[status].places[place] += 1
    found = [_status(status, one) for status, one in heard.items()]
    found.sort(key=lambda one: (_RANK[one.category], heard[one.id].place))
    return {one.id: one for one in found}


def _met(issue: Json, heard: dict[str, _Heard], moves: OnceEach[Items, list[tuple[str, str]]]) -> list[str]:
    """The statuses of one issue in the order it first met them; every mention is heard."""
    met: dict[str, None] = {}
    for history in issue["histories"]:
        for status, name in moves(history.items):
            heard[status].mention(history.at, name)
            met.setdefault(status)
    now = issue["fields"]["status"]
    updated = times.read(issue["fields"].get("updated") or issue["fields"]["created"])
    number = str(now["id"])
    heard[number].mention(updated, now.get("name") or number, (now.get("statusCategory") or {}).get("key"))
    met.setdefault(number)
    return list(met)


def _moves(items: Items) -> list[tuple[str, str]]:
    """Ids and names of the statuses that a history's items go through."""
    moved = (item for item in items if item["field"].lower() == "status")
    ends = ((item.get(end), item.get(end + "String")) for item in moved for end in ("from", "to"))
    return [(str(status), name or str(status)) for status, name in ends if status is not None]


def _status(status: str, heard: _Heard) -> Status:
    name = heard.named[1] if heard.named else status
    guessed = _SYSTEM.get(status) or _NAMES.get(name.lower())
    begins = heard.places[0] * 2 > heard.places.total()
    known = heard.sorted[1] if heard.sorted else None
    return Status(status, name, known or guessed or ("new" if begins else "indeterminate"))


def columns(statuses: Iterable[Status]) -> list[Json]:
    """Columns of a board nobody configured: one for each status, and a last one for all that is done."""
    statuses = list(statuses)
    open_ones = [{"name": one.name, "statuses": [{"id": one.id}]} for one in statuses if one.category != "done"]
    done = [{"id": one.id} for one in statuses if one.category == "done"]
    return [*open_ones, {"name": "Done", "statuses": done}]
