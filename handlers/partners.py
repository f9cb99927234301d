"""A company that came into the joint channel: the button that makes it a partner."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import PARTNER_YES
from handlers.answers import tell


def register(app: App, bot: Bot) -> None:
    """Take the button."""

    def admit(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        notice = bot.strangers.admit(person, action["value"], at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    app.action(PARTNER_YES)(admit)
