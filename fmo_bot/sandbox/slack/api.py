"""The Web API's front door: faults, tokens, scopes, limits, then the method; every call is written down."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from fmo_bot.sandbox import doorkeeper
from fmo_bot.sandbox.clock import iso
from fmo_bot.sandbox.slack import chat, conversations, files, grid, users, views
from fmo_bot.sandbox.slack.call import Args, Call, Hub, Method
from fmo_bot.sandbox.slack.errors import SlackError, TooMany, invalid_arguments
from fmo_bot.sandbox.slack.oauth import OAuth, basic_credentials
from fmo_bot.sandbox.slack.state import Grant

NOT_A_SANDBOX_TOKEN = (
    "This is a sandbox: it takes only its own tokens, which contain -sandbox-. "
    "A real token must not be sent here; take it out of the settings."
)

_LOOK_S = 0.1  # how often it is seen whether a caller without an answer has gone


class Api:
    """`/slack/api/<method>`."""

    def __init__(self, hub: Hub, oauth: OAuth) -> None:
        """Every method from the tables of the other files."""
        self.hub = hub
        self.methods: dict[str, Method] = {
            **chat.METHODS,
            **conversations.METHODS,
            **users.METHODS,
            **views.METHODS,
            **files.METHODS,
            **oauth.methods,
            "apps.connections.open": Method(self._connect, ("connections:write",), 3, token="app"),
            "api.test": Method(lambda call: {"args": call.args.fields}, token="none"),
        }

    async def endpoint(self, request: Request) -> Response:
        """Answer one call, or fail it on purpose."""
        name = request.path_params["method"]
        faults = self.hub.state.faults
        if faults.strikes("drop_before", name):
            return await _cut(request)
        if faults.strikes("server_error", name):
            return PlainTextResponse("upstream connect error", 503)
        if faults.strikes("rate_limited", name):
            return await self._limited(request, name)
        response = await self._answer(request, name)
        if faults.strikes("drop_after_accept", name):
            return await _cut(request)
        return await _never(request) if faults.strikes("timeout", name) else response

    async def _limited(self, request: Request, name: str) -> Response:
        """Too many, though nobody counted: as it happens where others call as well."""
        token = _token(request, Args(await _fields(request)))
        return self._written(name, self.hub.state.tokens.get(token), TooMany(1))

    async def _answer(self, request: Request, name: str) -> Response:
        args = Args(await _fields(request))
        grant = None
        try:
            method = self._method(name)
            token = _token(request, args)
            grant = self._grant(method, token)
            return self._written(name, grant, self._run(name, method, grant, args, token))
        except SlackError as error:
            return self._written(name, grant, error)

    def _run(self, name: str, method: Method, grant: Grant | None, args: Args, token: str) -> dict[str, Any]:
        if grant is None:
            return method.run(Call(self.hub, next(iter(self.hub.state.cast.apps.values())), "", args))
        wide = grant.enterprise_id or ""
        team_id = grid.workspace(self.hub.state, grant.app, wide, name, args) if wide else grant.team_id or ""
        call = Call(self.hub, grant.app, team_id, args, token, wide)
        if method.token != "app":
            call.require(*method.scopes)
        self.hub.state.limits.call(name, method.tier, call.team_id, call.app.id)
        return method.run(call)

    def _method(self, name: str) -> Method:
        if name not in self.methods:
            raise SlackError("unknown_method", req_method=name)
        return self.methods[name]

    def _grant(self, method: Method, token: str) -> Grant | None:
        if token and "-sandbox-" not in token:
            raise invalid_arguments(NOT_A_SANDBOX_TOKEN, error="invalid_auth")
        if method.token == "none":
            return None
        if not token:
            raise SlackError("not_authed")
        grant = self.hub.state.tokens.get(token)
        if grant is None:
            raise SlackError(self.hub.state.ended.get(token, "invalid_auth"))
        if grant.expires is not None and grant.expires < self.hub.state.clock.machine():
            raise SlackError("token_expired")
        if method.token == "any" or (method.token == "app") == (grant.where is None):
            return grant
        raise SlackError("not_allowed_token_type")

    def _written(self, name: str, grant: Grant | None, outcome: dict[str, Any] | SlackError) -> Response:
        error = outcome.error if isinstance(outcome, SlackError) else None
        self.hub.state.calls.append(
            {
                "method": name,
                "app_id": grant.app.id if grant else None,
                "team_id": grant.where if grant else None,
                "ok": error is None,
                "error": error,
                "at": iso(self.hub.state.clock.now()),
                "machine_at": time.time(),
                **({"retry_after": outcome.retry_after} if isinstance(outcome, TooMany) else {}),
            }
        )
        if isinstance(outcome, TooMany):
            return JSONResponse(
                {"ok": False, "error": "ratelimited"}, 429, headers={"retry-after": str(outcome.retry_after)}
            )
        if isinstance(outcome, SlackError):
            return JSONResponse({"ok": False, "error": outcome.error, **outcome.extra}, headers=_scopes(grant))
        return JSONResponse({"ok": True, **outcome}, headers=_scopes(grant))

    def _connect(self, call: Call) -> dict[str, Any]:
        """apps.connections.open."""
        return {"url": self.hub.sockets.ticket(call.app)}


async def _cut(request: Request) -> Response:
    await doorkeeper.hang_up(request.scope)
    return doorkeeper.Silence()


async def _never(request: Request) -> Response:
    """No answer, however long the caller waits."""
    while not await request.is_disconnected():
        await asyncio.sleep(_LOOK_S)
    return doorkeeper.Silence()


def _scopes(grant: Grant | None) -> dict[str, str]:
    if grant is None or grant.app.scopes is None:
        return {}
    return {"x-oauth-scopes": ",".join(sorted(grant.app.scopes))}


async def _fields(request: Request) -> Mapping[str, Any]:
    """Arguments from the address, then from a JSON or form body, then from Basic credentials."""
    fields: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        with contextlib.suppress(ValueError):
            told = json.loads(body or b"{}")
            fields |= told if isinstance(told, dict) else {}
    else:
        fields |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return fields | basic_credentials(request.headers.get("authorization", ""))


def _token(request: Request, args: Args) -> str:
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else args.text("token")
