"""Block Kit as plain dicts, within Slack's limits (slack.md 1.2). slack_sdk's classes do not know the newer blocks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fmo_bot.slack.text import clean, clip, escape, hush

Block = dict[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
TOP_TEXT = 4000  # chat.update refuses more
SECTION, FIELD, FIELDS, HEADER, BUTTON, BUTTON_VALUE = 3000, 2000, 10, 150, 75, 2000
TITLE, LABEL, HINT, OPTION, OPTIONS, OPTION_VALUE = 24, 2000, 2000, 75, 100, 150
CONTEXT_ELEMENTS, ACTION_ELEMENTS = 10, 25
CHART = "data_visualization"
CHART_TITLE, TABLE_CELL, TABLE_PAGE = 50, 100, 10


def plain(text: str, limit: int) -> Block:
    """Text in which nothing is markup."""
    return {"type": "plain_text", "text": clip(clean(text), limit) or " ", "emoji": False}


def marked(text: str, limit: int = SECTION) -> Block:
    """Our own mrkdwn, with people's words in it already escaped; `verbatim` keeps Slack from parsing more into it."""
    return {"type": "mrkdwn", "text": clip(text, limit) or " ", "verbatim": True}


def header(text: str) -> Block:
    """A headline."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, *, button: Block | None = None) -> Block:
    """A paragraph, perhaps with a button at its side."""
    return {"type": "section", "text": marked(text)} | ({"accessory": button} if button else {})


def fields(texts: Iterable[str]) -> Block:
    """Short texts in two columns, at most ten."""
    return {"type": "section", "fields": [marked(text, FIELD) for text in list(texts)[:FIELDS]]}


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [marked(text, FIELD) for text in texts[:CONTEXT_ELEMENTS]]}


def quote(label: str, words: str) -> Block:
    """People's own words, as they are, below a label in bold."""
    said = {"type": "rich_text_section", "elements": [_run(words)]}
    title = {"type": "rich_text_section", "elements": [_run(label, bold=True)]}
    return {"type": "rich_text", "elements": [title, said]}


def _run(words: str, *, bold: bool = False) -> Block:
    run: Block = {"type": "text", "text": clip(clean(words), SECTION) or " "}
    return run | ({"style": {"bold": True}} if bold else {})


def button(text: str, action: str, value: str, *, primary: bool = False) -> Block:
    """A button; `value` is an opaque reference, since it travels through Slack."""
    made: Block = {"type": "button", "text": plain(text, BUTTON), "action_id": action, "value": value[:BUTTON_VALUE]}
    return made | ({"style": "primary"} if primary else {})


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons[:ACTION_ELEMENTS])}


def bars(title: str, categories: Sequence[str], series: Mapping[str, Sequence[float]], unit: str) -> Block:
    """Slack's own bar chart: a value of each series for each category, both unlike each other and short."""
    data = {
        name: [{"label": each, "value": value} for each, value in zip(categories, values, strict=True)]
        for name, values in series.items()
    }
    chart = {
        "type": "bar",
        "series": [{"name": name, "data": points} for name, points in data.items()],
        "axis_config": {"categories": list(categories), "y_label": _line(unit, CHART_TITLE)},
    }
    return {"type": CHART, "title": _line(title, CHART_TITLE), "chart": chart}


def data_table(caption: str, rows: Sequence[Sequence[str]]) -> Block:
    """A table, its first row the head; `caption` names it for screen readers too."""
    cells = [[{"type": "raw_text", "text": _line(text, TABLE_CELL)} for text in row] for row in rows]
    return {"type": "data_table", "caption": _line(caption, HEADER), "rows": cells, "page_size": TABLE_PAGE}


def _line(words: str, limit: int) -> str:
    """Words where Slack takes a bare text."""
    return clip(hush(clean(words)), limit) or " "


def fit(blocks: list[Block], limit: int = MESSAGE_BLOCKS) -> list[Block]:
    """At most `limit` blocks; what is left out is counted, and the last row of buttons or of small print stays."""
    if len(blocks) <= limit:
        return blocks
    tail = [blocks[-1]] if blocks[-1]["type"] in ("actions", "context") else []
    kept = blocks[: limit - 1 - len(tail)]
    return [*kept, context(f"… +{len(blocks) - len(kept) - len(tail)}"), *tail]


def text_of(blocks: Iterable[Block]) -> str:
    """The whole message as text: what screen readers and notifications read."""
    lines = (line for block in blocks for line in _LINES.get(block["type"], _no_lines)(block))
    return clip(hush("\n".join(line for line in lines if line.strip())), TOP_TEXT)


def _no_lines(_block: Block) -> list[str]:
    return []


def _section_lines(block: Block) -> list[str]:
    parts = [block["text"]] if "text" in block else []
    return [str(part["text"]) for part in (*parts, *block.get("fields", ()))]


def _rich_lines(block: Block) -> list[str]:
    return ["".join(escape(run["text"]) for run in part["elements"]) for part in block["elements"]]


def _table_lines(block: Block) -> list[str]:
    """The caption, then each row with its heads, so that it is understood when it is read out."""
    head, *rows = [[escape(cell["text"]) for cell in row] for row in block["rows"]]
    lines = [f"{row[0]}: " + ", ".join(_pairs(head[1:], row[1:])) for row in rows]
    return [escape(block["caption"]), *lines]


def _pairs(heads: Sequence[str], cells: Sequence[str]) -> list[str]:
    return [f"{head} {cell}" for head, cell in zip(heads, cells, strict=True)]


_LINES = {
    "header": lambda block: [escape(block["text"]["text"])],
    "section": _section_lines,
    "context": lambda block: [str(element["text"]) for element in block["elements"]],
    "rich_text": _rich_lines,
    "data_table": _table_lines,
}
