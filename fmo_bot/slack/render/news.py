"""What changed on a board that a channel follows."""

from fmo_bot.domain.follows import BULK, FLAG, GIVEN, MOVED, PLANNED
from fmo_bot.domain.messages import BoardNews, NewsLine
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import Block, section
from fmo_bot.slack.text import escape, issue_name

_SHOWN = 30  # lines of one message; the rest is counted
_WORDS = {
    (MOVED, True): "{what} moved to {to}",
    (MOVED, False): "{what} moved",
    (FLAG, True): "{what} flagged",
    (FLAG, False): "{what}: flag taken away",
    (PLANNED, True): "{what} planned for {to}",
    (PLANNED, False): "{what} taken out of its sprint",
    (GIVEN, False): "{what} given to somebody else",
}


def board_news(message: BoardNews, t: Translator) -> list[Block]:
    """A line for each kind of change."""
    lines = [_line(each, t) for each in message.lines]
    more = [f"… +{len(lines) - _SHOWN}"] if len(lines) > _SHOWN else []
    said = "\n".join((*lines[:_SHOWN], *more)) or "…"  # no line: what was told became internal
    return [section(f"*{escape(message.board)}*"), section(said)]


def _line(line: NewsLine, t: Translator) -> str:
    words = _WORDS.get((line.kind, bool(line.to)), "{what} changed")
    return "• " + t(words, what=_what(line, t), to=escape(line.to))


def _what(line: NewsLine, t: Translator) -> str:
    if len(line.issues) >= BULK:
        return t.many("{n} issue", "{n} issues", len(line.issues))
    return ", ".join(dict.fromkeys(escape(issue_name(each, t)) for each in line.issues))
