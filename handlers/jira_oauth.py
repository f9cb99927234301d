"""The browser part of connecting a Jira Cloud site: off to Atlassian, and back with what was consented to."""

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.connecting import BACK, BEGIN
from fmo_bot.errors import BoardUnavailable, ConsentLost, SecretLocked, SiteNotConnected
from fmo_bot.services.consents import LASTS_S

COOKIE = "fmo_consent"
LOST = "This address is used up or too old, or it was begun in another browser. Ask for a new one and begin again."
REFUSED = "Nothing was allowed, and nothing has changed. You may close this page."
# What stands in the address proves who came: it goes to nobody else, and into no cache.
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_log = structlog.get_logger(__name__)


class JiraOAuth:
    """Both steps."""

    def __init__(self, bot: Bot) -> None:
        """Nothing is remembered here: all of it stands in the database."""
        self._bot = bot
        self.routes = [Route(BEGIN, self.start), Route(BACK, self.back)]

    async def start(self, request: Request) -> Response:
        """Send the browser to Atlassian, and tie it to its return by a cookie."""
        try:
            begun = await run_in_threadpool(self._bot.connecting.consents.begin, request.query_params.get("ticket", ""))
            url = self._bot.connecting.consent_url(begun)
        except ConsentLost:
            return _page(LOST, 400)
        except BoardUnavailable as error:
            return _page(str(error), 503)
        answer = RedirectResponse(url, 302, headers=_QUIET)
        secure = (self._bot.settings.public_url or "").startswith("https://")
        # Lax: Atlassian sends the browser back from its own address, and the cookie has to come along.
        answer.set_cookie(
            COOKIE, begun.browser, max_age=int(LASTS_S), path=BACK, secure=secure, httponly=True, samesite="lax"
        )
        return answer

    async def back(self, request: Request) -> Response:
        """What Atlassian sent back with the browser, worked once."""
        asked, browser = request.query_params, request.cookies.get(COOKIE, "")
        try:
            returned = await run_in_threadpool(
                self._bot.connecting.consents.finish,
                state=asked.get("state", ""),
                browser=browser,
                among=self._bot.consented,
            )
        except ConsentLost:
            return _page(LOST, 400)
        if "code" not in asked:
            return _page(REFUSED, 200)
        try:
            said = await run_in_threadpool(self._bot.consented[returned.purpose], returned.detail, asked["code"])
        except (BoardUnavailable, SiteNotConnected, SecretLocked) as error:
            _log.warning("a consent came to nothing", purpose=returned.purpose, why=str(error))
            return _page(str(error), 409)
        return _page(said, 200)


def _page(text: str, status: int) -> Response:
    answer = PlainTextResponse(text, status, headers=_QUIET)
    answer.delete_cookie(COOKIE, path=BACK)
    return answer
