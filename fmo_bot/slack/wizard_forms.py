"""The windows of a set-up: every screen the same way, and what comes back of it."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from slack_sdk.errors import SlackApiError

from fmo_bot.domain.draft_screens import MANY, ONE, TEXT, TIME, Field, Screen
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.errors import Refusal
from fmo_bot.locales import Translator, translator
from fmo_bot.slack import forms
from fmo_bot.slack.actions import INPUT, SETUP_ACT, SETUP_BACK, SETUP_FORM
from fmo_bot.slack.blocks import (
    HINT,
    LABEL,
    OPTION,
    OPTION_VALUE,
    TITLE,
    VIEW_BLOCKS,
    Block,
    actions,
    button,
    context,
    fit,
    plain,
    section,
)
from fmo_bot.slack.forms import refused
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import code_of
from fmo_bot.slack.render.notices import sentence
from fmo_bot.slack.text import clean

TITLE_TEXT = "Set-up"
_LINES = 10  # sentences of one paragraph
_LONGEST = 80  # characters of a text
_OURS = "set-up-"  # how our own names of views begin; Slack's begin with V
_ATTEMPTS, _PAUSE_S = 15, 0.2  # so long an acknowledgement may be under way
_GONE = frozenset({"not_found", "hash_conflict"})  # closed meanwhile, or another screen has taken its place


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a window came to."""

    ref: str
    revision: int
    step: str
    given: Mapping[str, tuple[str, ...]]


Shown = tuple[str, int, Screen] | Notice | Refusal  # ref and revision of a set-up with its screen; or a sentence


class SlackWizardWindow:
    """Open windows, by the installation that opened them."""

    def __init__(self, installs: Installs, sleep: Callable[[float], object] = time.sleep) -> None:
        """`installs`: who speaks where; `sleep` waits seconds of machine time."""
        self._installs, self._sleep = installs, sleep

    def show(
        self, workspace: str, view_id: str, shown: tuple[str, int, Screen] | Notice | Refusal, language: str
    ) -> None:
        """Show a screen, or a sentence; a window that was closed meanwhile is left alone.

        `view_id`: as Slack calls it, or as `waiting` did: then its acknowledgement may not have reached Slack yet.
        """
        client, view = self._installs.client_of(workspace), view_of(shown, language)
        is_ours = view_id.startswith(_OURS)
        named = {"external_id": view_id} if is_ours else {"view_id": view_id}
        for attempt in range(_ATTEMPTS if is_ours else 1):
            self._sleep(_PAUSE_S if attempt else 0.0)
            try:
                client.views_update(**named, view=view)
            except SlackApiError as error:
                if code_of(error) not in _GONE:
                    raise
            else:
                return


def waiting(language: str) -> tuple[str, Block]:
    """What takes a window's place until a job fills it, and the name by which that is done.

    A name of our own: the job may be done before Slack has heard of this view, and would be overwritten by it.
    """
    name = _OURS + secrets.token_hex(12)
    return name, forms.waiting(language, title=TITLE_TEXT) | {"external_id": name}


def view_of(shown: Shown, language: str) -> Block:
    """The window of a screen, or of a sentence."""
    if isinstance(shown, Notice | Refusal):
        return refused(shown.text, shown.values, language, title=TITLE_TEXT)
    return form(*shown, language)


def form(ref: str, revision: int, screen: Screen, language: str) -> Block:
    """The window of a step."""
    t = translator(language)
    place = t("{title}: step {number} of {of}", title=t(screen.title), number=screen.number, of=screen.of)
    blocks = [
        *([context(f"*{place}*")] if screen.of > 1 else []),
        *_paragraphs(screen.said, t),
        *(_field(each, t) for each in screen.fields),
        *_paragraphs(screen.after, t),
    ]
    if screen.number > 1:
        blocks.append(actions(button(t("Back"), SETUP_BACK, screen.step)))
    view: Block = {
        "type": "modal",
        "callback_id": SETUP_FORM,
        "private_metadata": json.dumps([ref, revision, screen.step]),
        "title": plain(t(TITLE_TEXT), TITLE),
        "close": plain(t("Later"), TITLE),
        "blocks": fit(blocks, VIEW_BLOCKS),
    }
    return view | ({"submit": plain(t(screen.send), TITLE)} if screen.send else {})


