"""What the bot's account may change: transitions, comments, assignee, fields and flag, links, new issues."""

from collections.abc import Callable, Iterator
from typing import Any

from starlette.responses import JSONResponse, Response

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.changes import Changes, item
from fmo_bot.sandbox.jira.door import INVALID, Answer, Call, Endpoint, part
from fmo_bot.sandbox.jira.fields import LINK_TYPES, FieldIds, Item
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.texts import accept

Json = dict[str, Any]
_RESOLUTIONS = [{"id": "10001", "name": "Won't Do"}, {"id": "10002", "name": "Duplicate"}]


class Writing:
    """Handlers that change issues, as whoever calls."""

    def __init__(self, changes: Changes) -> None:
        """`changes` does what is asked."""
        self.changes = changes
        self.site = changes.site

    def transitions(self, call: Call) -> Answer:
        """To every other status; none without the permission, still with 200."""
        issue = call.find(call.path("issue"))
        listed = [] if "transition" in call.site.access.denied else list(self._transitions(call, issue))
        return {"expand": "transitions", "transitions": listed}

    def transition(self, call: Call) -> Answer:
        """By id; 400 where it is not there or a required field is missing."""
        issue = call.find(call.path("issue"))
        wanted = str(part(call.given().get("transition")).get("id") or "")
        found = next((one for one in self._transitions(call, issue) if one["id"] == wanted), None)
        if found is None or "transition" in call.site.access.denied:
            raise Refused(400, f"Transition id '{wanted}' is not valid for this issue.")
        if call.site.troubles.strikes("jira_conflict", str(call.request.scope["path"])):
            raise Refused(409, "The issue was changed by somebody else meanwhile. Please try again.")
        resolution = _resolution(part(part(call.given().get("fields") or {}).get("resolution") or {}))
        if _must_resolve(found["to"]) and not resolution:
            raise Refused(400, errors={"resolution": "Resolution is required."})
        self.changes.move(issue, found["to"]["id"], by=call.me, resolution=resolution)
        return Response(status_code=204)

    def comment(self, call: Call) -> Answer:
        """A string in version 2, a document in version 3."""
        call.site.permit("comment")
        issue = call.find(call.path("issue"))
        text = accept(call.given().get("body"), adf=call.adf, complaint="Comment body is not valid!")
        kept_to = part(call.given().get("visibility") or {}) or None
        self.changes.comment(issue, text, by=call.me, visibility=kept_to)
        return JSONResponse(call.views.later(call.site.now()).comments(issue)["comments"][-1], 201)

    def comments(self, call: Call) -> Answer:
        """All comments."""
        return call.views.comments(call.find(call.path("issue")))

    def assign(self, call: Call) -> Answer:
        """`accountId` on Cloud, `name` on Data Center; null takes the assignee away."""
        call.site.permit("assign")
        issue = call.find(call.path("issue"))
        name = "accountId" if call.site.is_cloud else "name"
        if name not in call.given():
            raise Refused(400, INVALID)
        self.changes.change(issue, self._assignee(issue, {name: call.given()[name]}), by=call.me)
        return Response(status_code=204)

    def edit(self, call: Call) -> Answer:
        """Fields by table; what is not on the edit screen is refused by name, and nothing is changed."""
        call.site.permit("edit")
        issue = call.find(call.path("issue"))
        told = call.given().get("fields")
        if not isinstance(told, dict) or not told or set(call.given()) - {"fields"}:
            raise Refused(400, INVALID)
        editors = self._editors(call.site.ids)
        off = call.site.screens.off(call.site.ids)
        unknown = [name for name in told if name not in editors or name in off]
        if unknown:
            text = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
            raise Refused(400, errors={name: text.format(name) for name in unknown})
        items = [one for name, value in told.items() for one in editors[name](issue, value)]
        self.changes.change(issue, items, by=call.me)
        return Response(status_code=204)

    def link(self, call: Call) -> Answer:
        """The inward issue blocks, the outward one is blocked by it."""
        call.site.permit("link")
        body = call.given()
        kind = str(part(body.get("type")).get("name"))
        if kind not in LINK_TYPES:
            raise Refused(404, f"No issue link type with name '{kind}' found.")
        blocker, blocked = (self._end(call, body, end) for end in ("inwardIssue", "outwardIssue"))
        _, inward, outward = LINK_TYPES[kind]
        for issue, words, other in ((blocker, outward, blocked), (blocked, inward, blocker)):
            text = f"This issue {words} {other.key}"
            told = {"field": "Link", "fieldtype": "jira", "from": None, "fromString": None}
            self.changes.change(issue, [told | {"to": other.key, "toString": text}], by=call.me)
        return Response(status_code=201)

    def create(self, call: Call) -> Answer:
        """Project, type and summary are required."""
        call.site.permit("create")
        told = call.given().get("fields")
        if not isinstance(told, dict):
            raise Refused(400, INVALID)
        fields = dict(told)
        self._complete(call, fields)
        issue = self.changes.create(fields, by=call.me)
        shown = {"id": issue.id, "key": issue.key, "self": f"{call.base}/rest/api/2/issue/{issue.id}"}
        return JSONResponse(shown, 201)

    def _complete(self, call: Call, fields: Json) -> None:
        wrong = {}
        if not str(fields.get("summary") or "").strip():
            wrong["summary"] = "You must specify a summary of the issue."
        if not isinstance(fields.get("issuetype"), dict):
            wrong["issuetype"] = "Specify an issue type"
        project = part(fields.get("project") or {})
        own = call.site.projects.find(project.get("key") or project.get("id")) or {}
        if not own or not call.site.access.browses(own["key"], call.me):
            wrong["project"] = "Specify a valid project ID or key"
        if wrong:
            raise Refused(400, errors=wrong)
        fields["project"] = {"id": str(own.get("id")), "key": own.get("key"), "name": own.get("name")}
        if fields.get("description"):
            complaint = (
                "Operation value must be an Atlassian Document" if call.adf else "Operation value must be a string"
            )
            fields["description"] = accept(fields["description"], adf=call.adf, complaint=complaint)

    def _transitions(self, call: Call, issue: Issue) -> Iterator[Json]:
        now = issue.state(call.at)["status"]
        screens = call.expands("transitions.fields")
        for place, one in enumerate(call.site.statuses.values(), 1):
            if one.id == now:
                continue
            to = call.views.status(one.id)
            found = {"id": str(place * 10 + 1), "name": one.name, "to": to, "hasScreen": _must_resolve(to)}
            yield found | ({"fields": _screen(to)} if screens else {})

    def _end(self, call: Call, body: Json, end: str) -> Issue:
        told = part(body.get(end))
        return call.find(str(told.get("key") or told.get("id") or ""))

    def _editors(self, ids: FieldIds) -> dict[str, Callable[[Issue, Any], list[Item]]]:
        return {
            "summary": self._summary,
            "labels": self._labels,
            "assignee": self._assignee,
            ids.flagged: self._flag,
            ids.points: self._points,
            ids.sprint: self._sprint,
            ids.vendor: self._vendor,
            ids.began: self._began,
        }

    def _summary(self, issue: Issue, value: Any) -> list[Item]:
        if not isinstance(value, str) or not value.strip():
            raise Refused(400, errors={"summary": "You must specify a summary of the issue."})
        return [item("summary", before=(None, self._now(issue).get("summary") or ""), after=(None, value))]

    def _labels(self, issue: Issue, value: Any) -> list[Item]:
        if not isinstance(value, list) or any(not isinstance(one, str) or " " in one for one in value):
            raise Refused(400, errors={"labels": "The label must be a string without spaces."})
        before = " ".join(self._now(issue).get("labels") or [])
        return [item("labels", before=(None, before), after=(None, " ".join(value)))]

    def _assignee(self, issue: Issue, value: Any) -> list[Item]:
        account = part(value or {}).get("accountId" if self.site.is_cloud else "name")
        person = self.site.people.get(str(account)) if account else None
        if account and person is None:
            raise Refused(400, errors={"assignee": f"User '{account}' does not exist."})
        held = self._now(issue).get("assignee")
        return [item("assignee", before=_ends(held), after=_ends(person))]

    def _flag(self, issue: Issue, value: Any) -> list[Item]:
        if value and value != [{"value": "Impediment"}]:
            raise Refused(400, errors={self.site.ids.flagged: "Option value is not valid."})
        held = bool(self._now(issue).get(self.site.ids.flagged))
        if held == bool(value):
            return []
        ends = {"from": None, "fromString": None, "to": "[10019]", "toString": "Impediment"}
        if held:
            ends = {"from": "[10019]", "fromString": "Impediment", "to": "", "toString": ""}
        return [{"field": "Flagged", "fieldtype": "custom", "fieldId": self.site.ids.flagged} | ends]

    def _points(self, issue: Issue, value: Any) -> list[Item]:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise Refused(400, errors={self.site.ids.points: "Operation value must be a number"})
        held = self._now(issue).get(self.site.ids.points)
        ends = {"from": None, "fromString": _number(held), "to": None, "toString": _number(value)}
        return [{"field": self.site.ids.points_name, "fieldtype": "custom", "fieldId": self.site.ids.points} | ends]

    def _vendor(self, issue: Issue, value: Any) -> list[Item]:
        ids = self.site.ids
        if value is not None and not isinstance(value, str):
            raise Refused(400, errors={ids.vendor: "Operation value must be a string"})
        ends = {"from": None, "fromString": self._now(issue).get(ids.vendor), "to": None, "toString": value}
        return [{"field": ids.vendor_name, "fieldtype": "custom", "fieldId": ids.vendor} | ends]

    def _began(self, issue: Issue, value: Any) -> list[Item]:
        ids = self.site.ids
        try:
            told = None if value is None else times.stamp(times.read(value))
        except ValueError:
            said = "Error parsing time: it has to be like 2026-11-16T09:00:00.000+0000"
            raise Refused(400, errors={ids.began: said}) from None
        ends = {"from": None, "fromString": self._now(issue).get(ids.began), "to": None, "toString": told}
        return [{"field": ids.began_name, "fieldtype": "custom", "fieldId": ids.began} | ends]

    def _sprint(self, issue: Issue, value: Any) -> list[Item]:
        """One open sprint, or none; the closed ones it was in stay."""
        known = self.site.sprints
        if value is not None and (not isinstance(value, int) or value not in known.by_id):
            raise Refused(400, errors={self.site.ids.sprint: "Sprint with id does not exist."})
        now = self.site.now()
        before = known.known(issue.sprints(now))
        after = [one for one in before if one.state(now) == "closed"] + ([known.by_id[value]] if value else [])
        ends = {
            "from": ", ".join(str(one.id) for one in before),
            "fromString": ", ".join(one.name for one in before),
            "to": ", ".join(str(one.id) for one in after),
            "toString": ", ".join(one.name for one in after),
        }
        return [{"field": "Sprint", "fieldtype": "custom", "fieldId": self.site.ids.sprint} | ends]

    def _now(self, issue: Issue) -> Json:
        return issue.state(self.site.now())


