"""Jira's webhooks: whether one is genuine, and what it hints at. A hint is never the truth: the issue is read again.

Admin webhooks of Cloud, and of Data Center from 10.0, sign the raw bytes with a secret (`X-Hub-Signature`). Older Data
Centers sign nothing: those come to an address that is itself a secret (`services.hooks`).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmo_bot.domain.hints import Hint

# Atlassian says the method may change; these are the ones we would trust. Anything else is refused.
_METHODS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_COMMENTED = re.compile(r"/issue/([0-9]{1,18})/comment/")
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,128}")
_PROJECT = re.compile(r"([A-Z][A-Z0-9_]{0,254})-[0-9]{1,18}")
_OURS = ("jira:issue_", "comment_", "issuelink_", "sprint_", "board_")
_ENTITIES = ("issue", "comment", "sprint", "board", "issueLink")
_LINKED = ("sourceIssueId", "destinationIssueId")
_MOST_DIGITS = 18  # of an id: what a 64-bit column takes
Event = Mapping[str, Any]


class NotUnderstood(ValueError):
    """The body is no webhook of Jira's, and will not be when it is sent again."""


def is_signed(body: bytes, *, signatures: Sequence[str], secret: str) -> bool:
    """Whether the one header `X-Hub-Signature` (`method=hex`) is the HMAC of the raw body with our secret.

    Two headers are refused: whoever stands in between may have read the other one.
    """
    method, _, given = (signatures[0] if len(signatures) == 1 else "").partition("=")
    digest = _METHODS.get(method.strip().lower())
    if digest is None or not secret:
        return False
    expected = hmac.new(secret.encode(), body, digest).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def hint(body: bytes, *, site: str, identifiers: Sequence[str] = ()) -> Hint | None:
    """What a genuine webhook hints at; None where it concerns nothing we read. Raises NotUnderstood.

    `identifiers`: what stands in Cloud's header `X-Atlassian-Webhook-Identifier`; Data Center sends none.
    """
    event = _event(body)
    name = event["webhookEvent"]
    if not name.startswith(_OURS):
        return None
    board, sprint = _part(event, "board"), _part(event, "sprint")
    return Hint(
        site=site,
        event_key=f"jira:{site}:{_key(event, name, identifiers)}",
        issues=tuple(dict.fromkeys(_issues(event))),
        project=_project(event),
        deleted=name == "jira:issue_deleted",
        board=_number(board.get("id")) or _number(sprint.get("originBoardId")),
        sprint=_number(sprint.get("id")),
    )


def _event(body: bytes) -> Event:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):  # ValueError: no JSON, no text, a number of too many digits
        raise NotUnderstood from None
    if not isinstance(event, dict) or not isinstance(event.get("webhookEvent"), str):
        raise NotUnderstood
    return event


def _part(event: Event, name: str) -> Event:
    part = event.get(name)
    return part if isinstance(part, dict) else {}


def _issues(event: Event) -> Iterator[str]:
    """The issue's own id, that in a comment's address (Data Center tells no issue with it), both ends of a link."""
    commented = _COMMENTED.search(_text(_part(event, "comment").get("self")))
    link = _part(event, "issueLink")
    told = (_part(event, "issue").get("id"), commented and commented[1], *(link.get(end) for end in _LINKED))
    return (str(number) for number in map(_number, told) if number is not None)


def _number(value: object) -> int | None:
    """An id, given as a number or as its digits; None for anything else."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def _project(event: Event) -> str | None:
    found = _PROJECT.fullmatch(_text(_part(event, "issue").get("key")))
    return found[1] if found else None


def _key(event: Event, name: str, identifiers: Sequence[str]) -> str:
    """Cloud's identifier; without one, event, entity and instant, which are enough to know a repetition."""
    if len(set(identifiers)) == 1 and _IDENTIFIER.fullmatch(identifiers[0]):
        return identifiers[0]
    ids = [_scalar(_part(event, kind).get("id")) for kind in _ENTITIES]
    link = [_scalar(_part(event, "issueLink").get(end)) for end in _LINKED]
    told = repr((name, ids, link, list(_issues(event)), _scalar(event.get("timestamp"))))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _scalar(value: object) -> object:
    return value if isinstance(value, int | str | float) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
