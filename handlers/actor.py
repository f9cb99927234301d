"""Before any listener: who acts, and when; both are then had by name (`person`, `at`)."""

from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltContext, BoltResponse

from fmo_bot.bootstrap.bot import Bot


def register(app: App, bot: Bot) -> None:
    """Prepare the context of every interaction and command."""

    def know_the_actor(body: dict[str, Any], context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse:
        context["at"] = bot.clock.now()
        if body.get("type") != "event_callback":
            context["person"] = bot.who.of_interaction(body)
        return next()

    app.use(know_the_actor)
