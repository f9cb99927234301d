"""What changed on a board that a channel follows."""

from itertools import accumulate

from fmo_bot.domain.follows import BULK, FLAG, GIVEN, MOVED, PLANNED
from fmo_bot.domain.messages import BoardNews, NewsLine
from fmo_bot.locales import Translator
from fmo_bot.slack.blocks import SECTION, Block, section
from fmo_bot.slack.text import clip, escape, issue_name

_SHOWN = 30  # lines of one message; the rest is counted
_LONGEST = 80  # characters of a status or of sprints
_WORDS = {
    (MOVED, True): "{what} moved to {to}",
    (MOVED, False): "{what} moved",
    (FLAG, True): "{what} flagged",
    (FLAG, False): "{what}: flag taken away",
    (PLANNED, True): "{what} planned for {to}",
    (PLANNED, False): "{what} taken out of its sprint",
    (GIVEN, False): "{what}: another assignee",
}


def board_news(message: BoardNews, t: Translator) -> list[Block]:
    """A line for each kind of change."""
    lines = [_line(each, t) for each in message.lines]
    shown = lines[: max(1, _fitting(lines))]
    more = [f"… +{len(lines) - len(shown)}"] if len(lines) > len(shown) else []
    said = "\n".join((*shown, *more)) or "…"  # no line: what was told became internal
    return [section(f"*{escape(message.board)}*"), section(said)]


def _fitting(lines: list[str]) -> int:
    """How many lines stand in one section, whole, with room for the count of the others."""
    lengths = accumulate(len(line) + 1 for line in lines[:_SHOWN])
    return sum(length <= SECTION - _LONGEST for length in lengths)


def _line(line: NewsLine, t: Translator) -> str:
    words = _WORDS.get((line.kind, bool(line.to)), "{what} changed")
    to = clip(" ".join(line.to.split()), _LONGEST)  # one line of theirs never looks like two of ours
    return "• " + t(words, what=_what(line, t), to=escape(to))


def _what(line: NewsLine, t: Translator) -> str:
    if len(line.issues) >= BULK:
        return t.many("{n} issue", "{n} issues", len(line.issues))
    return ", ".join(dict.fromkeys(escape(issue_name(each, t)) for each in line.issues))
