"""The browser part of installing a Slack app: what it asks for and why, off to Slack, and back."""

import html

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.errors import ConsentLost, NotInstalledYet, SecretLocked
from fmo_bot.services.consents import LASTS_S

COOKIE = "fmo_install"
ASKS = "FMO bot asks your Slack workspace for this, and for nothing else:"
LOST = "This way back is used up or too old, or it was begun in another browser. Begin again on the install page."
REFUSED = "Nothing was installed, and nothing has changed. You may close this page."
DONE = "FMO bot is installed in {workspace}, for {organisation}. You may close this page."
FIRST = "You are the first admin of {organisation} here: you decide what it allows, and who else may."
_QUIET = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # nobody is led to press the button without seeing what it asks for
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}dt{font-weight:600}"
_log = structlog.get_logger(__name__)


class Installs:
    """Its three steps."""

    def __init__(self, bot: Bot) -> None:
        """Nothing is remembered here: all of it stands in the database."""
        self._bot = bot
        self.routes = [
            Route("/slack/{key}/install", self.page),
            Route("/slack/{key}/install/start", self.start),
            Route("/slack/{key}/oauth", self.back),
        ]

    async def page(self, request: Request) -> Response:
        """What the app asks for, a sentence for each scope."""
        key = request.path_params["key"]
        if self._bot.installing.of(key) is None:
            return _page("This app is not installed from here.", 404)
        why = "".join(
            f"<dt>{html.escape(scope)}</dt><dd>{html.escape(reason)}</dd>"
            for scope, reason in self._bot.installing.reasons(key).items()
        )
        start = f"/slack/{key}/install/start"
        return _html(f'<h1>FMO bot</h1><p>{ASKS}</p><dl>{why}</dl><p><a href="{start}">Add to Slack</a></p>', 200)

    async def start(self, request: Request) -> Response:
        """Send the browser to Slack, and tie it to its return by a cookie."""
        key = request.path_params["key"]
        if self._bot.installing.of(key) is None:
            return _page("This app is not installed from here.", 404)
        begun, url = await run_in_threadpool(self._bot.installing.begin, key)
        answer = RedirectResponse(url, 302, headers=_QUIET)
        secure = (self._bot.settings.public_url or "").startswith("https://")
        # Lax: Slack sends the browser back from its own address, and the cookie has to come along.
        answer.set_cookie(
            COOKIE, begun.browser, max_age=int(LASTS_S), path=_path(key), secure=secure, httponly=True, samesite="lax"
        )
        return answer

    async def back(self, request: Request) -> Response:
        """What Slack sent back with the browser, worked once."""
        key, asked = request.path_params["key"], request.query_params
        if self._bot.installing.of(key) is None:
            return _page("This app is not installed from here.", 404)
        answer = await run_in_threadpool(
            self._came, key, asked.get("state", ""), request.cookies.get(COOKIE, ""), asked.get("code")
        )
        answer.delete_cookie(COOKIE, path=_path(key))
        return answer

    def _came(self, key: str, state: str, browser: str, code: str | None) -> Response:
        try:
            self._bot.installing.came_back(key, state=state, browser=browser)
            if code is None:
                return _page(REFUSED, 200)
            kept = self._bot.installing.install(key, code, self._bot.clock.now())
        except ConsentLost:
            return _page(LOST, 400)
        except (NotInstalledYet, SecretLocked) as error:
            _log.warning("an install came to nothing", app=key, why=str(error))
            return _page(str(error), 403)
        told = DONE.format(workspace=kept.workspace, organisation=kept.organisation)
        return _page(f"{told} {FIRST.format(organisation=kept.organisation)}" if kept.first_admin else told, 200)


def _path(key: str) -> str:
    return f"/slack/{key}/oauth"


def _page(text: str, status: int) -> HTMLResponse:
    return _html(f"<p>{html.escape(text)}</p>", status)


def _html(body: str, status: int) -> HTMLResponse:
    head = f'<meta charset="utf-8"><title>FMO bot</title><style>{_STYLE}</style>'
    return HTMLResponse(f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>', status, _QUIET)
