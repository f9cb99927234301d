"""Webhooks of the pretend Jira arrive at a real receiver."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.integration.jirabox import HALF_WAY, Box, Files, listening, running

SECRET = "webhook-sandbox-secret"
EVENTS = ["jira:issue_updated", "jira:issue_created", "comment_created", "sprint_closed"]


@dataclass
class Receiver:
    """Answers with `status` and keeps what came."""

    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    async def take(self, request: Request) -> Response:
        raw = await request.body()
        with self.came:
            self.got.append((dict(request.headers), raw))
            self.came.notify_all()
        return Response(status_code=self.status)

    def wait(self, count: int) -> list[dict[str, Any]]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.got) >= count, timeout=60), f"{len(self.got)} of {count} came"
        return [json.loads(raw) for _, raw in self.got]


@contextmanager
def hooked(flavour: str = "cloud", at: datetime = HALF_WAY, **told: Any) -> Iterator[tuple[Box, Receiver]]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    with running(Files(jira=flavour), at=at) as box, listening(app) as url:
        hook = {"name": "bot", "url": f"{url}/hook", "events": EVENTS, "secret": SECRET, **told}
        assert box.send("POST", "/rest/webhooks/1.0/webhook", hook).status_code == 201
        yield box, receiver


def test_a_change_sends_a_signed_event() -> None:
    with hooked() as (box, receiver):
        box.send("PUT", "/rest/api/2/issue/CORE-51", {"fields": {"customfield_10021": None}})
        [event] = receiver.wait(1)
        headers, raw = receiver.got[0]

    assert headers["x-hub-signature"] == "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["x-atlassian-webhook-identifier"]
    assert event["webhookEvent"] == "jira:issue_updated"
    assert event["timestamp"] == int(HALF_WAY.timestamp() * 1000)
    assert (event["issue"]["key"], event["changelog"]["items"][0]["fromString"]) == ("CORE-51", "Impediment")
    assert "emailAddress" not in event["user"]


def test_a_step_of_the_clock_sends_what_has_come_meanwhile_once() -> None:
    with hooked(at=datetime(2026, 11, 20, 15, tzinfo=UTC)) as (box, receiver):
        before = box.site.next_event()
        box.step(datetime(2026, 11, 20, 17, tzinfo=UTC))
        box.step(datetime(2026, 11, 20, 18, tzinfo=UTC))
        events = receiver.wait(3)
        box.site.hooks.settle()

    assert before is not None
    assert before - datetime(2026, 11, 20, 16, 30, tzinfo=UTC) <= timedelta(milliseconds=1)
    assert sorted(event["issue"]["key"] if "issue" in event else "sprint" for event in events) == [
        "CORE-51",
        "CORE-53",
        "sprint",
    ]
    assert box.clock.under_way == 0


def test_a_refused_event_comes_again_under_the_same_identifier() -> None:
    with hooked() as (box, receiver):
        receiver.status = 503
        box.send("PUT", "/rest/api/2/issue/CORE-51", {"fields": {"labels": ["edge"]}})
        receiver.wait(1)
        box.site.hooks.settle()
        box.site.catch_up(HALF_WAY)  # not due yet
        receiver.status = 200
        due = box.site.hooks.next_due()
        assert due == HALF_WAY + timedelta(minutes=5)
        box.step(due)
        receiver.wait(2)
        box.site.hooks.settle()
        assert box.site.hooks.next_due() is None

    first, second = (headers for headers, _ in receiver.got)
    assert first["x-atlassian-webhook-identifier"] == second["x-atlassian-webhook-identifier"]
    assert second["x-atlassian-webhook-retry"] == "1"


def test_an_event_refused_for_good_is_not_sent_again() -> None:
    with hooked() as (box, receiver):
        receiver.status = 404
        box.send("PUT", "/rest/api/2/issue/CORE-51", {"fields": {"labels": ["edge"]}})
        receiver.wait(1)
        box.site.hooks.settle()
        assert box.site.hooks.next_due() is None


def test_comments_are_told_as_each_flavour_tells_them() -> None:
    # Flavour, and the events with whether they hold a user and an issue.
    table = [
        ("cloud", {"comment_created": (False, True)}),
        ("dc", {"comment_created": (False, False), "jira:issue_updated": (False, True)}),
    ]
    for flavour, expected in table:
        with hooked(flavour) as (box, receiver):
            box.send("POST", "/rest/api/2/issue/CORE-51/comment", {"body": "Port is open"})
            events = receiver.wait(len(expected))
        assert {event["webhookEvent"]: ("user" in event, "issue" in event) for event in events} == expected
        comment = next(event["comment"] for event in events if "comment" in event)
        assert comment["body"] == "Port is open"
        assert "/issue/20051/comment/" in comment["self"]


def test_a_hook_hears_only_what_its_filter_takes() -> None:
    with hooked(filters={"issue-related-events-section": "key = CORE-52"}) as (box, receiver):
        for key in ("CORE-51", "CORE-52"):
            box.send("PUT", f"/rest/api/2/issue/{key}", {"fields": {"labels": ["edge"]}})
        events = receiver.wait(1)
        box.site.hooks.settle()

    assert [event["issue"]["key"] for event in events] == ["CORE-52"]


def test_hooks_go_to_this_machine_only_and_can_be_listed_and_removed() -> None:
    with hooked() as (box, receiver):
        far = {"name": "x", "url": "https://example.com/hook", "events": EVENTS}
        assert box.send("POST", "/rest/webhooks/1.0/webhook", far).status_code == 400
        [listed] = box.get("/rest/webhooks/1.0/webhook").json()
        assert "secret" not in listed
        assert box.send("DELETE", "/rest/webhooks/1.0/webhook/1", None).status_code == 204
        box.send("PUT", "/rest/api/2/issue/CORE-51", {"fields": {"labels": ["edge"]}})
        box.site.hooks.settle()
        assert receiver.got == []
