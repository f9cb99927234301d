"""Bringing payloads to apps: over a socket or signed HTTP, with Slack's patience and its retries."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests
from anyio import to_thread

from fmo_bot.sandbox.slack.sockets import Answer, Sockets
from fmo_bot.sandbox.slack.state import PATIENCE_S, State
from fmo_bot.sandbox.world import App

RETRY_DELAYS_S = (0.0, 1.0, 3.0)  # Slack: at once, after a minute, after five


@dataclass
class Delivery:
    """How apps are reached: `transport` is socket or http (then each app's `request_url` is used)."""

    state: State
    sockets: Sockets
    transport: str
    retry_delays: tuple[float, ...] = RETRY_DELAYS_S
    patience: float = PATIENCE_S

    def __post_init__(self) -> None:
        """Keeps tasks alive: asyncio itself holds them only weakly."""
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, app: App, payload: dict[str, Any]) -> None:
        """Deliver an `event_callback` in the background, with retries until it is acknowledged."""
        task = asyncio.get_running_loop().create_task(self._event(app, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, app: App, kind: str, payload: dict[str, Any]) -> Answer:
        """Deliver an interaction (`interactive`) or command (`slash_commands`) once; nobody retries these."""
        with self.state.clock.busy(f"{kind} for {app.key}"):
            return await self._send(app, kind, payload)

    async def _event(self, app: App, payload: dict[str, Any]) -> None:
        with self.state.clock.busy(f"event {payload['event']['type']} for {app.key}"):
            reason = None
            for number, delay in enumerate((0.0, *self.retry_delays)):
                await asyncio.sleep(delay)
                answer = await self._send(app, "events_api", payload, retry=(number, reason) if reason else None)
                if answer.ok or answer.no_retry:
                    return
                reason = answer.reason

    async def _send(self, app: App, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None = None) -> Answer:
        if self.transport == "socket":
            return await self.sockets.send(app, kind, payload, retry=retry, patience=self.patience)
        if app.request_url is None:
            return Answer(ok=False, reason="http_error")
        signed = partial(post, app.request_url, app.signing_secret, kind, payload, retry, patience=self.patience)
        return await to_thread.run_sync(signed)


def post(
    url: str, secret: str, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None, *, patience: float
) -> Answer:
    """One signed request as Slack makes it; acknowledged by a 2xx within `patience` seconds."""
    body, content_type = encode(kind, payload)
    headers = {"content-type": content_type, "user-agent": "Slackbot 1.0 (sandbox)", **sign(secret, body)}
    if retry is not None:
        headers |= {"x-slack-retry-num": str(retry[0]), "x-slack-retry-reason": retry[1]}
    try:
        with requests.Session() as session:
            session.trust_env = False
            response = session.post(url, data=body, headers=headers, timeout=patience, allow_redirects=False)
    except requests.Timeout:
        return Answer(ok=False, reason="http_timeout")
    except requests.RequestException:
        return Answer(ok=False, reason="connection_failed")
    no_retry = response.headers.get("x-slack-no-retry") == "1"
    return Answer(ok=response.ok, reason="http_error", body=_body(response), no_retry=no_retry)


def encode(kind: str, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """The body and content type: events as JSON, commands as a form, interactions as JSON within a form."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def sign(secret: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Slack's v0 signature over machine time `at` and the body."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def _body(response: requests.Response) -> Any:
    if not response.content:
        return None
    if "json" in response.headers.get("content-type", ""):
        try:
            return response.json()
        except ValueError:
            return None
    return response.text
