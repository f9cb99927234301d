"""Who waits on whom: asked for with a button; `/fmo waits` is in handlers.commands."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import WAITS_ASK
from handlers.answers import tell


def register(app: App, bot: Bot) -> None:
    """Take the button of the digest and of App Home."""

    def ask(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        notice = bot.waits_reports.ask(person, team_ref=action["value"], key=f"slack:{body['trigger_id']}", at=at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    app.action(WAITS_ASK)(ask)
