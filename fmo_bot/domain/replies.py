"""A reply in a round's thread, read as answers: lines that begin with a question's number or words, and the rest."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_NUMBERED = re.compile(r"\s*(\d{1,2})\s*[.):\uff1a\u3001\uff09-]\s*(.*)", re.DOTALL)
_END = "?:.\uff1f\uff1a \t"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question as a reply may name it: by its number (its place among those asked), or by one of its `words`."""

    key: str
    words: tuple[str, ...]


def read(text: str, asked: Sequence[Asked], given: Mapping[str, str]) -> dict[str, str]:
    """What a reply says to which question: key -> text, in the order of the questions.

    A line that begins with a number and a sign (`2. ...`, `2) ...`, `2: ...`) or with a question's words and a colon
    or question mark answers that question, together with the lines after it. What stands before the first such line
    answers the first question that neither the reply nor `given` answers; where none is left, the first of all.
    """
    said: dict[str, list[str]] = {}
    loose: list[str] = []
    lines = loose
    for key, line in _lines(text, asked):
        if key is not None:
            lines = said.setdefault(key, [])
        lines.append(line)
    found = {key: words for key, theirs in said.items() if (words := _joined(theirs))}
    if (rest := _joined(loose)) and asked:
        free = (each.key for each in asked if each.key not in found and not given.get(each.key))
        key = next(free, asked[0].key)
        found[key] = _joined([rest, found.get(key, "")])
    return {each.key: found[each.key] for each in asked if each.key in found}


def _lines(text: str, asked: Sequence[Asked]) -> Iterator[tuple[str | None, str]]:
    """(the question a line begins with, what the line says); no question where it goes on."""
    for line in text.splitlines():
        numbered = _NUMBERED.fullmatch(line)
        if numbered and 1 <= int(numbered[1]) <= len(asked):
            yield asked[int(numbered[1]) - 1].key, numbered[2]
        else:
            yield next(_named(line, asked), (None, line))


def _named(line: str, asked: Iterable[Asked]) -> Iterator[tuple[str | None, str]]:
    bare = line.lstrip(" \t*_>-\u2022")
    for each in asked:
        for words in each.words:
            name = words.rstrip(_END)
            after = bare[len(name) :]
            if (
                name
                and bare[: len(name)].casefold() == name.casefold()
                and after.lstrip("*_ ")[:1] in tuple("?:\uff1f\uff1a")
            ):
                yield each.key, after.lstrip("*_" + _END)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()
