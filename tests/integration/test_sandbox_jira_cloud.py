"""The pretend Jira Cloud, by its real door: the `jira` library and plain requests over a socket."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from jira import JIRAError

from tests.integration.jirabox import HALF_WAY, Box, running

SPRINT, FLAGGED, POINTS = "customfield_10020", "customfield_10021", "customfield_10016"
API3 = "/rest/api/3"


@pytest.fixture
def box() -> Iterator[Box]:
    with running() as box:
        yield box


def test_the_jira_library_reads_the_whole_board(box: Box) -> None:
    with box.client() as jira:
        found: Any = jira.search_issues(
            "filter = 10001 ORDER BY key ASC", maxResults=False, fields=["summary", "Sprint"]
        )
        board = jira.boards()[0]
        sprints = jira.sprints(board.id)

        assert jira.myself()["timeZone"] == "UTC"
        assert len(found) == 85
        assert [(sprint.id, sprint.state) for sprint in sprints[-3:]] == [
            (11, "closed"),
            (12, "active"),
            (13, "future"),
        ]
        assert not hasattr(sprints[-2], "completeDate")
        fields = {one["name"]: one["id"] for one in jira.fields()}
        assert (fields["Sprint"], fields["Flagged"], fields["Story point estimate"]) == (SPRINT, FLAGGED, POINTS)


def test_the_old_search_is_gone(box: Box) -> None:
    for method in ("GET", "POST"):
        answer = box.send(method, f"{API3}/search", None)
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.json()["errorMessages"][0]


def test_search_gives_ids_only_unless_fields_are_asked_for(box: Box) -> None:
    plain = box.get(f"{API3}/search/jql", jql="project = CORE", maxResults=5000).json()
    asked = box.get(f"{API3}/search/jql", jql="key = CORE-1", fields="summary,status").json()["issues"][0]

    assert set(plain["issues"][0]) == {"id"}
    assert len(plain["issues"]) == 85
    assert plain["isLast"] is True
    assert set(asked["fields"]) == {"summary", "status"}
    assert asked["fields"]["status"]["statusCategory"]["key"] == "done"


def test_search_pages_by_token_and_a_token_belongs_to_its_query(box: Box) -> None:
    seen: list[str] = []
    token: str | None = None
    while True:
        more: dict[str, Any] = {"nextPageToken": token} if token else {}
        page = box.get(f"{API3}/search/jql", jql="project = CORE", maxResults=30, **more).json()
        seen += [issue["id"] for issue in page["issues"]]
        token = page.get("nextPageToken")
        if token is None:
            break
        other = box.get(f"{API3}/search/jql", jql="sprint = 12", nextPageToken=token)
        assert other.status_code == 400

    assert len(seen) == len(set(seen)) == 85


def test_search_refuses_what_jira_refuses(box: Box) -> None:
    # Parameters, and a part of the message.
    table: list[tuple[dict[str, Any], str]] = [
        ({"jql": "order by key"}, "Unbounded JQL"),
        ({"jql": ""}, "Unbounded JQL"),
        ({"jql": "project = CORE", "maxResults": 0}, "maxResults"),
        ({"jql": "project = CORE", "maxResults": 6000}, "maxResults"),
        ({"jql": "colour = red"}, "Field 'colour' does not exist"),
        ({"jql": "project = CORE", "nextPageToken": "xyz"}, "token"),
    ]
    for params, reason in table:
        answer = box.get(f"{API3}/search/jql", **params)
        assert answer.status_code == 400, params
        assert reason in answer.json()["errorMessages"][0]
    nulls = box.send("POST", f"{API3}/search/jql", {"jql": "project = CORE", "expand": None})
    assert nulls.status_code == 400


def test_an_expanded_changelog_is_cut_to_the_newest_40_and_the_bulk_read_has_all(box: Box) -> None:
    for on in [True, False] * 24:
        box.clock.at += timedelta(minutes=1)
        assert box.send("PUT", "/rest/api/2/issue/CORE-50", {"fields": {FLAGGED: [_IMPEDIMENT] if on else None}}).ok
    number = box.get("/rest/api/2/issue/CORE-50").json()["id"]

    shown = box.get("/rest/api/2/issue/CORE-50", expand="changelog").json()["changelog"]
    paged = box.get(f"{API3}/issue/CORE-50/changelog").json()
    bulk = list(_histories(box, [number, "CORE-51"], maxResults=20))
    mine = [history for issue, history in bulk if issue == number]

    assert len(shown["histories"]) == 40 < shown["total"] == paged["total"] == len(mine)
    assert shown["histories"][0]["created"] > shown["histories"][-1]["created"]  # newest first
    assert [history["id"] for history in mine] == [history["id"] for history in paged["values"]]  # oldest first
    assert all(isinstance(history["created"], int) for history in mine)


_IMPEDIMENT = {"value": "Impediment"}


def _histories(box: Box, issues: list[str], **more: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    body: dict[str, Any] = {"issueIdsOrKeys": issues, **more}
    while True:
        page = box.send("POST", f"{API3}/changelog/bulkfetch", body).json()
        for log in page["issueChangeLogs"]:
            yield from ((log["issueId"], history) for history in log["changeHistories"])
        if "nextPageToken" not in page:
            return
        body["nextPageToken"] = page["nextPageToken"]


def test_bulk_reads_have_jiras_limits(box: Box) -> None:
    many = [str(number) for number in range(1, 1002)]
    table: list[tuple[str, dict[str, Any], int]] = [
        ("changelog/bulkfetch", {"issueIdsOrKeys": many}, 400),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["CORE-1"], "fieldIds": [str(n) for n in range(11)]}, 400),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["CORE-1"], "fieldIds": ["status", "status"]}, 400),
        ("issue/bulkfetch", {"issueIdsOrKeys": many[:101]}, 400),  # without fields: 100
        ("issue/bulkfetch", {"issueIdsOrKeys": many[:1000], "fields": ["summary"]}, 200),
        ("issue/bulkfetch", {"issueIdsOrKeys": ["CORE-2", "CORE-1", "CORE-999"], "fields": ["summary"]}, 200),
    ]
    answers = [box.send("POST", f"{API3}/{path}", body) for path, body, _ in table]

    assert [answer.status_code for answer in answers] == [status for _, _, status in table]
    assert [issue["key"] for issue in answers[-1].json()["issues"]] == ["CORE-1", "CORE-2"]  # what is missing is silent


def test_a_search_that_goes_on_while_issues_change_shows_the_new_state_and_loses_none(box: Box) -> None:
    asked = {"jql": "project = CORE ORDER BY key ASC", "fields": "status", "maxResults": 30}
    first = box.get(f"{API3}/search/jql", **asked).json()
    assert box.send("POST", "/rest/api/2/issue", {"fields": _NEW}).ok
    moved = box.control("POST", "/issues/CORE-50/move", {"status": "Done"})
    rest = box.get(f"{API3}/search/jql", **asked, nextPageToken=first["nextPageToken"]).json()
    last = box.get(f"{API3}/search/jql", **asked, nextPageToken=rest["nextPageToken"]).json()

    found = {issue["key"]: issue for page in (first, rest, last) for issue in page["issues"]}
    assert moved.ok
    assert len(found) == 86
    assert found["CORE-50"]["fields"]["status"]["name"] == "Done"


def test_control_counts_what_was_asked(box: Box) -> None:
    box.get(f"{API3}/myself")
    box.get(f"{API3}/myself")
    box.get(f"{API3}/issue/CORE-999")

    told = box.control("POST", "/requests", {"forget": True}).json()
    after = box.control("GET", "/requests").json()

    assert told["requests"]["GET /rest/api/{version}/myself"] == {"200": 2}
    assert told["requests"]["GET /rest/api/{version}/issue/{issue}"] == {"404": 1}
    assert told["total"] == 3
    assert told["cpu_seconds"] > 0
    assert after["total"] == 0


def test_boards_and_sprints_stay_and_their_issues_are_read_elsewhere(box: Box) -> None:
    configuration = box.get("/rest/agile/1.0/board/1/configuration").json()
    first = box.get("/rest/software/1.0/board/1/sprint/12/issue", maxResults=10).json()
    rest = box.get("/rest/software/1.0/board/1/sprint/12/issue", nextPageToken=first["nextPageToken"]).json()
    issues = {issue["key"]: issue["fields"] for issue in [*first["issues"], *rest["issues"]]}

    assert configuration["filter"]["id"] == "10001"
    assert configuration["estimation"]["field"]["fieldId"] == POINTS
    assert [one["id"] for one in configuration["columnConfig"]["columns"][-1]["statuses"]] == ["10007", "10009"]
    assert box.get("/rest/agile/1.0/board/1/issue").status_code == 410
    assert box.get("/rest/agile/1.0/sprint/12/issue").status_code == 410
    assert len(issues) == 15
    assert issues["CORE-51"]["sprint"]["id"] == 12
    assert issues["CORE-51"]["flagged"] is True
    assert [sprint["id"] for sprint in issues["CORE-47"]["closedSprints"]] == [11]
    assert box.get("/rest/agile/1.0/board/9").status_code == 404


def test_the_sprint_report_is_jiras_own(box: Box) -> None:
    box.clock.at = datetime(2026, 11, 21, tzinfo=UTC)
    path = "/rest/greenhopper/1.0/rapid/charts/sprintreport"

    report = box.get(path, rapidViewId=1, sprintId=12).json()
    told = report["contents"]

    assert report["sprint"]["state"] == "CLOSED"
    assert len(told["completedIssues"]) == 14
    assert [one["key"] for one in told["issuesNotCompletedInCurrentSprint"]] == ["CORE-51", "CORE-53"]
    assert [one["key"] for one in told["puntedIssues"]] == ["CORE-61"]
    assert list(told["issueKeysAddedDuringSprint"]) == ["CORE-62", "CORE-63"]
    assert (
        told["completedIssuesInitialEstimateSum"]["value"] + 3 == told["completedIssuesEstimateSum"]["value"]
    )  # 5 -> 8


def test_strangers_are_told_so(box: Box) -> None:
    table = [
        (("bot@shared.example", "jira-sandbox-other"), "Client must be authenticated"),
        (("somebody@shared.example", "jira-sandbox-shared"), "Client must be authenticated"),
        (("bot@shared.example", "ATATT3xFfGF0realtoken"), "This is a sandbox and takes no real token"),
        (None, "Client must be authenticated"),
    ]
    for auth, reason in table:
        answer = requests.get(f"{box.url}/rest/api/2/myself", auth=auth, timeout=60)
        assert answer.status_code == 401
        assert reason in answer.text
    assert requests.get(f"{box.url}/rest/api/2/serverInfo", timeout=60).json()["deploymentType"] == "Cloud"


def test_what_is_not_there_is_404_in_jiras_words(box: Box) -> None:
    lost = box.get("/rest/api/3/issue/CORE-999")
    assert lost.status_code == 404
    assert "does not exist or you do not have permission" in lost.json()["errorMessages"][0]
    assert box.get("/rest/api/3/nothing").json()["status-code"] == 404
    with box.client() as jira, pytest.raises(JIRAError, match="does not exist"):
        jira.issue("CORE-999")


def test_what_is_not_permitted_is_403_or_an_empty_list() -> None:
    with running(denied=frozenset({"comment", "transition", "webhook"})) as box:
        assert box.send("POST", "/rest/api/2/issue/CORE-51/comment", {"body": "x"}).status_code == 403
        assert box.get("/rest/webhooks/1.0/webhook").status_code == 403
        assert box.get("/rest/api/2/issue/CORE-51/transitions").json()["transitions"] == []


def test_faults_come_with_jiras_headers(box: Box) -> None:
    # The setting, the reason told, the seconds to wait.
    table = [
        ("burst", "jira-burst-based", "1"),
        ("quota", "jira-quota-tenant-based", "1800"),
        ("per-issue", "jira-per-issue-on-write", "2"),
    ]
    for setting, reason, wait in table:
        box.faults |= {"jira_429": 1.0, "jira_429_reason": setting}
        answer = box.send("POST", "/rest/api/2/issue/CORE-50/comment", {"body": "Too much."})
        assert answer.status_code == 429
        assert (answer.headers["RateLimit-Reason"], answer.headers["Retry-After"]) == (reason, wait)
    box.faults.clear()
    box.faults["jira_503"] = 1.0
    assert box.get("/rest/api/2/myself").status_code == 503


def test_the_index_lags_and_known_ids_are_reconciled(box: Box) -> None:
    box.faults["index_lag_s"] = 30
    made = box.send("POST", "/rest/api/2/issue", {"fields": _NEW}).json()
    box.clock.at += timedelta(seconds=10)
    clause = {"jql": 'updated >= "2026-11-16 00:00"'}

    early = box.get(f"{API3}/search/jql", **clause).json()["issues"]
    known = box.get(f"{API3}/search/jql", **clause, reconcileIssues=made["id"]).json()["issues"]
    box.clock.at += timedelta(seconds=30)
    late = box.get(f"{API3}/search/jql", **clause).json()["issues"]

    assert early == []
    assert known == late == [{"id": made["id"]}]
    assert box.get(f"/rest/api/2/issue/{made['key']}").ok  # a direct read never lags


_NEW = {"project": {"key": "CORE"}, "issuetype": {"name": "Bug"}, "summary": "UPF restarts"}


def test_the_bot_moves_comments_assigns_links_and_creates(box: Box) -> None:
    with box.client() as jira:
        doing = jira.issue("CORE-51")
        to = next(one["id"] for one in jira.transitions(doing) if one["to"]["name"] == "In Progress")
        jira.transition_issue(doing, to)
        comment = jira.add_comment("CORE-51", "Opened *port 8805*")
        person = jira._get_json("user/search", params={"query": "chen.yu@huawei-delivery.example"})[0]
        assert (
            box.send("PUT", "/rest/api/2/issue/CORE-52/assignee", {"accountId": person["accountId"]}).status_code == 204
        )
        jira.create_issue_link("Blocks", "CORE-50", "CORE-54")
        made = jira.create_issue(fields=dict(_NEW), prefetch=False)

        assert jira.issue("CORE-51").fields.status.name == "In Progress"
        assert comment.raw["author"]["displayName"] == "FMO bot"
        assert jira.issue("CORE-51").fields.comment.comments[0].body == "Opened *port 8805*"
        assert jira.issue("CORE-52").raw["fields"]["assignee"]["displayName"] == "Chen Yu"
        assert jira.issue("CORE-54").fields.issuelinks[0].inwardIssue.key == "CORE-50"  # CORE-54 is blocked by it
        assert jira.issue("CORE-50").fields.issuelinks[0].outwardIssue.key == "CORE-54"
        assert jira.issue(made.key).fields.status.name == "Backlog"


def test_leaving_work_undone_asks_for_a_resolution(box: Box) -> None:
    path = "/rest/api/2/issue/CORE-60/transitions"
    listed = box.get(path, expand="transitions.fields").json()["transitions"]
    cancel = next(one for one in listed if one["name"] == "Cancelled")

    refused = box.send("POST", path, {"transition": {"id": cancel["id"]}})
    resolved = {"transition": {"id": cancel["id"]}, "fields": {"resolution": {"name": "Won't Do"}}}

    assert cancel["fields"]["resolution"]["required"] is True
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["resolution"])
    assert box.send("POST", path, resolved).status_code == 204
    assert box.get("/rest/api/2/issue/CORE-60").json()["fields"]["resolution"]["name"] == "Won't Do"


def test_bodies_have_the_shape_of_their_version(box: Box) -> None:
    document = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "a"}]}],
    }
    table: list[tuple[str, Any, int]] = [("2", "a", 201), ("3", document, 201), ("2", document, 400), ("3", "a", 400)]
    for version, body, status in table:
        answer = box.send("POST", f"/rest/api/{version}/issue/CORE-51/comment", {"body": body})
        assert answer.status_code == status
        assert answer.json().get("body") == body if status == 201 else "not valid" in answer.json()["errorMessages"][0]


def test_a_field_that_is_not_on_the_screen_is_refused_and_nothing_is_changed(box: Box) -> None:
    told = {"fields": {"summary": "Another", "customfield_99999": 1}}

    answer = box.send("PUT", "/rest/api/2/issue/CORE-51", told)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["customfield_99999"]
    assert box.get("/rest/api/2/issue/CORE-51").json()["fields"]["summary"].startswith("Firewall rules")


def test_a_body_of_the_wrong_shape_is_refused_in_jiras_words(box: Box) -> None:
    one = "/rest/api/2/issue/CORE-51"
    table: list[tuple[str, str, Any]] = [
        ("POST", f"{one}/transitions", {"transition": "31"}),
        ("POST", f"{one}/transitions", {"transition": {"id": "81"}, "fields": {"resolution": "Done"}}),
        ("POST", f"{one}/comment", ["x"]),
        ("PUT", one, {"fields": []}),
        ("PUT", one, {"fields": {"assignee": "me"}}),
        ("PUT", one, {"fields": {FLAGGED: "Impediment"}}),
        ("PUT", one, {"fields": {"labels": [None]}}),
        ("PUT", f"{one}/assignee", {}),
        ("POST", "/rest/api/2/issueLink", {"type": {"name": "Blocks"}, "inwardIssue": "CORE-1", "outwardIssue": {}}),
        ("POST", "/rest/api/2/issue", {"fields": {"project": "CORE"}}),
        ("POST", f"{API3}/search/jql", {"jql": "project = CORE", "maxResults": "many"}),
        ("POST", f"{API3}/changelog/bulkfetch", {"issueIdsOrKeys": "CORE-1"}),
        ("POST", f"{API3}/issue/bulkfetch", []),
        ("POST", "/rest/webhooks/1.0/webhook", {"url": "http://127.0.0.1:1/", "events": "all"}),
    ]
    for method, path, body in table:
        answer = box.send(method, path, body)
        assert answer.status_code == 400, (path, body, answer.text)
        assert set(answer.json()) == {"errorMessages", "errors"}
    with box.session as session:
        assert session.post(f"{box.url}{one}/comment", data=b"{", timeout=60).status_code == 400


def test_the_story_goes_on_as_the_clock_steps(box: Box) -> None:
    def sprint_of(key: str) -> list[int]:
        return [one["id"] for one in box.get(f"/rest/api/2/issue/{key}").json()["fields"][SPRINT]]

    assert sprint_of("CORE-51") == [12]
    box.clock.at = datetime(2026, 11, 20, 16, 30, 1, tzinfo=UTC)
    assert box.get("/rest/agile/1.0/sprint/12").json()["completeDate"] == "2026-11-20T16:30:00.000Z"
    assert sprint_of("CORE-51") == [12]
    box.clock.at += timedelta(seconds=10)
    assert sprint_of("CORE-51") == sprint_of("CORE-53") == [12, 13]
    assert sprint_of("CORE-54") == [12]  # it was done


def test_a_person_moves_and_flags_a_card_through_control(box: Box) -> None:
    control = box.url.replace("/jira/", "/control/jira/")
    assert box.clock.at == HALF_WAY

    moved = requests.post(f"{control}/issues/CORE-53/move", json={"status": "Code Review"}, timeout=60)
    requests.post(f"{control}/issues/CORE-51/flag", json={"on": False}, timeout=60)
    wrong = requests.post(f"{control}/issues/CORE-53/move", json={"status": "Nowhere"}, timeout=60)
    board = requests.get(f"{control}/boards/1", timeout=60).json()
    record = requests.get(f"{control}/record", timeout=60).json()

    cards = {column["name"]: [card["key"] for card in column["cards"]] for column in board["columns"]}
    issue = next(one for one in record["issues"] if one["key"] == "CORE-53")
    assert moved.json() == {"key": "CORE-53", "status": "Code Review", "flagged": False}
    assert board["sprint"] == {"id": 12, "name": "Core Sprint 12"}
    assert "CORE-53" in cards["Code Review"]
    assert wrong.status_code == 400
    assert "There is no status 'Nowhere'" in wrong.json()["error"]
    assert issue["changelog"]["histories"][-1]["author"]["displayName"] == "Javier Ruiz"  # its assignee
    assert issue["fields"]["updated"] == "2026-11-16T00:30:00.000+0000"
