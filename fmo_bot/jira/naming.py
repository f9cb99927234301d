"""Fields in which people name an issue of another site, and what comes out of them: keys and ids, never their words."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

LONGEST = 4_000  # characters of a value that is looked at: longer ones are prose
MOST_WORDS, MOST_VALUES, MOST_ISSUES = 100, 20, 10
_CUSTOM = re.compile(r"customfield_[0-9]{1,18}")
_BETWEEN = re.compile(r"[\s,;|<>()\[\]]+")  # also what wiki and Markdown put around an address
_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,79}-[1-9][0-9]{0,17}")
_PATH = re.compile(r"/(?:browse|issues?)/([^/]+)/?$")  # /browse/LAB-7, /projects/LAB/issues/LAB-7, /rest/…/issue/10007
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_PORTS = {"http": 80, "https": 443}


def fields(
    known: Sequence[Mapping[str, Any]], sought: Iterable[str], *, beside: Collection[str | None]
) -> tuple[tuple[str, str], ...]:
    """Of the fields sought, by name or id, those the site has as custom fields, each as it was said and by its id.

    Of several with one name it is the first. `beside`: fields with a meaning of their own, which name nothing.
    """
    ids: dict[str, str] = {}
    for one in known:
        number, name = one.get("id"), one.get("name")
        if isinstance(number, str) and _CUSTOM.fullmatch(number) and number not in beside:
            ids[number] = number
            if isinstance(name, str):
                ids.setdefault(name.strip().casefold(), number)
    return tuple((said, ids[said.casefold()]) for said in sought if said.casefold() in ids)


def issues(value: Any, addresses: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The issues that a value names, each once: (site, key or id), the site "" where a key stands alone.

    An address counts where it is one of a known site; everything else is left behind.
    """
    found = (named for word in _words(value) if (named := _issue(word, addresses)) is not None)
    return tuple(islice(dict.fromkeys(found), MOST_ISSUES))


def _words(value: Any) -> Iterator[str]:
    for text in islice(value, MOST_VALUES) if isinstance(value, list) else (value,):
        if isinstance(text, Mapping):  # a choice out of a list
            text = text.get("value")
        if isinstance(text, str) and len(text) <= LONGEST:
            yield from islice(filter(None, _BETWEEN.split(text)), MOST_WORDS)


def _issue(word: str, addresses: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    if "://" not in word:
        return ("", word.upper()) if _KEY.fullmatch(word.upper()) else None
    try:
        told = urlsplit(word)
        site, path = next(
            (site, told.path.removeprefix(base.path.rstrip("/")))
            for site, base in ((site, urlsplit(address)) for site, address in addresses)
            if _same_place(told, base)
        )
    except (ValueError, StopIteration):  # no address at all, or nobody's whom we know
        return None
    named = _in_path(path) or _in_query(told.query)
    return (site, named) if named else None


def _same_place(told: SplitResult, base: SplitResult) -> bool:
    below = base.path.rstrip("/") + "/"
    return _host(told) == _host(base) and (told.path + "/").startswith(below)


def _host(address: SplitResult) -> tuple[str | None, int | None]:
    """Whoever types an address may write http for https: the port alone tells servers of one host apart."""
    standard = address.port in (None, _PORTS.get(address.scheme))
    return address.hostname, None if standard else address.port


def _in_path(path: str) -> str | None:
    found = _PATH.search(path)
    named = found[1].upper() if found else ""
    return named if _KEY.fullmatch(named) or _NUMBER.fullmatch(named) else None


def _in_query(query: str) -> str | None:
    """A board opened at an issue: `?selectedIssue=LAB-7`."""
    named = parse_qs(query, max_num_fields=20).get("selectedIssue", [""])[-1].upper()
    return named if _KEY.fullmatch(named) else None
