"""The fields and functions of the sandbox's JQL: from the values a clause names to a test of an issue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Site

Json = dict[str, Any]
Test = Callable[[Issue, datetime], bool]
EMPTY = "\0empty"  # no value of a query can be this


@dataclass(frozen=True)
class Asked:
    """Of which site, and by whom."""

    site: Site
    me: Json | None


def wrong(reason: str) -> Refused:
    """Jira's 400 for a query that cannot be read."""
    return Refused(400, f"Error in the JQL Query: {reason}")


def unknown_field(name: str) -> Refused:
    """Jira's 400 for a field that is not there."""
    return Refused(400, f"Field '{name}' does not exist or you do not have permission to view it.")


def _missing(value: str, name: str) -> Refused:
    return Refused(400, f"The value '{value}' does not exist for the field '{name}'.")


def _project(wanted: list[str], asked: Asked) -> Test:
    keys = set()
    for value in wanted:
        found = asked.site.projects.find(value)
        if found is None or not asked.site.access.browses(found["key"], asked.me):
            raise _missing(value, "project")
        keys.add(found["key"])
    return lambda issue, at: issue.key.rpartition("-")[0] in keys


def _filter(wanted: list[str], asked: Asked) -> Test:
    tests = []
    for value in wanted:
        board = asked.site.boards.of_filter(value)
        if board is None:
            raise _missing(value, "filter")
        tests.append(board.takes)
    return lambda issue, at: any(takes(issue, at) for takes in tests)


def _sprint(wanted: list[str], asked: Asked) -> Test:
    numbers = set()
    for value in wanted:
        one = asked.site.sprints.named(value) if value != EMPTY else None
        if one is None and value != EMPTY:
            raise Refused(400, f"Sprint with name '{value}' does not exist or you do not have permission to view it.")
        if one is not None:
            numbers.add(one.id)
    none = EMPTY in wanted
    return lambda issue, at: not numbers.isdisjoint(issue.sprints(at)) or (none and not issue.sprints(at))


def _key(wanted: list[str], asked: Asked) -> Test:
    numbers = set()
    for value in wanted:
        one = asked.site.known(value, asked.me)
        if one is None:
            raise Refused(400, f"An issue with key '{value}' does not exist for field 'key'.")
        numbers.add(one.id)
    return lambda issue, at: issue.id in numbers


def _status(wanted: list[str], asked: Asked) -> Test:
    numbers: set[str] = set()
    for value in wanted:
        known = asked.site.statuses.values()
        same = {one.id for one in known if value == one.id or value.lower() == one.name.lower()}
        if not same:
            raise _missing(value, "status")
        numbers |= same
    return lambda issue, at: issue.state(at)["status"] in numbers


def _category(wanted: list[str], asked: Asked) -> Test:
    names = {"to do": "new", "in progress": "indeterminate", "done": "done"}
    keys = {names.get(value.lower(), value.lower()) for value in wanted}
    of = asked.site.statuses
    return lambda issue, at: of[issue.state(at)["status"]].category in keys


def _assignee(wanted: list[str], asked: Asked) -> Test:
    def account(issue: Issue, at: datetime) -> str:
        held = issue.state(at).get("assignee") or {}
        return str(held.get("accountId") or held.get("name") or EMPTY)

    return lambda issue, at: account(issue, at) in wanted


def _named(field: str) -> "Callable[[list[str], Asked], Test]":
    """A field that holds an object with id and name, or nothing."""

    def matches(wanted: list[str], asked: Asked) -> Test:
        low = {value.lower() for value in wanted}

        def test(issue: Issue, at: datetime) -> bool:
            held = issue.state(at).get(field)
            if not held:
                return EMPTY in wanted or "unresolved" in low
            return str(held.get("id")) in wanted or str(held.get("name")).lower() in low

        return test

    return matches


def _labels(wanted: list[str], asked: Asked) -> Test:
    return lambda issue, at: not set(issue.state(at).get("labels") or [EMPTY]).isdisjoint(wanted)


FIELDS: dict[str, Callable[[list[str], Asked], Test]] = {
    "project": _project,
    "filter": _filter,
    "savedfilter": _filter,
    "sprint": _sprint,
    "key": _key,
    "issuekey": _key,
    "issue": _key,
    "id": _key,
    "status": _status,
    "statuscategory": _category,
    "assignee": _assignee,
    "labels": _labels,
    "issuetype": _named("issuetype"),
    "type": _named("issuetype"),
    "resolution": _named("resolution"),
}


def _current_user(asked: Asked) -> list[str]:
    return [str((asked.me or {}).get("accountId"))]


def _sprints_in(state: str) -> Callable[[Asked], list[str]]:
    def listed(asked: Asked) -> list[str]:
        now = asked.site.now()
        return [str(one.id) for one in asked.site.sprints.by_id.values() if one.state(now) == state]

    return listed


FUNCTIONS: dict[str, Callable[[Asked], list[str]]] = {
    "currentuser": _current_user,
    "opensprints": _sprints_in("active"),
    "closedsprints": _sprints_in("closed"),
}
