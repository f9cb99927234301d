"""The boards of a site: one from a file or made from the issues, and those an administrator adds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fmo_bot.sandbox.jira.statuses import Status, columns

if TYPE_CHECKING:
    from fmo_bot.sandbox.jira.issue import Issue
    from fmo_bot.sandbox.jira.site import Site

Json = dict[str, Any]


@dataclass
class Board:
    """A board: its configuration, the query of its filter, and what that takes (None: every issue)."""

    shape: Json
    query: str = ""
    test: "Callable[[Issue, datetime], bool] | None" = None

    def takes(self, issue: "Issue", at: datetime) -> bool:
        """Whether the filter finds the issue."""
        return self.test is None or self.test(issue, at)


class Boards:
    """Boards by id; the first is the one that everything else of the sandbox shows."""

    def __init__(self, first: Json) -> None:
        """Its filter takes every issue of the site."""
        self.by_id: dict[str, Board] = {str(first["id"]): Board(first)}

    @property
    def first(self) -> Board:
        """The one that was there from the start."""
        return next(iter(self.by_id.values()))

    def of_filter(self, number: str) -> Board | None:
        """The board with this filter."""
        return next((one for one in self.by_id.values() if str(one.shape["filter"]["id"]) == number), None)

    def new_filter(self) -> str:
        """An id no filter has."""
        return str(1 + max(int(one.shape["filter"]["id"]) for one in self.by_id.values()))

    def add(self, shape: Json) -> Board:
        """A new board, with an id and a filter of its own."""
        number = 1 + max(int(one) for one in self.by_id)
        self.by_id[str(number)] = Board({**shape, "id": number, "filter": {"id": self.new_filter()}})
        return self.by_id[str(number)]


def done_statuses(shape: Json) -> set[str]:
    """Those of the last column with statuses: what Jira's own reports call done."""
    filled = [column for column in shape["columnConfig"]["columns"] if column.get("statuses")]
    return {str(status["id"]) for status in filled[-1]["statuses"]} if filled else set()


def configured(board: Json, site: "Site") -> Json:
    """A configuration as it was exported, with what it may lack filled in."""
    return {**made_up(site), **board}


def made_up(site: "Site") -> Json:
    """A board with the id the busiest sprint names: scrum where there are sprints, else kanban."""
    number = (site.busiest.board if site.busiest else None) or 1
    project = site.projects.first
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


def snapshot(site: "Site", one: Board) -> Json:
    """The small board of the page: cards by column, at the clock; the active sprint's where there is one."""
    now, held = site.now(), one.shape
    active = [one for one in site.sprints.by_id.values() if one.state(now) == "active"]
    current = next((one for one in active if one is site.busiest), active[0] if active else None)
    here = [issue for issue in site.present(now) if one.takes(issue, now)]
    shown = [issue for issue in here if current is None or current.id in issue.sprints(now)]
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
        "name": held["name"],
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
            for column in held["columnConfig"]["columns"]
        ],
    }
