"""Which custom field is which on this site, and how one changelog item is undone or done.

A state is an issue's `fields` in Jira's JSON, except that `status` is a status id and the sprint field a tuple of ids.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from fmo_bot.sandbox.jira.histories import different_items

Json = dict[str, Any]
Item = dict[str, Any]
End = Literal["from", "to"]

SPRINT, FLAGGED, POINTS, VENDOR, BEGAN = "sprint", "flagged", "points", "vendor", "began"
_BY_NAME = {"sprint": SPRINT, "flagged": FLAGGED, "story points": POINTS, "story point estimate": POINTS}
_DEFAULTS = {
    SPRINT: "customfield_10020",
    FLAGGED: "customfield_10021",
    POINTS: "customfield_10016",
    VENDOR: "customfield_10050",
    BEGAN: "customfield_10060",
}
_NAMES = {SPRINT: "Sprint", FLAGGED: "Flagged", POINTS: "Story point estimate", VENDOR: "Vendor issue", BEGAN: "Began"}
LINK_TYPES = {  # name: (id, inward, outward)
    "Blocks": ("10000", "is blocked by", "blocks"),
    "Cloners": ("10001", "is cloned by", "clones"),
    "Relates": ("10003", "relates to", "relates to"),
}
_LINKS = {  # prose of a Link item: (type name, the end on which the other issue stands)
    words: (name, end)
    for name, (_, inward, outward) in LINK_TYPES.items()
    for words, end in ((inward, "inwardIssue"), (outward, "outwardIssue"))
}
_PROSE = re.compile(r"This issue (.+) (\S+)$")


@dataclass(frozen=True)
class FieldIds:
    """The ids of the three custom fields everybody looks for, and the name of the points field; two to type into."""

    sprint: str = _DEFAULTS[SPRINT]
    flagged: str = _DEFAULTS[FLAGGED]
    points: str = _DEFAULTS[POINTS]
    points_name: str = _NAMES[POINTS]
    vendor: str = _DEFAULTS[VENDOR]
    vendor_name: str = _NAMES[VENDOR]
    began: str = _DEFAULTS[BEGAN]
    began_name: str = _NAMES[BEGAN]


def find(issues: Iterable[Json]) -> FieldIds:
    """The ids the changelogs use; the usual ones where no changelog says (or another one where it is taken)."""
    seen: dict[str, str] = {}
    names: dict[str, str] = {}
    taken: set[str] = set()
    for item in _items(issues):
        role = _BY_NAME.get(item["field"].lower())
        if item.get("fieldId"):
            taken.add(item["fieldId"])
            if role:
                seen.setdefault(role, item["fieldId"])
        if role:
            names.setdefault(role, item["field"])
    sprint, flagged, points = (seen.get(role) or _free(_DEFAULTS[role], taken) for role in (SPRINT, FLAGGED, POINTS))
    vendor, began = (_free(_DEFAULTS[role], taken) for role in (VENDOR, BEGAN))
    return FieldIds(sprint, flagged, points, names.get(POINTS, _NAMES[POINTS]), vendor, began=began)


def _items(issues: Iterable[Json]) -> Iterator[Item]:
    for items in different_items(issue["histories"] for issue in issues):
        yield from items


def _free(wanted: str, taken: set[str]) -> str:
    number = int(wanted.rpartition("_")[2])
    while f"customfield_{number}" in taken:
        number += 10_000
    return f"customfield_{number}"


def subject(item: Item, ids: FieldIds) -> str:
    """What an item is about: `sprint`, `flagged`, `points`, or Jira's field id, or its name in lower case."""
    own = {ids.sprint: SPRINT, ids.flagged: FLAGGED, ids.points: POINTS, ids.vendor: VENDOR, ids.began: BEGAN}
    by_id = own.get(str(item.get("fieldId")))
    name = item["field"].lower()
    return by_id or _BY_NAME.get(name) or item.get("fieldId") or name


def put(state: Json, item: Item, end: End, ids: FieldIds) -> None:
    """Give the state what the item says at one end: `from` undoes the change, `to` does it."""
    about = subject(item, ids)
    _SETTERS.get(about, _scalar)(state, item, end, ids, about)


