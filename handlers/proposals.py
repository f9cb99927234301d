"""What another company proposes: accept, decline, withdraw."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import PROPOSAL_ACCEPT, PROPOSAL_DECLINE
from handlers.answers import tell


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def decide(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        accept = action["action_id"] == PROPOSAL_ACCEPT
        key = f"slack:{body['trigger_id']}"
        notice = bot.proposals.press(person, action["value"], accept=accept, key=key, at=at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    for name in (PROPOSAL_ACCEPT, PROPOSAL_DECLINE):
        app.action(name)(decide)
