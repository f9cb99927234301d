"""chat.*: posting, changing and finding messages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fmo_bot.sandbox.faults import LATE_S
from fmo_bot.sandbox.slack import blocks as block_rules
from fmo_bot.sandbox.slack.call import Call, Method
from fmo_bot.sandbox.slack.errors import SlackError, invalid_arguments
from fmo_bot.sandbox.slack.state import Message, Scheduled, State, shown
from fmo_bot.sandbox.world import Channel, User

LONGEST = 40_000
LONGEST_UPDATE = 4_000
FARTHEST = timedelta(days=120)


def content(call: Call) -> dict[str, Any]:
    """The checked content of a message: text, blocks with ids, attachments."""
    blocks = call.args.json("blocks", error="invalid_blocks_format")
    attachments = call.args.json("attachments", error="invalid_attachments_format")
    text = call.args.text("text") or call.args.text("markdown_text")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if blocks is not None:
        unknown: list[str] = call.state.faults.held["blocks_refused"]
        refuse(block_rules.problems(blocks, "message", unknown=unknown), "invalid_blocks")
        blocks = with_ids(call.state, blocks)
    if isinstance(attachments, list) and len(attachments) > 100:
        raise SlackError("too_many_attachments")
    found = {"blocks": blocks, "attachments": attachments}
    return {"text": text[:LONGEST], **{name: value for name, value in found.items() if value}}


def refuse(problems: list[str], error: str) -> None:
    """Raise `error` with Slack's explanations where there are any."""
    if problems:
        answer = invalid_arguments(*problems, error=error)
        raise SlackError(error, errors=problems, **answer.extra)


