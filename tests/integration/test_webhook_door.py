"""Webhooks as a pretend Jira sends them, over real HTTP to the real door; and what else may knock there."""

import contextlib
import hashlib
import hmac
import io
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import func, select

from config.logging import configure
from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, IssueRow, JiraSiteRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.delivery import inbox
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import ComeAgain
from fmo_bot.services.hooks import new_secret
from handlers import jira_hooks
from tests.integration.command import left_as_it_was
from tests.integration.door_support import WEBHOOK_SECRET, House, house
from tests.integration.sandbox_support import START, eventually

EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "sprint_closed"]
SIGNED = "/jira/shared/webhook"


@dataclass(frozen=True)
class Site:
    """A pretend Jira of one flavour, and the house beside it."""

    flavour: str
    house: House

    def jira(self, method: str, path: str, told: Any = None) -> requests.Response:
        """A request to Jira as the bot's account, who may do everything there."""
        cloud = self.flavour == "cloud"
        how: dict[str, Any] = {"auth": ("bot@shared.example", "jira-sandbox-shared")} if cloud else {}
        how |= {} if cloud else {"headers": {"Authorization": "Bearer jira-sandbox-shared"}}
        return requests.request(method, f"{self.house.box.url}/jira/shared{path}", json=told, timeout=60, **how)

    def register(self, path: str, **more: Any) -> None:
        """Have Jira send its webhooks to one of our doors."""
        told = {"name": "bot", "url": self.house.url + path, "events": EVENTS, **more}
        assert self.jira("POST", "/rest/webhooks/1.0/webhook", told).status_code == 201

    def address(self) -> str:
        return f"/jira/shared/hooks/{new_secret(self.house.bot.store, 'shared', START)}"

    def knock(self, path: str, body: bytes, **headers: str) -> requests.Response:
        return requests.post(self.house.url + path, data=body, headers=headers, timeout=60)

    def signed(self, body: bytes, **headers: str) -> requests.Response:
        return self.knock(SIGNED, body, **{"x-hub-signature": signature(body)}, **headers)

    def is_labelled(self, key: str, label: str) -> bool:
        """Whether what is stored of the issue has this label alone."""
        with self.house.bot.store.reading(SYSTEM) as session:
            value = session.scalars(select(IssueRow).where(IssueRow.key == key)).one().value
        return values.unpack(Issue, value).labels == (label,)

    def inbox(self) -> list[InboxRow]:
        with self.house.bot.store.reading(SYSTEM) as session:
            return list(session.scalars(select(InboxRow).where(InboxRow.kind == "jira_hint").order_by(InboxRow.id)))


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture(scope="module", params=["cloud", "dc"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    email = "bot@shared.example" if request.param == "cloud" else ""
    folder = tmp_path_factory.mktemp(request.param)
    with house(folder, "http", jira=request.param, FMO_JIRA_SHARED_EMAIL=email) as made:
        yield Site(request.param, made)


def event(**more: Any) -> bytes:
    """A webhook about an issue that the board shows."""
    return json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "20051"}} | more).encode()


def test_a_change_in_jira_is_known_here_within_seconds_by_either_door(site: Site) -> None:
    doors: list[tuple[str, dict[str, Any]]] = [(SIGNED, {"secret": WEBHOOK_SECRET}), (site.address(), {})]
    for number, (path, more) in enumerate(doors, start=1):
        site.register(path, **more)
        told = {"fields": {"labels": [f"by-door-{number}"]}}
        assert site.jira("PUT", "/rest/api/2/issue/CORE-51", told).status_code == 204
        eventually(partial(site.is_labelled, "CORE-51", f"by-door-{number}"))
    with site.house.bot.store.reading(SYSTEM) as session:
        assert session.scalar(select(JiraSiteRow.webhook_at)) is not None


