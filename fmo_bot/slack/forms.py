"""Modals. The stand-up form opens at once as a loading view (a trigger id lives three seconds) and is then filled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fmo_bot.domain.messages import Choice, IssueChoice, Question, StandupForm
from fmo_bot.locales import Translator, translator
from fmo_bot.slack.actions import BLOCKED, BLOCKED_ISSUE, BLOCKED_WHAT, INPUT, NOT_BLOCKED, QUESTION, STANDUP_FORM
from fmo_bot.slack.blocks import HINT, LABEL, OPTION, OPTION_VALUE, OPTIONS, TITLE, Block, context, plain, section
from fmo_bot.slack.render.notices import sentence
from fmo_bot.slack.text import clean, day, escape, issue_name, moment

TITLE_TEXT = "Stand-up"
LONGEST, WHAT_LONGEST = 3000, 300  # characters: Slack's own limit of an input; ours for a blocker's few words
_LATE = "Your time was until {deadline}. This answer is marked late and cannot be changed once it is sent."
RADIOS = 10  # options Slack takes in a group of radio buttons
_FIELD_BLOCKS = {"side": BLOCKED, "blocked": BLOCKED, "issue": BLOCKED_ISSUE, "what": BLOCKED_WHAT}


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What came back: answers by question key, and the blocked choice ({} or side, issue, what)."""

    ref: str
    answers: dict[str, str]
    blocked: dict[str, str]


def waiting(language: str, *, title: str = TITLE_TEXT) -> Block:
    """What is seen while the form, or another window, is made; `title` is a msgid."""
    t = translator(language)
    return _modal(t, [section(":hourglass_flowing_sand: " + t("One moment …"))], title=title)


def refused(text: str, values: Mapping[str, Any], language: str, *, title: str = TITLE_TEXT) -> Block:
    """A form, or another window, that cannot be had, and why; `title` is a msgid."""
    t = translator(language)
    return _modal(t, [section(sentence(text, values, t))], title=title)


def standup(form: StandupForm, language: str, *, typed: Filled | None = None) -> Block:
    """The stand-up modal; `typed` is what stands in it now, when a choice makes it grow or shrink."""
    t = translator(language)
    answers = typed.answers if typed else form.given
    blocked = typed.blocked if typed else form.blocked
    deadline = moment(form.deadline, t)
    head = f"*{escape(form.ceremony)}* · {escape(form.team)} · {day(form.round_date, t)}"
    blocks = [
        section(head),
        context(t(_LATE if form.late else "Can be changed until {deadline}.", deadline=deadline)),
        *(_text(question, answers.get(question.key, ""), t) for question in form.questions),
        _choice(form, blocked, t),
        *(_details(form, blocked, t) if blocked else []),
    ]
    view = _modal(t, blocks, submit=t("Send"))
    return view | {"callback_id": STANDUP_FORM, "private_metadata": form.prompt_ref}


def read(view: Mapping[str, Any]) -> Filled:
    """What a person put in, from a submission or from the state that comes with a choice."""
    state = view.get("state", {}).get("values", {})
    texts = {block: _value(fields) for block, fields in state.items()}
    side = texts.get(BLOCKED, "")
    blocked = {"side": side, "issue": texts.get(BLOCKED_ISSUE, ""), "what": texts.get(BLOCKED_WHAT, "")}
    return Filled(
        ref=str(view.get("private_metadata", "")),
        answers={name.removeprefix(QUESTION): text for name, text in texts.items() if name.startswith(QUESTION)},
        blocked=blocked if side and side != NOT_BLOCKED else {},
    )


def errors(
    wrong: Mapping[str, str], view: Mapping[str, Any], values: Mapping[str, Any], language: str
) -> dict[str, str]:
    """Sentences by block id; one whose field is not shown stands under the choice that would show it, or first."""
    t = translator(language)
    inputs = [block["block_id"] for block in view.get("blocks", ()) if block["type"] == "input"]
    named = ((_block_of(name, inputs), text) for name, text in wrong.items())
    return {block: sentence(text, values, t) for block, text in named}


def _block_of(name: str, inputs: list[str]) -> str:
    wanted = [_FIELD_BLOCKS[name], BLOCKED] if name in _FIELD_BLOCKS else [QUESTION + name]
    return next((block for block in wanted if block in inputs), inputs[0])


def _modal(t: Translator, blocks: list[Block], *, submit: str | None = None, title: str = TITLE_TEXT) -> Block:
    view: Block = {"type": "modal", "title": plain(t(title), TITLE), "close": plain(t("Close"), TITLE)}
    return view | {"blocks": blocks} | ({"submit": plain(submit, TITLE)} if submit else {})


def _text(question: Question, given: str, t: Translator) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": INPUT, "multiline": True, "max_length": LONGEST}
    made = _input(QUESTION + question.key, t(question.label), element | _initial(given), optional=not question.required)
    return made | ({"hint": plain(t(question.hint), HINT)} if question.hint else {})


def _choice(form: StandupForm, blocked: Mapping[str, str], t: Translator) -> Block:
    """Signs and company names: it reads the same in every language."""
    free = _option(Choice(value=NOT_BLOCKED, text="✅", literal=True), t)
    held = [_option(side, t, sign="⛔ → ") for side in form.sides[: RADIOS - 1]]
    chosen = next((option for option in held if option["value"] == blocked.get("side")), free)
    element = {"type": "radio_buttons", "action_id": BLOCKED, "options": [free, *held], "initial_option": chosen}
    return _input(BLOCKED, t("Blocked?"), element) | {"dispatch_action": True}


def _details(form: StandupForm, blocked: Mapping[str, str], t: Translator) -> list[Block]:
    what: Block = {"type": "plain_text_input", "action_id": INPUT, "max_length": WHAT_LONGEST}
    asked = [_input(BLOCKED_WHAT, t("What is missing?"), what | _initial(blocked.get("what", "")), optional=True)]
    if not form.issues:
        return asked
    options = [_issue_option(issue, t) for issue in form.issues[:OPTIONS]]
    chosen = [option for option in options if option["value"] == blocked.get("issue")]
    select: Block = {"type": "static_select", "action_id": INPUT, "options": options}
    select |= {"initial_option": chosen[0]} if chosen else {}
    return [_input(BLOCKED_ISSUE, t("Issue"), select, optional=True), *asked]


def _input(block_id: str, label: str, element: Block, *, optional: bool = False) -> Block:
    made: Block = {"type": "input", "block_id": block_id, "label": plain(label, LABEL), "element": element}
    return made | ({"optional": True} if optional else {})


def _initial(text: str) -> Block:
    return {"initial_value": clean(text)[:LONGEST]} if text else {}


def _option(choice: Choice, t: Translator, *, sign: str = "") -> Block:
    text = choice.text if choice.literal else t(choice.text)
    return {"text": plain(sign + text, OPTION), "value": choice.value[:OPTION_VALUE]}


def _issue_option(choice: IssueChoice, t: Translator) -> Block:
    site = f"[{choice.site}]" if choice.site else ""
    words = (issue_name(choice.issue, t), site, choice.summary)
    return {"text": plain(" ".join(filter(None, words)), OPTION), "value": choice.value[:OPTION_VALUE]}


def _value(fields: Mapping[str, Any]) -> str:
    """The one value of an input: its text, or its chosen option."""
    for held in fields.values():
        return str(held.get("value") or (held.get("selected_option") or {}).get("value") or "")
    return ""
