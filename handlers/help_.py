"""Typed words: the slash command, mentions and direct messages, all through the table in handlers.commands."""

import re
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App, Respond

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.domain.messages import Message, Notice
from fmo_bot.domain.parties import Person
from fmo_bot.errors import NotAMember, Refusal
from fmo_bot.services.wizard import LOOKING
from handlers import replies
from handlers.answers import tell
from handlers.commands import Asked, run

_MENTION = re.compile(r"<@[^>]*>")


def register(app: App, bot: Bot) -> None:
    """Take the slash command."""

    def command(ack: Ack, body: dict[str, Any], respond: Respond, person: Person, at: datetime) -> None:
        key = f"slack:{body['trigger_id']}"
        asked = Asked(person=person, channel=body.get("channel_id"), key=key, at=at)
        message = run(bot, body.get("text", ""), asked)
        ack()
        tell(bot, respond, body, person=person, message=message, at=at)

    app.command("/fmo")(command)


def words(bot: Bot, payload: dict[str, Any], at: datetime) -> None:
    """Work what was said to the bot."""
    person = bot.who.of(payload["user"], home=payload["home"], seen_in=payload["seen_in"])
    if replies.took(bot, payload, person, at):
        return
    if not bot.installs.reaches(person):  # a hint where they spoke, the only place where it can reach them
        replies.whisper(bot, payload, NotAMember().text)
        return
    mentioned = str(payload["key"]).startswith("slack:app_mention:")
    asked = Asked(person=person, channel=payload["channel"], key=payload["key"], at=at, mentioned=mentioned)
    answer = _answer(bot, payload["text"], asked)
    if isinstance(answer, Notice) and answer.text == LOOKING:  # its card comes next, to the same conversation
        return
    bot.say(person, answer, name=f"told:{payload['key']}", at=at)


def _answer(bot: Bot, text: str, asked: Asked) -> Message:
    """What was asked for, or the sentence why not: nobody waits here for an error handler."""
    try:
        return run(bot, _MENTION.sub(" ", text), asked)
    except Refusal as refusal:
        return Notice(text=refusal.text, values=dict(refusal.values))