def with_ids(state: State, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks with the ids that Slack gives to those that have none."""
    new = state.new_id
    return [_with_action_ids({"block_id": new("b"), **block}, new("a")) for block in blocks]


def _with_action_ids(block: dict[str, Any], prefix: str) -> dict[str, Any]:
    def named(element: Any, index: int) -> Any:
        if not isinstance(element, Mapping) or "type" not in element or block["type"] in ("context", "rich_text"):
            return element
        return {"action_id": f"{prefix}{index}", **element} if element["type"] != "image" else element

    for name in ("accessory", "element"):
        if name in block:
            block[name] = named(block[name], 0)
    if "elements" in block:
        block["elements"] = [named(element, index) for index, element in enumerate(block["elements"])]
    return block


def metadata(call: Call) -> dict[str, Any] | None:
    """The message metadata, checked."""
    told = call.args.json("metadata", error="invalid_metadata_format")
    if told is None:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(told.get("event_payload", {}), dict):
        raise SlackError("invalid_metadata_schema")
    return {"event_type": told["event_type"], "event_payload": told.get("event_payload", {})}


def place(call: Call, named: str) -> Channel:
    """Where a message goes: a channel id, or a person's id for the direct conversation with them."""
    if named.startswith(("U", "W")):
        try:
            return call.state.direct(call.person(named), call.bot)
        except SlackError as error:
            raise SlackError("channel_not_found") from error
    channel = next((c for c in call.state.cast.channels.values() if named == f"#{c.name}"), None)
    return call.channel(channel.id if channel else named)


def may_post(call: Call, channel: Channel) -> None:
    """Refuse where the bot cannot post."""
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.bot.id not in channel.members:
        if call.app.scopes is None or "chat:write.public" not in call.app.scopes:
            raise SlackError("not_in_channel")
        if channel.is_private:
            raise SlackError("channel_not_found")


def by_bot(bot: User) -> dict[str, Any]:
    """What a bot's message says about its author."""
    profile = {"id": bot.bot_id, "app_id": bot.app_id, "name": bot.real_name, "team_id": bot.team_id}
    return {"user": bot.id, "bot_id": bot.bot_id, "app_id": bot.app_id, "team": bot.team_id, "bot_profile": profile}


def record(call: Call, channel: Channel, body: dict[str, Any], kept_metadata: dict[str, Any] | None = None) -> Message:
    """Record a message of the calling bot and tell everybody; a sabotage falsifies what is recorded."""
    falsified = call.state.faults.falsify(direct=channel.im is not None)
    asked = channel
    channel, bot = _wrong_side(call, channel) if falsified == "wrong-side" else (channel, call.bot)
    at = call.state.clock.now() + timedelta(seconds=LATE_S) if falsified == "late" else None
    message = call.state.new_message(channel.id, {**by_bot(bot), **body}, author=bot, at=at, metadata=kept_metadata)
    if falsified in ("drop", "wrong-side"):
        call.state.ghosts.add((asked.id, message.ts))  # the app is to notice nothing
    if falsified == "drop":
        return message
    call.state.keep(message)
    if falsified == "double":
        again = {**by_bot(bot), **body}
        call.state.keep(call.state.new_message(channel.id, again, author=bot, metadata=kept_metadata))
    call.hub.events.posted(message, channel)
    return message


def _wrong_side(call: Call, channel: Channel) -> tuple[Channel, User]:
    """The counterpart of a person at another company, with that company's bot."""
    cast = call.state.cast
    person = cast.users[channel.members[0]]
    colleagues = [user.id for user in cast.people() if user.team_id == person.team_id]
    for app in cast.apps.values():
        for team_id in app.installed:
            strangers = [user for user in cast.people() if user.team_id == team_id != person.team_id]
            if strangers:
                counterpart = strangers[colleagues.index(person.id) % len(strangers)]
                return call.state.direct(counterpart, cast.bot(app, team_id)), cast.bot(app, team_id)
    return channel, call.bot


def post_message(call: Call) -> dict[str, Any]:
    """chat.postMessage."""
    channel = place(call, _need_channel(call))
    may_post(call, channel)
    body, kept = content(call), metadata(call)
    if thread := call.args.text("thread_ts"):
        body["thread_ts"] = thread
    call.state.limits.message(channel.id, call.team_id, call.app.id)
    message = record(call, channel, body, kept)
    return {"channel": channel.id, "ts": message.ts, "message": shown(message, metadata=True)}


def update(call: Call) -> dict[str, Any]:
    """chat.update."""
    channel = call.channel(_need_channel(call))
    ts = call.args.need("ts")
    if len(call.args.text("text")) > LONGEST_UPDATE:
        raise SlackError("msg_too_long")
    body, kept = content(call), metadata(call)
    answer = {"channel": channel.id, "ts": ts, "text": body["text"]}
    if (channel.id, ts) in call.state.ghosts:
        return answer
    message = own(call, channel, ts, "cant_update_message")
    before = dict(message.body)
    edited = {"user": call.bot.id, "ts": call.state.stamp()}
    for name in ("blocks", "attachments"):
        message.body.pop(name, None)
    message.body |= {**body, "edited": edited}
    message.metadata = kept or message.metadata
    call.state.changed(message)
    call.hub.events.changed(message, channel, before)
    return {**answer, "message": shown(message)}


def delete(call: Call) -> dict[str, Any]:
    """chat.delete."""
    channel = call.channel(_need_channel(call))
    ts = call.args.need("ts")
    if (channel.id, ts) not in call.state.ghosts:
        message = own(call, channel, ts, "cant_delete_message")
        call.state.forget(message)
        call.hub.events.deleted(message, channel)
    return {"channel": channel.id, "ts": ts}


def own(call: Call, channel: Channel, ts: str, error: str) -> Message:
    """A message that the calling bot itself posted; ephemeral ones are not found."""
    message = call.state.message(channel.id, ts)
    if message is None or message.visible_to:
        raise SlackError("message_not_found")
    if message.body["user"] != call.bot.id:
        raise SlackError(error)
    return message


def post_ephemeral(call: Call) -> dict[str, Any]:
    """chat.postEphemeral."""
    channel = call.channel(_need_channel(call))
    person = call.args.need("user")
    if call.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    if person not in channel.members:
        raise SlackError("user_not_in_channel")
    body = content(call)
    if thread := call.args.text("thread_ts"):
        body["thread_ts"] = thread
    bot = call.bot
    message = call.state.new_message(channel.id, {**by_bot(bot), **body}, author=bot, visible_to=person)
    call.state.keep(message)
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> dict[str, Any]:
    """chat.getPermalink."""
    channel = call.channel(_need_channel(call))
    ts = call.args.need("message_ts")
    if call.state.message(channel.id, ts) is None and (channel.id, ts) not in call.state.ghosts:
        raise SlackError("message_not_found")
    domain = call.state.cast.workspaces[call.team_id].domain
    return {
        "channel": channel.id,
        "permalink": f"https://{domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}",
    }


def unfurl(call: Call) -> dict[str, Any]:
    """chat.unfurl."""
    unfurls = call.args.json("unfurls") or {}
    channel_id, ts = _unfurled(call)
    message = call.state.message(call.channel(channel_id).id, ts)
    if message is None:
        raise SlackError("cannot_unfurl_message")
    for url, given in unfurls.items():
        if url not in message.body["text"]:
            raise SlackError("cannot_unfurl_url")
        refuse(block_rules.problems(given.get("blocks", []), "message"), "invalid_unfurls_format")
        attachment = {**given, "from_url": url, "app_unfurl_url": url, "bot_id": call.bot.bot_id}
        others = [one for one in message.body.get("attachments", []) if one.get("from_url") != url]
        message.body["attachments"] = [*others, attachment]
    call.state.changed(message)
    return {}


def _unfurled(call: Call) -> tuple[str, str]:
    if call.args.text("unfurl_id"):
        channel_id, _, ts = call.args.text("unfurl_id").partition(".")
        return channel_id, ts
    return _need_channel(call), call.args.need("ts")


def schedule_message(call: Call) -> dict[str, Any]:
    """chat.scheduleMessage."""
    channel = place(call, _need_channel(call))
    may_post(call, channel)
    body = content(call)
    if thread := call.args.text("thread_ts"):
        body["thread_ts"] = thread
    at = datetime.fromtimestamp(call.args.number("post_at", 0), UTC)
    now = call.state.clock.now()
    if at <= now:
        raise SlackError("time_in_past")
    if at > now + FARTHEST:
        raise SlackError("time_too_far")
    window = [
        s for s in call.state.scheduled.values() if s.channel == channel.id and abs(s.at - at) < timedelta(minutes=5)
    ]
    if len(window) >= 30:
        raise SlackError("restricted_too_many")
    id = call.state.new_id("Q")
    later = Scheduled(
        id=id, channel=channel.id, at=at, app_id=call.app.id, post=lambda: _post_later(call, channel, body)
    )
    call.state.scheduled[id] = later
    return {
        "channel": channel.id,
        "scheduled_message_id": id,
        "post_at": int(at.timestamp()),
        "message": {**by_bot(call.bot), **body, "type": "delayed_message"},
    }


def _post_later(call: Call, channel: Channel, body: dict[str, Any]) -> None:
    record(call, channel, body)


def delete_scheduled(call: Call) -> dict[str, Any]:
    """chat.deleteScheduledMessage."""
    later = call.state.scheduled.get(call.args.need("scheduled_message_id"))
    if later is None or later.app_id != call.app.id:
        raise SlackError("invalid_scheduled_message_id")
    del call.state.scheduled[later.id]
    return {}


def _need_channel(call: Call) -> str:
    if not call.args.text("channel"):
        raise SlackError("channel_not_found")
    return call.args.text("channel")


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",), 3),
    "chat.delete": Method(delete, ("chat:write",), 3),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",), 4),
    "chat.getPermalink": Method(get_permalink),
    "chat.unfurl": Method(unfurl, ("links:write",), 3),
    "chat.scheduleMessage": Method(schedule_message, ("chat:write",), 3),
    "chat.deleteScheduledMessage": Method(delete_scheduled, ("chat:write",), 3),
}
