"""Whose a Jira account is: the buttons; `/fmo link jira` is in handlers.commands."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import ACCOUNT_CHECK, ACCOUNT_NO, ACCOUNT_UNLINK, ACCOUNT_WORD, ACCOUNT_YES
from handlers.buttons import Press, replaces, tells


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def word(press: Press) -> Message:
        return bot.accounts.begin(press.person, press.value, press.at)

    def check(press: Press) -> Message:
        return bot.accounts.check(press.person, press.value, key=press.key, at=press.at)

    def unlink(press: Press) -> Message:
        return bot.accounts.unlink(press.person, press.value, press.at)

    def decide(press: Press) -> Message:
        return bot.accounts.decide(press.person, press.value, yes=press.action == ACCOUNT_YES, at=press.at)

    app.action(ACCOUNT_WORD)(tells(bot, word))
    app.action(ACCOUNT_CHECK)(tells(bot, check))
    app.action(ACCOUNT_UNLINK)(replaces(bot, unlink))
    app.action(ACCOUNT_YES)(tells(bot, decide))
    app.action(ACCOUNT_NO)(tells(bot, decide))
