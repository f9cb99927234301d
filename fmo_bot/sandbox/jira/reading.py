"""Reading issues and histories one by one and in bulk."""

from typing import Any

import msgspec

from fmo_bot.sandbox.jira.door import INVALID, Answer, Call, Endpoint
from fmo_bot.sandbox.jira.histories import History
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import CLOUD

Json = dict[str, Any]
MOST_ISSUES, MOST_ISSUES_FEW_FIELDS = 100, 1000
MOST_FIELD_IDS = 10
MOST_HISTORIES, USUAL_HISTORIES = 10_000, 1000


def issue(call: Call) -> Answer:
    """One issue, with all its fields unless `fields` says otherwise."""
    found = call.find(call.path("issue"))
    return call.views.issue(found, fields=call.fields(), changelog=call.expands("changelog"))


def changelog(call: Call) -> Answer:
    """Cloud: all histories of one issue, oldest first, paged."""
    histories = call.views.histories(call.find(call.path("issue")))
    first = call.number("startAt", 0)
    most = call.site.troubles.page(min(call.number("maxResults", 100), 100), len(histories) - first)
    return {
        "self": str(call.request.url),
        "startAt": first,
        "maxResults": most,
        "total": len(histories),
        "isLast": first + most >= len(histories),
        "values": histories[first : first + most],
    }


def bulk(call: Call) -> Answer:
    """Cloud: by ids or keys, ascending by id; what is missing or forbidden is silently left out."""
    body = call.given()
    wanted = call.fields("*navigable")
    asked = _names(body, "issueIdsOrKeys")
    simple = wanted.names is not None and len(wanted.names) <= 100 and not body.get("expand")
    most = MOST_ISSUES_FEW_FIELDS if simple else MOST_ISSUES
    if not 1 <= len(asked) <= most:
        raise Refused(400, f"issueIdsOrKeys takes 1 to {most} issues here.")
    found = _present(call, asked)
    history = call.expands("changelog")
    return {
        "expand": "names,schema",
        "issues": [call.views.issue(one, fields=wanted, changelog=history) for one in found],
        "issueErrors": [],
    }


def bulk_changelog(call: Call) -> Answer:
    """Cloud: histories of many issues, oldest first, `created` an epoch number; pages may split an issue."""
    body = call.given()
    asked, only = _names(body, "issueIdsOrKeys"), _names(body, "fieldIds")
    if not 1 <= len(asked) <= MOST_ISSUES_FEW_FIELDS:
        raise Refused(400, f"issueIdsOrKeys takes 1 to {MOST_ISSUES_FEW_FIELDS} issues.")
    if len(only) > MOST_FIELD_IDS or len(set(only)) != len(only):
        raise Refused(400, f"fieldIds takes at most {MOST_FIELD_IDS} different fields.")
    most = call.number("maxResults", USUAL_HISTORIES)
    if not 1 <= most <= MOST_HISTORIES:
        raise Refused(400, f"maxResults must be between 1 and {MOST_HISTORIES}.")
    rows = [(one, history) for one in _present(call, asked) for history in _kept(call, one, frozenset(only))]
    first = _first(call)
    most = call.site.troubles.page(most, len(rows) - first)
    answer: Json = {"issueChangeLogs": _grouped(call, rows[first : first + most])}
    following = str(first + most) if first + most < len(rows) else None
    token = call.site.troubles.token(following, call.ask("nextPageToken"))
    return answer | ({"nextPageToken": token} if token else {})


def _names(body: Json, name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str | int) for one in value):
        raise Refused(400, INVALID)
    return [str(one) for one in value]


def _present(call: Call, asked: list[str]) -> list[Issue]:
    found = {call.site.known(one, call.me) for one in asked} - {None}
    return sorted((one for one in found if one is not None), key=lambda one: (len(one.id), one.id))


def _kept(call: Call, one: Issue, only: frozenset[str]) -> list[History]:
    """The histories with the items asked for; `Link` items carry no fieldId and so are never asked for."""
    happened = one.histories[: one.past(call.at)]
    if call.site.fault("changelog_cut_bulk"):
        happened = happened[-int(call.site.fault("changelog_cut") or len(happened)) :]
    if not only:
        return happened
    kept = ((history, tuple(item for item in history.items if item.get("fieldId") in only)) for history in happened)
    return [msgspec.structs.replace(history, items=items) for history, items in kept if items]


def _first(call: Call) -> int:
    token = str(call.ask("nextPageToken") or "0")
    if not token.isdigit():
        raise Refused(400, "The provided next page token is invalid or expired.")
    return int(token)


def _grouped(call: Call, rows: list[tuple[Issue, History]]) -> list[Json]:
    written = call.views.written((history for _, history in rows), epoch=True)
    by_issue: dict[str, list[msgspec.Raw]] = {}
    for (issue, _), history in zip(rows, written, strict=True):
        by_issue.setdefault(issue.id, []).append(history)
    return [{"issueId": number, "changeHistories": histories} for number, histories in by_issue.items()]


_API = "/rest/api/{version}"
ENDPOINTS = [
    Endpoint("GET", f"{_API}/issue/{{issue}}", issue),
    Endpoint("GET", f"{_API}/issue/{{issue}}/changelog", changelog, of=(CLOUD,)),
    Endpoint("POST", f"{_API}/issue/bulkfetch", bulk, of=(CLOUD,)),
    Endpoint("POST", f"{_API}/changelog/bulkfetch", bulk_changelog, of=(CLOUD,)),
]
