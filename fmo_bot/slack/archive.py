"""Looking through what our apps have said, and taking a copy back: the Archive port."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fmo_bot.delivery import lanes
from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.parties import Place
from fmo_bot.ports import Sighting
from fmo_bot.slack import history
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import code_of, speak

_GONE = frozenset({"message_not_found", "file_not_found", "file_deleted"})
_TOUCHED = ("reply_count", "reactions", "pinned_to")  # a person has done something with the message


class SlackArchive:
    """ports.Archive on slack_sdk."""

    def __init__(self, *, installs: Installs) -> None:
        """Reads as the installation that posts in a place."""
        self._installs = installs

    def ours(self, place: Place, *, since: datetime, thread_ts: str | None = None) -> Sequence[Sighting]:
        """What the installation in `place.workspace` itself has posted there; others may copy its keys."""
        bot_id = self._installs.of_team(place.workspace).bot_id
        client = self._installs.client_of(place.workspace)
        found = history.messages(client, place, since=since, thread_ts=thread_ts)
        return [
            _sighting(key, each) for each in found if each.get("bot_id") == bot_id and (key := history.key_of(each))
        ]

    def remove(self, place: Place, ts: str) -> None:
        """Delete one message."""
        delete(self._installs.client_of(place.workspace), place, ts)


def delete(client: WebClient, place: Place, ts: str) -> None:
    """Delete one of our messages, or the picture whose file's id `ts` is; what is gone already is well."""

    def call() -> None:
        try:
            if ts.startswith("F"):
                client.files_delete(file=ts)
            else:
                client.chat_delete(channel=place.channel, ts=ts)
        except SlackApiError as error:
            if code_of(error) not in _GONE:
                raise

    speak(call, lane=of_method(place.workspace, lanes.REMOVE), idempotent=True)


def _sighting(key: str, message: dict[str, Any]) -> Sighting:
    return Sighting(key=key, ts=str(message["ts"]), touched=any(message.get(name) for name in _TOUCHED))
