"""Who waits on whom: asked for with a button; `/fmo waits` is in handlers.commands."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import WAITS_ASK
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the button of the digest and of App Home."""

    def ask(press: Press) -> Message:
        return bot.waits_reports.ask(press.person, team_ref=press.value, key=press.key, at=press.at)

    app.action(WAITS_ASK)(tells(bot, ask))
