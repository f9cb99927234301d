"""What may be edited and created: `editmeta` and `createmeta`."""

from typing import Any

from fmo_bot.sandbox.jira.door import Answer, Call, Endpoint
from fmo_bot.sandbox.jira.refusals import Refused

Json = dict[str, Any]
_TYPES = (("10001", "Story", False), ("10002", "Task", False), ("10004", "Bug", False), ("10003", "Sub-task", True))
_BUG = "10004"


def editable(call: Call) -> Answer:
    """The fields of an issue's edit screen."""
    call.find(call.path("issue"))
    return {"fields": {} if "edit" in call.site.access.denied else _screen(call)}


def types(call: Call) -> Answer:
    """The types of issue a project takes."""
    _open(call)
    listed = [{"id": number, "name": name, "subtask": sub} for number, name, sub in _TYPES]
    return _page(call, "issueTypes", listed)


def creatable(call: Call) -> Answer:
    """The fields of the screen on which such an issue is created."""
    _open(call)
    if call.path("type") not in [number for number, _, _ in _TYPES]:
        raise Refused(404, "The issue type is not valid for this project.")
    shown = _screen(call) | (_URGENCY if call.path("type") == _BUG else {})
    listed = [{"fieldId": number, **about} for number, about in shown.items()]
    return _page(call, "fields", listed)


def _open(call: Call) -> None:
    found = call.site.projects.find(call.path("project"))
    if found is None or not call.site.access.browses(found["key"], call.me) or "create" in call.site.access.denied:
        raise Refused(404, f"No project could be found with key '{call.path('project')}'.")


def _page(call: Call, name: str, listed: list[Json]) -> Json:
    """Cloud and Data Center name the list differently."""
    named = {name: listed} if call.site.is_cloud else {"values": listed, "isLast": True}
    return {"startAt": 0, "maxResults": 50, "total": len(listed), **named}


def _screen(call: Call) -> Json:
    ids, off = call.site.ids, call.site.screens.off(call.site.ids)
    flag = [{"value": "Impediment", "id": "10019"}]
    shown: dict[str, Json] = {
        "summary": _field("Summary", "string", required=True),
        "labels": _field("Labels", "array"),
        "assignee": _field("Assignee", "user"),
        ids.flagged: _field("Flagged", "array") | {"allowedValues": flag},
        ids.points: _field(ids.points_name, "number"),
        ids.sprint: _field("Sprint", "array"),
    }
    return {number: {"key": number, **about} for number, about in shown.items() if number not in off}


def _field(name: str, kind: str, *, required: bool = False) -> Json:
    return {"name": name, "required": required, "schema": {"type": kind}, "operations": ["set"]}


_PRIORITIES = [{"id": "2", "name": "High"}, {"id": "3", "name": "Medium"}, {"id": "4", "name": "Low"}]
_URGENCY = {"priority": _field("Priority", "priority", required=True) | {"allowedValues": _PRIORITIES}}  # of a bug
_ISSUE = "/rest/api/{version}/issue"
ENDPOINTS = [
    Endpoint("GET", f"{_ISSUE}/createmeta/{{project}}/issuetypes", types),
    Endpoint("GET", f"{_ISSUE}/createmeta/{{project}}/issuetypes/{{type}}", creatable),
    Endpoint("GET", f"{_ISSUE}/{{issue}}/editmeta", editable),
]