def _ends(person: Json | None) -> tuple[str, str] | None:
    return (str(person.get("accountId") or person.get("name")), str(person.get("displayName"))) if person else None


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _must_resolve(status: Json) -> bool:
    """Leaving work undone asks for the reason; being done does not."""
    return status["statusCategory"]["key"] == "done" and status["name"].lower() in {"cancelled", "canceled", "rejected"}


def _screen(to: Json) -> Json:
    if not _must_resolve(to):
        return {}
    about = {"required": True, "hasDefaultValue": False, "name": "Resolution", "key": "resolution"}
    schema = {"type": "resolution", "system": "resolution"}
    return {"resolution": {**about, "schema": schema, "operations": ["set"], "allowedValues": _RESOLUTIONS}}


def _resolution(told: Json) -> str | None:
    """By id or name."""
    number, name = str(told.get("id")), str(told.get("name") or "")
    return next((one["name"] for one in _RESOLUTIONS if one["id"] == number), name or None)


def endpoints(changes: Changes) -> list[Endpoint]:
    """The table of what changes issues."""
    do, one = Writing(changes), "/rest/api/{version}/issue/{issue}"
    return [
        Endpoint("GET", f"{one}/transitions", do.transitions),
        Endpoint("POST", f"{one}/transitions", do.transition),
        Endpoint("GET", f"{one}/comment", do.comments),
        Endpoint("POST", f"{one}/comment", do.comment),
        Endpoint("PUT", f"{one}/assignee", do.assign),
        Endpoint("PUT", one, do.edit),
        Endpoint("POST", "/rest/api/{version}/issueLink", do.link),
        Endpoint("POST", "/rest/api/{version}/issue", do.create),
    ]
