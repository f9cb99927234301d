"""Blockers: the button that says one is resolved."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App

from fmo_bot.bootstrap import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import BLOCKER_RESOLVE


def register(app: App, bot: Bot) -> None:
    """Take the button."""

    def resolve(ack: Ack, action: dict[str, Any], person: Person, at: datetime) -> None:
        ack()
        bot.blockers.resolve(person, action["value"], at)

    app.action(BLOCKER_RESOLVE)(resolve)
