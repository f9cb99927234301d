"""What goes wrong on purpose at the pretend Jira does so as on a real one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from fmo_bot.sandbox.faults import Faults
from tests.integration.jirabox import Box, Files, running

API3 = "/rest/api/3"
SEARCH = {"jql": "project = CORE ORDER BY key ASC", "fields": "summary", "maxResults": 100}


@pytest.fixture(params=["cloud", "dc"])
def either(request: pytest.FixtureRequest) -> Iterator[Box]:
    with running(Files(jira=request.param)) as box:
        yield box


@pytest.fixture
def box() -> Iterator[Box]:
    with running() as box:
        yield box


def test_switches_are_checked_and_named() -> None:
    table: list[tuple[dict[str, Any], str]] = [
        ({"jira_418": 1}, "no fault called jira_418"),
        ({"jira_429_reason": "rain"}, "one of burst, quota, per-issue"),
        ({"changelog_totals": "lost"}, "one of right, wrong, missing"),
        ({"sabotage": "set fire"}, "one of null, drop"),
    ]
    for told, reason in table:
        with pytest.raises(ValueError, match=reason):
            Faults().set(told)
    faults = Faults()
    faults.set({"jira_429": 7, "jira_skew_s": -5, "seed": 3})
    assert (faults.describe()["jira_429"], faults.describe()["jira_skew_s"]) == (1.0, -5.0)


def test_the_same_seed_throws_the_same_dice(box: Box) -> None:
    def thrown(seed: int) -> list[int]:
        box.faults |= {"jira_503": 0.5, "seed": seed}
        return [box.get("/rest/api/2/myself").status_code for _ in range(12)]

    first, other, again = thrown(1), thrown(2), thrown(1)

    assert first == again != other
    assert set(first) == {200, 503}


def test_a_quota_holds_the_whole_site_until_its_pause_is_over(either: Box) -> None:
    machine, troubles = [1000.0], either.site.site.troubles
    troubles.machine = lambda: machine[0]
    either.faults |= {"jira_429": 1.0, "jira_429_reason": "quota", "jira_429_wait_s": 40, "jira_429_holds": True}
    first = either.get("/rest/api/2/myself")
    either.faults["jira_429"] = 0
    machine[0] += 30
    early = either.get("/rest/api/2/field")
    machine[0] += 11
    late = either.get("/rest/api/2/field")

    assert (first.status_code, first.headers["Retry-After"]) == (429, "40")
    assert (early.status_code, early.headers["Retry-After"]) == (429, "10")
    assert late.status_code == 200
    assert troubles.impatient == 1


def test_a_burst_holds_its_endpoint_and_a_limit_on_writes_its_issue(box: Box) -> None:
    machine, troubles = [1000.0], box.site.site.troubles
    troubles.machine = lambda: machine[0]
    box.faults |= {"jira_429": 1.0, "jira_429_holds": True, "jira_paths": ["/field"]}
    assert box.get("/rest/api/2/field").headers["RateLimit-Reason"] == "jira-burst-based"
    assert box.get("/rest/api/2/status").ok

    box.faults |= {"jira_429_reason": "per-issue", "jira_paths": ["CORE-50"]}
    comment = {"body": "Again."}
    limited = box.send("POST", "/rest/api/2/issue/CORE-50/comment", comment)
    box.faults["jira_429"] = 0
    assert (limited.status_code, limited.headers["RateLimit-Reason"]) == (429, "jira-per-issue-on-write")
    assert box.send("PUT", "/rest/api/2/issue/CORE-50/assignee", {"accountId": None}).status_code == 429
    assert box.get("/rest/api/2/issue/CORE-50").ok  # reads go on
    assert box.send("POST", "/rest/api/2/issue/CORE-51/comment", comment).status_code == 201
    machine[0] += 3
    assert box.send("POST", "/rest/api/2/issue/CORE-50/comment", comment).status_code == 201


def test_a_site_that_is_down_may_say_for_how_long(box: Box) -> None:
    box.faults["jira_503"] = 1.0
    assert box.get("/rest/api/2/myself").headers["Retry-After"] == "1"
    box.faults["jira_503_wait_s"] = 0
    assert "Retry-After" not in box.get("/rest/api/2/myself").headers


def test_a_connection_is_dropped_before_the_work_or_after_it(box: Box) -> None:
    def comments() -> int:
        return len(box.get("/rest/api/2/issue/CORE-50/comment").json()["comments"])

    for fault, done in (("jira_drop_before", 0), ("jira_drop_after", 1)):
        box.faults[fault] = 1.0
        with pytest.raises(requests.ConnectionError):
            box.send("POST", "/rest/api/2/issue/CORE-50/comment", {"body": "Once."})
        box.faults[fault] = 0.0
        assert comments() == done
    told = box.control("GET", "/requests").json()["requests"]
    assert told["POST /rest/api/{version}/issue/{issue}/comment"] == {"0": 2}


def test_an_answer_may_be_slow(box: Box) -> None:
    box.faults |= {"jira_slow": 1.0, "jira_slow_s": 0.2}
    with box.session as session, pytest.raises(requests.ReadTimeout):
        session.get(f"{box.url}/rest/api/2/myself", timeout=(60, 0.1))
    assert box.get("/rest/api/2/myself").ok


def test_pages_may_be_shorter_than_asked_and_hold_everything_all_the_same(either: Box) -> None:
    either.faults["jira_short_pages"] = 1.0
    cloud = either.site.site.is_cloud
    path = f"{API3}/search/jql" if cloud else "/rest/api/2/search"
    seen: list[str] = []
    pages, more = 0, dict[str, Any]()
    while True:
        page = either.get(path, **SEARCH, **more).json()
        seen += [issue["id"] for issue in page["issues"]]
        pages += 1
        if page.get("isLast") or len(seen) >= page.get("total", 10_000):
            break
        more = {"nextPageToken": page["nextPageToken"]} if cloud else {"startAt": len(seen)}

    assert pages > 2
    assert len(seen) == len(set(seen)) == 85


def test_a_page_token_may_come_again(box: Box) -> None:
    asked = {**SEARCH, "maxResults": 30}
    first = box.get(f"{API3}/search/jql", **asked).json()["nextPageToken"]
    box.faults["jira_repeat_token"] = 1.0
    assert box.get(f"{API3}/search/jql", **asked, nextPageToken=first).json()["nextPageToken"] == first


def test_a_changelog_is_cut_with_right_wrong_or_missing_totals(either: Box) -> None:
    either.faults["changelog_cut"] = 3
    for totals, expected in (("right", range(4, 100)), ("wrong", [3]), ("missing", [None])):
        either.faults["changelog_totals"] = totals
        shown = either.get("/rest/api/2/issue/CORE-51", expand="changelog").json()["changelog"]
        assert len(shown["histories"]) == 3
        assert shown.get("total") in expected


def test_the_clock_of_a_site_may_be_off(box: Box) -> None:
    def ahead() -> float:
        return (
            parsedate_to_datetime(box.get("/rest/api/2/myself").headers["Date"]) - datetime.now(UTC)
        ).total_seconds()

    assert abs(ahead()) < 60
    box.faults["jira_skew_s"] = 600
    assert 540 < ahead() < 660
    told = datetime.fromisoformat(box.get("/rest/api/2/serverInfo").json()["serverTime"])
    assert told == box.clock.at + timedelta(seconds=600)


def test_faults_may_be_meant_for_another_site(box: Box) -> None:
    box.faults |= {"jira_503": 1.0, "jira_site": "another"}
    assert box.get("/rest/api/2/myself").ok
