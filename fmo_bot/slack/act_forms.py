"""The forms of acts: a choice, what it requires, a text. They open as a loading view; see services.acts."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain import act_forms
from fmo_bot.domain.act_forms import NOBODY, Filled, Offer
from fmo_bot.domain.acts import Asked, Kind, Option
from fmo_bot.domain.parties import Place
from fmo_bot.errors import Refusal
from fmo_bot.locales import Translator, translator
from fmo_bot.slack.actions import ACT_CHOICE, ACT_FIELD, ACT_FORM, ACT_SUMMARY, ACT_TEXT, INPUT
from fmo_bot.slack.blocks import LABEL, OPTION, OPTION_VALUE, OPTIONS, TITLE, Block, plain, section
from fmo_bot.slack.forms import refused
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import speak
from fmo_bot.slack.render.notices import sentence
from fmo_bot.slack.text import clean, escape

TITLE_TEXT = "Jira"  # while it is not known what can be chosen, and where nothing can
_TITLES = {
    act_forms.ASSIGN: "Assign",
    act_forms.MOVE: "Move",
    act_forms.COMMENT: "Comment",
    act_forms.CREATE: "Create Jira issue",
}
_CHOICES = {act_forms.ASSIGN: "To whom?", act_forms.MOVE: "Where to?", act_forms.CREATE: "What, and where?"}
_FIELDS = {"choice": ACT_CHOICE, "title": ACT_SUMMARY, "text": ACT_TEXT}
_LONGEST, _LONGEST_SUMMARY = 3000, 255


class SlackWindow:
    """Open views, by the installation that opened them."""

    def __init__(self, installs: Installs) -> None:
        """`installs`: who speaks where."""
        self._installs = installs

    def show(
        self,
        workspace: str,
        view_id: str,
        shown: tuple[str, str, Offer] | Refusal,
        language: str,
        *,
        trouble: Refusal | None = None,
    ) -> None:
        """Show a form, perhaps with a trouble, or why there is none; one that was closed meanwhile is left alone."""
        if isinstance(shown, Refusal):
            view = refused(shown.text, shown.values, language, title=TITLE_TEXT)
        else:
            view = form(*shown, language, trouble=trouble)
        try:
            self._installs.client_of(workspace).views_update(view_id=view_id, view=view)
        except SlackApiError as error:
            if error.response.get("error") != "not_found":
                raise

    def permalink(self, place: Place, ts: str) -> str:
        """The address of a message."""
        client = self._installs.client_of(place.workspace)
        lane = of_method(place.workspace, "chat.getPermalink")
        ask = client.chat_getPermalink  # refused where the app is not in the conversation
        return str(speak(lambda: ask(channel=place.channel, message_ts=ts), lane=lane, idempotent=True)["permalink"])


def form(ref: str, kind: str, offer: Offer, language: str, *, trouble: Refusal | None = None) -> Block:
    """The form as it stands; where a choice decides what is asked, choosing fills it anew.

    `trouble`: why it could not be filled for what was just chosen; another choice can be made.
    """
    t = translator(language)
    blocks = [_choice(kind, offer, t)] if offer.choices else []
    if trouble is not None:
        blocks.append(section(sentence(trouble.text, trouble.values, t)))
    elif offer.is_elsewhere:
        blocks.append(section(_elsewhere(offer, t)))
    elif offer.is_complete and (not offer.asks or offer.chosen):
        blocks += [_asked(each, t) for each in offer.asked]
        if offer.title is not None:
            blocks.append(_words(ACT_SUMMARY, t("Summary"), offer.title, most=_LONGEST_SUMMARY))
        if offer.text is not None:
            needed = kind == act_forms.COMMENT
            label = t("Comment") if needed else t("Description")
            blocks.append(_words(ACT_TEXT, label, offer.text, multiline=True, optional=not needed))
    sends = trouble is None and offer.is_complete and (not offer.asks or bool(offer.chosen)) and bool(blocks)
    blocks = blocks or [section(t("There is nothing to choose here. Do it in Jira."))]
    view = _modal(kind, t, blocks, submit=t("Send") if sends else None, about=offer.about)
    return view | {"callback_id": ACT_FORM, "private_metadata": ref}


def read(view: Mapping[str, Any]) -> Filled:
    """What a person put in."""
    state = view.get("state", {}).get("values", {})
    given = {block: _given(fields) for block, fields in state.items()}
    fields = {block.removeprefix(ACT_FIELD): told for block, told in given.items() if block.startswith(ACT_FIELD)}
    return Filled(
        ref=str(view.get("private_metadata", "")),
        choice=_first(given.get(ACT_CHOICE, ())),
        title=_first(given.get(ACT_SUMMARY, ())),
        text=_first(given.get(ACT_TEXT, ())),
        values={name: told for name, told in fields.items() if told},
    )


def errors(
    wrong: Mapping[str, str], view: Mapping[str, Any], values: Mapping[str, Any], language: str
) -> dict[str, str]:
    """Sentences by block id; one whose field is not shown stands under the first."""
    t = translator(language)
    inputs = [block["block_id"] for block in view.get("blocks", ()) if block["type"] == "input"]
    named = ((_FIELDS.get(name, ACT_FIELD + name), text) for name, text in wrong.items())
    return {block if block in inputs else (inputs or [block])[0]: sentence(text, values, t) for block, text in named}


def _elsewhere(offer: Offer, t: Translator) -> str:
    """What cannot be filled here, and the way to where it can. The way comes first: names may be long, and cut."""
    link = f"<{escape(offer.url)}|{t('Open it in Jira')}>" if offer.url else t("Open Jira")
    names = ", ".join(escape(each.label) for each in offer.asked if each.kind is Kind.UNSUPPORTED)
    return t("{link}: this needs what can only be filled in there: {fields}.", link=link, fields=names)


def _modal(kind: str, t: Translator, blocks: list[Block], *, submit: str | None = None, about: str = "") -> Block:
    title = plain(" ".join(filter(None, (t(_TITLES.get(kind, TITLE_TEXT)), about))), TITLE)
    view: Block = {"type": "modal", "title": title, "close": plain(t("Close"), TITLE), "blocks": blocks}
    return view | ({"submit": plain(submit, TITLE)} if submit else {})


def _choice(kind: str, offer: Offer, t: Translator) -> Block:
    named = (Option(each.id, t("Nobody")) if each.id == NOBODY else each for each in offer.choices[:OPTIONS])
    options = [_option(each) for each in named]
    select: Block = {"type": "static_select", "action_id": ACT_CHOICE, "options": options}
    chosen = [option for option in options if option["value"] == offer.chosen]
    select |= {"initial_option": chosen[0]} if chosen else {}
    label = t(_CHOICES.get(kind, "Choose one."))
    if (
        offer.asks
    ):  # no input: as long as nothing is chosen there is nothing to send, and Slack wants a button with inputs
        return section(f"*{label}*", button=select) | {"block_id": ACT_CHOICE}
    return _input(ACT_CHOICE, label, select)


def _asked(asked: Asked, t: Translator) -> Block:
    block = ACT_FIELD + asked.id
    if asked.kind in (Kind.TEXT, Kind.LINE, Kind.NUMBER):
        most = _LONGEST if asked.kind is Kind.TEXT else _LONGEST_SUMMARY
        return _words(block, asked.label, "", most=most, multiline=asked.kind is Kind.TEXT)
    if asked.kind is Kind.DATE:
        return _input(block, asked.label, {"type": "datepicker", "action_id": INPUT})
    many = {"type": "multi_static_select" if asked.kind is Kind.CHOICES else "static_select", "action_id": INPUT}
    return _input(block, asked.label, many | {"options": [_option(each) for each in asked.options[:OPTIONS]]})


def _words(
    block: str, label: str, given: str, *, most: int = _LONGEST, multiline: bool = False, optional: bool = False
) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": INPUT, "multiline": multiline, "max_length": most}
    element |= {"initial_value": clean(given)[:most]} if given.strip() else {}
    return _input(block, label, element, optional=optional)


def _input(block_id: str, label: str, element: Block, *, optional: bool = False) -> Block:
    made: Block = {"type": "input", "block_id": block_id, "label": plain(label, LABEL), "element": element}
    return made | ({"optional": True} if optional else {})


def _option(option: Option) -> Block:
    return {"text": plain(option.name, OPTION), "value": option.id[:OPTION_VALUE]}


def _given(fields: Mapping[str, Any]) -> tuple[str, ...]:
    for held in fields.values():
        chosen = [held.get("selected_option") or {}, *(held.get("selected_options") or ())]
        plainly = (held.get("value"), held.get("selected_date"), *(each.get("value") for each in chosen))
        return tuple(str(each) for each in plainly if each)
    return ()


def _first(given: tuple[str, ...]) -> str:
    return given[0] if given else ""