def test_a_comment_is_a_hint_in_both_flavours(site: Site) -> None:
    before = len(site.inbox())
    site.register(SIGNED, secret=WEBHOOK_SECRET)
    assert site.jira("POST", "/rest/api/2/issue/CORE-52/comment", {"body": "Port is open"}).status_code == 201
    eventually(lambda: [row for row in site.inbox()[before:] if row.state == "done"])


def control(site: Site, method: str, path: str, **told: Any) -> Any:
    """What an administrator or a person does to the pretend Jira."""
    url = f"{site.house.box.url}/control/jira/shared/{path}"
    answer = requests.request(method, url, json=told, timeout=60)
    answer.raise_for_status()
    return answer.json()


def lag(site: Site, seconds: float) -> None:
    told = {"index_lag_s": seconds}
    requests.post(f"{site.house.box.url}/control/faults", json=told, timeout=60).raise_for_status()


def stored(site: Site, number: str) -> tuple[str, int]:
    """The key of an issue as we know it, and how many boards show it."""
    shown = select(func.count()).where(BoardIssueRow.issue_id == IssueRow.id).scalar_subquery()
    with site.house.bot.store.reading(SYSTEM) as session:
        key, boards = session.execute(select(IssueRow.key, shown).where(IssueRow.jira_issue_id == number)).one()
        return key, boards


def test_a_bulk_edit_is_a_few_questions_and_known_before_the_index_knows_it(site: Site) -> None:
    site.register(SIGNED, secret=WEBHOOK_SECRET)
    with site.house.bot.store.reading(SYSTEM) as session:
        shown = select(IssueRow.key).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
        keys = list(session.scalars(shown.order_by(IssueRow.id.desc()).limit(40)))
    lag(site, 60 if site.flavour == "cloud" else 0)  # Data Center's index follows at once
    control(site, "POST", "requests", forget=True)
    began = time.monotonic()
    for key in keys:
        assert site.jira("PUT", f"/rest/api/2/issue/{key}", {"fields": {"labels": ["bulk"]}}).status_code == 204
    eventually(lambda: all(site.is_labelled(key, "bulk") for key in keys))
    bundles = (time.monotonic() - began) / inbox.GATHERS_S  # at most: on a slow machine even these edits take a while
    lag(site, 0)
    asked = control(site, "GET", "requests")["requests"]
    read = "issue/bulkfetch" if site.flavour == "cloud" else "search"
    times = sum(sum(told.values()) for endpoint, told in asked.items() if endpoint.endswith(read))
    assert 1 <= times <= 8 + bundles, asked


def test_an_issue_that_moved_keeps_its_identity_and_one_that_is_deleted_leaves_the_board(site: Site) -> None:
    site.register(SIGNED, secret=WEBHOOK_SECRET)
    control(site, "PUT", "projects/LAB", name="Lab")
    moved = control(site, "POST", "issues/CORE-53/move_to", project="LAB")
    assert moved["key"].startswith("LAB-")
    eventually(lambda: stored(site, moved["id"])[0] == moved["key"])
    with site.house.bot.store.reading(SYSTEM) as session:
        number = session.scalars(select(IssueRow.jira_issue_id).where(IssueRow.key == "CORE-54")).one()
    assert stored(site, number)[1] == 1
    control(site, "DELETE", "issues/CORE-54")
    eventually(lambda: stored(site, number)[1] == 0)


# A body, how it comes, and what it is answered: 4xx only for what could never be good, so that Jira leaves off.
GOOD = event(timestamp=17)
ANSWERS: list[tuple[str, bytes, dict[str, str], int]] = [
    ("signed", GOOD, {"x-hub-signature": signature(GOOD)}, 200),
    ("the same again", GOOD, {"x-hub-signature": signature(GOOD)}, 200),
    ("the same in capitals", GOOD, {"x-hub-signature": signature(GOOD).upper()}, 200),
    ("not signed", GOOD, {}, 401),
    ("signed by another", GOOD, {"x-hub-signature": "sha256=" + "0" * 64}, 401),
    ("signed by a method nobody trusts", GOOD, {"x-hub-signature": "md5=0"}, 401),
    ("signed and no JSON", b"<xml/>", {"x-hub-signature": signature(b"<xml/>")}, 400),
    ("signed and empty", b"", {"x-hub-signature": signature(b"")}, 400),
    ("signed and of no concern", b'{"webhookEvent": "user_created"}', {}, 401),
]


