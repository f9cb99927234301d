"""Answering the person who asked, where only they see it."""

from datetime import datetime
from typing import Any

from slack_bolt import Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message
from fmo_bot.domain.parties import Person
from fmo_bot.slack.render import render


def tell(bot: Bot, respond: Respond, body: dict[str, Any], *, person: Person, message: Message, at: datetime) -> None:
    """To whoever acted: beside where they acted if Slack gave an address for it, else in a direct message."""
    if body.get("response_url"):
        rendered = render(bot.fitted(person, message), bot.language_of(person))
        respond(text=rendered.text, blocks=rendered.blocks, response_type="ephemeral", replace_original=False)
        return
    bot.say(person, message, name=f"told:{body['trigger_id']}", at=at)


def words_for(bot: Bot, person: Person, message: Message) -> str:
    """What a person may read of a message, as text in their language; for what is not owed and has no address."""
    return render(bot.fitted(person, message), bot.language_of(person)).text


def instead(
    bot: Bot, respond: Respond, body: dict[str, Any], *, person: Person, message: Message, at: datetime
) -> None:
    """In place of the message whose button was pressed, which only they see."""
    if body.get("response_url"):
        rendered = render(bot.fitted(person, message), bot.language_of(person))
        respond(text=rendered.text, blocks=rendered.blocks, replace_original=True)
        return
    tell(bot, respond, body, person=person, message=message, at=at)
