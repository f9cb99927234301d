"""Raw issues read: what each watched field held from which instant on (definition 1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Raw = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = {  # lower-case names by which an item without fieldId, or of a field without a configured id, is known
    "status": {"status"},
    "resolution": {"resolution"},
    "sprint": {"sprint"},
    "flagged": {"flagged"},
    "points": {"story points", "story point estimate"},
}


def ms(text: str | int) -> int:
    """An instant of Jira's, a string with any offset or an epoch number, in whole milliseconds since 1970."""
    if isinstance(text, int):
        return text
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)


def iso(instant: int | None) -> str | None:
    return None if instant is None else (_EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")


@dataclass
class Row:
    """One issue: for every watched field its first value and the values that followed, oldest first."""

    key: str
    raw: Raw
    created: int
    first: dict[str, Any]
    later: dict[str, list[tuple[int, Any]]]
    names: dict[str, str] = field(default_factory=dict)
    gaps: list[tuple[str, int]] = field(default_factory=list)

    def instants(self) -> list[int]:
        return sorted({self.created, *(at for values in self.later.values() for at, _ in values)})

    def value(self, name: str, at: int) -> Any:
        """What the field held at `at`: everything that happened at that very millisecond has happened."""
        value = self.first[name]
        for when, to in self.later[name]:
            if when <= at:
                value = to
        return value

    @property
    def early(self) -> int:
        """How many instants lie before Jira's own creation."""
        return sum(at < ms(self.raw["fields"]["created"]) for at in self.instants())

    @property
    def type(self) -> str:
        return str(self.raw["fields"]["issuetype"]["name"])

    @property
    def subtask(self) -> bool:
        return bool(self.raw["fields"]["issuetype"].get("subtask"))


def read(raw: Raw, ids: Mapping[str, str]) -> Row:
    """`ids`: the workflow's `fields`, by which the items of custom fields are known."""
    fields = raw["fields"]
    row = Row(raw["key"], raw, ms(fields["created"]), _present(fields, ids), {name: [] for name in _NAMES})
    row.names[fields["status"]["id"]] = fields["status"]["name"]
    histories = sorted(raw["changelog"]["histories"], key=lambda history: (ms(history["created"]), int(history["id"])))
    for history in histories:
        for name in _NAMES:
            items = [item for item in history["items"] if _is(item, name, ids)]
            if items:
                _apply(row, name, ms(history["created"]), items)
    return row


def _apply(row: Row, name: str, at: int, items: list[Raw]) -> None:
    before = _value(name, items[0].get("from"), items[0].get("fromString"))
    if not row.later[name]:
        row.first[name] = before
    elif row.later[name][-1][1] != before:
        row.gaps.append((name, at))
    row.later[name].append((at, _value(name, items[-1].get("to"), items[-1].get("toString"))))
    row.created = min(row.created, at)
    if name == "status":
        for item in items:
            row.names[item["from"]], row.names[item["to"]] = item["fromString"], item["toString"]


def _is(item: Raw, name: str, ids: Mapping[str, str]) -> bool:
    wanted = name if name in ("status", "resolution") else ids.get(name)
    if item.get("fieldId") and wanted:
        return bool(item["fieldId"] == wanted)
    return str(item["field"]).lower() in _NAMES[name]


def _value(name: str, identity: str | None, text: str | None) -> Any:
    if name == "status":
        return identity
    if name == "resolution":
        return text or None
    if name == "sprint":
        return frozenset(re.findall(r"\d+", identity or ""))
    if name == "points":
        return float(text) if text else None
    return bool(identity or text)


def _present(fields: Raw, ids: Mapping[str, str]) -> dict[str, Any]:
    inside = [*(fields.get("closedSprints") or []), *(fields.get(ids.get("sprint", "")) or []), fields.get("sprint")]
    sprints = (re.search(r"\bid=(\d+)", s)[1] if isinstance(s, str) else str(s["id"]) for s in inside if s)  # type: ignore[index]
    points = fields.get(ids.get("points", ""))
    return {
        "status": fields["status"]["id"],
        "resolution": (fields.get("resolution") or {}).get("name"),
        "sprint": frozenset(sprints),
        "flagged": bool(fields.get(ids.get("flagged", "flagged")) or fields.get("flagged")),
        "points": None if points is None else float(points),
    }
