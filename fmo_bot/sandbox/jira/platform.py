"""What a client reads first: serverInfo, myself, fields, statuses, users, the project."""

from typing import Any

from fmo_bot.sandbox.jira.access import PERMISSIONS
from fmo_bot.sandbox.jira.door import Answer, Call, Endpoint
from fmo_bot.sandbox.jira.fields import LINK_TYPES
from fmo_bot.sandbox.jira.refusals import Refused

Json = dict[str, Any]
MOST_USERS = 1000
_SYSTEM_FIELDS = (
    ("summary", "Summary", "string"),
    ("status", "Status", "status"),
    ("issuetype", "Issue Type", "issuetype"),
    ("priority", "Priority", "priority"),
    ("resolution", "Resolution", "resolution"),
    ("resolutiondate", "Resolved", "datetime"),
    ("assignee", "Assignee", "user"),
    ("reporter", "Reporter", "user"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("labels", "Labels", "array"),
    ("project", "Project", "project"),
    ("security", "Security Level", "securitylevel"),
    ("fixVersions", "Fix versions", "array"),
    ("components", "Components", "array"),
    ("issuelinks", "Linked Issues", "array"),
    ("comment", "Comment", "comments-page"),
    ("description", "Description", "string"),
)


def server_info(call: Call) -> Answer:
    """Anonymous, as on a real site."""
    cloud = call.site.is_cloud
    return {
        "baseUrl": call.address,
        "version": call.site.version,
        "versionNumbers": [int(part) for part in call.site.version.split("-")[0].split(".")],
        "deploymentType": "Cloud" if cloud else "Server",
        "buildNumber": 100_300 if cloud else 10_030_002,
        "buildDate": "2026-01-12T00:00:00.000+0000",
        "serverTime": call.views.stamp(call.at + call.site.troubles.off_by()),
        "scmInfo": "sandbox",
        "serverTitle": "Jira" if cloud else "Jira Data Center",
    }


def myself(call: Call) -> Answer:
    """The caller's own account, with its profile zone."""
    return {**(call.views.user(call.me) or {}), "locale": "en_US"}


def field_list(call: Call) -> Answer:
    """System fields and the custom ones, with their schemas."""
    ids = call.site.ids
    system = [_field(number, name, {"type": kind, "system": number}) for number, name, kind in _SYSTEM_FIELDS]
    flag = {
        "type": "array",
        "items": "option",
        "custom": "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes",
    }
    estimate = ids.points_name == "Story point estimate"
    points = "com.pyxis.greenhopper.jira:jsw-story-points" if estimate else _FLOAT
    items = {"items": "json"} if call.site.is_cloud else {"items": "string"}
    sprint = {"type": "array", **items, "custom": "com.pyxis.greenhopper.jira:gh-sprint"}
    custom = [
        _field(ids.sprint, "Sprint", sprint),
        _field(ids.flagged, "Flagged", flag),
        _field(ids.points, ids.points_name, {"type": "number", "custom": points}),
        _field(ids.vendor, ids.vendor_name, {"type": "string", "custom": _LINE}),
        _field(ids.began, ids.began_name, {"type": "datetime", "custom": _DATE_TIME}),
    ]
    lost = call.site.screens.lost(ids)
    return [*system, *(one for one in custom if one["id"] not in lost)]


_LINE = "com.atlassian.jira.plugin.system.customfieldtypes:textfield"
_DATE_TIME = "com.atlassian.jira.plugin.system.customfieldtypes:datetime"
_FLOAT = "com.atlassian.jira.plugin.system.customfieldtypes:float"


def _field(number: str, name: str, schema: Json) -> Json:
    custom = number.startswith("customfield_")
    own = {"customId": int(number.rpartition("_")[2])} if custom else {}
    return {
        "id": number,
        "key": number,
        "name": name,
        "untranslatedName": name,
        "custom": custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [f"cf[{own['customId']}]", name] if custom else [number],
        "schema": {**schema, **own},
    }


def status_list(call: Call) -> Answer:
    """Every status."""
    return [call.views.status(number) for number in call.site.statuses]


def status(call: Call) -> Answer:
    """One status, by id or name."""
    wanted = call.path("status")
    for one in call.site.statuses.values():
        if wanted in (one.id, one.name):
            return call.views.status(one.id)
    raise Refused(404, f"The status with id '{wanted}' does not exist")


def users(call: Call) -> Answer:
    """`query` on Cloud, `username` on Data Center (where it is required)."""
    call.site.permit("users")
    wanted = call.ask("query" if call.site.is_cloud else "username")
    if wanted is None:
        name = "query" if call.site.is_cloud else "username"
        raise Refused(400, f"The {name} query parameter was not provided.")
    first, most = call.number("startAt", 0), min(call.number("maxResults", 50), MOST_USERS)
    found = call.site.people.search(str(wanted))[first : first + most]
    return [shown for one in found if (shown := call.views.user(one))]


def user(call: Call) -> Answer:
    """One account."""
    wanted = call.ask("accountId" if call.site.is_cloud else "username")
    found = call.views.user(call.site.people.get(str(wanted)))
    if found is None:
        raise Refused(404, "Specified user does not exist or you do not have required permissions")
    return found


def assignable(call: Call) -> Answer:
    """Who an issue may be given to: everybody who is not gone. Data Center wants a `username`, which may be empty."""
    call.site.permit("users")
    call.find(str(call.ask("issueKey") or ""))
    if not call.site.is_cloud and call.ask("username") is None:
        raise Refused(400, "The username query parameter was not provided.")
    most = min(call.number("maxResults", 50), MOST_USERS)
    asked, people = str(call.ask("query") or call.ask("username") or ""), call.site.people
    shown = (call.views.user(one) for one in (people.search(asked) if asked else people.everybody()))
    return [one for one in shown if one and one["active"]][:most]


def projects(call: Call) -> Answer:
    """Those the caller may browse."""
    return [_project(call, one) for one in call.site.projects.by_key.values() if _browses(call, one)]


def project(call: Call) -> Answer:
    """A project by id or key."""
    found = call.site.projects.find(call.path("project"))
    if found is None or not _browses(call, found):
        raise Refused(404, f"No project could be found with key '{call.path('project')}'.")
    return _project(call, found)


def versions(call: Call) -> Answer:
    """The versions of a project."""
    found = call.site.projects.find(call.path("project"))
    if found is None or not _browses(call, found):
        raise Refused(404, f"No project could be found with key '{call.path('project')}'.")
    own = call.site.versions.by_id.values()
    listed = (call.views.version(one) for one in own if one["home"] == found["id"])
    return [{**one, "projectId": int(found["id"])} for one in listed]


def _browses(call: Call, one: Json) -> bool:
    return call.site.access.browses(one["key"], call.me)


def _project(call: Call, one: Json) -> Json:
    link = f"{call.base}/rest/api/2/project/{one['id']}"
    return {"self": link, **one, "projectTypeKey": "software", "simplified": False}


def my_permissions(call: Call) -> Answer:
    """`permissions` names them (required on Cloud); a project or an issue narrows where browsing is meant."""
    asked = str(call.ask("permissions") or "")
    if not asked and call.site.is_cloud:
        raise Refused(400, "The 'permissions' query parameter is required.")
    names = [name.strip() for name in asked.split(",") if name.strip()] or list(PERMISSIONS)
    unknown = [name for name in names if name not in PERMISSIONS]
    if unknown:
        raise Refused(400, f"Unrecognized permission keys: {', '.join(unknown)}")
    return {"permissions": {name: _permission(call, place, name) for place, name in enumerate(names, 1)}}


def _permission(call: Call, place: int, name: str) -> Json:
    had = PERMISSIONS[name] not in call.site.access.denied
    if name == "BROWSE_PROJECTS":
        had = _may_browse(call)
    shown = name.replace("_", " ").title()
    kind = "GLOBAL" if name in ("ADMINISTER", "USER_PICKER") else "PROJECT"
    return {"id": str(place), "key": name, "name": shown, "type": kind, "description": "", "havePermission": had}


def _may_browse(call: Call) -> bool:
    site, issue = call.site, call.ask("issueKey") or call.ask("issueId")
    if issue:
        return site.known(str(issue), call.me) is not None
    told = call.ask("projectKey") or call.ask("projectId")
    found = [site.projects.find(told)] if told else list(site.projects.by_key.values())
    return any(one is not None and _browses(call, one) for one in found)


def link_types(call: Call) -> Answer:
    """How issues may be linked."""
    return {
        "issueLinkTypes": [
            {"id": number, "name": name, "inward": inward, "outward": outward}
            for name, (number, inward, outward) in LINK_TYPES.items()
        ]
    }


_API = "/rest/api/{version}"
ENDPOINTS = [
    Endpoint("GET", f"{_API}/serverInfo", server_info, anonymous=True),
    Endpoint("GET", f"{_API}/myself", myself),
    Endpoint("GET", f"{_API}/field", field_list),
    Endpoint("GET", f"{_API}/status", status_list),
    Endpoint("GET", f"{_API}/status/{{status}}", status),
    Endpoint("GET", f"{_API}/user/search", users),
    Endpoint("GET", f"{_API}/user/assignable/search", assignable),
    Endpoint("GET", f"{_API}/user", user),
    Endpoint("GET", f"{_API}/issueLinkType", link_types),
    Endpoint("GET", f"{_API}/mypermissions", my_permissions),
    Endpoint("GET", f"{_API}/project", projects),
    Endpoint("GET", f"{_API}/project/{{project}}", project),
    Endpoint("GET", f"{_API}/project/{{project}}/versions", versions),
]
