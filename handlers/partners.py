"""A company that came into the joint channel: the button that makes it a partner."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import PARTNER_YES
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the button."""

    def admit(press: Press) -> Message:
        return bot.strangers.admit(press.person, press.value, press.at)

    app.action(PARTNER_YES)(tells(bot, admit))
