"""Single sentences, refusals, and help."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fmo_bot.domain.messages import Help, Notice
from fmo_bot.domain.names import IssueName
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, context, section
from fmo_bot.slack.text import clip, day, escape, issue_name, moment

_LONGEST_WORD = 60  # of an unknown word that is repeated to its author


def sentence(text: str, values: Mapping[str, Any], t: Translator) -> str:
    """A msgid, or one a line, filled with values as mrkdwn: people's words escaped, instants in the reader's zone."""
    shown = {name: _shown(value, t) for name, value in values.items()}
    return "\n".join(t(line, **shown) for line in text.split("\n"))


def _shown(value: Any, t: Translator) -> str:
    if isinstance(value, datetime):
        return moment(value, t)
    if isinstance(value, IssueName):
        return escape(issue_name(value, t))
    if isinstance(value, date):
        return day(value, t)
    return escape(str(value))


def notice(message: Notice, t: Translator) -> list[Block]:
    """One sentence."""
    return [section(sentence(message.text, message.values, t))]


def help_(message: Help, t: Translator) -> list[Block]:
    """What can be typed here; first what was not understood."""
    lines = [f"`{escape(command)}`  {t(what)}" for command, what in message.commands]
    blocks = [section("\n".join(lines))]
    if message.unknown is not None:
        word = escape(clip(message.unknown, _LONGEST_WORD)).replace("`", "'")
        blocks.insert(0, section(t("FMO bot does not know `{word}`. It knows:", word=word)))
    return [*blocks, context(t("Everything here also has a button: in the round's post, in the digest, in App Home."))]
