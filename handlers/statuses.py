"""What a new status means: the buttons of the question."""

import re
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import STATUS_STAGE
from handlers.answers import tell


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def choose(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        ref, _, stage = action["value"].partition(" ")
        notice = bot.new_statuses.choose(person, ref, stage, at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    app.action(re.compile(rf"{STATUS_STAGE}_\d+"))(choose)
