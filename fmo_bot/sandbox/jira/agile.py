"""Boards and sprints. Issue reads stand on `/rest/agile/1.0` on Data Center and `/rest/software/1.0` on Cloud."""

from collections.abc import Callable, Sequence
from typing import Any

from fmo_bot.sandbox.jira import jql
from fmo_bot.sandbox.jira.boards import Board
from fmo_bot.sandbox.jira.door import Answer, Call, Endpoint
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.search import MOST_IDS, USUAL, cut, page_of
from fmo_bot.sandbox.jira.site import CLOUD, DATA_CENTER

Json = dict[str, Any]
_MOST = 50
_REMOVED = (
    "The requested API has been removed. Please migrate to the corresponding /rest/software/1.0 API. "
    "See https://developer.atlassian.com/cloud/jira/software/changelog/"
)
_CONFIGURATION = ("id", "name", "type", "location", "filter", "subQuery", "columnConfig", "estimation", "ranking")


def boards(call: Call) -> Answer:
    """The boards that the filters take."""
    return _envelope(
        call, [one for one in map(lambda held: _brief(call, held.shape), _visible(call)) if _fits(call, one)]
    )


def _visible(call: Call) -> list[Board]:
    """Boards of projects the caller may browse."""
    site = call.site
    return [one for one in site.boards.by_id.values() if site.access.browses(_place(one.shape)["key"], call.me)]


def _place(shape: Json) -> Json:
    place: Json = shape.get("location") or {}
    return {"id": "10000", "key": "", "name": "", **place}


def _fits(call: Call, shown: Json) -> bool:
    asked, project = call.request.query_params, shown["location"].get("projectKey")
    return (
        asked.get("type", shown["type"]) == shown["type"]
        and asked.get("name", "").lower() in shown["name"].lower()
        and asked.get("projectKeyOrId", project) in (project, str(shown["location"].get("projectId")))
    )


def board(call: Call) -> Answer:
    """A board in brief."""
    return _brief(call, _board(call).shape)


def configuration(call: Call) -> Answer:
    """Columns, filter, estimation."""
    held = _board(call).shape
    shown = {name: held[name] for name in _CONFIGURATION if name in held}
    columns = [{**column, "statuses": _linked(call, column)} for column in held["columnConfig"]["columns"]]
    if call.site.ids.points in call.site.screens.lost(call.site.ids) and "estimation" in shown:
        shown["estimation"] = {"type": "none"}
    return shown | {
        "self": f"{call.base}/rest/agile/1.0/board/{held['id']}/configuration",
        "columnConfig": {**held["columnConfig"], "columns": columns},
        "filter": {**held["filter"], "self": f"{call.base}/rest/api/2/filter/{held['filter']['id']}"},
    }


def _linked(call: Call, column: Json) -> list[Json]:
    return [
        {"id": str(one["id"]), "self": f"{call.base}/rest/api/2/status/{one['id']}"}
        for one in column.get("statuses", [])
    ]


def sprints(call: Call) -> Answer:
    """A board's sprints by `state`; 400 on a board without sprints."""
    here = _board(call)
    if here.shape["type"] == "kanban":
        raise Refused(400, "The board does not support sprints")
    wanted = {one for one in str(call.ask("state") or "").split(",") if one}
    if not wanted <= {"future", "active", "closed"}:
        raise Refused(400, "The value of 'state' is none of future, active, closed.")
    first = here is call.site.boards.first  # shows every sprint of the site
    listed = [one for one in call.site.sprints.by_id.values() if first or one.board == here.shape["id"]]
    shown = [call.views.sprint(one) for one in listed]
    return _envelope(call, [one for one in shown if not wanted or one["state"] in wanted])


def sprint(call: Call) -> Answer:
    """One sprint."""
    return call.views.sprint(call.site.sprint(call.path("sprint")))


def removed(call: Call) -> Answer:
    """Cloud's answer to the agile-1.0 issue reads."""
    raise Refused(410, _REMOVED)


def board_issues(call: Call) -> list[Issue]:
    """Every issue of the board, by rank (here: by key)."""
    here = _board(call)
    return _narrowed(call, [one for one in call.site.present(call.at, call.me) if here.takes(one, call.at)])


def backlog(call: Call) -> list[Issue]:
    """Those in no open sprint and not done."""
    done = call.site.done_statuses()
    return [one for one in board_issues(call) if not _planned(call, one) and one.state(call.at)["status"] not in done]


def _planned(call: Call, issue: Issue) -> bool:
    held = call.site.sprints.known(issue.sprints(call.at))
    return any(one.state(call.at) != "closed" for one in held)


