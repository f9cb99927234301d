"""Issues as nobody plans them: any status after any other, several changes at once, resolutions that come and go.

Everything happens on whole hours of few days, so that instants meet each other, the bounds of sprints and as_of.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

FLOW: dict[str, Any] = {
    "commitment": "Ready",
    "stages": [
        {"name": "Open", "kind": "backlog", "statuses": ["1"]},
        {"name": "Refining", "kind": "backlog", "statuses": ["2"]},
        {"name": "Ready", "kind": "waiting", "side": "vendor", "statuses": ["3"]},
        {"name": "Build", "kind": "active", "side": "vendor", "statuses": ["4", "5"]},
        {"name": "Wait", "kind": "waiting", "side": "operator", "statuses": ["6"]},
        {"name": "Quality", "kind": "active", "side": "partner:lab", "statuses": ["7"]},
        {"name": "Polish", "kind": "active", "statuses": ["8"]},
        {"name": "Done", "kind": "done", "statuses": ["9", "10"]},
        {"name": "Live", "kind": "done", "statuses": ["11"]},
        {"name": "Given up", "kind": "abandoned", "statuses": ["12"]},
    ],
    "abandoned_resolutions": ["Won't Do"],
    "incidents": {"issue_types": ["Incident"]},
    "fields": {"sprint": "customfield_1", "flagged": "customfield_2", "points": "customfield_3"},
    "calendars": {
        # hours that meet the grid's instants and hours that do not; a country with make-up days and summer time
        "vendor": {
            "zone": "Asia/Shanghai",
            "hours": ["09:00", "18:00"],
            "holidays": "CN",
            "extra_working": ["2026-02-21"],
        },
        "operator": {
            "zone": "Europe/Madrid",
            "days": ["mon", "tue", "thu"],
            "hours": ["08:20", "16:45"],
            "holidays": "ES",
        },
        "partner:lab": {
            "zone": "America/St_Johns",
            "days": ["sat", "sun"],
            "hours": ["00:00", "12:00"],
            "off": ["2026-02-15"],
        },
    },
}
BEGIN = datetime(2026, 2, 9, tzinfo=UTC)  # the week before the Spring Festival; 14 February is a make-up day in China
HOURS = 24 * 12
_STATUSES = [str(number) for number in range(1, 14)]  # 13 is in no stage
_RESOLUTIONS = [None, "Done", "Won't Do"]
_NAMES = {"status": "status", "resolution": "resolution", "customfield_1": "Sprint", "customfield_2": "Flagged"}
_SPRINTS: list[tuple[int, str, int, int, int | None]] = [
    # id, state, begun at hour, planned to end, completed
    (7, "closed", 24, 110, 120),
    (8, "closed", 120, 200, 200),
    (9, "active", 200, 320, None),
    (10, "future", 400, 500, None),
]


def at(hour: float) -> str:
    return (BEGIN + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def sprints() -> list[dict[str, Any]]:
    return [
        {"id": number, "name": f"Sprint {number}", "state": state, "startDate": at(start), "endDate": at(planned)}
        | ({"completeDate": at(complete)} if complete else {})
        for number, state, start, planned, complete in _SPRINTS
    ]


def issues(seed: int, count: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    return [_Issue(dice, number).raw() for number in range(1, count + 1)]


class _Issue:
    def __init__(self, dice: random.Random, number: int) -> None:
        self._dice, self._number = dice, number
        self._now: dict[str, Any] = {
            "status": dice.choice(_STATUSES[:4]) if dice.random() < 0.8 else dice.choice(_STATUSES),
            "resolution": None,
            "customfield_1": dice.choice(["", "", "7", "8", "7, 8"]),
            "customfield_2": dice.random() < 0.1,
            "customfield_3": dice.choice([None, None, 1, 2, 5, 0.5]),
        }

    def raw(self) -> dict[str, Any]:
        dice = self._dice
        created = dice.randrange(HOURS)
        # now and then something is older than the issue
        hours = sorted(
            dice.randrange(max(0, created - 2 * (dice.random() < 0.1)), HOURS) for _ in range(dice.randrange(9))
        )
        histories = [self._history(index, hour) for index, hour in enumerate(hours)]
        dice.shuffle(histories)
        kind = dice.choice(["Story", "Story", "Bug", "Sub-task", "Incident"])
        return {
            "id": str(5000 + self._number),
            "key": f"WILD-{self._number}",
            "fields": {
                "summary": f"About {self._number}",
                "created": at(created),
                "updated": at(max([created, *hours])),
                "project": {"id": "10", "key": "WILD", "name": "Wild"},
                "issuetype": {"id": kind, "name": kind, "subtask": kind == "Sub-task"},
                **present(self._now),
            },
            "changelog": {"startAt": 0, "maxResults": len(hours), "total": len(hours), "histories": histories},
        }

    def _history(self, index: int, hour: int) -> dict[str, Any]:
        fields = self._dice.sample([*self._now], self._dice.choice([1, 1, 1, 2, 3]))
        if self._dice.random() < 0.7 and "status" not in fields:
            fields.append("status")
        if self._dice.random() < 0.1:
            fields.append("status")  # two moves in one history
        items = [self._item(field) for field in fields]
        if fields[0] == "status" and fields.count("status") == 1 and self._dice.random() < 0.05:
            items[0] |= _written("status", self._dice.choice(_STATUSES), "from")  # a gap: something was lost before it
        noise = {"field": "description", "fieldtype": "jira", "fieldId": "description", "from": None, "to": None}
        if fields.count("status") < 2:
            self._dice.shuffle(items)
        return {
            "id": str(900 + index),
            "created": at(hour),
            "items": [*items, noise | {"fromString": "", "toString": "x"}],
        }

    def _item(self, field: str) -> dict[str, Any]:
        before, after = self._now[field], self._next(field)
        self._now[field] = after
        kind = "custom" if field.startswith("custom") else "jira"
        item = {"field": _NAMES.get(field, "Story Points"), "fieldtype": kind, "fieldId": field}
        return {**item, **_written(field, before, "from"), **_written(field, after, "to")}

    def _next(self, field: str) -> Any:
        dice = self._dice
        if field == "status":
            return dice.choice(_STATUSES)
        if field == "resolution":
            return dice.choice(_RESOLUTIONS)
        if field == "customfield_1":
            return dice.choice(["", "7", "8", "9", "7, 8", "8, 9", "7, 8, 9", "70"])
        if field == "customfield_2":
            return dice.random() < 0.5
        return dice.choice([None, 1, 2, 3, 8, 0.5])


def _written(field: str, value: Any, end: str) -> dict[str, Any]:
    """As Jira writes it: statuses and sprints as ids, numbers as texts, resolutions and flags as both."""
    text = end + "String"
    if field == "status":
        return {end: value, text: f"Status {value}"}
    if field == "resolution":
        return {end: value and str(10 + _RESOLUTIONS.index(value)), text: value}
    if field == "customfield_1":
        return {end: value, text: ", ".join(f"Sprint {number}" for number in value.split(", ") if number)}
    if field == "customfield_2":
        return {end: "[10019]" if value else "", text: "Impediment" if value else ""}
    return {end: None, text: None if value is None else str(value)}


def present(now: dict[str, Any]) -> dict[str, Any]:
    """The fields as an issue shows them that stands like this."""
    inside = [number for number in str(now["customfield_1"]).split(", ") if number]
    return {
        "status": {
            "id": now["status"],
            "name": f"Status {now['status']}",
            "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"},
        },
        "resolution": {"id": "10", "name": now["resolution"]} if now["resolution"] else None,
        "resolutiondate": None,
        "customfield_1": [{"id": int(number), "name": f"Sprint {number}", "state": "active"} for number in inside]
        or None,
        "customfield_2": [{"id": "10019", "value": "Impediment"}] if now["customfield_2"] else None,
        "customfield_3": now["customfield_3"],
    }
