"""The statuses of a site: taken from a file, or found in its issues."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira import times

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


@dataclass(frozen=True)
class _Mention:
    at: datetime
    name: str
    category: str | None


def find(issues: Iterable[Json]) -> dict[str, Status]:
    """Statuses by id, in the order work meets them: by category, then by their mean place in the histories.

    The newest mention of a name and of a category counts. A category nobody mentions is Jira's own for its system
    statuses, else follows from the name, else is `new` for a status in which most of its issues begin, else
    `indeterminate`.
    """
    mentions: dict[str, list[_Mention]] = defaultdict(list)
    places: dict[str, list[int]] = defaultdict(list)
    for issue in issues:
        for place, (status, mention) in enumerate(_met(issue, mentions)):
            mentions[status].append(mention)
            places[status].append(place)
    found = [_status(status, told, places[status]) for status, told in mentions.items()]
    found.sort(key=lambda one: (_RANK[one.category], _mean(places[one.id])))
    return {one.id: one for one in found}


def _met(issue: Json, mentions: dict[str, list[_Mention]]) -> list[tuple[str, _Mention]]:
    """The statuses of one issue in the order it first met them; renames and the present go to `mentions`."""
    met: dict[str, _Mention] = {}
    for history in issue["changelog"]["histories"]:
        at = times.read(history["created"])
        for item in history["items"]:
            if item["field"].lower() != "status":
                continue
            for end in ("from", "to"):
                if item.get(end) is not None:
                    status = str(item[end])
                    mention = _Mention(at, item.get(end + "String") or status, None)
                    mentions[status].append(mention)
                    met.setdefault(status, mention)
    now = issue["fields"]["status"]
    updated = times.read(issue["fields"].get("updated") or issue["fields"]["created"])
    category = (now.get("statusCategory") or {}).get("key")
    mention = _Mention(updated, now.get("name") or str(now["id"]), category if category in CATEGORIES else None)
    mentions[str(now["id"])].append(mention)
    met.setdefault(str(now["id"]), mention)
    return list(met.items())


def _status(status: str, told: list[_Mention], places: list[int]) -> Status:
    newest = max(told, key=lambda mention: mention.at)
    with_category = [mention for mention in told if mention.category]
    category = max(with_category, key=lambda mention: mention.at).category if with_category else None
    begins = Counter(place == 0 for place in places)
    guessed = _SYSTEM.get(status) or _NAMES.get(newest.name.lower())
    return Status(
        status, newest.name, category or guessed or ("new" if begins[True] > begins[False] else "indeterminate")
    )


def _mean(places: list[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def columns(statuses: Iterable[Status]) -> list[Json]:
    """Columns of a board nobody configured: one for each status, and a last one for all that is done."""
    statuses = list(statuses)
    open_ones = [{"name": one.name, "statuses": [{"id": one.id}]} for one in statuses if one.category != "done"]
    done = [{"id": one.id} for one in statuses if one.category == "done"]
    return [*open_ones, {"name": "Done", "statuses": done}]
