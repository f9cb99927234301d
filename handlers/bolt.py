"""One Bolt app per Slack app, all made alike; and the pool in which their listeners run."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.errors import NotNow, Undeliverable
from fmo_bot.slack.installs import Installs, client
from handlers import (
    accounts,
    acks,
    actor,
    blockers,
    checks,
    deliveries,
    errors,
    events,
    explaining,
    help_,
    issues,
    partners,
    people,
    proposals,
    rest,
    sprints,
    standups,
    statuses,
    waits,
    wizard,
)

# Order matters: whoever acts is known before anything runs, and what nothing else took is acknowledged last.
FEATURES = (
    acks,
    actor,
    events,
    standups,
    sprints,
    waits,
    explaining,
    blockers,
    checks,
    deliveries,
    accounts,
    issues,
    statuses,
    proposals,
    partners,
    people,
    wizard,
    help_,
    errors,
    rest,
)
_LISTENERS = 16  # threads; Bolt's own five would be used up by five slow clicks


class Listeners(ThreadPoolExecutor):
    """The pool of all apps' listeners; knows how many are running or wait to run."""

    def __init__(self) -> None:
        """Threads start as they are needed."""
        super().__init__(_LISTENERS, thread_name_prefix="listener")
        self._changed = Condition()
        self.running = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a listener, and count it until it ends."""
        self._add(1)
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(lambda _: self._add(-1))
        return future

    def _add(self, n: int) -> None:
        with self._changed:
            self.running += n
            self._changed.notify_all()

    def close(self, *, within: float) -> bool:
        """Take nothing new; let what runs come to its end, at most `within` seconds; whether it all did."""
        self.shutdown(wait=False)
        with self._changed:
            return self._changed.wait_for(lambda: self.running == 0, timeout=within)


def build(bot: Bot, key: str, listeners: Listeners) -> App:
    """The Bolt app of one Slack app. What reaches it has been verified: by the ASGI door, or by its own socket."""
    app = App(
        name=f"fmo-{key}",
        logger=logging.getLogger("slack_bolt"),
        client=client(bot.installs.api_url, network=bot.installs.network),
        authorize=_authorize(bot.installs, key),
        request_verification_enabled=False,
        # Bolt knows only the delivering installation as "self"; handlers.events drops what any of ours said.
        ignoring_self_events_enabled=False,
        listener_executor=listeners,
    )
    for feature in FEATURES:
        feature.register(app, bot)
    return app


def _authorize(installs: Installs, key: str) -> Callable[..., Any]:
    """By workspace id alone: an external person's enterprise id says nothing about our installation.

    Only where Slack names no workspace (an event of a whole organisation) does the organisation decide. Nobody is
    asked: what is known here is proved when it is kept, and ends by events.
    """

    def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult | None:
        try:
            install = installs.of_team(team_id, key) if team_id else installs.of_enterprise(enterprise_id or "", key)
            token = installs.token_of(install)
        except (Undeliverable, NotNow):
            return None
        return AuthorizeResult(
            enterprise_id=install.enterprise_id if install.team_id is None else None,
            team_id=team_id,
            bot_user_id=install.bot_user_id,
            bot_id=install.bot_id,
            bot_token=token,
        )

    return authorize
