"""What administrators and people do to a pretend site, at the control door: issues come and go, and who sees them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from fmo_bot.sandbox.jira import jql
from fmo_bot.sandbox.jira.access import PERMISSIONS
from fmo_bot.sandbox.jira.changes import Changes, item, status_named
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.screens import STATES

Json = dict[str, Any]
Act = Callable[[Changes, Request, Json], Json]


def delete(changes: Changes, request: Request, told: Json) -> Json:
    """An issue goes for good, with its webhook."""
    issue = _issue(changes, request)
    changes.delete(issue, by=changes.site.people.bot)
    return {"deleted": issue.key}


def move_to(changes: Changes, request: Request, told: Json) -> Json:
    """`{project}`: into another project, under a new key; the id stays, and the old key leads there."""
    issue, project = _issue(changes, request), changes.site.projects.find(told.get("project"))
    if project is None:
        raise Refused(400, f"There is no project {told.get('project')}; there are {', '.join(_projects(changes))}.")
    changes.move_to(issue, project, by=changes.site.people.bot)
    return {"key": issue.key, "id": issue.id}


def secure(changes: Changes, request: Request, told: Json) -> Json:
    """`{level: name or null, members?: [account ids]}`: who does not belong to the level does not see the issue."""
    site, issue = changes.site, _issue(changes, request)
    after = site.access.level(str(told["level"]), told.get("members")) if told.get("level") else None
    before = issue.end.get("security")
    site.access.kept_back = True
    ends = [(one["id"], one["name"]) if one else None for one in (before, after)]
    changes.change(issue, [item("security", before=ends[0], after=ends[1])], by=site.people.bot)
    return {"key": issue.key, "level": after}


def comment(changes: Changes, request: Request, told: Json) -> Json:
    """`{text, by?, role?}`: as a person, to those of a role only."""
    site, issue = changes.site, _issue(changes, request)
    who = site.people.search(str(told["by"])) if told.get("by") else [site.people.bot]
    if not who or not str(told.get("text") or ""):
        raise Refused(400, 'Say {"text": words, "by": somebody in Jira}.')
    role = {"type": "role", "value": str(told["role"])} if told.get("role") else None
    return {"id": changes.comment(issue, str(told["text"]), by=who[0], visibility=role)["id"]}


def project(changes: Changes, request: Request, told: Json) -> Json:
    """`{name?, browse?: true, false or [account ids]}`: a new project, or who may browse one."""
    site, key = changes.site, request.path_params["project"].upper()
    found = site.projects.find(key) or site.projects.add(key, str(told.get("name") or key))
    if "browse" in told:
        site.access.projects.pop(found["key"], None)
        if told["browse"] is not True:
            site.access.projects[found["key"]] = frozenset(told["browse"] or ())
    changes.announce(None)
    return {**found, "browse": sorted(site.access.projects.get(found["key"], ["everybody"]))}


def permissions(changes: Changes, request: Request, told: Json) -> Json:
    """`{deny: [operations], roles?: {name: [account ids]}}`: what no account may do, and who hears which comments."""
    access = changes.site.access
    known = {*PERMISSIONS.values(), "report"}
    if unknown := sorted(set(told.get("deny", ())) - known):
        raise Refused(400, f"There is no operation {unknown[0]}; there are {', '.join(sorted(known))}.")
    if "deny" in told:
        access.denied = set(told["deny"])
    access.roles |= {str(name): frozenset(members) for name, members in told.get("roles", {}).items()}
    changes.announce(None)
    return {"deny": sorted(access.denied), "roles": {name: sorted(held) for name, held in access.roles.items()}}


def status(changes: Changes, request: Request, told: Json) -> Json:
    """`{name}`: what a status is called from now on; histories keep the name it had."""
    site = changes.site
    number = status_named(site, request.path_params["status"])
    site.statuses[number] = replace(site.statuses[number], name=str(told["name"]))
    changes.announce(None)
    return {"id": number, "name": site.statuses[number].name}


def new_board(changes: Changes, request: Request, told: Json) -> Json:
    """`{name, jql, type?, project?}`: another board, with the first one's columns."""
    boards, site = changes.site.boards, changes.site
    home = site.projects.find(told.get("project")) or site.projects.first
    about = {"name": str(told.get("name") or "Another board"), "type": told.get("type", site.board["type"])}
    query = str(told.get("jql") or "")
    test = jql.parse(query, site).where
    board = boards.add({**site.board, **about, "location": {"type": "project", **home}})
    board.query, board.test = query, test
    changes.announce(None)
    return {"id": board.shape["id"], "filter": board.shape["filter"]["id"]}


