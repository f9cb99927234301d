"""conversations.* and reactions.add."""

from collections.abc import Callable
from typing import Any

from fmo_bot.sandbox.slack.call import Call, Method, page
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.events import channel_type
from fmo_bot.sandbox.slack.state import Message, shown
from fmo_bot.sandbox.world import Channel

READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
CREATED = 1_760_000_000


def conversation(call: Call, channel: Channel) -> dict[str, Any]:
    """A conversation as the calling workspace sees it."""
    seen = {"id": channel.id, "created": CREATED, "context_team_id": call.team_id, "is_org_shared": False}
    return seen | (_direct(channel, with_=channel.im[0]) if channel.im else _joined(call, channel))


def _direct(channel: Channel, *, with_: str) -> dict[str, Any]:
    return {"is_im": True, "is_ext_shared": len(channel.team_ids) > 1, "user": with_, "is_archived": False}


def _joined(call: Call, channel: Channel) -> dict[str, Any]:
    return {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": channel.is_pending,
        "is_member": call.bot.id in channel.members,
        "creator": channel.members[0] if channel.members else "",
        "conversation_host_id": channel.host,
        "shared_team_ids": channel.team_ids,
        "internal_team_ids": [],
        "connected_team_ids": [team for team in channel.team_ids if team != call.team_id],
        "connected_limited_team_ids": [team for team in channel.limited if team in channel.team_ids],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def kinds(call: Call) -> Callable[[Channel], bool]:
    """Whether a channel is of the asked `types`, each of which needs its read scope."""
    asked = [kind.strip() for kind in (call.args.text("types") or "public_channel").split(",")]
    if unknown := [kind for kind in asked if kind not in KINDS]:
        raise SlackError("invalid_types", detail=unknown[0])
    for kind in asked:
        call.require(_scope(KINDS[kind], "read"))
    wanted = {KINDS[kind] for kind in asked}
    skip = call.args.flag("exclude_archived")
    return lambda channel: channel_type(channel) in wanted and not (skip and channel.is_archived)


def open_conversation(call: Call) -> dict[str, Any]:
    """conversations.open of a direct conversation with one person."""
    if call.args.text("channel"):
        channel = call.channel(call.args.text("channel"))
    else:
        channel = call.state.direct(_openable(call), call.bot)
    short = {"id": channel.id}
    return {"channel": conversation(call, channel) if call.args.flag("return_im") else short}


def _openable(call: Call) -> Any:
    users = [name for name in call.args.text("users").split(",") if name]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 8:
        raise SlackError("too_many_users")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")  # group conversations: the sandbox has none
    user = call.state.cast.users.get(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.app_id is not None:
        raise SlackError("cannot_dm_bot")
    if not call.state.cast.share_a_channel(call.team_id, user):
        raise SlackError("user_not_visible")
    if user.deleted:
        raise SlackError("user_disabled")
    return user


def info(call: Call) -> dict[str, Any]:
    """conversations.info."""
    channel = _readable(call, "read")
    return {"channel": conversation(call, channel)}


def list_conversations(call: Call) -> dict[str, Any]:
    """conversations.list: what the bot's workspace has and the bot may see."""
    wanted = kinds(call)
    here = []
    for channel in call.state.cast.channels.values():
        if call.team_id in channel.team_ids and wanted(channel):
            hidden = (channel.is_private or channel.im) and call.bot.id not in channel.members
            here += [] if hidden else [channel]
    some, cursor = page(here, call.args)
    return {"channels": [conversation(call, c) for c in some], "response_metadata": {"next_cursor": cursor}}


def members(call: Call) -> dict[str, Any]:
    """conversations.members, external people among them."""
    some, cursor = page(list(_readable(call, "read").members), call.args)
    return {"members": some, "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> dict[str, Any]:
    """conversations.join."""
    channel = call.channel(call.args.text("channel"))
    if channel.is_private or channel.im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.team_id in channel.limited:
        raise SlackError("restricted_action")
    if call.bot.id not in channel.members:
        channel.members.append(call.bot.id)
        call.hub.events.joined(channel, call.bot)
    return {"channel": conversation(call, channel)}


def history(call: Call) -> dict[str, Any]:
    """conversations.history: newest first, without replies and ephemeral messages."""
    channel = _readable(call, "history", member=True)
    found = [m for m in _between(call, _visible(call, channel)) if m.thread_ts is None]
    some, cursor = page(found[::-1], call.args)
    return _messages(call, some, cursor)


def replies(call: Call) -> dict[str, Any]:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(call, "history", member=True)
    ts = call.args.need("ts")
    visible = _visible(call, channel)
    parent = next((m for m in visible if m.ts == ts), None)
    thread = [m for m in visible if m.thread_ts == ts]
    if parent is None and not thread:
        raise SlackError("thread_not_found")
    some, cursor = page([*([parent] if parent else []), *_between(call, thread)], call.args)
    return _messages(call, some, cursor)


def add_reaction(call: Call) -> dict[str, Any]:
    """reactions.add."""
    channel = call.channel(call.args.text("channel"))
    message = call.state.message(channel.id, call.args.text("timestamp"))
    if message is None:
        raise SlackError("message_not_found")
    name = call.args.need("name").strip(":")
    reactions = message.body.setdefault("reactions", [])
    mine = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if mine is None:
        mine = {"name": name, "users": [], "count": 0}
        reactions.append(mine)
    if call.bot.id in mine["users"]:
        raise SlackError("already_reacted")
    mine["users"].append(call.bot.id)
    mine["count"] += 1
    call.state.changed(message)
    return {}


def _readable(call: Call, what: str, *, member: bool = False) -> Channel:
    channel = call.channel(call.args.text("channel"))
    call.require(_scope(channel_type(channel), what))
    if member and call.bot.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _scope(kind: str, what: str) -> str:
    return f"{ {'channel': 'channels', 'group': 'groups'}.get(kind, kind) }:{what}"


def _visible(call: Call, channel: Channel) -> list[Message]:
    """What history knows: nothing ephemeral, and nothing younger than the lag."""
    lag = call.state.faults.held["history_lag_s"]
    old_enough = call.state.clock.machine() - lag
    return [m for m in call.state.in_channel(channel.id) if m.visible_to is None and m.machine_at <= old_enough]


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.args.text("oldest") or "0", call.args.text("latest") or "9" * 20
    inclusive = call.args.flag("inclusive")
    try:
        low, high = _micros(oldest), _micros(latest)
    except ValueError as error:
        raise SlackError("invalid_ts_oldest") from error
    return [m for m in messages if low < _micros(m.ts) < high or (inclusive and _micros(m.ts) in (low, high))]


def _micros(ts: str) -> int:
    """A `ts` as whole microseconds: floats are too coarse to tell neighbours apart."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def _messages(call: Call, some: list[Message], cursor: str) -> dict[str, Any]:
    metadata = call.args.flag("include_all_metadata")
    return {
        "messages": [shown(m, metadata=metadata) for m in some],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


METHODS = {
    "conversations.open": Method(open_conversation, ("im:write",), 3),
    "conversations.info": Method(info, READ, 3),
    "conversations.list": Method(list_conversations, READ, 2),
    "conversations.members": Method(members, READ, 4),
    "conversations.join": Method(join, ("channels:join",), 3),
    "conversations.history": Method(history, HISTORY, 3),
    "conversations.replies": Method(replies, HISTORY, 3),
    "reactions.add": Method(add_reaction, ("reactions:write",), 3),
}
