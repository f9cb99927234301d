"""Reading a conversation of Slack page by page, as far back as something of ours may be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.parties import Place
from fmo_bot.errors import NotNow
from fmo_bot.slack.actions import METADATA_EVENT
from fmo_bot.slack.outcomes import speak

_PAGE, _PAGES = 200, 10  # messages of a page; pages at most
_SKEW = timedelta(minutes=2)  # between Slack's clock and ours


def messages(client: WebClient, place: Place, *, since: datetime, thread_ts: str | None) -> Iterator[dict[str, Any]]:
    """What stands in the conversation, or in one of its threads, since then; newest first outside of threads.

    Raises Undeliverable where history may not be read, RateLimited or NotNow where it cannot be just now. NotNow also
    where more stands there than is looked through: what was not found may be in the rest.
    """
    method = "conversations.history" if thread_ts is None else "conversations.replies"
    arguments: dict[str, Any] = {"channel": place.channel, "oldest": f"{(since - _SKEW).timestamp():.6f}"}
    arguments |= {"limit": _PAGE, "include_all_metadata": True} | ({} if thread_ts is None else {"ts": thread_ts})
    for _ in range(_PAGES):
        page = speak(
            lambda: client.api_call(method, params=arguments),
            lane=of_method(place.workspace, method),
            idempotent=True,
        )
        yield from page["messages"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        arguments["cursor"] = cursor
    raise NotNow(f"more than {_PAGES * _PAGE} messages stand there since then")


def key_of(message: dict[str, Any]) -> str | None:
    """The opaque key that a message carries in its metadata; anybody could have put one there."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_EVENT:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None
