"""The question what a new status means."""

from collections.abc import Iterator

from fmo_bot.domain.messages import NewStatus
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import STATUS_STAGE
from fmo_bot.slack.blocks import Block, actions, button, section
from fmo_bot.slack.text import escape, moment

_BUTTONS = 24  # stages offered: Slack takes 25 buttons in a row


def new_status(message: NewStatus, t: Translator) -> list[Block]:
    """What is seen, what figures do meanwhile, who wants what; a button for each stage, the guess first."""
    named = {"status": escape(message.status), "team": escape(message.team), "board": escape(message.board)}
    seen = t("A new status on {board} of {team}: *{status}*. To which stage does it belong?", **named)
    lines = [seen, _state(message, t), *_wanted(message, t)]
    return [section("\n".join(lines)), *([] if message.settled else [actions(*_choices(message, t))])]


def _state(message: NewStatus, t: Translator) -> str:
    told = {"stage": escape(message.guess), "when": moment(message.since, t)}
    if message.settled:
        if message.guess:
            return t("Both sides have said so: from {when} on it belongs to *{stage}*.", **told)
        return t("Both sides have said so: it belongs to no stage, and time in it is reported as such.")
    if message.guess:
        return t("Until both sides say the same, figures from {when} on count it as *{stage}*, a guess.", **told)
    return t("There is no guess: until both sides say the same, time in it belongs to no stage.")


def _wanted(message: NewStatus, t: Translator) -> Iterator[str]:
    if message.settled:
        return
    for company, stage in message.wanted:
        if stage:
            yield t("{company} wants {stage}.", company=escape(company), stage=escape(stage))
        else:
            yield t("{company} wants it in no stage.", company=escape(company))


def _choices(message: NewStatus, t: Translator) -> Iterator[Block]:
    """Action ids differ within a row."""
    offered = [*([message.guess] if message.guess else []), *(each for each in message.stages if each != message.guess)]
    for n, stage in enumerate(offered[:_BUTTONS]):
        yield button(stage, f"{STATUS_STAGE}_{n}", f"{message.ref} {stage}", primary=stage == message.guess)
    yield button(t("In no stage"), f"{STATUS_STAGE}_{_BUTTONS}", f"{message.ref} ")
