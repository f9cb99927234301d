"""What was not delivered: the buttons beside each line; `/fmo deliveries` is in handlers.commands."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import DELIVERY_AGAIN, DELIVERY_DROP
from handlers.answers import instead


def register(app: App, bot: Bot) -> None:
    """Take the buttons; the list is then shown anew in its own place."""

    def again(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        left = bot.deliveries.send_again(person, action["value"], at)
        ack()
        instead(bot, respond, body, person=person, message=left, at=at)

    def drop(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        left = bot.deliveries.drop(person, action["value"], at)
        ack()
        instead(bot, respond, body, person=person, message=left, at=at)

    app.action(DELIVERY_AGAIN)(again)
    app.action(DELIVERY_DROP)(drop)
