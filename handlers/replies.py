"""Mentions of the app in a round's thread: answers of people who cannot use the app, or like it better."""

import re
from datetime import datetime
from typing import Any

import structlog

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.messages import Message, Notice
from fmo_bot.domain.parties import Person
from fmo_bot.errors import Refusal, SendOutcome
from fmo_bot.slack.outcomes import speak
from fmo_bot.slack.text import unmarked
from handlers.answers import words_for
from handlers.commands import COMMANDS

_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
_log = structlog.get_logger(__name__)


def took(bot: Bot, payload: dict[str, Any], person: Person, at: datetime) -> bool:
    """Whether what was said is an answer; then it is taken, and its author told beside it, only to them.

    A command stays one for whoever has the app: nobody else could be shown what comes of it.
    """
    round_ = bot.thread_replies.round_of(payload["channel"], payload["thread"]) if payload.get("thread") else None
    text = _without_us(bot, payload["text"])
    if round_ is None or (bot.installs.reaches(person) and _is_command(text)):
        return False
    whisper(bot, payload, words_for(bot, person, _answered(bot, person, round_, text, at)))
    return True


def whisper(bot: Bot, payload: dict[str, Any], text: str) -> None:
    """Say something where somebody spoke, only to them. Where Slack does not take it, it is not said."""
    client = bot.installs.client_of(payload["seen_in"])
    where = {"channel": payload["channel"], "user": payload["user"], "text": text}
    if thread := payload.get("thread"):
        where["thread_ts"] = thread
    try:
        lane = of_method(payload["seen_in"], "chat.postEphemeral")
        speak(lambda: client.chat_postEphemeral(**where), lane=lane, idempotent=True)
    except SendOutcome as outcome:  # the answer itself stands in the thread: nothing is lost
        _log.info("a person was not told beside their words", reason=str(outcome))


def _answered(bot: Bot, person: Person, round_id: int, text: str, at: datetime) -> Message:
    try:
        return bot.thread_replies.take(person, round_id, text, at)
    except Refusal as refusal:
        return Notice(text=refusal.text, values=dict(refusal.values))


def _without_us(bot: Bot, text: str) -> str:
    """The words as a person reads them, without the mention of any of our apps."""
    bare = _MENTION.sub(lambda found: " " if bot.installs.is_ours({"user": found[1]}) else found[0], text)
    return unmarked(bare).strip()


def _is_command(text: str) -> bool:
    word = text.split()[:1]
    return not word or word[0].lower() in COMMANDS