def read(view: Mapping[str, Any]) -> Filled:
    """What a person put in, from a submission or from the state that comes with a choice."""
    ref, revision, step = _known(view)
    state = view.get("state", {}).get("values", {})
    given = {block.partition("#")[0]: values for block, held in state.items() if (values := _values(held))}
    return Filled(ref=ref, revision=revision, step=step, given=given)


def errors(
    wrong: Mapping[str, str], view: Mapping[str, Any], values: Mapping[str, Any], language: str
) -> dict[str, str]:
    """Sentences by block id; of a field that is not shown, under the first."""
    t = translator(language)
    inputs = [block["block_id"] for block in view.get("blocks", ()) if block["type"] == "input"]
    named = {name: next((block for block in inputs if block.partition("#")[0] == name), "") for name in wrong}
    return {named[name] or inputs[0]: sentence(text, values, t) for name, text in wrong.items() if inputs}


def _known(view: Mapping[str, Any]) -> tuple[str, int, str]:
    """Ref, revision and step; the metadata has been through somebody's hands."""
    try:
        ref, revision, step = json.loads(str(view.get("private_metadata", "")))
        return str(ref), int(revision), str(step)
    except (ValueError, TypeError):
        return "", 0, ""


def _paragraphs(said: tuple[Notice, ...], t: Translator) -> list[Block]:
    """The sentences in sections; one without words ends a section."""
    parts: list[list[str]] = [[]]
    for each in said:
        if not each.text or len(parts[-1]) == _LINES:
            parts.append([])
        if each.text:
            parts[-1].append(sentence(each.text, each.values, t))
    return [section("\n".join(part)) for part in parts if part]


def _field(field: Field, t: Translator) -> Block:
    label = t(field.label, **{name: clean(str(value)) for name, value in field.values.items()})
    made: Block = {
        "type": "input",
        "block_id": _block_id(field),
        "label": plain(label, LABEL),
        "element": _ELEMENTS[field.kind](field, t),
        "optional": field.optional,
    }
    made |= {"hint": plain(t(field.hint), HINT)} if field.hint else {}
    return made | ({"dispatch_action": True} if field.acts else {})


def _block_id(field: Field) -> str:
    """Slack keeps what was put into a block of the same id: one with other choices is another block."""
    offered = "\n".join(each.value for each in field.choices)
    return f"{field.key}#{crc32(offered.encode()):x}"[:255]


def _text(field: Field, t: Translator) -> Block:
    made: Block = {"type": "plain_text_input", "action_id": _action(field), "max_length": _LONGEST}
    made |= {"dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}} if field.acts else {}
    return made | ({"initial_value": clean(field.chosen[0])[:_LONGEST]} if field.chosen and field.chosen[0] else {})


def _time(field: Field, t: Translator) -> Block:
    made: Block = {"type": "timepicker", "action_id": _action(field)}
    return made | ({"initial_time": field.chosen[0]} if field.chosen else {})


def _one(field: Field, t: Translator) -> Block:
    options = [_option(each, t) for each in field.choices]
    chosen = [each for each in options if each["value"] in field.chosen]
    made: Block = {"type": "static_select", "action_id": _action(field), "options": options}
    return made | ({"initial_option": chosen[0]} if chosen else {})


def _many(field: Field, t: Translator) -> Block:
    options = [_option(each, t) for each in field.choices]
    chosen = [each for each in options if each["value"] in field.chosen]
    made: Block = {"type": "multi_static_select", "action_id": _action(field), "options": options}
    return made | ({"initial_options": chosen} if chosen else {})


_ELEMENTS = {TEXT: _text, TIME: _time, ONE: _one, MANY: _many}


def _action(field: Field) -> str:
    return SETUP_ACT if field.acts else INPUT


def _option(choice: Choice, t: Translator) -> Block:
    named = {"company": choice.company} if choice.company else {}
    text = choice.text if choice.literal else t(choice.text, **named)
    return {"text": plain(text, OPTION), "value": choice.value[:OPTION_VALUE]}


def _values(held: Mapping[str, Any]) -> tuple[str, ...]:
    """What the one element of a block holds."""
    for element in held.values():
        options = element.get("selected_options") or [element.get("selected_option") or {}]
        plain_value = element.get("value") or element.get("selected_time")
        found = [plain_value, *(each.get("value") for each in options)]
        return tuple(str(each) for each in found if each)
    return ()
