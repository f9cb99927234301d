"""Pages by token, as Cloud gives them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


def by_token(ask: Callable[[Mapping[str, str]], T], mark: str | None = None) -> Iterator[tuple[T, str | None]]:
    """Page after page, each with the token of the next one; from the one behind the token `mark`.

    A token that was seen before is the end: a server that repeats one would keep us here for ever.
    """
    token, seen = mark, {mark}
    while True:
        page = ask({"nextPageToken": token} if token else {})
        token = _next(page)
        token = None if token in seen else token
        yield page, token
        if token is None:
            return
        seen.add(token)


def batches(everything: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    rest = iter(everything)
    while batch := list(islice(rest, size)):
        yield batch


def _next(page: Any) -> str | None:
    return page.token if isinstance(page.token, str) and page.token and page.last is not True else None
