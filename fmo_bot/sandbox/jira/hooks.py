"""Webhooks an administrator registers: signed, with one identifier over all tries, sent beside the server's loop."""

import hashlib
import hmac
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from fmo_bot.sandbox.jira import jql, times
from fmo_bot.sandbox.jira.issue import Issue
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Happening, Site
from fmo_bot.sandbox.jira.views import Selection, Views

Json = dict[str, Any]
_Body = Callable[[Views], Json]
TRIES = 5
RETRY_AFTER = timedelta(minutes=5)
_AGAIN = frozenset({408, 409, 425, 429})
_SLIM = Selection(frozenset({"summary", "issuetype", "project", "assignee", "priority", "status"}))
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A registration."""

    number: int
    name: str
    url: str
    events: tuple[str, ...]
    secret: str | None
    base: str
    filter: jql.Query | None

    def shown(self) -> Json:
        """As Jira lists it; the secret is not shown again."""
        return {
            "name": self.name,
            "url": self.url,
            "events": list(self.events),
            "enabled": True,
            "isSigned": self.secret is not None,
            "self": f"{self.base}/rest/webhooks/1.0/webhook/{self.number}",
        }


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event on its way to one hook."""

    hook: Hook
    event: str
    identifier: str
    raw: bytes
    tried: int = 0
    due: datetime | None = None


