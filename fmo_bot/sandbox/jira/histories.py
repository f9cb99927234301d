"""Histories, kept so that 50,000 issues with 700,000 of them fit into memory: equal parts exist once.

Most histories say what thousands of others say (this status to that one, by one of a few hundred people). Their items
and authors are shared, and so whatever is derived from them is derived once: see `OnceEach`. Nobody may change what is
shared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from fmo_bot.sandbox.jira import times

Json = dict[str, Any]
Items = tuple[Json, ...]
S = TypeVar("S")
T = TypeVar("T")


class History(msgspec.Struct, frozen=True, gc=False):
    """What one person changed at one instant."""

    number: int
    at: datetime
    items: Items
    author: Json | None = None


class Shelf:
    """Where equal values are kept once, by the bytes in which they came."""

    def __init__(self) -> None:
        """Empty."""
        self._items: dict[bytes, Items] = {}
        self._values: dict[bytes, Any] = {}

    def items(self, raw: bytes) -> Items:
        """A history's items; ValueError where one has no field."""
        found = self._items.get(raw)
        if found is None:
            found = self._items[raw] = checked(msgspec.json.decode(raw))
        return found

    def value(self, raw: bytes) -> Any:
        """Any JSON value; objects and lists exist once."""
        if raw[:1] not in (b"{", b"["):
            return msgspec.json.decode(raw)
        found = self._values.get(raw)
        if found is None:
            found = self._values[raw] = msgspec.json.decode(raw)
        return found


def checked(items: object) -> Items:
    """The items of a history; ValueError says what is wrong with them."""
    if not isinstance(items, list):
        raise ValueError("a history's items is not a list")
    for item in items:
        if not isinstance(item, dict):
            raise ValueError("an item is not a JSON object")
        if not isinstance(item.get("field"), str):
            raise ValueError("a history's item has no field")
    return tuple(items)


def read(raw: object) -> History:
    """A history in Jira's JSON; ValueError says what is wrong with it."""
    if not isinstance(raw, dict):
        raise ValueError("a history is not a JSON object")
    if not str(raw.get("id") or "").isdigit():
        raise ValueError("a history has no numeric id")
    author = raw.get("author") if isinstance(raw.get("author"), dict) else None
    return History(int(raw["id"]), times.read(raw.get("created")), checked(raw.get("items")), author)


def in_order(histories: Iterable[History]) -> list[History]:
    """Oldest first; those of one instant by number."""
    return sorted(histories, key=lambda one: (one.at, one.number))


class OnceEach(Generic[S, T]):
    """A function of something shared, worked out once for everybody who shares it."""

    def __init__(self, of: Callable[[S], T]) -> None:
        """`of` must depend on nothing but what it is given."""
        self._of = of
        self._known: dict[int, tuple[S, T]] = {}

    def __call__(self, shared: S) -> T:
        """What `of` says."""
        known = self._known.get(id(shared))
        if known is None:
            known = self._known[id(shared)] = (shared, self._of(shared))  # holding it keeps its id its own
        return known[1]


def different_items(histories: Iterable[Sequence[History]]) -> Iterator[Items]:
    """The items of all these histories, shared ones once."""
    seen: dict[int, Items] = {}
    for listed in histories:
        for history in listed:
            if id(history.items) not in seen:
                seen[id(history.items)] = history.items
                yield history.items


def different_authors(histories: Iterable[Sequence[History]]) -> Iterator[Json]:
    """The authors of all these histories, shared ones once."""
    seen: dict[int, Json] = {}
    for listed in histories:
        for history in listed:
            if history.author is not None and id(history.author) not in seen:
                seen[id(history.author)] = history.author
                yield history.author
