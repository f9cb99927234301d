"""Jira's webhooks: whether one is genuine, and what it hints at. A hint is never the truth: the issue is read again.

Admin webhooks of Cloud, and of Data Center from 10.0, sign the raw bytes with a secret (`X-Hub-Signature`). Older Data
Centers sign nothing: theirs are not taken, and the next look finds what changed.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Atlassian says the method may change; these are the ones we would trust. Anything else is refused.
_METHODS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_COMMENTED = re.compile(r"/issue/(\d{1,18})/comment/")
_OURS = ("jira:issue_", "comment_", "issuelink_", "sprint_", "board_")


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Something changed on a site. `issue_id` None: not one issue, but its boards' sprints or set-up."""

    site: str
    issue_id: str | None
    event_key: str  # the same for every repetition of the same event


def is_signed(body: bytes, *, signature: str | None, secret: str) -> bool:
    """Whether `signature` (header `X-Hub-Signature`: `method=hex`) is the HMAC of the raw body with our secret."""
    method, _, given = (signature or "").partition("=")
    digest = _METHODS.get(method.strip().lower())
    if digest is None or not secret:
        return False
    expected = hmac.new(secret.encode(), body, digest).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def hint(body: bytes, *, site: str, identifier: str | None) -> Hint | None:
    """What a genuine webhook hints at; None where it concerns nothing we read, or cannot be understood.

    `identifier` is Cloud's `X-Atlassian-Webhook-Identifier`; Data Center sends none.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = event.get("webhookEvent") if isinstance(event, Mapping) else None
    if not isinstance(name, str) or not name.startswith(_OURS):
        return None
    key = identifier or _own_key(event, name)
    return Hint(site=site, issue_id=_issue_id(event), event_key=f"jira:{site}:{key}"[:255])


def _issue_id(event: Mapping[str, Any]) -> str | None:
    """From the issue, or from a comment's own address (Data Center's comment events carry no issue)."""
    issue, comment = event.get("issue"), event.get("comment")
    number = issue.get("id") if isinstance(issue, Mapping) else None
    if number is None and isinstance(comment, Mapping):
        found = _COMMENTED.search(str(comment.get("self")))
        number = found[1] if found else None
    digits = str(number)
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _own_key(event: Mapping[str, Any], name: str) -> str:
    """Event, entity and instant: enough to know a repetition. A digest, for none of it is ours."""
    entities = (event.get(kind) for kind in ("issue", "comment", "sprint", "board", "issueLink"))
    ids = [entity.get("id") for entity in entities if isinstance(entity, Mapping)]
    return hashlib.sha256(repr((name, ids, event.get("timestamp"))).encode("utf-8", "replace")).hexdigest()
