"""The sprint report: asked for with a button, shared with another."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import SPRINT_ASK, SPRINT_SHARE
from handlers.answers import tell


def register(app: App, bot: Bot) -> None:
    """Take the buttons; `/fmo sprint` is in handlers.commands."""

    def ask(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        notice = bot.sprints.ask(person, team_ref=action["value"], key=f"slack:{body['trigger_id']}", at=at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    def share(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        notice = bot.sprints.share(person, action["value"], at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    app.action(SPRINT_ASK)(ask)
    app.action(SPRINT_SHARE)(share)
