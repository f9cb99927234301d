"""What a new status means: the buttons of the question."""

import re

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import STATUS_STAGE
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def choose(press: Press) -> Message:
        ref, _, stage = press.value.partition(" ")
        return bot.new_statuses.choose(press.person, ref, stage, press.at)

    app.action(re.compile(rf"{STATUS_STAGE}_\d+"))(tells(bot, choose))
