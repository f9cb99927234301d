"""OAuth v2: the consent page, codes, tokens, and their rotation."""

import base64
import html
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fmo_bot.sandbox.slack.call import Call, Method
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.state import Grant, State
from fmo_bot.sandbox.world import App, make_bot

TOKEN_S = 43_200
CODE_S = 600


@dataclass
class Codes:
    """Codes and refresh tokens that were given out and not yet used."""

    codes: dict[str, tuple[App, str, str, float]] = field(default_factory=dict)
    refresh: dict[str, tuple[App, str]] = field(default_factory=dict)


class OAuth:
    """The installing of apps."""

    def __init__(self, state: State) -> None:
        """Nothing is being installed."""
        self.state = state
        self.codes = Codes()

    @property
    def methods(self) -> dict[str, Method]:
        """oauth.v2.access."""
        return {"oauth.v2.access": Method(self.access, token="none")}

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
            return self._granted(app, found[1], rotates=True)
        _, team_id, redirect, expires = self.codes.codes.pop(call.args.text("code"), (app, "", "", 0.0))
        if not team_id or _ is not app:
            raise SlackError("invalid_code")
        if expires < self.state.clock.machine():
            raise SlackError("code_expired")
        if call.args.text("redirect_uri") not in ("", redirect):
            raise SlackError("bad_redirect_uri")
        return self._granted(app, team_id, rotates=app.rotates)

    def _client(self, call: Call) -> App:
        id, secret = call.args.text("client_id"), call.args.text("client_secret")
        app = self.state.cast.app_by_key(id.removesuffix(".sandbox"))
        if app is None:
            raise SlackError("invalid_client_id")
        if secret != f"client-sandbox-{app.key}":
            raise SlackError("bad_client_secret")
        return app

    def _granted(self, app: App, team_id: str, *, rotates: bool) -> dict[str, Any]:
        self._install(app, team_id)
        team = self.state.cast.workspaces[team_id]
        token: dict[str, Any] = {"access_token": app.bot_tokens[team_id]}
        if rotates:
            token = self._rotated(app, team_id)
        return {
            **token,
            "token_type": "bot",
            "scope": ",".join(sorted(app.scopes or ["chat:write"])),
            "bot_user_id": app.installed[team_id],
            "app_id": app.id,
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "authed_user": {"id": next(u.id for u in self.state.cast.people() if u.team_id == team_id)},
            "is_enterprise_install": False,
        }

    def _rotated(self, app: App, team_id: str) -> dict[str, Any]:
        token = f"xoxe.xoxb-sandbox-{app.key}-{team_id}-{secrets.token_hex(8)}"
        refresh = f"xoxe-sandbox-{app.key}-{team_id}-{secrets.token_hex(8)}"
        expires = self.state.clock.machine() + TOKEN_S
        self.state.tokens[token] = Grant(app=app, team_id=team_id, expires=expires)
        self.codes.refresh[refresh] = (app, team_id)
        return {"access_token": token, "refresh_token": refresh, "expires_in": TOKEN_S}

    def _install(self, app: App, team_id: str) -> None:
        if team_id in app.installed:
            return
        bot = make_bot(app, team_id, f"U0BOT{app.key.upper()}{team_id.removeprefix('T0')}")
        app.installed[team_id] = bot.id
        self.state.cast.users[bot.id] = bot
        self.state.grant_fixed_tokens(app)
        self.state.changes.add("world")

    async def _ask(self, request: Request) -> Response:
        asked = dict(request.query_params)
        app = self.state.cast.app_by_key(asked.get("client_id", "").removesuffix(".sandbox"))
        if app is None:
            return HTMLResponse("<p>There is no app with this client_id.</p>", 404)
        links = "".join(
            f'<p><a href="/slack/oauth/v2/allow?{html.escape(urlencode({**asked, "team": team.id}))}">'
            f"Allow {html.escape(app.name)} in {html.escape(team.name)}</a></p>"
            for team in self.state.cast.workspaces.values()
            if not team.outside
        )
        return HTMLResponse(f"<h1>Install {html.escape(app.name)}</h1>{links}")

    async def _allow(self, request: Request) -> Response:
        asked = request.query_params
        app = self.state.cast.app_by_key(asked.get("client_id", "").removesuffix(".sandbox"))
        redirect, team_id = asked.get("redirect_uri", ""), asked.get("team", "")
        if app is None or team_id not in self.state.cast.workspaces or not redirect.startswith(("http://", "https://")):
            return HTMLResponse("<p>client_id, team and redirect_uri are needed.</p>", 400)
        code = f"sandbox-code-{secrets.token_hex(8)}"
        self.codes.codes[code] = (app, team_id, redirect, self.state.clock.machine() + CODE_S)
        query = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{query}", 302)


def basic_credentials(header: str) -> dict[str, str]:
    """client_id and client_secret from an `Authorization: Basic` header, as slack_sdk sends them."""
    if not header.startswith("Basic "):
        return {}
    try:
        id, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": id, "client_secret": secret}
