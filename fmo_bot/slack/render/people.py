"""Questions about a person, with the buttons of whoever decides."""

from fmo_bot.domain.messages import PersonQuestion
from fmo_bot.locales import Translator
from fmo_bot.slack.actions import PERSON_NO, PERSON_PARTICIPANT, PERSON_STAKEHOLDER, PERSON_YES
from fmo_bot.slack.blocks import Block, actions, button, context, section
from fmo_bot.slack.text import escape

_ANSWERS = {
    "participant": "{by} has added them as a participant.",
    "stakeholder": "{by} has added them as a stakeholder.",
    "yes": "{by} has confirmed it.",
    "no": "{by} has said no.",
    "over": "They have left again.",
}


def question(message: PersonQuestion, t: Translator) -> list[Block]:
    """Whom it is about, what is asked; the buttons, or what was answered."""
    named = {"name": escape(message.name), "company": escape(message.company)}
    said = section(f"*{escape(message.team)}*\n{_asked(message, t, named)}")
    if message.answer:
        return [said, context(t(_ANSWERS[message.answer], by=escape(message.by)))]
    return [said, _buttons(message, t)]


def _asked(message: PersonQuestion, t: Translator, named: dict[str, str]) -> str:
    if message.kind == "joined":
        return t(
            "{name} has joined the channel. Their workspace suggests that they are of {company}. Are they part of the "
            "team? They are asked nothing before you say so.",
            **named,
        )
    return t(
        "{name} takes part, and nobody has confirmed for whom. Do they take part for {company}? Until somebody says so "
        "they read what is joint, and are asked nothing.",
        **named,
    )


def _buttons(message: PersonQuestion, t: Translator) -> Block:
    if message.kind == "joined":
        return actions(
            button(t("Add as participant"), PERSON_PARTICIPANT, message.ref, primary=True),
            button(t("Add as stakeholder"), PERSON_STAKEHOLDER, message.ref),
            button(t("Not part of the team"), PERSON_NO, message.ref),
        )
    yes = button(t("Confirm"), PERSON_YES, message.ref, primary=True)
    return actions(yes, button(t("Not for us"), PERSON_NO, message.ref))
