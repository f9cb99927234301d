"""Whose a Jira account is: the buttons; `/fmo link jira` is in handlers.commands."""

from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.parties import Person
from fmo_bot.slack.actions import ACCOUNT_CHECK, ACCOUNT_NO, ACCOUNT_UNLINK, ACCOUNT_WORD, ACCOUNT_YES
from handlers.answers import instead, tell


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def word(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        message = bot.accounts.begin(person, action["value"], at)
        ack()
        tell(bot, respond, body, person=person, message=message, at=at)

    def check(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        notice = bot.accounts.check(person, action["value"], key=f"slack:{body['trigger_id']}", at=at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    def unlink(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        left = bot.accounts.unlink(person, action["value"], at)
        ack()
        instead(bot, respond, body, person=person, message=left, at=at)

    def decide(
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        respond: Respond,
        person: Person,
        at: datetime,
        *,
        yes: bool,
    ) -> None:
        notice = bot.accounts.decide(person, action["value"], yes=yes, at=at)
        ack()
        tell(bot, respond, body, person=person, message=notice, at=at)

    def confirm(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        decide(ack, body, action, respond, person, at, yes=True)

    def refuse(
        ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, person: Person, at: datetime
    ) -> None:
        decide(ack, body, action, respond, person, at, yes=False)

    app.action(ACCOUNT_WORD)(word)
    app.action(ACCOUNT_CHECK)(check)
    app.action(ACCOUNT_UNLINK)(unlink)
    app.action(ACCOUNT_YES)(confirm)
    app.action(ACCOUNT_NO)(refuse)
