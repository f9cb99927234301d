"""What was not delivered: the buttons beside each line; `/fmo deliveries` is in handlers.commands."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import DELIVERY_AGAIN, DELIVERY_DROP
from handlers.buttons import Press, replaces


def register(app: App, bot: Bot) -> None:
    """Take the buttons; the list is then shown anew in its own place."""

    def again(press: Press) -> Message:
        return bot.deliveries.send_again(press.person, press.value, press.at)

    def drop(press: Press) -> Message:
        return bot.deliveries.drop(press.person, press.value, press.at)

    app.action(DELIVERY_AGAIN)(replaces(bot, again))
    app.action(DELIVERY_DROP)(replaces(bot, drop))