def change_board(changes: Changes, request: Request, told: Json) -> Json:
    """`{name?, jql?, new_filter?: true, columns?: [{name, statuses: [ids or names]}]}`."""
    site = changes.site
    board = site.boards.by_id.get(request.path_params["board"])
    if board is None:
        raise Refused(404, f"There is no board {request.path_params['board']}.")
    shape = {**board.shape, "name": str(told.get("name", board.shape["name"]))}
    if "columns" in told:
        columns = [{"name": one["name"], "statuses": _statuses(changes, one)} for one in told["columns"]]
        shape["columnConfig"] = {**shape["columnConfig"], "columns": columns}
    if told.get("new_filter"):
        shape["filter"] = {"id": site.boards.new_filter()}
    if "jql" in told:
        board.query, board.test = str(told["jql"]), jql.parse(str(told["jql"]), site).where
    board.shape = shape
    changes.announce(None)
    return {"id": shape["id"], "filter": shape["filter"]["id"]}


def _statuses(changes: Changes, column: Json) -> list[Json]:
    return [{"id": status_named(changes.site, str(one))} for one in column.get("statuses", [])]


def person(changes: Changes, request: Request, told: Json) -> Json:
    """`{hidden?, active?, emailAddress?, displayName?}` of an account."""
    found = changes.site.people.get(request.path_params["account"])
    if found is None:
        raise Refused(404, f"There is no account {request.path_params['account']}.")
    found.update({name: told[name] for name in ("hidden", "active", "emailAddress", "displayName") if name in told})
    changes.announce(None)
    return {name: found.get(name) for name in ("accountId", "hidden", "active", "emailAddress", "displayName")}


def fields(changes: Changes, request: Request, told: Json) -> Json:
    """`{flagged?, points?}`: `here`, `off-screen` (cannot be edited) or `missing` (the site has no such field)."""
    screens = changes.site.screens
    for name in ("flagged", "points"):
        if told.get(name, STATES[0]) not in STATES:
            raise Refused(400, f"{name} is one of {', '.join(STATES)}.")
        setattr(screens, name, told.get(name, getattr(screens, name)))
    changes.announce(None)
    return {"flagged": screens.flagged, "points": screens.points}


def version(changes: Changes, request: Request, told: Json) -> Json:
    """`{version}` of Data Center, such as 9.12.4: webhooks are signed from 10 on."""
    parts = str(told.get("version") or "").split(".")
    if changes.site.is_cloud or not all(part.isdigit() for part in parts):
        raise Refused(400, 'Say {"version": "9.12.4"} of a Data Center.')
    changes.site.version = str(told["version"])
    return {"version": changes.site.version}


def new_version(changes: Changes, request: Request, told: Json) -> Json:
    """`{name, project?}`: a version that is planned."""
    site = changes.site
    home = site.projects.find(told.get("project")) or site.projects.first
    if not str(told.get("name") or ""):
        raise Refused(400, 'Say {"name": what the version is called}.')
    return {"id": site.versions.add(str(told["name"]), home)["id"]}


def release(changes: Changes, request: Request, told: Json) -> Json:
    """`{released, releaseDate?}`: a version is released, or planned (again). Its issues are not updated by it."""
    site, found = changes.site, changes.site.versions.by_id.get(request.path_params["version"])
    if found is None or not isinstance(told.get("released"), bool):
        raise Refused(400, 'Say {"released": true, "releaseDate": "2026-01-31"} of a version there is.')
    found["released"] = told["released"]
    found["releaseDate"] = str(told.get("releaseDate") or site.now().date().isoformat())
    changes.announce(None)
    changes.hooks.released(found, site.now())
    return site.versions.shown(found, site.now())


def plan(changes: Changes, request: Request, told: Json) -> Json:
    """`{version}`: an issue is to be released with it, too; `{version, off: true}`: no longer."""
    issue, found = _issue(changes, request), changes.site.versions.by_id.get(str(told.get("version")))
    if found is None:
        raise Refused(400, f"There is no version {told.get('version')}.")
    end = (found["id"], found["name"])
    named = item("Fix Version", before=end) if told.get("off") else item("Fix Version", after=end)
    changes.change(issue, [{**named, "fieldId": "fixVersions"}], by=changes.site.people.bot)
    return {"key": issue.key, "versions": [one["name"] for one in issue.end["fixVersions"]]}


def _issue(changes: Changes, request: Request) -> Issue:
    return changes.site.find(request.path_params["key"])


def _projects(changes: Changes) -> list[str]:
    return list(changes.site.projects.by_key)


ACTS: list[tuple[str, str, Act]] = [
    ("DELETE", "/issues/{key}", delete),
    ("POST", "/issues/{key}/move_to", move_to),
    ("PUT", "/issues/{key}/security", secure),
    ("POST", "/issues/{key}/comment", comment),
    ("PUT", "/projects/{project}", project),
    ("PUT", "/permissions", permissions),
    ("PUT", "/statuses/{status}", status),
    ("POST", "/boards", new_board),
    ("PUT", "/boards/{board}", change_board),
    ("PUT", "/people/{account:path}", person),
    ("PUT", "/fields", fields),
    ("PUT", "/version", version),
    ("POST", "/versions", new_version),
    ("PUT", "/versions/{version}", release),
    ("POST", "/issues/{key}/version", plan),
]