def sprint_issues(call: Call) -> list[Issue]:
    """Those in the sprint now."""
    here = _board(call) if call.path("board") else call.site.boards.first
    number = call.site.sprint(call.path("sprint")).id
    there = (one for one in call.site.present(call.at, call.me) if number in one.sprints(call.at))
    return _narrowed(call, [one for one in there if here.takes(one, call.at)])


def _narrowed(call: Call, found: list[Issue]) -> list[Issue]:
    query = jql.parse(str(call.ask("jql") or "") or "ORDER BY key ASC", call.site, call.me)
    kept = {issue.id for issue in found}
    return [issue for issue in query.run(call.site, call.at) if issue.id in kept]


def _by_page(read: Callable[[Call], list[Issue]]) -> Callable[[Call], Answer]:
    return lambda call: page_of(call, read(call), agile=True)


def _by_token(read: Callable[[Call], list[Issue]]) -> Callable[[Call], Answer]:
    def serve(call: Call) -> Answer:
        most = call.number("maxResults", USUAL)
        if not 1 <= most <= MOST_IDS:
            raise Refused(400, f"The value of maxResults must be between 1 and {MOST_IDS}.")
        wanted = call.fields()
        page, token = cut(call, read(call), most if wanted.only_ids else min(most, 100))
        history = call.expands("changelog")
        shown = [call.views.issue(one, fields=wanted, changelog=history, agile=True) for one in page]
        return {"issues": shown, "isLast": token is None} | ({"nextPageToken": token} if token else {})

    return serve


def _counted(read: Callable[[Call], list[Issue]]) -> Callable[[Call], Answer]:
    return lambda call: {"count": len(read(call))}


def _board(call: Call) -> Board:
    held = call.site.boards.by_id.get(call.path("board"))
    if held is None or held not in _visible(call):
        raise Refused(
            404,
            f"The requested board cannot be viewed because it either does not exist or you do not have "
            f"permission to view it. ({call.path('board')})",
        )
    return held


def _brief(call: Call, held: Json) -> Json:
    place = _place(held)
    location = {
        "projectId": int(place["id"]),
        "projectKey": place["key"],
        "projectName": place["name"],
        "displayName": f"{place['name']} ({place['key']})",
        "projectTypeKey": "software",
        "name": f"{place['name']} ({place['key']})",
    }
    return {
        "id": held["id"],
        "self": f"{call.base}/rest/agile/1.0/board/{held['id']}",
        "name": held["name"],
        "type": held["type"],
        "location": location,
    }


def one_filter(call: Call) -> Answer:
    """The saved filter behind a board."""
    found = call.site.boards.of_filter(call.path("filter"))
    if found is None:
        raise Refused(404, f"The selected filter with ID '{call.path('filter')}' does not exist.")
    link = f"{call.base}/rest/api/2/filter/{call.path('filter')}"
    query = found.query or "ORDER BY Rank ASC"
    return {"self": link, "id": call.path("filter"), "name": f"Filter for {found.shape['name']}", "jql": query}


def _envelope(call: Call, values: Sequence[Json]) -> Json:
    first, most = call.number("startAt", 0), min(call.number("maxResults", _MOST), _MOST)
    most = call.site.troubles.page(most, len(values) - first) if most else 0
    return {
        "maxResults": most,
        "startAt": first,
        "total": len(values),
        "isLast": first + most >= len(values),
        "values": list(values[first : first + most]),
    }


_READS: dict[str, Callable[[Call], list[Issue]]] = {
    "board/{board}/issue": board_issues,
    "board/{board}/backlog": backlog,
    "board/{board}/sprint/{sprint}/issue": sprint_issues,
    "sprint/{sprint}/issue": sprint_issues,
}
_AGILE, _SOFTWARE = "/rest/agile/1.0", "/rest/software/1.0"
ENDPOINTS = [
    Endpoint("GET", "/rest/api/{version}/filter/{filter}", one_filter),
    Endpoint("GET", f"{_AGILE}/board", boards),
    Endpoint("GET", f"{_AGILE}/board/{{board}}", board),
    Endpoint("GET", f"{_AGILE}/board/{{board}}/configuration", configuration),
    Endpoint("GET", f"{_AGILE}/board/{{board}}/sprint", sprints),
    Endpoint("GET", f"{_AGILE}/sprint/{{sprint}}", sprint),
    *(Endpoint("GET", f"{_AGILE}/{tail}", removed, of=(CLOUD,)) for tail in _READS),
    *(Endpoint("GET", f"{_AGILE}/{tail}", _by_page(read), of=(DATA_CENTER,)) for tail, read in _READS.items()),
    *(Endpoint("GET", f"{_SOFTWARE}/{tail}", _by_token(read), of=(CLOUD,)) for tail, read in _READS.items()),
    *(
        Endpoint("GET", f"{_SOFTWARE}/{tail}/approximate-count", _counted(read), of=(CLOUD,))
        for tail, read in _READS.items()
    ),
]
