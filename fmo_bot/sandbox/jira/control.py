"""What the page and the check do to a site: the small board, the record, moving and flagging cards as people."""

import resource
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fmo_bot.sandbox.jira.administering import ACTS
from fmo_bot.sandbox.jira.boards import snapshot
from fmo_bot.sandbox.jira.changes import Changes, status_named
from fmo_bot.sandbox.jira.door import Encoded
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.keys import KINDS
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.views import Views

Json = dict[str, Any]
Act = Callable[[Changes, Request, Json], Json]


def board(changes: Changes, request: Request, told: Json) -> Json:
    """The small board of the page."""
    found = changes.site.boards.by_id.get(request.path_params["board"])
    if found is None:
        there = ", ".join(changes.site.boards.by_id)
        raise Refused(404, f"There is no board {request.path_params['board']}; there is {there}.")
    return snapshot(changes.site, found)


def record(changes: Changes, request: Request, told: Json) -> Json:
    """The record, for judging."""
    return record_of(changes)


def record_of(changes: Changes) -> Json:
    """Every issue with its full history up to the clock, oldest first; sprints, boards, statuses, deliveries."""
    site = changes.site
    now = site.now()
    views = Views(site, f"/jira/{site.key}", now)
    issues = [
        {**views.issue(issue, agile=True), "changelog": {"histories": views.histories(issue)}}
        for issue in site.present(now)
    ]
    return {
        "now": views.stamp(now),
        "issues": issues,
        "sprints": [views.sprint(one) for one in site.sprints.by_id.values()],
        "boards": [board.shape for board in site.boards.by_id.values()],
        "statuses": [views.status(number) for number in site.statuses],
        "webhooks": list(changes.hooks.log),
        "problems": site.problems,
    }


def requests(changes: Changes, request: Request, told: Json) -> Json:
    """How often each endpoint answered with which status, since the start or the last `{"forget": true}`.

    With them the processor seconds and the peak of memory of the whole sandbox.
    """
    site = changes.site
    counted: dict[str, dict[str, int]] = {}
    for (endpoint, status), times in sorted(site.requests.items()):
        counted.setdefault(endpoint, {})[str(status)] = times
    used = resource.getrusage(resource.RUSAGE_SELF)
    answer: Json = {"requests": counted, "total": site.requests.total(), "cpu_seconds": time.process_time()}
    if told.get("forget"):
        site.requests.clear()
    return answer | {"peak_mib": used.ru_maxrss // 1024}


def page_size(changes: Changes, request: Request, told: Json) -> Json:
    """`{most}`: Data Center's `jira.search.views.default.max`."""
    if not isinstance(told.get("most"), int) or told["most"] < 1:
        raise Refused(400, 'Say {"most": a number of issues}.')
    changes.site.most_per_page = told["most"]
    return {"most": changes.site.most_per_page}


def token(changes: Changes, request: Request, told: Json) -> Json:
    """A new token, or the end of one.

    `{kind, scopes?, lasts_s?, account?}` makes one (`account`: an id or name; the bot's without it). `{of, dies_after}`
    lets the token `of` (default: the site's own) live for so many more requests; null revives it.
    """
    keys, people = changes.site.keys, changes.site.people
    if "dies_after" in told:
        key = keys.named(str(told.get("of", changes.site.token)))
        if key is None or not isinstance(told["dies_after"], int | None):
            raise Refused(400, 'Say {"of": a token, "dies_after": a number of requests or null}.')
        key.uses, key.expires = told["dies_after"], None if told["dies_after"] is None else key.expires
    else:
        account = people.get(str(told["account"])) if told.get("account") else people.bot
        if told.get("kind") not in KINDS or account is None:
            raise Refused(400, f"kind is one of {', '.join(KINDS)}, account somebody's id or name.")
        key = keys.make(told["kind"], account, scopes=told.get("scopes"), lasts=told.get("lasts_s"))
    return {"token": key.value, "kind": key.kind, "email": key.account.get("emailAddress"), "uses": key.uses}


def move(changes: Changes, request: Request, told: Json) -> Json:
    """`{status}` by id or name; `{by}` is a display name (default: the assignee)."""
    issue = changes.site.find(request.path_params["key"])
    changes.move(issue, status_named(changes.site, str(told.get("status"))), by=_person(changes, issue, told))
    return _card(changes, issue)


def flag(changes: Changes, request: Request, told: Json) -> Json:
    """`{on: true or false}`."""
    if not isinstance(told.get("on"), bool):
        raise Refused(400, 'Say {"on": true} or {"on": false}.')
    issue = changes.site.find(request.path_params["key"])
    changes.flag(issue, told["on"], by=_person(changes, issue, told))
    return _card(changes, issue)


def _person(changes: Changes, issue: Issue, told: Json) -> Json:
    site = changes.site
    if told.get("by"):
        found = site.people.search(str(told["by"]))
        if not found:
            raise Refused(400, f"Nobody in Jira is called {told['by']}.")
        return found[0]
    return issue.state(site.now()).get("assignee") or site.people.bot


def _card(changes: Changes, issue: Issue) -> Json:
    site = changes.site
    state = issue.state(site.now())
    flagged = bool(state.get(site.ids.flagged))
    return {"key": issue.key, "status": site.statuses[state["status"]].name, "flagged": flagged}


def routes(changes: Changes) -> list[Route]:
    """To be mounted at `/control/jira/<site>`."""
    return [
        Route("/boards/{board}", _served(changes, board)),
        Route("/record", _served(changes, record)),
        Route("/requests", _served(changes, requests), methods=["GET", "POST"]),
        Route("/tokens", _served(changes, token), methods=["POST"]),
        Route("/page_size", _served(changes, page_size), methods=["PUT"]),
        *(Route(path, _served(changes, act), methods=[method]) for method, path, act in ACTS),
        Route("/issues/{key}/move", _served(changes, move), methods=["POST"]),
        Route("/issues/{key}/flag", _served(changes, flag), methods=["POST"]),
    ]


def _served(changes: Changes, act: Act) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        try:
            return Encoded(act(changes, request, await _told(request)))
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{error!r} is not what is wanted here: see docs/sandbox.md."}, 400)

    return serve


async def _told(request: Request) -> Json:
    if request.method in ("GET", "DELETE"):
        return {}
    try:
        told = await request.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refused(400, "Send a JSON object.")
    return told
