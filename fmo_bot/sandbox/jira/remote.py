"""Links that lead out of a site, perhaps to an issue of another Jira: `remotelink`, and the history each leaves."""

from typing import Any

from starlette.responses import JSONResponse

from fmo_bot.sandbox.jira.changes import Changes
from fmo_bot.sandbox.jira.door import INVALID, Answer, Call, Endpoint, part
from fmo_bot.sandbox.jira.refusals import Refused

Json = dict[str, Any]


def endpoints(changes: Changes) -> list[Endpoint]:
    """List and make."""
    held: dict[str, list[Json]] = {}  # by issue id

    def listed(call: Call) -> Answer:
        return held.get(call.find(call.path("issue")).id, [])

    def made(call: Call) -> Answer:
        call.site.permit("link")
        issue, told = call.find(call.path("issue")), part(call.given().get("object"))
        if not all(isinstance(told.get(name), str) and told[name] for name in ("url", "title")):
            raise Refused(400, INVALID)
        number = 10_000 + sum(map(len, held.values()))
        link = f"{call.base}/rest/api/2/issue/{issue.key}/remotelink/{number}"
        about = {"url": told["url"], "title": told["title"]}
        held.setdefault(issue.id, []).append({"id": number, "self": link, "object": about})
        changes.change(issue, [_item(call, number, told["title"])], by=call.me)
        return JSONResponse({"id": number, "self": link}, 201)

    path = "/rest/api/{version}/issue/{issue}/remotelink"
    return [Endpoint("GET", path, listed), Endpoint("POST", path, made)]


def _item(call: Call, number: int, title: str) -> Json:
    """Cloud says work item where Data Center says issue; neither gives a field id."""
    name, what = ("RemoteWorkItemLink", "work item") if call.site.is_cloud else ("RemoteIssueLink", "issue")
    ends = {
        "from": None,
        "fromString": None,
        "to": str(number),
        "toString": f'This {what} links to "{title} (Web Link)"',
    }
    return {"field": name, "fieldtype": "jira", **ends}
