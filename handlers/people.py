"""People who come and go: what Slack tells of them, worked as jobs; and the buttons of who decides about them."""

from datetime import datetime
from typing import Any

from slack_bolt import App

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.slack.actions import PERSON_NO, PERSON_PARTICIPANT, PERSON_STAKEHOLDER, PERSON_YES
from handlers.buttons import Press, tells

_ANSWERS = {PERSON_PARTICIPANT: "participant", PERSON_STAKEHOLDER: "stakeholder", PERSON_YES: "yes", PERSON_NO: "no"}


def register(app: App, bot: Bot) -> None:
    """Take the buttons."""

    def answer(press: Press) -> Message:
        return bot.joining.press(press.person, press.value, _ANSWERS[press.action], key=press.key, at=press.at)

    for name in _ANSWERS:
        app.action(name)(tells(bot, answer))


def joined(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """Somebody joined a channel."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    bot.joining.joined(person, payload["channel"], payload["seen_in"], at)


def left(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """Somebody left a channel. The event says where they are at home: their company's Slack may know them no more."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    bot.people.left(person, payload["channel"], at)


def changed(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """A profile or account was changed."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    bot.people.changed(person, payload, at)
