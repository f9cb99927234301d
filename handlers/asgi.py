"""The web server: Slack's requests, Jira's webhooks, health and figures. Everything that comes in is proved first."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fmo_bot.bootstrap.bot import Bot
from handlers import events, health
from handlers.bodies import read
from handlers.installs import Installs
from handlers.jira_hooks import JiraHooks
from handlers.jira_oauth import JiraOAuth
from handlers.metrics import Metrics

LARGEST = 1_000_000  # bytes of a body of Slack's
_FORM = "application/x-www-form-urlencoded"
_log = structlog.get_logger(__name__)


def application(bot: Bot, apps: Mapping[str, App], metrics: Metrics, *, problems: Callable[[], list[str]]) -> Starlette:
    """The ASGI application; `apps`: Bolt apps by key, those reached over HTTP; `problems`: why nobody is served now."""
    slack = _Slack(bot, apps, metrics)
    return Starlette(
        routes=[
            *health.routes(metrics, problems),
            Route("/slack/{key}/events", slack.take, methods=["POST"]),
            *JiraHooks(bot, metrics).routes,
            *JiraOAuth(bot).routes,
            *Installs(bot).routes,
        ]
    )


class _Slack:
    """Slack's requests over HTTP: verified and read here, then handed to Bolt like an envelope from a socket.

    Bolt's own reading takes any form with the letters "payload" in it for an interaction, and so loses a slash command
    that says the word; its own verification fails with 500 on a timestamp that is no number, and logs whole bodies.
    """

    def __init__(self, bot: Bot, apps: Mapping[str, App], metrics: Metrics) -> None:
        self._bot, self._apps, self._metrics = bot, apps, metrics
        secrets = {app.key: app.signing_secret for app in bot.settings.slack_apps}
        self._verifiers = {key: SignatureVerifier(secrets[key] or "") for key in apps if secrets[key]}

    async def take(self, request: Request) -> Response:
        """One request of one app."""
        key = request.path_params["key"]
        if key not in self._verifiers:
            return PlainTextResponse("no such app", 404)
        body = await read(request, most=LARGEST)
        if not _is_genuine(self._verifiers[key], body, request):
            self._metrics.refused("slack")
            _log.warning("a request is not signed by Slack", app=key, bytes=len(body))
            return PlainTextResponse("not signed by Slack", 401)
        payload = _parsed(body, request.headers.get("content-type", ""))
        if payload is None:
            return PlainTextResponse("not understood", 400)
        if _is_event(payload) and events.job_of(self._bot, payload) is None:
            self._metrics.took("slack")  # every message of ours comes back as an event: Bolt need not see it
            return PlainTextResponse("")
        return _response(await run_in_threadpool(self._dispatch, key, payload, request))

    def _dispatch(self, key: str, payload: dict[str, Any], request: Request) -> BoltResponse:
        headers = {name: value for name, value in request.headers.items() if name.startswith("x-slack-retry")}
        self._metrics.took("slack")
        return self._apps[key].dispatch(BoltRequest(mode="socket_mode", body=payload, headers=dict(headers)))


def _is_event(payload: Mapping[str, Any]) -> bool:
    return payload.get("type") == "event_callback" and isinstance(payload.get("event"), dict)


def _is_genuine(verifier: SignatureVerifier, body: bytes, request: Request) -> bool:
    stamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and signature.isascii()):
        return False
    try:
        return verifier.is_valid(body, stamp, signature)
    except UnicodeDecodeError:
        return False


def _parsed(body: bytes, content_type: str) -> dict[str, Any] | None:
    """The payload of a genuine request: JSON, a form, or JSON in a form's `payload` field; None for anything else."""
    try:
        text = body.decode("utf-8")
        if content_type.split(";")[0].strip() != _FORM:
            return _mapping(json.loads(text))
        fields = dict(parse_qsl(text, keep_blank_values=True))
        return _mapping(json.loads(fields["payload"])) if "payload" in fields else fields
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _response(answer: BoltResponse) -> Response:
    headers = {name: values[0] for name, values in answer.headers.items() if name != "set-cookie"}
    return Response(answer.body, answer.status, headers=headers)
