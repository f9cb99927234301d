"""Jira's own sprint report (`greenhopper`), by Jira's rules.

The last column with statuses of that board is done. What is done at the close counts as completed where it came there
while the sprint ran and it was in it, else as completed in another sprint.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira.boards import done_statuses
from fmo_bot.sandbox.jira.door import Answer, Call, Endpoint, Handler
from fmo_bot.sandbox.jira.fields import id_list, subject
from fmo_bot.sandbox.jira.histories import Items, OnceEach
from fmo_bot.sandbox.jira.issue import Issue, sprints_named
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.sprints import Sprint

Json = dict[str, Any]
DONE, OPEN, PUNTED, ELSEWHERE = (
    "completedIssues",
    "issuesNotCompletedInCurrentSprint",
    "puntedIssues",
    "issuesCompletedInAnotherSprint",
)
_SUMS = {DONE: "completedIssues", OPEN: "issuesNotCompleted", PUNTED: "puntedIssues", ELSEWHERE: ELSEWHERE}


@dataclass(frozen=True)
class Place:
    """Where one issue stands in the report."""

    issue: Issue
    group: str
    added: bool
    initial: float | None
    final: float | None


def sprint_report(call: Call) -> Answer:
    """`rapidViewId` and `sprintId`; as of now for a sprint that is not closed."""
    call.site.permit("report")
    if (fault := call.site.troubles.get("jira_report")) is not None:
        return _FAULTS[fault](call)
    here = call.site.boards.by_id.get(str(call.ask("rapidViewId")))
    if here is None:
        raise Refused(
            404,
            "The requested board cannot be viewed because it either does not exist or you do not have "
            "permission to view it.",
        )
    sprint = call.site.sprint(str(call.ask("sprintId") or ""))
    if sprint.start is None or sprint.start > call.at:
        raise Refused(400, "The sprint has not been started.")
    close = min(sprint.complete or call.at, call.at)
    there = [issue for issue in _ever_in(call, sprint, close) if here.takes(issue, close)]
    done = done_statuses(here.shape)
    places = [found for issue in there if (found := _place(issue, sprint, close, done))]
    return {"contents": _contents(call, places), "sprint": _sprint(call, sprint), "supportsPages": False}


def _ever_in(call: Call, sprint: Sprint, close: datetime) -> list[Issue]:
    """Of large sites all but a few are left out before anybody asks how they were at the start."""
    ids = call.site.ids
    named: OnceEach[Items, set[int]] = OnceEach(lambda items: sprints_named(items, ids))
    return [issue for issue in call.site.present(close, call.me) if sprint.id in issue.ever_in(named)]


def _place(issue: Issue, sprint: Sprint, close: datetime, done: set[str]) -> Place | None:
    start = sprint.start or close
    joined = _joined(issue, sprint, start, close)
    if joined is None:
        return None
    points = issue.ids.points
    here = sprint.id in issue.sprints(close)
    group = _group(issue, sprint, start, close, done) if here else PUNTED
    initial = issue.state(joined).get(points)
    return Place(issue, group, joined > start, initial, issue.state(close).get(points))


def _joined(issue: Issue, sprint: Sprint, start: datetime, close: datetime) -> datetime | None:
    """When it came in: at the start, later, or never."""
    if issue.is_there(start) and sprint.id in issue.sprints(start):
        return start
    for place in range(issue.past(start), issue.past(close)):
        for item in issue.histories[place].items:
            if subject(item, issue.ids) == "sprint" and sprint.id in id_list(item.get("to")):
                return issue.instants[place]
    born_in = issue.created > start and sprint.id in issue.sprints(issue.created)
    return issue.created if born_in else None


def _group(issue: Issue, sprint: Sprint, start: datetime, close: datetime, done: set[str]) -> str:
    came = _done_since(issue, close, done)
    if came is None:
        return OPEN
    return DONE if came >= start and sprint.id in issue.sprints(came) else ELSEWHERE


def _done_since(issue: Issue, close: datetime, done: set[str]) -> datetime | None:
    """Since when it has been done without a break, as of the close."""
    if issue.state(close)["status"] not in done:
        return None
    for place in reversed(range(issue.past(close))):
        for item in reversed(issue.histories[place].items):
            if subject(item, issue.ids) == "status" and str(item.get("from")) not in done:
                return issue.instants[place]
    return issue.created


def _contents(call: Call, places: list[Place]) -> Json:
    told: Json = {group: [_entry(call, one) for one in places if one.group == group] for group in _SUMS}
    for group, name in _SUMS.items():
        told |= _sums(name, [one for one in places if one.group == group])
    told |= _sums("allIssues", [one for one in places if one.group != PUNTED])
    return told | {"issueKeysAddedDuringSprint": {one.issue.key: True for one in places if one.added}}


def _sums(name: str, places: list[Place]) -> Json:
    return {
        f"{name}InitialEstimateSum": _sum([one.initial for one in places]),
        f"{name}EstimateSum": _sum([one.final for one in places]),
    }


def _sum(values: list[float | None]) -> Json:
    known = [value for value in values if value is not None]
    return {"value": sum(known), "text": str(sum(known))} if known else {"text": "null"}


def _entry(call: Call, one: Place) -> Json:
    state = one.issue.state(call.at)
    return {
        "id": int(one.issue.id) if one.issue.id.isdigit() else one.issue.id,
        "key": one.issue.key,
        "summary": state.get("summary"),
        "typeName": (state.get("issuetype") or {}).get("name"),
        "done": one.group in (DONE, ELSEWHERE),
        "statusId": state["status"],
        "statusName": call.site.statuses[state["status"]].name,
        "estimateStatistic": _statistic(call, one.initial),
        "currentEstimateStatistic": _statistic(call, one.final),
    }


def _statistic(call: Call, value: float | None) -> Json:
    return {"statFieldId": call.site.ids.points, "statFieldValue": {} if value is None else {"value": value}}


def _sprint(call: Call, sprint: Sprint) -> Json:
    shown = call.views.sprint(sprint)
    days = {"startDate": "isoStartDate", "endDate": "isoEndDate", "completeDate": "isoCompleteDate"}
    return {
        "id": sprint.id,
        "name": sprint.name,
        "state": shown["state"].upper(),
        "goal": sprint.goal,
        **{iso: shown.get(name, "None") for name, iso in days.items()},
    }


def _gone(call: Call) -> Answer:
    raise Refused(410, "The requested API has been removed.")


def _missing(call: Call) -> Answer:
    raise Refused(404, body={"message": f"null for uri: {call.request.url}", "status-code": 404})


def _odd(call: Call) -> Answer:
    return {"contents": {DONE: "none"}}


_FAULTS: dict[str, Handler] = {"missing": _missing, "gone": _gone, "odd": _odd}
ENDPOINTS = [Endpoint("GET", "/rest/greenhopper/1.0/rapid/charts/sprintreport", sprint_report)]
