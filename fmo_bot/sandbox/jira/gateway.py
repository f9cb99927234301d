"""Atlassian's gateway: consent, tokens of OAuth 2.0 (3LO) with rotating refresh tokens, and sites by their cloud id."""

import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from fmo_bot.sandbox.jira.keys import EVERY_SCOPE, OAUTH, Key
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Site

Json = dict[str, Any]
CLIENT_ID, CLIENT_SECRET = "atlassian-sandbox", "client-sandbox-atlassian"
AUTH, API = "/atlassian/auth", "/atlassian/api"
ACCESS_LASTS_S, CODE_LASTS_S = 3600, 600
OFFLINE = "offline_access"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one person allowed the program on one site."""

    site: Site
    account: Json
    scopes: frozenset[str]
    redirect: str
    until: float = 0.0


class Gateway:
    """What lives at auth.atlassian.com and api.atlassian.com."""

    def __init__(self, sites: Mapping[str, Site], mounts: Mapping[str, list[BaseRoute]]) -> None:
        """`sites` by key, and the routes of each; only those on Cloud are behind the gateway."""
        self.sites = {key: site for key, site in sites.items() if site.is_cloud}
        self._mounts = mounts
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def routes(self) -> list[BaseRoute]:
        """The map."""
        return [
            Route(f"{AUTH}/authorize", self._ask, methods=["GET"]),
            Route(f"{AUTH}/authorize", self._answer, methods=["POST"]),
            Route(f"{AUTH}/oauth/token", self._token, methods=["POST"]),
            Route(f"{API}/oauth/token/accessible-resources", self._resources),
            *(Mount(f"{API}/ex/jira/{site.cloud_id}", routes=self._mounts[key]) for key, site in self.sites.items()),
        ]

    def describe(self, url: str) -> Json:
        """Its part of `GET /control/world`."""
        return {
            "auth_url": url + AUTH,
            "api_url": url + API,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scopes": sorted(EVERY_SCOPE | {OFFLINE}),
        }

    async def _ask(self, request: Request) -> Response:
        """The consent page; what it asks is answered by a POST to the same address."""
        asked = dict(request.query_params)
        if wrong := _wrong(asked):
            return HTMLResponse(f"<p>{html.escape(wrong)}</p>", 400)
        who = "".join(
            f'<option value="{html.escape(key)}|{html.escape(one["accountId"])}">'
            f"{html.escape(str(one.get('displayName')))} on {html.escape(key)}</option>"
            for key, site in self.sites.items()
            for one in site.people.everybody()
        )
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked.get("scope", "").split())
        return HTMLResponse(
            f"<!doctype html><title>Consent</title><form method='post'><p>FMO bot wants, as</p>"
            f"<select name='who'>{who}</select><ul>{scopes}</ul>"
            f"<button name='answer' value='accept'>Accept</button>"
            f"<button name='answer' value='cancel'>Cancel</button></form>"
        )

    async def _answer(self, request: Request) -> Response:
        """A form with `who` (`site|account id`; default: the bot on the first site) and `answer`."""
        asked = dict(request.query_params)
        if wrong := _wrong(asked):
            return HTMLResponse(f"<p>{html.escape(wrong)}</p>", 400)
        told = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        back: dict[str, str] = {"state": asked["state"]} if "state" in asked else {}
        if told.get("answer", "accept") != "accept":
            return _back(asked, {**back, "error": "access_denied", "error_description": "User did not authorize"})
        site, account = self._who(told.get("who", ""))
        if site is None or account is None:
            return HTMLResponse("<p>There is nobody like that.</p>", 400)
        code = f"code-sandbox-{secrets.token_hex(12)}"
        scopes = frozenset(asked.get("scope", "").split())
        until = site.keys.wall() + CODE_LASTS_S
        self._codes[code] = Grant(
            site=site, account=account, scopes=scopes, redirect=asked["redirect_uri"], until=until
        )
        return _back(asked, {**back, "code": code})

    def _who(self, told: str) -> tuple[Site | None, Json | None]:
        key, _, account = told.partition("|")
        site = self.sites.get(key) if key else next(iter(self.sites.values()), None)
        if site is None:
            return None, None
        return site, site.people.get(account) if account else site.people.bot

    async def _token(self, request: Request) -> Response:
        try:
            told = msgspec.json.decode(await request.body())
        except msgspec.MsgspecError:
            told = None
        if not isinstance(told, dict):
            return _no(400, "invalid_request", "The body is not a JSON object.")
        if told.get("client_id") != CLIENT_ID or told.get("client_secret") != CLIENT_SECRET:
            return _no(401, "access_denied", "Unauthorized")
        if told.get("grant_type") == "authorization_code":
            return self._by_code(told)
        if told.get("grant_type") == "refresh_token":
            return self._by_refresh(told)
        return _no(400, "unsupported_grant_type", "Unsupported grant type.")

    def _by_code(self, told: Json) -> Response:
        grant = self._codes.pop(str(told.get("code")), None)
        if grant is None or grant.until < grant.site.keys.wall() or told.get("redirect_uri") != grant.redirect:
            return _no(403, "invalid_grant", "Invalid authorization code")
        return self._given(grant)

    def _by_refresh(self, told: Json) -> Response:
        """Each refresh token is good once; the one that comes with the answer takes its place."""
        grant = self._refresh.pop(str(told.get("refresh_token")), None)
        if grant is None:
            return _no(403, "invalid_grant", "Unknown or invalid refresh token.")
        return self._given(grant)

    def _given(self, grant: Grant) -> Response:
        covered = grant.scopes - {OFFLINE}
        key = grant.site.keys.make(OAUTH, grant.account, scopes=covered, lasts=ACCESS_LASTS_S)
        answer: Json = {
            "access_token": key.value,
            "expires_in": ACCESS_LASTS_S,
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
        }
        if OFFLINE in grant.scopes:
            refresh = f"refresh-sandbox-{secrets.token_hex(12)}"
            self._refresh[refresh] = grant
            answer["refresh_token"] = refresh
        return JSONResponse(answer)

    async def _resources(self, request: Request) -> Response:
        """The sites a bearer token opens."""
        found = [
            {
                "id": site.cloud_id,
                "name": key,
                "url": f"{request.url.scheme}://{request.url.netloc}/jira/{key}",
                "scopes": sorted(opened.scopes or ()),
                "avatarUrl": "",
            }
            for key, site in self.sites.items()
            if (opened := _opened(site, request)) is not None
        ]
        return JSONResponse(found) if found else JSONResponse({"code": 401, "message": "Unauthorized"}, 401)


def _opened(site: Site, request: Request) -> Key | None:
    try:
        return site.keys.enter(request.headers.get("Authorization", ""), gateway=True)
    except Refused:
        return None


def _wrong(asked: Mapping[str, str]) -> str | None:
    """What is wrong with a request for consent."""
    if asked.get("client_id") != CLIENT_ID:
        return "There is no program with this client_id."
    if asked.get("response_type") != "code" or asked.get("audience") != "api.atlassian.com":
        return "response_type must be code and audience api.atlassian.com."
    if urlsplit(asked.get("redirect_uri", "")).hostname not in _LOOPBACK:
        return "This is a sandbox: redirect_uri must be on this machine."
    unknown = set(asked.get("scope", "").split()) - EVERY_SCOPE - {OFFLINE}
    return f"There is no scope {min(unknown)}." if unknown else None


def _back(asked: Mapping[str, str], told: Mapping[str, str]) -> Response:
    join = "&" if "?" in asked["redirect_uri"] else "?"
    return RedirectResponse(asked["redirect_uri"] + join + urlencode(told), 302)


def _no(status: int, error: str, why: str) -> Response:
    return JSONResponse({"error": error, "error_description": why}, status)