def signature(secret: str, raw: bytes) -> str:
    """The value of `X-Hub-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class Hooks:
    """The registered webhooks of a site and what is on its way to them."""

    def __init__(self, site: Site) -> None:
        """Nothing is registered at first."""
        self.site = site
        self.by_number: dict[int, Hook] = {}
        self.log: list[Json] = []
        self._waiting: list[Delivery] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="jira-webhook")
        self._on_the_way: set[Future[None]] = set()
        self._session = requests.Session()
        self._session.trust_env = False
        self._events = 0

    def register(self, told: Json, base: str) -> Hook:
        """A new webhook; only to this machine."""
        url, events = str(told.get("url") or ""), told.get("events")
        if urlsplit(url).hostname not in _LOOPBACK:
            raise Refused(400, "This is a sandbox and sends webhooks only to 127.0.0.1.")
        if not isinstance(events, list) or not events:
            raise Refused(400, "At least one event is required.")
        filters = told.get("filters")
        asked = filters.get("issue-related-events-section") if isinstance(filters, dict) else None
        hook = Hook(
            number=max(self.by_number, default=0) + 1,
            name=str(told.get("name") or ""),
            url=url,
            events=tuple(str(event) for event in events),
            secret=str(told["secret"]) if told.get("secret") and self._signs() else None,
            base=base,
            filter=jql.parse(str(asked), self.site) if asked else None,
        )
        self.by_number[hook.number] = hook
        return hook

    def _signs(self) -> bool:
        """Data Center signs from version 10 on; before, only the address can hold a secret."""
        return self.site.is_cloud or int(self.site.version.split(".")[0]) >= 10

    def remove(self, number: int) -> None:
        """Forget a webhook, or 404."""
        if self.by_number.pop(number, None) is None:
            raise Refused(404, "The webhook was not found.")

    def happened(self, one: Happening, *, user: Json | None = None) -> None:
        """Tell of something from the history, or of a person's change."""
        if one.sprint is not None:
            sprint = one.sprint
            self._tell(one.kind, None, one.at, lambda views: {"sprint": views.sprint(sprint)})
        elif one.issue is not None:
            self._tell(one.kind, one.issue, one.at, _about(one, one.issue, user))

    def released(self, version: Json, at: datetime) -> None:
        """A version was released, or is no longer; Jira sends nothing of its issues."""
        event = "jira:version_released" if version["released"] else "jira:version_unreleased"
        self._tell(event, None, at, lambda views: {"version": views.version(version)})

    def commented(self, issue: Issue, comment: Json, at: datetime) -> None:
        """Cloud: a comment and a slim issue, no user. Data Center: no issue; the issue's own event comes beside it."""
        cloud = self.site.is_cloud

        def body(views: Views) -> Json:
            shown = views.comments(issue)["comments"][-1]
            link = {"self": f"{views.base}/rest/api/2/issue/{issue.id}/comment/{comment['id']}"}
            slim = {"id": issue.id, "key": issue.key, "self": f"{views.base}/rest/api/2/issue/{issue.id}"}
            told = {"comment": {**link, **shown}}
            return told | {"issue": {**slim, "fields": views.fields(issue, _SLIM)}} if cloud else told

        self._tell("comment_created", issue, at, body)
        if not cloud:
            self._tell(
                "jira:issue_updated",
                issue,
                at,
                lambda views: {
                    "issue_event_type_name": "issue_commented",
                    "issue": views.issue(issue),
                },
            )

    def again(self, now: datetime) -> None:
        """Send once more what failed and is due."""
        with self._lock:
            due = [one for one in self._waiting if one.due is not None and one.due <= now]
            self._waiting = [one for one in self._waiting if one not in due]
        for one in due:
            self._send(one)

    def next_due(self) -> datetime | None:
        """When the next failed delivery is tried again."""
        with self._lock:
            return min((one.due for one in self._waiting if one.due is not None), default=None)

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        wait(list(self._on_the_way))

    def close(self) -> None:
        """Let what is on its way arrive, then stop."""
        self._pool.shutdown()
        self._session.close()

    def _tell(self, event: str, issue: Issue | None, at: datetime, about: _Body) -> None:
        self._events += 1
        for hook in self.by_number.values():
            if event not in hook.events or not self._wants(hook, issue, at):
                continue
            views = Views(self.site, hook.base, at)
            body = {"timestamp": times.millis(at), "webhookEvent": event, **about(views)}
            told = uuid.uuid5(uuid.NAMESPACE_URL, f"{hook.base}/{hook.number}/{self._events}")
            raw = msgspec.json.encode(body)
            self._send(Delivery(hook=hook, event=event, identifier=str(told), raw=raw))

    def _wants(self, hook: Hook, issue: Issue | None, at: datetime) -> bool:
        return issue is None or hook.filter is None or hook.filter.matches(issue, at)

    def _send(self, one: Delivery) -> None:
        with ExitStack() as stack:
            stack.enter_context(self.site.clock.busy(f"Jira webhook {one.event}"))
            sent = self._pool.submit(self._post, one, stack.pop_all())
        self._on_the_way.add(sent)
        sent.add_done_callback(self._on_the_way.discard)

    def _post(self, one: Delivery, busy: ExitStack) -> None:
        with busy:
            status = self._status(one)
            tried = one.tried + 1
            with self._lock:
                self.log.append(
                    {
                        "event": one.event,
                        "identifier": one.identifier,
                        "url": one.hook.url,
                        "status": status,
                        "try": tried,
                    }
                )
                if (status is None or status in _AGAIN or status >= 500) and tried <= TRIES:
                    self._waiting.append(replace(one, tried=tried, due=self.site.now() + RETRY_AFTER * tried))

    def _status(self, one: Delivery) -> int | None:
        """The answer's status; None where there was none."""
        headers = {"Content-Type": "application/json; charset=UTF-8", "User-Agent": "Atlassian Webhook HTTP Client"}
        if self.site.is_cloud:
            headers |= {"X-Atlassian-Webhook-Identifier": one.identifier, "X-Atlassian-Webhook-Flow": "Primary"}
            if one.tried:
                headers["X-Atlassian-Webhook-Retry"] = str(one.tried)
        if one.hook.secret:
            headers["X-Hub-Signature"] = signature(one.hook.secret, one.raw)
        try:
            sent = self._session.post(
                one.hook.url, data=one.raw, headers=headers, timeout=(5, 20), allow_redirects=False
            )
        except requests.RequestException:
            return None
        return sent.status_code


def _about(one: Happening, issue: Issue, user: Json | None) -> _Body:
    history = one.history

    def body(views: Views) -> Json:
        told: Json = {"issue_event_type_name": _kind(one), "issue": views.issue(issue)}
        who = views.user(user or (history.author if history else None))
        if who:
            told["user"] = {name: value for name, value in who.items() if name != "emailAddress"}
        if history is not None:
            told["changelog"] = {"id": str(history.number), "items": views.items(history.items)}
        return told

    return body


def _kind(one: Happening) -> str:
    if one.history is None:
        return one.kind.removeprefix("jira:")
    names = {item["field"].lower() for item in one.history.items}
    return "issue_generic" if "status" in names else "issue_assigned" if "assignee" in names else "issue_updated"
