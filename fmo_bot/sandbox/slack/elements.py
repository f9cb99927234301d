"""Block elements: Slack's rules for them, and what a person's input becomes in `state` and `actions`."""

from collections.abc import Iterator, Mapping
from typing import Any

from fmo_bot.sandbox.slack.checks import Problems, WrongLength, length, several, text_object

Element = Mapping[str, Any]

TEXTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input")
PICKERS = {"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time"}
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MORE_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
ONE_THING = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
MORE_THINGS = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
SELECTS = (*ONE_OPTION[:2], *MORE_OPTIONS[:2], *ONE_THING, *MORE_THINGS)
STATELESS = ("button", "workflow_button", "icon_button", "feedback_buttons", "image")
MOST_OPTIONS = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}

INPUTS = frozenset({*TEXTS, *PICKERS, *SELECTS, "radio_buttons", "checkboxes", "file_input"})
IN_ACTIONS = frozenset(
    {"button", "workflow_button", "overflow", "radio_buttons", "checkboxes", *PICKERS, *SELECTS, "rich_text_input"}
    - set(MORE_THINGS)
    - set(MORE_OPTIONS[:2])
) | {"multi_static_select", "multi_external_select", *MORE_THINGS}
ACCESSORIES = frozenset({"button", "workflow_button", "overflow", "radio_buttons", "checkboxes", "image"}) | (
    IN_ACTIONS - {"datetimepicker", "rich_text_input"}
)


def of(block: Mapping[str, Any]) -> Iterator[Element]:
    """Every interactive element of a block."""
    several_of_them = block.get("elements")
    listed = several_of_them if isinstance(several_of_them, list) else []
    inside = [block.get("accessory"), block.get("element"), *listed]
    yield from (element for element in inside if isinstance(element, Mapping) and "type" in element)


def find(blocks: list[dict[str, Any]], block_id: str, action_id: str) -> Element | None:
    """The element a person means."""
    for block in blocks:
        if block.get("block_id") == block_id:
            return next((element for element in of(block) if element.get("action_id") == action_id), None)
    return None


def problem(holder: Mapping[str, Any], name: str, allowed: frozenset[str], *, required: bool = True) -> Problems:
    """Everything wrong with the element in `holder[name]`."""
    element = holder.get(name)
    if element is None and not required:
        return
    if isinstance(element, WrongLength):
        yield f"/{name}", str(element)
    elif not isinstance(element, Mapping):
        yield f"/{name}", "must be an object"
    elif str(element.get("type")) not in allowed:
        yield f"/{name}/type", f"unsupported type: {element.get('type')}"
    else:
        yield from ((f"/{name}{where}", text) for where, text in _inside(element))


def image(element: Element) -> Problems:
    """An image needs an address (or a Slack file) and words for who cannot see it."""
    if "slack_file" not in element:
        yield from length(element, "image_url", 3000)
    yield from length(element, "alt_text", 2000)


def state_of(element: Element, plain: object, offered: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What Slack reports of an element: `plain` is what the person put in (text, option value, date, or a list).

    `offered` maps values of external options to the options shown. `ValueError` for an option that there is not.
    """
    kind = element["type"]
    if kind in TEXTS:
        return {"type": kind, "value": None if plain in (None, "") else plain if kind == TEXTS[-1] else str(plain)}
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": option(element, plain, offered) if plain not in (None, "") else None}
    if kind in MORE_OPTIONS:
        return {"type": kind, "selected_options": [option(element, item, offered) for item in _listed(plain)]}
    if kind in MORE_THINGS:
        return {"type": kind, MORE_THINGS[kind]: _listed(plain)}
    if kind == "file_input":
        return {"type": kind, "files": _listed(plain)}
    return {"type": kind, (PICKERS | ONE_THING)[kind]: plain or None}


def initial(element: Element) -> object:
    """What an element holds before anybody touches it, as `state_of` takes it."""
    for name in ("initial_value", "initial_date", "initial_time", "initial_date_time", "initial_user"):
        if name in element:
            found: object = element[name]
            return found
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_options" in element:
        return [choice["value"] for choice in element["initial_options"]]
    return element.get("initial_users") or element.get("initial_conversation") or element.get("initial_channel")


def options(element: Element) -> list[Mapping[str, Any]]:
    """Every option of an element, those of groups too, with the initial ones of an external select."""
    grouped = [choice for group in element.get("option_groups") or [] for choice in group["options"]]
    first = [element["initial_option"]] if "initial_option" in element else element.get("initial_options") or []
    return [*(element.get("options") or []), *grouped, *first]


def option(element: Element, value: object, offered: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The option of this value."""
    choices = {choice.get("value"): choice for choice in options(element)} | dict(offered or {})
    if value not in choices:
        raise ValueError(f"{element.get('action_id')} has no option {value!r}.")
    return choices[str(value)]


def action_of(element: Element, plain: object, offered: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The element's part of a `block_actions` action."""
    if element["type"] in STATELESS:
        kept = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return {"type": element["type"], **kept, **({"value": plain} if plain is not None else {})}
    return state_of(element, plain, offered)


def _inside(element: Element) -> Problems:
    kind = element["type"]
    yield from length(element, "action_id", 255, required=False)
    yield from text_object(element, "placeholder", 150, plain=True, required=False)
    if kind == "button":
        yield from _button(element)
    if kind == "image":
        yield from image(element)
    if kind in (*ONE_OPTION, *MORE_OPTIONS) and "external" not in kind:
        yield from _options(element)
    if kind == "plain_text_input":
        yield from _text_input(element)
    yield from _confirm(element)


def _button(element: Element) -> Problems:
    yield from text_object(element, "text", 75, plain=True)
    yield from length(element, "value", 2000, required=False)
    yield from length(element, "url", 3000, required=False)
    if element.get("style") not in (None, "primary", "danger"):
        yield "/style", "must be primary or danger"


def _text_input(element: Element) -> Problems:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not isinstance(least, int) or not isinstance(most, int) or not 0 <= least <= most <= 3000 or most < 1:
        yield "/max_length", "must be between 1 and 3000, and not below min_length"
    yield from length(element, "initial_value", 3000, required=False, least=0)


def _options(element: Element) -> Problems:
    if "option_groups" in element:
        for where, group in several(element, "option_groups", 1, 100):
            if isinstance(group, Mapping):
                yield from ((where + deeper, text) for deeper, text in text_object(group, "label", 75, plain=True))
                yield from ((where + deeper, text) for deeper, text in _choices(group, 100))
            else:
                yield where, "must be 1 to 100 objects"
        return
    yield from _choices(element, MOST_OPTIONS.get(element["type"], 100))


def _choices(holder: Mapping[str, Any], most: int) -> Problems:
    for where, choice in several(holder, "options", 1, most):
        if not isinstance(choice, Mapping):
            yield where, str(choice) if isinstance(choice, WrongLength) else "must be an object"
            continue
        yield from ((where + deeper, text) for deeper, text in text_object(choice, "text", 75))
        yield from ((where + deeper, text) for deeper, text in length(choice, "value", 150))


def _confirm(element: Element) -> Problems:
    confirm = element.get("confirm")
    if isinstance(confirm, Mapping):
        sizes = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
        for name, most in sizes.items():
            yield from (
                (f"/confirm{where}", text) for where, text in text_object(confirm, name, most, required=name == "text")
            )


def _listed(plain: object) -> list[Any]:
    return list(plain) if isinstance(plain, list | tuple) else [] if plain in (None, "") else [plain]