@pytest.mark.parametrize(("case", "body", "headers", "status"), ANSWERS, ids=[case for case, *_ in ANSWERS])
def test_each_webhook_is_answered_by_whether_another_try_could_help(
    site: Site, case: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert site.knock(SIGNED, body, **headers).status_code == status


def test_a_repetition_is_written_down_once(site: Site) -> None:
    site.house.settle()
    before = len(site.inbox())
    headers = {"x-atlassian-webhook-identifier": f"retry-{before}"}
    for _ in range(3):
        assert site.signed(event(), **headers).status_code == 200
    assert len(site.inbox()) == before + 1


def test_a_chunked_body_is_taken_and_one_that_is_too_large_is_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    body = event(timestamp=99)
    parts = (body[:7], body[7:])
    headers = {"x-hub-signature": signature(body)}
    taken = requests.post(site.house.url + SIGNED, data=iter(parts), headers=headers, timeout=60)
    monkeypatch.setattr(jira_hooks, "LARGEST", 1_000)
    large = b"x" * 1_001
    refused = [
        site.knock(SIGNED, large).status_code,
        requests.post(site.house.url + SIGNED, data=iter([large]), timeout=60).status_code,  # no length is told
    ]
    assert (taken.status_code, refused) == (200, [413, 413])


def raw(site: Site, request: bytes, *, cut_off: bool = False) -> bytes:
    """What the door answers to bytes that no library would send."""
    where = urlsplit(site.house.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=60) as connection:
        connection.sendall(request)
        if cut_off:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_two_signatures_are_refused_and_a_body_cut_off_is_not_taken(site: Site) -> None:
    site.house.settle()
    before, body = len(site.inbox()), event(timestamp=123)
    head = f"POST {SIGNED} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: {signature(body)}\r\n"
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    doubled = raw(site, (head + "X-Hub-Signature: sha256=00\r\n" + length).encode() + body)
    cut = raw(site, (head + length).encode() + body[:-5], cut_off=True)
    assert doubled.startswith(b"HTTP/1.1 401")
    assert not cut.startswith(b"HTTP/1.1 2")
    assert len(site.inbox()) == before


def test_a_door_that_is_not_there_and_one_that_stays_shut_look_the_same(site: Site) -> None:
    path = site.address()
    tries = ["/jira/other/webhook", "/jira/other/hooks/x", path[:-1] + "!", f"{path}%00", "/jira/shared/hooks/%ff%fe"]
    answers = {(answer.status_code, answer.text) for answer in (site.knock(each, event()) for each in tries)}
    assert answers == {(404, "no such site")}
    assert requests.get(site.house.url + path, timeout=60).status_code == 405


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a running bot writes at its most talkative; logging is left as it was found."""
    written = io.StringIO()
    with left_as_it_was():
        with contextlib.redirect_stderr(written):
            configure(level="DEBUG", style="json")
        yield written


def test_a_secret_address_is_written_nowhere(site: Site, lines: io.StringIO) -> None:
    path = site.address()
    secret = path.rpartition("/")[2]
    for body in (event(timestamp=1234), b"no json"):
        site.knock(path, body)
    site.knock(path + "x", event())
    site.knock(SIGNED, b"not signed")
    assert "not signed by Jira" in lines.getvalue()
    assert secret not in lines.getvalue()
    assert secret not in requests.get(f"{site.house.url}/metrics", timeout=60).text


def test_jira_is_asked_to_come_again_while_nothing_can_be_written_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise ComeAgain

    monkeypatch.setattr(site.house.bot.hooks, "take", fail)
    answer = site.signed(event(timestamp=77))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
