"""Pages by token, as Cloud gives them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from fmo_bot.jira.parse import Malformed

T = TypeVar("T")


def by_token(ask: Callable[[Mapping[str, str]], T], mark: str | None = None) -> Iterator[tuple[T, str | None]]:
    """Page after page, each with the token of the next one; from the one behind the token `mark`.

    Raises Malformed where a token comes again: to go on would be for ever, and what came before it is not everything.
    """
    token, seen = mark, {mark}
    while True:
        page = ask({"nextPageToken": token} if token else {})
        token = _next(page)
        if token in seen and token is not None:
            raise Malformed("a page that is followed by one before it")
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
