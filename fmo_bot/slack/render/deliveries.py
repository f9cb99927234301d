"""What was not delivered: one line each, with what a scrum master can do about it."""

from fmo_bot.domain.messages import Undelivered, UndeliveredLine
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import DELIVERY_AGAIN, DELIVERY_DROP
from fmo_bot.slack.blocks import Block, actions, button, context, header, section
from fmo_bot.slack.text import escape, moment


def undelivered(message: Undelivered, t: Translator) -> list[Block]:
    """The list; where nothing is left, that sentence."""
    lines = [block for line in message.lines for block in _line(line, t)]
    more = t.many("{n} more comes after these.", "{n} more come after these.", message.more) if message.more else ""
    return [
        header(t("Not delivered: {team}", team=message.team)),
        *([section(t(message.note))] if message.note else []),
        *(lines or [section(t("Nothing waits for you here."))]),
        *([context(more)] if more else []),
        context(t("Asked for at any time with `/fmo deliveries`.")),
    ]


def _line(line: UndeliveredLine, t: Translator) -> list[Block]:
    said = section(f"{_head(line, t)}\n{t(line.why, code=escape(line.code))}")
    if not line.ref:
        return [said]
    again = button(t("Try again") if line.jobs else t("Send again"), DELIVERY_AGAIN, line.ref)
    return [said, actions(again, button(t("Drop"), DELIVERY_DROP, line.ref))]


def _head(line: UndeliveredLine, t: Translator) -> str:
    what, when = t(line.what), moment(line.due, t)
    if line.jobs:
        return t.many("*{what}*, asked for {when}", "*{what}*, {n} times since {when}", line.jobs, what=what, when=when)
    return t("*{what}* to {whom}, due {when}", what=what, whom=escape(line.whom) or t("the joint channel"), when=when)
