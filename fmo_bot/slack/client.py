"""slack_sdk's client, which prepares its way out once and not for every call."""

from typing import Any
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from slack_sdk import WebClient

from fmo_bot.network import Network


class SlackClient(WebClient):
    """Never repeats a call by itself: a post repeated blindly is a message twice."""

    def __init__(self, api_url: str, token: str | None, *, timeout: int, network: Network) -> None:
        """`timeout` is in seconds, for one call."""
        proxy, trust = network.proxy_for(api_url), network.trust()
        super().__init__(token=token, base_url=api_url, timeout=timeout, retry_handlers=[], proxy=proxy, ssl=trust)
        through = ProxyHandler({"http": proxy, "https": proxy} if proxy else {})
        self._way_out: OpenerDirector = build_opener(through, HTTPSHandler(context=trust))

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """slack_sdk builds an opener here for each call, which takes 0.3 ms of a core.

        Where a later slack_sdk calls it otherwise, this is not used any more, and calls cost what they did. Each call
        has a connection of its own all the same: one that Slack closed meanwhile would leave a post uncertain.
        """
        with self._way_out.open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            return {"status": answer.status, "headers": answer.headers, "body": answer.read().decode(charset)}
