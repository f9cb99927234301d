"""The pretend Jira Data Center, by its real door."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.integration.jirabox import Box, Files, running


@pytest.fixture
def box() -> Iterator[Box]:
    with running(Files(jira="dc"), zone="Europe/Madrid") as box:
        yield box


def test_search_pages_by_offset_with_whole_changelogs_without_field_ids(box: Box) -> None:
    with box.client() as jira:
        found: Any = jira.search_issues("project = CORE", maxResults=False, expand="changelog", fields="summary")

    histories = [history for issue in found for history in issue.changelog.histories]
    assert len(found) == 85
    assert found.total == 85
    assert len(histories) > 400
    assert not any(hasattr(item, "fieldId") for history in histories for item in history.items)


def test_a_page_holds_as_many_issues_as_the_administrator_allows(box: Box) -> None:
    def shown() -> tuple[int, int]:
        page = box.get("/rest/api/2/search", jql="project = CORE", maxResults=1000).json()
        return page["maxResults"], len(page["issues"])

    assert shown() == (100, 85)
    assert box.control("PUT", "/page_size", {"most": 20}).json() == {"most": 20}
    assert shown() == (20, 20)


def test_the_sprint_field_holds_strings_whose_ids_can_be_taken(box: Box) -> None:
    held = box.get("/rest/api/2/issue/CORE-47").json()["fields"]["customfield_10020"]

    assert [int(re.findall(r"\bid=(\d+)", text)[0]) for text in held] == [11, 12]
    assert "state=CLOSED" in held[0]
    assert "completeDate=<null>" in held[1]


def test_instants_are_written_in_the_zone_of_the_account(box: Box) -> None:
    assert box.get("/rest/api/2/issue/CORE-51").json()["fields"]["updated"].endswith("+0100")
    found = box.get("/rest/api/2/search", jql='updated >= "2026-11-13 01:00"', maxResults=0).json()
    same = box.get("/rest/api/2/search", jql=f"updated >= {_millis(2026, 11, 13)}", maxResults=0).json()
    assert found["total"] == same["total"] > 0


def _millis(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def test_users_have_names_and_no_account_ids(box: Box) -> None:
    found = box.get("/rest/api/2/user/search", username="lucia").json()
    assigned = box.send("PUT", "/rest/api/2/issue/CORE-51/assignee", {"name": found[0]["name"]})

    assert "accountId" not in found[0]
    assert assigned.status_code == 204
    assert box.get("/rest/api/2/issue/CORE-51").json()["fields"]["assignee"]["displayName"] == "Lucía Ortega"
    assert box.get("/rest/api/2/user/search", query="lucia").status_code == 400


def test_the_agile_api_still_gives_issues_and_sprints_say_when_they_were_activated(box: Box) -> None:
    page = box.get("/rest/agile/1.0/board/1/sprint/12/issue", maxResults=5).json()
    sprint = box.get("/rest/agile/1.0/sprint/12").json()

    assert (page["total"], len(page["issues"])) == (15, 5)
    assert page["issues"][0]["fields"]["sprint"]["id"] == 12
    assert sprint["activatedDate"] == sprint["startDate"] == "2026-11-09T02:00:00.000+0100"
    assert box.get("/rest/agile/1.0/board/1/backlog").json()["total"] > 20


def test_what_is_only_on_cloud_is_not_here(box: Box) -> None:
    for path in ("/rest/api/2/search/jql", "/rest/api/3/myself", "/rest/software/1.0/board/1/issue"):
        assert box.get(path).status_code == 404
    assert box.send("POST", "/rest/api/2/changelog/bulkfetch", {}).status_code == 404


def test_every_authenticated_answer_carries_the_rate_limit(box: Box) -> None:
    answer = box.get("/rest/api/2/myself")
    assert (answer.headers["X-RateLimit-Remaining"], answer.headers["Retry-After"]) == ("499", "0")
    box.faults["jira_429"] = 1.0
    limited = box.get("/rest/api/2/myself")
    assert limited.status_code == 429
    assert (limited.headers["X-RateLimit-Remaining"], limited.headers["Retry-After"]) == ("0", "1")


def test_a_wrong_token_is_refused(box: Box) -> None:
    for token in ("jira-sandbox-other", "realtoken"):
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{box.url}/rest/api/2/myself", headers=headers, timeout=60).status_code == 401


def test_a_cut_changelog_still_tells_its_total(box: Box) -> None:
    box.faults["changelog_cut"] = 3

    changelog = box.get("/rest/api/2/issue/CORE-51", expand="changelog").json()["changelog"]

    assert (len(changelog["histories"]), changelog["maxResults"]) == (3, 3)
    assert changelog["total"] > 3
