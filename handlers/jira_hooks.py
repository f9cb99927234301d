"""Jira's webhooks: a genuine one becomes an inbox row and is answered; the issue is read again later.

Two doors. `/jira/<site>/webhook` takes what is signed with the site's secret; `/jira/<site>/hooks/<secret>` is for a
Jira that cannot sign. Jira sends again after 408, 409, 425, 429 and 5xx, and never after 400, 401, 404 and 413: each
answer here is chosen by whether another try could end better. The secret address is never written anywhere.
"""

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.errors import ComeAgain, SecretLocked
from fmo_bot.jira import webhook
from handlers.bodies import read
from handlers.metrics import Metrics

LARGEST = 5_000_000  # bytes; an issue with all its comments on Data Center. Of a larger one polling will tell.
_WAIT = "60"  # seconds that a sender is asked to wait
_log = structlog.get_logger(__name__)


class JiraHooks:
    """Both doors of every site."""

    def __init__(self, bot: Bot, metrics: Metrics) -> None:
        """Nothing is remembered of secrets and addresses: they can be changed meanwhile."""
        self._bot, self._metrics = bot, metrics
        self.routes = [
            Route("/jira/{site}/webhook", self.signed, methods=["POST"]),
            Route("/jira/{site}/hooks/{secret}", self.addressed, methods=["POST"]),
        ]

    async def signed(self, request: Request) -> Response:
        """One webhook that proves itself by its signature."""
        site = request.path_params["site"]
        try:
            secret = await run_in_threadpool(self._bot.hooks.secret, site)
        except (ComeAgain, SecretLocked) as error:
            _log.warning("a webhook cannot be judged", site=site, why=str(error))
            return _later()
        if not secret:
            return _no_such_site()
        body = await read(request, most=LARGEST)
        return await run_in_threadpool(self._signed, site, secret, body, request)

    async def addressed(self, request: Request) -> Response:
        """One webhook that proves itself by knowing the address; nothing is read of one that does not."""
        site, given = request.path_params["site"], request.path_params["secret"]
        try:
            opens = await run_in_threadpool(self._bot.hooks.opens, site, given, self._bot.clock.now())
        except ComeAgain:
            return _later()
        if not opens:
            self._metrics.refused("jira")
            return _no_such_site()
        body = await read(request, most=LARGEST)
        return await run_in_threadpool(self._take, site, body, request)

    def _signed(self, site: str, secret: str, body: bytes, request: Request) -> Response:
        signatures = request.headers.getlist("x-hub-signature")
        if webhook.is_signed(body, signatures=signatures, secret=secret):
            return self._take(site, body, request)
        self._metrics.refused("jira")
        _log.warning("a webhook is not signed by Jira", site=site, bytes=len(body))
        try:
            self._bot.hooks.refused(site, self._bot.clock.now())
        except ComeAgain:
            _log.warning("a refused webhook could not be noted", site=site)
        return PlainTextResponse("not signed by Jira", 401)

    def _take(self, site: str, body: bytes, request: Request) -> Response:
        self._metrics.took("jira")
        identifiers = request.headers.getlist("x-atlassian-webhook-identifier")
        try:
            hint = webhook.hint(body, site=site, identifiers=identifiers)
            self._bot.hooks.take(site, hint, self._bot.clock.now())
        except webhook.NotUnderstood:
            return PlainTextResponse("not understood", 400)
        except ComeAgain:
            _log.warning("a webhook could not be written down: Jira sends it again", site=site)
            return _later()
        return PlainTextResponse("thank you")


def _no_such_site() -> Response:
    return PlainTextResponse("no such site", 404)


def _later() -> Response:
    return PlainTextResponse("not now", 503, headers={"Retry-After": _WAIT})
