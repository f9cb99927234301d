"""Blockers: the button that says one is resolved, and those that say which issue one is about."""

import re
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message, Notice
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import BLOCKER_ISSUE, BLOCKER_RESOLVE
from handlers.answers import tell
from handlers.buttons import Press, replaces

RESOLVED = "It is noted as resolved: {what}"


def register(app: App, bot: Bot) -> None:
    """Take the buttons; `/fmo blocked` is in handlers.commands."""

    def resolve(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        line = bot.blockers.resolve(person, action["value"], at)
        ack()
        if "view" in body:  # App Home, where it is to be seen no more
            bot.show_home(person, bot.parties.home(person, at), at=at)
            return
        # The post may be a summary, which stays as it was: without a word nothing would seem to have happened.
        told = Notice(text=RESOLVED, values={"what": line.what or line.issue})
        tell(bot, respond, body, person=person, message=told, at=at)

    def choose_issue(press: Press) -> Message:
        return bot.raising.chosen(press.person, press.value, key=press.key, at=press.at)

    app.action(BLOCKER_RESOLVE)(resolve)
    app.action(re.compile(rf"{BLOCKER_ISSUE}_\d+"))(replaces(bot, choose_issue))
