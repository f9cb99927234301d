"""The one board of a site: a configuration from a file, or one made from the issues."""

from typing import TYPE_CHECKING, Any

from fmo_bot.sandbox.jira.statuses import Status, columns

if TYPE_CHECKING:
    from fmo_bot.sandbox.jira.site import Site

Json = dict[str, Any]


def configured(board: Json, site: "Site") -> Json:
    """A configuration as it was exported, with what it may lack filled in."""
    return {**made_up(site), **board}


def made_up(site: "Site") -> Json:
    """A board with the id the busiest sprint names: scrum where there are sprints, else kanban."""
    number = (site.busiest.board if site.busiest else None) or 1
    project = project_of(site)
    found: Json = {
        "id": number,
        "name": f"{project['key']} board",
        "type": "scrum" if site.sprints.by_id else "kanban",
        "location": {"type": "project", **project},
        "filter": {"id": str(10_000 + number)},
        "columnConfig": {"columns": columns(site.statuses.values()), "constraintType": "none"},
        "ranking": {"rankCustomFieldId": 10019},
    }
    if found["type"] == "kanban":
        return found | {"subQuery": {"query": "fixVersion in unreleasedVersions() OR fixVersion is EMPTY"}}
    return found | {"estimation": _estimation(site)}


def _estimation(site: "Site") -> Json:
    if any(issue.end.get(site.ids.points) is not None for issue in site.issues.values()):
        return {"type": "field", "field": {"fieldId": site.ids.points, "displayName": site.ids.points_name}}
    return {"type": "issueCount"}


def project_of(site: "Site") -> Json:
    """The project of the first issue: id, key, name."""
    for issue in site.issues.values():
        told = issue.end.get("project") or {}
        key = told.get("key") or issue.key.rpartition("-")[0]
        return {"id": str(told.get("id") or 10_000), "key": key, "name": told.get("name") or key}
    return {"id": "10000", "key": "EMPTY", "name": "Empty project"}


def named_only_there(board: Json, known: dict[str, Status]) -> dict[str, Status]:
    """Statuses a column holds and no issue was ever in; the column's name and place tell about them."""
    named = {}
    filled = [column for column in board["columnConfig"]["columns"] if column.get("statuses")]
    for column in filled:
        category = "new" if column is filled[0] else "done" if column is filled[-1] else "indeterminate"
        for status in column["statuses"]:
            if str(status["id"]) not in known:
                named[str(status["id"])] = Status(str(status["id"]), column["name"], category)
    return named


def snapshot(site: "Site") -> Json:
    """The small board of the page: cards by column, at the clock; the active sprint's where there is one."""
    now = site.now()
    active = [one for one in site.sprints.by_id.values() if one.state(now) == "active"]
    current = next((one for one in active if one is site.busiest), active[0] if active else None)
    shown = [one for one in site.present(now) if current is None or current.id in one.sprints(now)]
    cards: dict[str, list[Json]] = {}
    for issue in shown:
        state = issue.state(now)
        cards.setdefault(state["status"], []).append(
            {
                "key": issue.key,
                "summary": state.get("summary") or "",
                "status": site.statuses[state["status"]].name,
                "flagged": bool(state.get(site.ids.flagged)),
                "assignee": (state.get("assignee") or {}).get("displayName"),
            }
        )
    return {
        "name": site.board["name"],
        "sprint": {"id": current.id, "name": current.name} if current else None,
        "columns": [
            {
                "name": column["name"],
                "statuses": [
                    site.statuses[str(one["id"])].name
                    for one in column.get("statuses", [])
                    if str(one["id"]) in site.statuses
                ],
                "cards": [card for one in column.get("statuses", []) for card in cards.get(str(one["id"]), [])],
            }
            for column in site.board["columnConfig"]["columns"]
        ],
    }
