"""OAuth v2: the consent page, codes, tokens, and their rotation."""

import base64
import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fmo_bot.sandbox.slack.call import Call, Method
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.installing import Installing
from fmo_bot.sandbox.slack.state import State, grant
from fmo_bot.sandbox.world import App, Enterprise, User, Workspace

TOKEN_S = 43_200
CODE_S = 600


@dataclass(frozen=True)
class Code:
    """What a code stands for; `expires` is machine time."""

    app: App
    where: str  # a workspace, or a whole organisation
    by: str  # who allowed it
    scopes: frozenset[str]  # asked for
    redirect: str
    expires: float


@dataclass
class Codes:
    """Codes and refresh tokens that were given out and not yet used."""

    codes: dict[str, Code] = field(default_factory=dict)
    refresh: dict[str, tuple[App, str]] = field(default_factory=dict)


class OAuth:
    """The installing of apps."""

    def __init__(self, state: State, installing: Installing) -> None:
        """Nothing is being installed."""
        self.state, self.installing = state, installing
        self.codes = Codes()

    @property
    def methods(self) -> dict[str, Method]:
        """oauth.v2.access, auth.revoke."""
        return {
            "oauth.v2.access": Method(self.access, token="none"),
            "auth.revoke": Method(self.revoke),
        }

    def routes(self) -> list[BaseRoute]:
        """The consent page and what its links do."""
        return [Route("/slack/oauth/v2/authorize", self._ask), Route("/slack/oauth/v2/allow", self._allow)]

    def access(self, call: Call) -> dict[str, Any]:
        """oauth.v2.access: a code or a refresh token for tokens."""
        app = self._client(call)
        if call.args.text("grant_type") == "refresh_token":
            found = self.codes.refresh.pop(call.args.text("refresh_token"), None)
            if found is None or found[0].id != app.id:
                raise SlackError("invalid_refresh_token")
            return self._granted(app, found[1], "", frozenset(), rotates=True)
        code = self.codes.codes.pop(call.args.text("code"), None)
        if code is None or code.app is not app:
            raise SlackError("invalid_code")
        if code.expires < self.state.clock.machine():
            raise SlackError("code_expired")
        if call.args.text("redirect_uri") not in ("", code.redirect):
            raise SlackError("bad_redirect_uri")
        return self._granted(app, code.where, code.by, code.scopes, rotates=app.rotates)

    def revoke(self, call: Call) -> dict[str, Any]:
        """auth.revoke: the token that asks ends."""
        self.installing.revoke(call.token)
        return {"revoked": True}

    def _client(self, call: Call) -> App:
        id, secret = call.args.text("client_id"), call.args.text("client_secret")
        app = self.state.cast.app_by_key(id.removesuffix(".sandbox"))
        if app is None:
            raise SlackError("invalid_client_id")
        if secret != f"client-sandbox-{app.key}":
            raise SlackError("bad_client_secret")
        return app

    def _granted(self, app: App, where: str, by: str, asked: frozenset[str], *, rotates: bool) -> dict[str, Any]:
        told = self._installed(app, where)
        token: dict[str, Any] = {"access_token": app.bot_tokens[where]}
        if rotates:
            token = self._rotated(app, where)
        return {
            **token,
            "token_type": "bot",
            "scope": ",".join(sorted(asked if app.scopes is None else app.scopes)),
            "app_id": app.id,
            "authed_user": {"id": by},
            **told,
        }

    def _installed(self, app: App, where: str) -> dict[str, Any]:
        """Put the app there: in a workspace, or in an organisation."""
        cast = self.state.cast
        if where in cast.enterprises:
            self.installing.install_wide(app, where)
            about = {"team": None, "enterprise": cast.enterprises[where].shown, "is_enterprise_install": True}
            return about | {"bot_user_id": app.wide[where]}
        self.installing.install(app, where)
        team, enterprise = cast.workspaces[where], cast.enterprise_of(where)
        return {
            "team": {"id": team.id, "name": team.name},
            "enterprise": enterprise.shown if enterprise else None,
            "is_enterprise_install": False,
            "bot_user_id": app.installed[where],
        }

    def _rotated(self, app: App, where: str) -> dict[str, Any]:
        token = f"xoxe.xoxb-sandbox-{app.key}-{where}-{secrets.token_hex(8)}"
        refresh = f"xoxe-sandbox-{app.key}-{where}-{secrets.token_hex(8)}"
        expires = self.state.clock.machine() + TOKEN_S
        self.state.tokens[token] = grant(app, where, expires)
        self.codes.refresh[refresh] = (app, where)
        return {"access_token": token, "refresh_token": refresh, "expires_in": TOKEN_S}

    async def _ask(self, request: Request) -> Response:
        """Who it is, in which workspace: a form for each; and a way back without it."""
        asked = dict(request.query_params)
        app = self._asked_for(asked)
        if app is None:
            return HTMLResponse("<p>There is no app with this client_id.</p>", 404)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        scopes = html.escape(asked.get("scope", "").replace(",", ", "))
        cast = self.state.cast
        inside = [team for team in cast.workspaces.values() if not team.outside]
        forms = "".join(self._form(app, team, hidden) for team in inside)
        forms += "".join(self._form(app, enterprise, hidden) for enterprise in cast.enterprises.values())
        cancel = f'<form action="/slack/oauth/v2/allow">{hidden}<button name="cancel" value="1">Cancel</button></form>'
        return HTMLResponse(f"<h1>Install {html.escape(app.name)}</h1><p>It asks for: {scopes}</p>{forms}{cancel}")

    def _form(self, app: App, team: Workspace | Enterprise, hidden: str) -> str:
        people = self._people(team.id)
        options = "".join(f'<option value="{user.id}">{html.escape(user.real_name)}</option>' for user in people)
        return (
            f'<form action="/slack/oauth/v2/allow"><h2>{html.escape(team.name)}</h2>{hidden}'
            f'<select name="user" aria-label="Who you are">{options}</select>'
            f'<button name="team" value="{team.id}">Allow {html.escape(app.name)}</button></form>'
        )

    async def _allow(self, request: Request) -> Response:
        asked = request.query_params
        app, redirect = self._asked_for(asked), asked.get("redirect_uri", "")
        if app is None or not redirect.startswith(("http://", "https://")):
            return HTMLResponse("<p>client_id and redirect_uri are needed.</p>", 400)
        back = {"state": asked.get("state", "")}
        if asked.get("cancel"):
            return _back(redirect, {"error": "access_denied", **back})
        where, user = asked.get("team", ""), self.state.cast.users.get(asked.get("user", ""))
        there = self._people(where)
        if not there or (user is not None and user not in there):
            return HTMLResponse("<p>team has to be a workspace or organisation, user somebody in it.</p>", 400)
        code = f"sandbox-code-{secrets.token_hex(8)}"
        by = user or there[0]
        scopes = frozenset(asked.get("scope", "").split(",")) - {""}
        self.codes.codes[code] = Code(app, where, by.id, scopes, redirect, self.state.clock.machine() + CODE_S)
        return _back(redirect, {"code": code, **back})

    def _people(self, where: str) -> list[User]:
        """Who may install it there: people of a workspace, or of those of an organisation, full members first."""
        teams = self.state.cast.grid(where) or [where]
        here = [user for user in self.state.cast.people() if any(user.belongs_to(team) for team in teams)]
        return sorted(here, key=lambda user: user.team_id not in teams)

    def _asked_for(self, asked: Mapping[str, str]) -> App | None:
        return self.state.cast.app_by_key(asked.get("client_id", "").removesuffix(".sandbox"))


def _back(redirect: str, query: Mapping[str, str]) -> RedirectResponse:
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(query)}", 302)


def basic_credentials(header: str) -> dict[str, str]:
    """client_id and client_secret from an `Authorization: Basic` header, as slack_sdk sends them."""
    if not header.startswith("Basic "):
        return {}
    try:
        id, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": id, "client_secret": secret}
