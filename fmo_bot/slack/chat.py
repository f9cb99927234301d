"""Speaking in Slack: the Chat port. One call per method, never repeated by itself; errors come out as SendOutcomes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fmo_bot.delivery.lanes import of_method
from fmo_bot.domain.charts import Chart
from fmo_bot.domain.parties import Person, Place
from fmo_bot.errors import NotNow, Undeliverable
from fmo_bot.network import Network
from fmo_bot.ports import Outgoing, Pictures
from fmo_bot.slack import history
from fmo_bot.slack.actions import METADATA_EVENT
from fmo_bot.slack.archive import delete
from fmo_bot.slack.blocks import CHART
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.outcomes import code_of, speak
from fmo_bot.slack.render import Rendered, render

_UPLOAD_TIMEOUT = 30  # seconds
_BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


class SlackChat:
    """ports.Chat on slack_sdk, one client per installation."""

    def __init__(self, *, installs: Installs, pictures: Pictures) -> None:
        """`pictures` draws a chart message when it is sent."""
        self._installs = installs
        self._pictures = pictures

    def post(self, place: Place, outgoing: Outgoing) -> str:
        """Post; returns the ts (of a picture the file's id, since Slack tells no ts for it)."""
        client = self._installs.client_of(place.workspace)
        if isinstance(outgoing.message, Chart):
            return self._post_chart(client, place, outgoing)
        answer = self._write(client, place, outgoing, thread_ts=outgoing.thread_ts)
        return str(answer["ts"])

    def update(self, place: Place, ts: str, outgoing: Outgoing) -> None:
        """Replace the message at `ts`."""
        self._write(self._installs.client_of(place.workspace), place, outgoing, ts=ts)

    def remove(self, place: Place, ts: str) -> None:
        """Delete our message at `ts`, or the picture whose file's id it is."""
        delete(self._installs.client_of(place.workspace), place, ts)

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        """Our message with `key` in its metadata (a picture: in its file's name), looked for from `since` on.

        Others may copy a message with its key. Of a picture Slack does not always say which app shared it.
        """
        client, bot_id = self._installs.client_of(place.workspace), self._installs.of_team(place.workspace).bot_id
        for message in history.messages(client, place, since=since, thread_ts=thread_ts):
            if _carries(message, key, bot_id):
                return str(message["ts"])
        return None

    def direct(self, person: Person) -> Place:
        """The person's direct conversation with the app in their own workspace."""
        client = self._installs.client_of(person.workspace)
        lane = of_method(person.workspace, "conversations.open")
        answer = speak(lambda: client.conversations_open(users=person.user), lane=lane, idempotent=True)
        return Place(person.workspace, str(answer["channel"]["id"]))

    def publish_home(self, person: Person, outgoing: Outgoing) -> None:
        """Replace the person's App Home in their own workspace."""
        client = self._installs.client_of(person.workspace)
        view = {"type": "home", "blocks": render(outgoing.message, outgoing.language).blocks}
        lane = of_method(person.workspace, "views.publish")
        speak(lambda: client.views_publish(user_id=person.user, view=view), lane=lane, idempotent=True)

    def _post_chart(self, client: WebClient, place: Place, outgoing: Outgoing) -> str:
        """As Slack's own blocks where there are such and the workspace takes them, else as a picture."""
        rendered = render(outgoing.message, outgoing.language)
        if not any(block["type"] == CHART for block in rendered.blocks):
            return self._post_picture(client, place, outgoing)
        arguments = _arguments(place, outgoing, rendered)
        lane = of_method(place.workspace, "chat.postMessage")
        try:
            answer = speak(lambda: client.chat_postMessage(**arguments, thread_ts=outgoing.thread_ts), lane=lane)
        except Undeliverable as refused:
            if not _is_about_blocks(refused):
                raise
            return self._post_picture(client, place, outgoing)
        return str(answer["ts"])

    def _write(self, client: WebClient, place: Place, outgoing: Outgoing, **where: str | None) -> Any:
        """Post or update (`ts` in `where`); where Slack refuses the blocks, the full text goes out without them."""
        rendered = render(outgoing.message, outgoing.language)
        method = "chat.update" if "ts" in where else "chat.postMessage"
        lane = of_method(place.workspace, method)
        arguments = _arguments(place, outgoing, rendered) | {key: value for key, value in where.items() if value}
        call = client.chat_update if "ts" in where else client.chat_postMessage
        try:
            return speak(lambda: call(**arguments), lane=lane)
        except Undeliverable as refused:
            if not _is_about_blocks(refused):
                raise
            return speak(lambda: call(**(arguments | {"blocks": []})), lane=lane)

    def _post_picture(self, client: WebClient, place: Place, outgoing: Outgoing) -> str:
        """Files upload v2 in its three steps; only the last one shows anything, so only it can be uncertain."""
        picture = self._pictures.draw(outgoing.message, language=outgoing.language)
        stem, _, suffix = picture.name.rpartition(".")
        name = f"{stem}-{outgoing.key}.{suffix}"
        lane = of_method(place.workspace, "files.completeUploadExternal")
        # Step 1: an address for the bytes.
        ticket = speak(
            lambda: client.files_getUploadURLExternal(
                filename=name, length=len(picture.png), alt_txt=picture.alt_text[:1000]
            ),
            lane=of_method(place.workspace, "files.getUploadURLExternal"),
            idempotent=True,
        )
        # Step 2: the bytes.
        _upload(self._installs.network, str(ticket["upload_url"]), picture.png)
        # Step 3: into the conversation.
        speak(
            lambda: client.files_completeUploadExternal(
                files=[{"id": str(ticket["file_id"]), "title": stem}],
                channel_id=place.channel,
                thread_ts=outgoing.thread_ts,
                initial_comment=render(outgoing.message, outgoing.language).text,
            ),
            lane=lane,
        )
        return str(ticket["file_id"])


def _arguments(place: Place, outgoing: Outgoing, rendered: Rendered) -> dict[str, Any]:
    return {
        "channel": place.channel,
        "text": rendered.text,
        "blocks": rendered.blocks,
        "metadata": {"event_type": METADATA_EVENT, "event_payload": {"key": outgoing.key}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _is_about_blocks(refused: Undeliverable) -> bool:
    cause = refused.__cause__
    return isinstance(cause, SlackApiError) and code_of(cause) in _BLOCK_ERRORS


def _carries(message: dict[str, Any], key: str, bot_id: str) -> bool:
    files: Iterable[dict[str, Any]] = message.get("files") or ()
    ours = message.get("bot_id") == bot_id and history.key_of(message) == key
    return ours or any(key in str(file.get("name", "")) for file in files)


def _upload(network: Network, url: str, png: bytes) -> None:
    try:
        with network.session(url) as session:
            session.post(url, data=png, timeout=_UPLOAD_TIMEOUT).raise_for_status()
    except requests.RequestException as error:
        raise NotNow("the picture's bytes were not taken") from error
