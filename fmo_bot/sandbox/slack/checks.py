"""The small checks that Block Kit's rules are made of. Each yields (JSON pointer below the object, explanation)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Problems = Iterator[tuple[str, str]]


def length(holder: Mapping[str, Any], name: str, most: int, *, required: bool = True, least: int = 1) -> Problems:
    """A string of `least` to `most` characters."""
    value = holder.get(name)
    if value is None:
        if required:
            yield f"/{name}", f"missing required field: {name}"
    elif not isinstance(value, str):
        yield f"/{name}", "must be a string"
    elif len(value) > most:
        yield f"/{name}", f"must be less than {most + 1} characters"
    elif len(value) < least:
        yield f"/{name}", f"must be more than {least - 1} characters"


def one_of(holder: Mapping[str, Any], name: str, allowed: Sequence[str], *, required: bool = True) -> Problems:
    """A string out of a few."""
    value = holder.get(name)
    if (value is not None or required) and value not in allowed:
        yield f"/{name}", f"must be one of {', '.join(allowed)}"


def several(
    holder: Mapping[str, Any], name: str, least: int, most: int, *, required: bool = True
) -> Iterator[tuple[str, Any]]:
    """Each item of a list of `least` to `most` as (pointer, item).

    A list of another length comes as one item that no check accepts, so that the caller's check refuses it.
    """
    value = holder.get(name)
    if value is None and not required:
        return
    if not isinstance(value, list) or not least <= len(value) <= most:
        yield f"/{name}", WrongLength(f"must have {least} to {most} items")
        return
    for index, item in enumerate(value):
        yield f"/{name}/{index}", item


class WrongLength(str):
    """Stands for a list whose length is wrong; says so."""


def text_object(
    holder: Mapping[str, Any], name: str, most: int, *, plain: bool = False, required: bool = True
) -> Problems:
    """A text object `{type: plain_text|mrkdwn, text}` of 1 to `most` characters."""
    value = holder.get(name)
    where = f"/{name}"
    if value is None:
        if required:
            yield where, f"missing required field: {name}"
    elif isinstance(value, WrongLength):
        yield where, str(value)
    elif not isinstance(value, Mapping):
        yield where, "must be an object"
    elif value.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        yield f"{where}/type", f"must be {'plain_text' if plain else 'plain_text or mrkdwn'}"
    else:
        yield from ((where + deeper, text) for deeper, text in length(value, "text", most))
        if value["type"] == "plain_text" and "verbatim" in value:
            yield f"{where}/verbatim", "additional property: verbatim"


def words(value: object) -> int:
    """How many characters the `text`s within a structure have together."""
    if isinstance(value, Mapping):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(words(inner) for inner in value.values() if not isinstance(inner, str))
    return sum(words(inner) for inner in value) if isinstance(value, list) else 0
