"""The sprint report: asked for with a button, shared with another."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import SPRINT_ASK, SPRINT_SHARE
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the buttons; `/fmo sprint` is in handlers.commands."""

    def ask(press: Press) -> Message:
        return bot.sprints.ask(press.person, team_ref=press.value, key=press.key, at=press.at)

    def share(press: Press) -> Message:
        return bot.sprints.share(press.person, press.value, press.at)

    app.action(SPRINT_ASK)(tells(bot, ask))
    app.action(SPRINT_SHARE)(tells(bot, share))
