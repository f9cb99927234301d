"""What Slack would refuse in blocks: every problem as one of Slack's explanations, with its JSON pointer.

The numbers are those of Slack's reference of Block Kit.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from fmo_bot.sandbox.slack import charts, elements
from fmo_bot.sandbox.slack.checks import Problems, length, one_of, several, text_object, words

MOST = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_SUM = 12_000
TABLE_SUM = 10_000
CHARTS = 2

Block = Mapping[str, Any]


def problems(blocks: object, surface: str, *, unknown: Collection[str] = ()) -> list[str]:
    """Everything wrong with `blocks` on a `surface` (message, modal, home); empty when Slack would take them.

    `unknown`: types of blocks that this workspace does not have yet.
    """
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    found: list[str] = []
    if len(blocks) > MOST[surface]:
        found.append(f"no more than {MOST[surface]} items allowed [json-pointer:/blocks]")
    for index, block in enumerate(blocks):
        if isinstance(block, Mapping) and block.get("type") in unknown:
            found.append(f"unsupported type: {block['type']} [json-pointer:/blocks/{index}/type]")
        found += [f"{text} [json-pointer:/blocks/{index}{where}]" for where, text in _block(block, surface)]
    return found + (_together(blocks) if not found else [])


def _block(block: object, surface: str) -> Problems:
    if not isinstance(block, Mapping):
        yield "", "must be an object"
        return
    rule = RULES.get(str(block.get("type")))
    if rule is None:
        yield "/type", f"unsupported type: {block.get('type')}"
        return
    surfaces, check = rule
    if surface not in surfaces:
        yield "/type", f"{block['type']} is not supported in a {surface}"
    yield from length(block, "block_id", 255, required=False)
    yield from check(block)
    yield from _same_action_twice(block)


def _together(blocks: list[Block]) -> list[str]:
    found = []
    ids = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    found += [f"`block_id` {name} already exists [json-pointer:/blocks]" for name, n in ids.items() if n > 1]
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_SUM:
        found.append(f"must be no more than {MARKDOWN_SUM} characters over all markdown blocks [json-pointer:/blocks]")
    if sum(words(block["rows"]) for block in blocks if block["type"] == "table") > TABLE_SUM:
        found.append(f"must be no more than {TABLE_SUM} characters over all tables [json-pointer:/blocks]")
    if sum(block["type"] == "data_visualization" for block in blocks) > CHARTS:
        found.append(f"no more than {CHARTS} data_visualization blocks allowed [json-pointer:/blocks]")
    return found


def _same_action_twice(block: Block) -> Problems:
    ids = Counter(str(element["action_id"]) for element in elements.of(block) if element.get("action_id"))
    for name, n in ids.items():
        if n > 1:
            yield "/elements", f"`action_id` {name} already exists"


def _section(block: Block) -> Problems:
    if "text" not in block and "fields" not in block:
        yield "", "missing required field: text or fields"
    yield from text_object(block, "text", 3000, required=False)
    for where, item in several(block, "fields", 1, 10, required=False):
        yield from ((where + deeper, text) for deeper, text in text_object({"text": item}, "text", 2000))
    yield from elements.problem(block, "accessory", elements.ACCESSORIES, required=False)


def _header(block: Block) -> Problems:
    yield from text_object(block, "text", 150, plain=True)


def _context(block: Block) -> Problems:
    for where, item in several(block, "elements", 1, 10):
        if isinstance(item, Mapping) and item.get("type") == "image":
            yield from ((where + deeper, text) for deeper, text in elements.image(item))
        else:
            yield from ((where + deeper[5:], text) for deeper, text in text_object({"text": item}, "text", 3000))


def _actions(block: Block) -> Problems:
    for where, item in several(block, "elements", 1, 25):
        holder = {"element": item}
        yield from ((where, text) for _, text in elements.problem(holder, "element", elements.IN_ACTIONS))


def _context_actions(block: Block) -> Problems:
    for where, item in several(block, "elements", 1, 5):
        if not isinstance(item, Mapping) or item.get("type") not in ("feedback_buttons", "icon_button"):
            yield where, "must be feedback_buttons or icon_button"


def _input(block: Block) -> Problems:
    yield from text_object(block, "label", 2000, plain=True)
    yield from text_object(block, "hint", 2000, plain=True, required=False)
    yield from elements.problem(block, "element", elements.INPUTS)


def _image(block: Block) -> Problems:
    yield from elements.image(block)
    yield from text_object(block, "title", 2000, plain=True, required=False)


def _markdown(block: Block) -> Problems:
    yield from length(block, "text", MARKDOWN_SUM)


def _rich_text(block: Block) -> Problems:
    kinds = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
    for where, item in several(block, "elements", 0, 1000):
        if not isinstance(item, Mapping) or item.get("type") not in kinds:
            yield where, f"must be one of {', '.join(kinds)}"


def _table(block: Block) -> Problems:
    for where, row in several(block, "rows", 1, 100):
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield where, "must be an array of 1 to 20 cells"


def _alert(block: Block) -> Problems:
    yield from text_object(block, "text", 200)


def _file(block: Block) -> Problems:
    yield from length(block, "external_id", 255)
    yield from one_of(block, "source", ("remote",))


def _video(block: Block) -> Problems:
    yield from length(block, "alt_text", 2000)
    yield from text_object(block, "title", 200, plain=True)
    yield from length(block, "thumbnail_url", 3000)
    yield from length(block, "video_url", 3000)


def _anything(block: Block) -> Iterator[tuple[str, str]]:
    yield from ()


_EVERYWHERE = ("message", "modal", "home")
_PAGES = ("message", "home")

RULES: Mapping[str, tuple[tuple[str, ...], Callable[[Block], Problems]]] = {
    "section": (_EVERYWHERE, _section),
    "header": (_EVERYWHERE, _header),
    "divider": (_EVERYWHERE, _anything),
    "context": (_EVERYWHERE, _context),
    "context_actions": (("message",), _context_actions),
    "actions": (_EVERYWHERE, _actions),
    "input": (_EVERYWHERE, _input),
    "image": (_EVERYWHERE, _image),
    "markdown": (("message",), _markdown),
    "rich_text": (_EVERYWHERE, _rich_text),
    "table": (_PAGES, _table),
    "data_table": (_PAGES, charts.data_table),
    "data_visualization": (("message",), charts.data_visualization),
    "alert": (("modal",), _alert),
    "file": (("message",), _file),
    "video": (_EVERYWHERE, _video),
}
