"""Which issue a link to Jira means. A link is somebody's words: nothing in it is believed but the address of a site."""

import html
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,79}-[1-9][0-9]{0,11}")
_LONGEST = 2000


def issue_in(link: str, sites: Mapping[str, str]) -> tuple[str, str] | None:
    """(site, key of an issue) that a link shows; None for any other link. `sites`: key -> where people open it."""
    try:
        asked = urlsplit(html.unescape(link[:_LONGEST]))
        host, port = asked.hostname, asked.port
        found = next((each for each in sites.items() if _is_within(asked.path, host, port, each[1])), None)
    except ValueError:  # no address at all
        return None
    if found is None:
        return None
    rest = asked.path.removeprefix(urlsplit(found[1]).path.rstrip("/"))
    named = rest.removeprefix("/browse/").rstrip("/") if rest.startswith("/browse/") else _selected(asked.query)
    return (found[0], named) if _KEY.fullmatch(named) else None


def _is_within(path: str, host: str | None, port: int | None, site: str) -> bool:
    known = urlsplit(site)
    below = known.path.rstrip("/") + "/"
    return host is not None and (host, port) == (known.hostname, known.port) and path.startswith(below)


def _selected(query: str) -> str:
    """The issue that stands open beside a board."""
    return next(iter(parse_qs(query).get("selectedIssue", ())), "")
