"""What another company proposes: accept, decline, withdraw."""

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import PROPOSAL_ACCEPT, PROPOSAL_DECLINE
from handlers.buttons import Press, tells


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def decide(press: Press) -> Message:
        accept = press.action == PROPOSAL_ACCEPT
        return bot.proposals.press(press.person, press.value, accept=accept, key=press.key, at=press.at)

    for name in (PROPOSAL_ACCEPT, PROPOSAL_DECLINE):
        app.action(name)(tells(bot, decide))
