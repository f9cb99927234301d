"""Pieces of a file that people wrote: each is what it has to be, or a `FileWrong` that names its place."""

from collections.abc import Iterable, Mapping
from typing import Any

from fmo_bot.errors import FileWrong


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """`value` as `name: value` lines. Raises `FileWrong`."""
    if isinstance(value, Mapping):
        return value
    raise FileWrong(f"{where}: here a mapping (name: value) is needed, not {value!r:.60}")


def sequence(value: object, where: str) -> list[Any]:
    """`value` as a list. Raises `FileWrong`."""
    if isinstance(value, list | tuple):
        return list(value)
    raise FileWrong(f"{where}: here a list is needed, not {value!r:.60}")


def text(value: object, where: str) -> str:
    """Text, or a whole number as YAML reads an id without quotes. Raises `FileWrong`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise FileWrong(f"{where}: here a text is needed, not {value!r:.60}")


def texts(value: object, where: str) -> tuple[str, ...]:
    """A list of those. Raises `FileWrong`."""
    return tuple(text(entry, where) for entry in sequence(value, where))


def refuse_unknown(content: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raise `FileWrong` for a name that means nothing here: it is mistyped, or meant for another place."""
    unknown = [key for key in content if key not in known]
    if unknown:
        raise FileWrong(f"{where}: {unknown[0]!r} is not known here; known are {', '.join(known)}")


def refuse_repeats(values: Iterable[str], where: str, sentence: str) -> None:
    """Raise `FileWrong` for a value that stands twice; `sentence` has a `{!r}` for it."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise FileWrong(f"{where}: {sentence.format(value)}")
        seen.add(value)
