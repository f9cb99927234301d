"""The self-check: asked for with a button; `/fmo check` is in handlers.commands."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import CHECK_ASK
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the button of App Home and of the check itself."""

    def ask(press: Press) -> Message:
        return bot.self_checks.ask(press.person, team_ref=press.value, key=press.key, at=press.at)

    app.action(CHECK_ASK)(tells(bot, ask))
