"""Issues of the pretend Jira come, move, hide and go, and administrators change what is around them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.jirabox import Box, Files, running

API3 = "/rest/api/3"
FLAGGED, POINTS = "customfield_10021", "customfield_10016"


@pytest.fixture
def box() -> Iterator[Box]:
    with running() as box:
        yield box


@pytest.fixture(params=["cloud", "dc"])
def either(request: pytest.FixtureRequest) -> Iterator[Box]:
    with running(Files(jira=request.param)) as box:
        yield box


def found(box: Box, jql: str) -> list[str]:
    path = f"{API3}/search/jql" if box.site.site.is_cloud else "/rest/api/2/search"
    answer = box.get(path, jql=f"{jql} ORDER BY key ASC", fields="summary", maxResults=100)
    answer.raise_for_status()
    return [issue["key"] for issue in answer.json()["issues"]]


def control(box: Box, method: str, path: str, told: Any = None) -> dict[str, Any]:
    answer = box.control(method, path, told)
    assert answer.ok, answer.text
    given: dict[str, Any] = answer.json()
    return given


def test_a_deleted_issue_is_nowhere_any_more(either: Box) -> None:
    control(either, "DELETE", "/issues/CORE-50")

    assert either.get("/rest/api/2/issue/CORE-50").status_code == 404
    assert "CORE-50" not in found(either, "project = CORE")
    assert len(either.site.record()["issues"]) == 84
    assert either.control("DELETE", "/issues/CORE-50").status_code == 404


def test_a_moved_issue_keeps_its_id_and_its_old_key_leads_to_it(either: Box) -> None:
    number = either.get("/rest/api/2/issue/CORE-50").json()["id"]
    control(either, "PUT", "/projects/RAN", {"name": "Radio network"})
    moved = control(either, "POST", "/issues/CORE-50/move_to", {"project": "RAN"})
    shown = either.get("/rest/api/2/issue/CORE-50").json()

    assert (moved["key"], moved["id"]) == ("RAN-1", number)
    assert (shown["key"], shown["id"]) == ("RAN-1", number)
    assert (shown["fields"]["project"]["key"], shown["fields"]["project"]["name"]) == ("RAN", "Radio network")
    assert found(either, "project = RAN") == ["RAN-1"]
    items = either.get("/rest/api/2/issue/RAN-1", expand="changelog").json()["changelog"]["histories"]
    newest = max(items, key=lambda one: int(one["id"]))["items"]
    assert [(one["field"], one["fromString"], one["toString"]) for one in newest] == [
        ("project", "5G core joint delivery", "Radio network"),
        ("Key", "CORE-50", "RAN-1"),
    ]


def test_an_issue_with_a_security_level_is_seen_by_who_belongs_to_it_only(either: Box) -> None:
    control(either, "PUT", "/issues/CORE-50/security", {"level": "Huawei only"})
    assert either.get("/rest/api/2/issue/CORE-50").status_code == 404
    assert "CORE-50" not in found(either, "project = CORE")
    asked = either.get("/rest/api/2/mypermissions", permissions="BROWSE_PROJECTS", issueKey="CORE-50").json()
    assert asked["permissions"]["BROWSE_PROJECTS"]["havePermission"] is False

    us = either.site.site.people.bot["accountId"]
    control(either, "PUT", "/issues/CORE-50/security", {"level": "Huawei only", "members": [us]})
    assert either.get("/rest/api/2/issue/CORE-50").json()["fields"]["security"]["name"] == "Huawei only"
    control(either, "PUT", "/issues/CORE-50/security", {"level": None})
    assert either.get("/rest/api/2/issue/CORE-50").json()["fields"]["security"] is None


def test_what_cannot_be_browsed_is_silently_left_out_of_bulk_reads(box: Box) -> None:
    control(box, "PUT", "/issues/CORE-50/security", {"level": "Huawei only"})
    asked = {"issueIdsOrKeys": ["CORE-50", "CORE-51"]}

    issues = box.send("POST", f"{API3}/issue/bulkfetch", {**asked, "fields": ["summary"]}).json()
    logs = box.send("POST", f"{API3}/changelog/bulkfetch", asked).json()

    assert [issue["key"] for issue in issues["issues"]] == ["CORE-51"]
    assert (len(logs["issueChangeLogs"]), issues["issueErrors"]) == (1, [])
    assert box.get(f"{API3}/search/jql", jql="key = CORE-50").status_code == 400  # for us it does not exist


def test_a_project_may_be_closed_to_the_account(either: Box) -> None:
    control(either, "PUT", "/projects/CORE", {"browse": False})
    allowed = either.get("/rest/api/2/mypermissions", permissions="BROWSE_PROJECTS,ADD_COMMENTS").json()["permissions"]

    assert (allowed["BROWSE_PROJECTS"]["havePermission"], allowed["ADD_COMMENTS"]["havePermission"]) == (False, True)
    assert found(either, "filter = 10001") == []  # the search says nothing of what it leaves out
    assert either.get("/rest/agile/1.0/board/1").status_code == 404
    assert either.get("/rest/api/2/project/CORE").status_code == 404
    control(either, "PUT", "/projects/CORE", {"browse": True})
    assert len(found(either, "filter = 10001")) == 85


def test_a_renamed_status_keeps_its_id_and_histories_keep_its_old_name(box: Box) -> None:
    control(box, "PUT", "/statuses/10007", {"name": "Delivered"})
    issue = box.get("/rest/api/2/issue/CORE-1", expand="changelog").json()

    assert (issue["fields"]["status"]["id"], issue["fields"]["status"]["name"]) == ("10007", "Delivered")
    assert any(item["toString"] == "Done" for one in issue["changelog"]["histories"] for item in one["items"])


def test_boards_are_added_and_changed(either: Box) -> None:
    control(either, "PUT", "/projects/RAN", {"name": "Radio network"})
    control(either, "POST", "/issues/CORE-50/move_to", {"project": "RAN"})
    made = control(either, "POST", "/boards", {"name": "RAN board", "jql": "project = RAN", "project": "RAN"})
    path = f"/rest/agile/1.0/board/{made['id']}"

    assert [one["name"] for one in either.get("/rest/agile/1.0/board").json()["values"]] == [
        "5G Core joint board",
        "RAN board",
    ]
    assert found(either, f"filter = {made['filter']}") == ["RAN-1"]
    columns = [{"name": "Open", "statuses": ["Backlog"]}, {"name": "Over", "statuses": ["Done", "10009"]}]
    changed = control(
        either, "PUT", f"/boards/{made['id']}", {"jql": "key = CORE-51", "new_filter": True, "columns": columns}
    )
    shown = either.get(f"{path}/configuration").json()
    assert shown["filter"]["id"] == changed["filter"] != made["filter"]
    assert [[one["id"] for one in each["statuses"]] for each in shown["columnConfig"]["columns"]] == [
        ["10000"],
        ["10007", "10009"],
    ]
    assert found(either, f"filter = {changed['filter']}") == ["CORE-51"]
    assert either.get(f"/rest/api/2/filter/{changed['filter']}").json()["jql"] == "key = CORE-51"


def test_a_comment_kept_to_a_role_is_not_for_everybody(either: Box) -> None:
    control(either, "POST", "/issues/CORE-50/comment", {"text": "Between us.", "by": "Li Wei", "role": "Developers"})
    control(either, "POST", "/issues/CORE-50/comment", {"text": "For all.", "by": "Li Wei"})

    def texts() -> list[str]:
        return [one["body"] for one in either.get("/rest/api/2/issue/CORE-50/comment").json()["comments"]]

    assert texts() == ["For all."]
    bot = either.site.site.people.bot["accountId"]
    assert control(either, "PUT", "/permissions", {"roles": {"Developers": [bot]}})["roles"] == {"Developers": [bot]}
    assert texts() == ["Between us.", "For all."]


def test_a_link_out_of_the_site_is_listed_and_leaves_a_history(either: Box) -> None:
    told = {"object": {"url": "http://127.0.0.1:1/jira/operator/browse/OPS-7", "title": "OPS-7 Firewall"}}
    path = "/rest/api/2/issue/CORE-50/remotelink"

    assert either.send("POST", path, told).status_code == 201
    assert [one["object"]["title"] for one in either.get(path).json()] == ["OPS-7 Firewall"]
    assert either.send("POST", path, {"object": {"url": "", "title": "x"}}).status_code == 400
    log = either.get("/rest/api/2/issue/CORE-50", expand="changelog").json()["changelog"]["histories"]
    (item,) = max(log, key=lambda one: int(one["id"]))["items"]
    assert item["field"] == ("RemoteWorkItemLink" if either.site.site.is_cloud else "RemoteIssueLink")
    assert "OPS-7" in item["toString"]


def test_operations_may_be_denied_and_the_account_can_ask_which(either: Box) -> None:
    control(either, "PUT", "/permissions", {"deny": ["comment", "transition"]})
    asked = either.get("/rest/api/2/mypermissions", permissions="ADD_COMMENTS,TRANSITION_ISSUES,EDIT_ISSUES").json()

    assert {name: one["havePermission"] for name, one in asked["permissions"].items()} == {
        "ADD_COMMENTS": False,
        "TRANSITION_ISSUES": False,
        "EDIT_ISSUES": True,
    }
    assert either.send("POST", "/rest/api/2/issue/CORE-50/comment", {"body": "No."}).status_code == 403
    assert either.get("/rest/api/2/issue/CORE-50/transitions").json()["transitions"] == []
    assert either.get("/rest/api/2/mypermissions", permissions="FLY").status_code == 400


def test_a_transition_may_meet_somebody_elses_change(box: Box) -> None:
    box.faults["jira_conflict"] = 1.0
    offered = box.get("/rest/api/2/issue/CORE-50/transitions").json()["transitions"][0]
    answer = box.send("POST", "/rest/api/2/issue/CORE-50/transitions", {"transition": {"id": offered["id"]}})
    assert answer.status_code == 409


def test_a_site_may_lack_its_flag_or_keep_it_off_the_screen(either: Box) -> None:
    def flag() -> int:
        told = {"fields": {FLAGGED: [{"value": "Impediment"}]}}
        return either.send("PUT", "/rest/api/2/issue/CORE-50", told).status_code

    control(either, "PUT", "/fields", {"flagged": "off-screen", "points": "missing"})
    known = {one["id"] for one in either.get("/rest/api/2/field").json()}
    screen = either.get("/rest/api/2/issue/CORE-50/editmeta").json()["fields"]

    assert flag() == 400
    assert (FLAGGED in known, FLAGGED in screen) == (True, False)
    assert (POINTS in known, POINTS in either.get("/rest/api/2/issue/CORE-50").json()["fields"]) == (False, False)
    assert either.get("/rest/agile/1.0/board/1/configuration").json()["estimation"] == {"type": "none"}
    control(either, "PUT", "/fields", {"flagged": "here"})
    assert FLAGGED in either.get("/rest/api/2/issue/CORE-50/editmeta").json()["fields"]
    assert flag() == 204


def test_the_screen_for_a_new_issue_says_what_it_wants(either: Box) -> None:
    types = either.get("/rest/api/2/issue/createmeta/CORE/issuetypes").json()
    name = "issueTypes" if either.site.site.is_cloud else "values"
    fields = either.get("/rest/api/2/issue/createmeta/CORE/issuetypes/10001").json()

    assert [one["name"] for one in types[name]] == ["Story", "Task", "Bug", "Sub-task"]
    listed = fields["fields"] if either.site.site.is_cloud else fields["values"]
    assert [one["fieldId"] for one in listed if one["required"]] == ["summary"]
    assert either.get("/rest/api/2/issue/createmeta/NONE/issuetypes").status_code == 404


def test_an_account_hides_its_address_and_is_found_by_the_whole_of_it_only(box: Box) -> None:
    who = box.site.site.people.search("lucia")[0]
    address = who["emailAddress"]
    control(box, "PUT", f"/people/{who['accountId']}", {"hidden": True})

    assert "emailAddress" not in box.get(f"{API3}/user/search", query=address).json()[0]
    assert box.get(f"{API3}/user/search", query=address[:-3]).json() == []


def test_webhooks_are_signed_from_data_center_10_on() -> None:
    def registered(box: Box) -> bool:
        told = {"name": "n", "url": "http://127.0.0.1:9/h/secret", "events": ["jira:issue_updated"], "secret": "s"}
        signed: bool = box.send("POST", "/rest/webhooks/1.0/webhook", told).json()["isSigned"]
        return signed

    with running(Files(jira="dc")) as box:
        assert registered(box)
        control(box, "PUT", "/version", {"version": "9.12.4"})
        assert box.get("/rest/api/2/serverInfo").json()["versionNumbers"] == [9, 12, 4]
        assert not registered(box)


def test_a_second_site_has_the_same_ids_and_keys_and_a_life_of_its_own() -> None:
    with Sandbox(Options(jira="cloud", second_jira="dc")) as box:
        sites = {one["site"]: one for one in requests.get(f"{box.url}/control/world", timeout=60).json()["jira"]}
        path = f"{box.url}/control/jira"
        requests.delete(f"{path}/operator/issues/CORE-1", timeout=60).raise_for_status()
        left = {key: requests.get(f"{path}/{key}/record", timeout=60).json()["issues"] for key in sites}

    assert {key: one["flavour"] for key, one in sites.items()} == {"shared": "cloud", "operator": "dc"}
    assert sites["operator"]["token"] != sites["shared"]["token"]
    gone = {issue["key"] for issue in left["shared"]} - {issue["key"] for issue in left["operator"]}
    assert gone == {"CORE-1"}


def test_a_version_is_planned_put_on_an_issue_and_released_without_updating_it(either: Box) -> None:
    number = control(either, "POST", "/versions", {"name": "R1"})["id"]
    control(either, "POST", "/issues/CORE-50/version", {"version": number})
    before = either.get("/rest/api/2/issue/CORE-50").json()["fields"]
    control(either, "PUT", f"/versions/{number}", {"released": True, "releaseDate": "2026-11-15"})
    after = either.get("/rest/api/2/issue/CORE-50").json()["fields"]
    listed = either.get("/rest/api/2/project/CORE/versions").json()

    assert [(one["name"], one["released"]) for one in before["fixVersions"]] == [("R1", False)]
    shown = [(one["name"], one["released"], one["releaseDate"]) for one in after["fixVersions"]]
    assert shown == [("R1", True, "2026-11-15")]
    assert before["updated"] == after["updated"]
    assert [(one["id"], one["released"]) for one in listed] == [(number, True)]
    assert either.get("/rest/api/2/project/NONE/versions").status_code == 404