def _value(item: Item, end: End) -> Any:
    return item.get(end)


def _text(item: Item, end: End) -> str | None:
    return item.get(end + "String") or None


def _status(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    if _value(item, end) is not None:
        state["status"] = str(_value(item, end))


def _sprint(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    state[ids.sprint] = id_list(_value(item, end))


def id_list(text: object) -> tuple[int, ...]:
    """`"38, 40"` -> (38, 40); empty for None and ''."""
    return tuple(int(number) for number in re.findall(r"\d+", str(text or "")))


def _flagged(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    names = [name.strip() for name in (_text(item, end) or "").split(",") if name.strip()]
    numbers = id_list(_value(item, end)) or tuple(10019 + place for place in range(len(names)))
    state[ids.flagged] = [
        {"value": name, "id": str(number)} for name, number in zip(names, numbers, strict=False)
    ] or None


def _points(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    try:
        state[ids.points] = float(_text(item, end) or "")
    except ValueError:
        state[ids.points] = None


def _vendor(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    state[ids.vendor] = _text(item, end)


def _began(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    state[ids.began] = _text(item, end)


def _person(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    account = _value(item, end)
    state[about] = {"accountId": account, "displayName": _text(item, end) or account} if account else None


def _named(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    name, known = _text(item, end), state.get(about)
    if name is None:
        state[about] = None
    elif not isinstance(known, dict) or known.get("name") != name or known.get("id") != _value(item, end):
        state[about] = {"id": _value(item, end), "name": name}


def _words(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    state[about] = (_text(item, end) or "").split()


def _one_of_many(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    """Versions and components: an item adds one, or takes one away."""
    about = {"fix version": "fixVersions", "component": "components", "version": "versions"}.get(about, about)
    other: End = "to" if end == "from" else "from"
    rest = [one for one in state.get(about) or [] if one.get("name") != _text(item, other)]
    name = _text(item, end)
    state[about] = [*rest, {"id": _value(item, end), "name": name}] if name else rest


def _link(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    other: End = "to" if end == "from" else "from"
    gone, come = _linked(_text(item, other)), _linked(_text(item, end))
    links = [link for link in state.get("issuelinks") or [] if gone is None or not _same(link, gone)]
    if come is not None and not any(_same(link, come) for link in links):
        links.append(come)
    state["issuelinks"] = links


def _linked(prose: str | None) -> Json | None:
    match = _PROSE.match(prose or "")
    if match is None or match[1] not in _LINKS:
        return None
    name, end = _LINKS[match[1]]
    return link(name, end, match[2])


def link(name: str, end: str, key: str) -> Json:
    """An entry of `issuelinks`: the issue `key` stands on its `end` (inwardIssue or outwardIssue)."""
    number, inward, outward = LINK_TYPES[name]
    return {"type": {"id": number, "name": name, "inward": inward, "outward": outward}, end: {"key": key}}


def _same(one: Json, other: Json) -> bool:
    def ends(entry: Json) -> tuple[str, str | None, str | None]:
        return entry["type"]["name"], *((entry.get(end) or {}).get("key") for end in ("inwardIssue", "outwardIssue"))

    return ends(one) == ends(other)


def _scalar(state: Json, item: Item, end: End, ids: FieldIds, about: str) -> None:
    """Plain text fields that the export holds; whatever else an item names is not in the state."""
    if about in state and (state[about] is None or isinstance(state[about], str)):
        state[about] = _text(item, end)


_SETTERS: dict[str, Callable[[Json, Item, End, FieldIds, str], None]] = {
    "status": _status,
    SPRINT: _sprint,
    FLAGGED: _flagged,
    POINTS: _points,
    VENDOR: _vendor,
    BEGAN: _began,
    "assignee": _person,
    "reporter": _person,
    "resolution": _named,
    "priority": _named,
    "project": _named,
    "security": _named,
    "issuetype": _named,
    "labels": _words,
    "fixVersions": _one_of_many,
    "fix version": _one_of_many,
    "versions": _one_of_many,
    "version": _one_of_many,
    "components": _one_of_many,
    "component": _one_of_many,
    "link": _link,
}
