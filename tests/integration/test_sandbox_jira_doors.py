"""By which door one comes into the pretend Jira with which token: Atlassian's gateway, sites, Data Center."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.integration.jirabox import Box, Files, running

CLIENT = {"client_id": "atlassian-sandbox", "client_secret": "client-sandbox-atlassian"}
BACK = "http://127.0.0.1:1/back"
READING = "read:jira-work read:jira-user offline_access"


@pytest.fixture
def box() -> Iterator[Box]:
    with running() as box:
        yield box


@pytest.fixture
def data_center() -> Iterator[Box]:
    with running(Files(jira="dc"), zone="Europe/Madrid") as box:
        yield box


def origin(box: Box) -> str:
    return box.url.removesuffix("/jira/shared")


def gate(box: Box) -> str:
    return f"{origin(box)}/atlassian/api/ex/jira/{box.site.site.cloud_id}"


def consent(box: Box, *, scope: str = READING, who: str = "", answer: str = "accept") -> dict[str, str]:
    asked = {
        "audience": "api.atlassian.com",
        "client_id": CLIENT["client_id"],
        "scope": scope,
        "redirect_uri": BACK,
        "state": "of mine",
        "response_type": "code",
        "prompt": "consent",
    }
    sent = requests.post(
        f"{origin(box)}/atlassian/auth/authorize",
        params=asked,
        data={"who": who, "answer": answer},
        allow_redirects=False,
        timeout=60,
    )
    assert sent.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}


def exchange(box: Box, **told: str) -> requests.Response:
    return requests.post(f"{origin(box)}/atlassian/auth/oauth/token", json={**CLIENT, **told}, timeout=60)


def by_code(box: Box, code: str, **other: str) -> requests.Response:
    return exchange(box, **{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **other})


def bearer(token: str, url: str, method: str = "GET", **how: Any) -> requests.Response:
    return requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=60, **how)


def test_consent_gives_a_code_and_the_code_gives_tokens_once(box: Box) -> None:
    told = consent(box)
    tokens = by_code(box, told["code"])

    assert told["state"] == "of mine"
    assert tokens.json()["token_type"] == "Bearer"
    assert tokens.json()["expires_in"] == 3600
    assert by_code(box, told["code"]).status_code == 403  # a code is good once
    assert by_code(box, consent(box)["code"], redirect_uri="http://127.0.0.1:1/other").status_code == 403
    assert by_code(box, consent(box)["code"], client_secret="wrong").status_code == 401
    assert consent(box, answer="cancel")["error"] == "access_denied"


def test_the_consent_page_names_people_and_refuses_what_atlassian_refuses(box: Box) -> None:
    page = f"{origin(box)}/atlassian/auth/authorize"
    asked = {"audience": "api.atlassian.com", "client_id": CLIENT["client_id"], "response_type": "code"}
    fine = requests.get(page, params={**asked, "redirect_uri": BACK, "scope": READING}, timeout=60)

    assert "Lucía Ortega" in fine.text
    for wrong in ({"client_id": "other"}, {"redirect_uri": "https://example.com/"}, {"scope": "read:minds"}):
        told = {**asked, "redirect_uri": BACK, "scope": READING, **wrong}
        assert requests.get(page, params=told, timeout=60).status_code == 400


def test_an_access_token_opens_the_gateway_and_not_the_sites_own_address(box: Box) -> None:
    token = by_code(box, consent(box)["code"]).json()["access_token"]
    sites = bearer(token, f"{origin(box)}/atlassian/api/oauth/token/accessible-resources").json()
    found = bearer(token, f"{gate(box)}/rest/api/3/search/jql", params={"jql": "key = CORE-1", "fields": "summary"})

    assert [(site["id"], site["url"]) for site in sites] == [(box.site.site.cloud_id, box.url)]
    assert found.json()["issues"][0]["self"].startswith(gate(box))
    assert bearer(token, f"{gate(box)}/rest/api/2/serverInfo").json()["baseUrl"] == box.url
    assert bearer(token, f"{box.url}/rest/api/2/myself").status_code == 401


def test_a_refresh_token_is_good_once_and_the_next_one_comes_with_the_answer(box: Box) -> None:
    first = by_code(box, consent(box)["code"]).json()
    second = exchange(box, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    again = exchange(box, grant_type="refresh_token", refresh_token=first["refresh_token"])
    third = exchange(box, grant_type="refresh_token", refresh_token=second["refresh_token"])

    assert (again.status_code, again.json()["error"]) == (403, "invalid_grant")
    assert third.ok
    assert bearer(second["access_token"], f"{gate(box)}/rest/api/2/myself").ok
    assert "refresh_token" not in by_code(box, consent(box, scope="read:jira-work")["code"]).json()


def test_a_token_does_no_more_than_its_scopes_say(box: Box) -> None:
    token = by_code(box, consent(box, scope="read:jira-work read:sprint:jira-software")["code"]).json()["access_token"]
    table = [
        ("GET", "/rest/api/2/field", 200),
        ("POST", "/rest/api/3/changelog/bulkfetch", 200),  # reads, though by POST
        ("GET", "/rest/agile/1.0/board/1/sprint", 200),
        ("GET", "/rest/agile/1.0/board", 401),
        ("GET", "/rest/agile/1.0/board/1/configuration", 401),
        ("GET", "/rest/api/2/myself", 401),
        ("POST", "/rest/api/2/issue/CORE-50/comment", 401),
        ("GET", "/rest/greenhopper/1.0/rapid/charts/sprintreport", 401),
    ]
    for method, path, status in table:
        body = {"issueIdsOrKeys": ["CORE-1"]} if method == "POST" else None
        answer = bearer(token, gate(box) + path, method, json=body)
        assert (path, answer.status_code) == (path, status)
    assert answer.json()["message"] == "Unauthorized; scope does not match"


def test_what_a_person_allowed_is_done_in_their_name(box: Box) -> None:
    who = box.site.site.people.search("lucia")[0]["accountId"]
    granted = consent(box, scope="write:jira-work read:jira-user", who=f"shared|{who}")
    token = by_code(box, granted["code"]).json()["access_token"]

    said = bearer(token, f"{gate(box)}/rest/api/2/issue/CORE-50/comment", "POST", json={"body": "Seen."})

    assert said.json()["author"]["accountId"] == who
    assert bearer(token, f"{gate(box)}/rest/api/2/myself").json()["accountId"] == who


def test_scoped_api_tokens_work_at_the_gateway_only_and_classic_ones_at_the_site_only(box: Box) -> None:
    told = box.site.describe()
    scoped, classic = (told["email"], told["scoped_token"]), (told["email"], told["token"])
    table = [
        (classic, box.url, 200),
        (classic, gate(box), 401),
        (scoped, gate(box), 200),
        (scoped, box.url, 401),
        (("somebody@else.example", told["token"]), box.url, 401),
    ]
    for auth, url, status in table:
        assert requests.get(f"{url}/rest/api/2/myself", auth=auth, timeout=60).status_code == status
    assert bearer(told["scoped_token"], f"{gate(box)}/rest/api/2/myself").ok  # as service accounts show theirs


def test_control_makes_tokens_ends_them_and_revives_them(box: Box) -> None:
    made = box.control("POST", "/tokens", {"kind": "scoped", "scopes": ["read:jira-work"]}).json()
    assert bearer(made["token"], f"{gate(box)}/rest/api/2/field").ok
    assert bearer(made["token"], f"{gate(box)}/rest/api/2/myself").status_code == 401

    assert box.control("POST", "/tokens", {"dies_after": 2}).ok
    assert [box.get("/rest/api/2/myself").status_code for _ in range(3)] == [200, 200, 401]
    assert box.control("POST", "/tokens", {"dies_after": None}).ok
    assert box.get("/rest/api/2/myself").ok
    assert box.control("POST", "/tokens", {"kind": "magic"}).status_code == 400


def test_data_center_has_personal_access_tokens_that_expire(data_center: Box) -> None:
    path = "/rest/pat/latest/tokens"
    made = data_center.send("POST", path, {"name": "the bot", "expirationDuration": 90}).json()
    listed = data_center.get(path).json()

    assert bearer(made["rawToken"], f"{data_center.url}/rest/api/2/myself").ok
    assert [(one["name"], "expiringAt" in one) for one in listed] == [("sandbox", False), ("the bot", True)]
    assert all("rawToken" not in one for one in listed)
    data_center.site.site.keys.wall = lambda: made_at + 91 * 86_400
    made_at = data_center.site.site.keys.named(made["rawToken"]).made  # type: ignore[union-attr]
    assert bearer(made["rawToken"], f"{data_center.url}/rest/api/2/myself").status_code == 401
    assert data_center.send("DELETE", f"{path}/{made['id']}", None).status_code == 204
    assert len(data_center.get(path).json()) == 1
