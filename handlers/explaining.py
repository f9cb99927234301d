""" "How is this computed?" under a report."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import EXPLAIN
from fmo_bot.slack.render import explained
from handlers.windows import loading


def register(app: App, bot: Bot) -> None:
    """Take the button, wherever the report stands."""

    def explain(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        context: BoltContext,
        person: Person,
        at: datetime,
    ) -> None:
        ack()
        view_id = loading(client, body, context, title=explained.TITLE_TEXT)
        report = bot.explaining.report(person, action["value"], at)
        client.views_update(view_id=view_id, view=explained.view(report, bot.language_of(person)))

    app.action(EXPLAIN)(explain)
