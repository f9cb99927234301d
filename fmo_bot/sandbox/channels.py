"""Changes that people make outside conversations, with Slack's events: to channels, members, profiles."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fmo_bot.sandbox.slack.call import Hub
from fmo_bot.sandbox.world import Channel, User


def change(hub: Hub, channel: Channel, told: Mapping[str, Any]) -> None:
    """Rename, archive, share, unshare, limit an invitation, or give another id; `ValueError` for what there is not."""
    doing: dict[str, Callable[[Hub, Channel, Any], None]] = {
        "name": _rename,
        "is_archived": _archive,
        "is_pending": _invite,
        "shared_with": _share,
        "limited": _limit,
        "new_id": _renumber,
    }
    if unknown := set(told) - set(doing):
        raise ValueError(f"A channel has no {', '.join(sorted(unknown))} to change.")
    for name, do in doing.items():
        if name in told:
            do(hub, channel, told[name])
    hub.state.changes.add("world")


def move(hub: Hub, channel: Channel, user: User, *, leave: bool) -> None:
    """Let somebody join or leave a channel."""
    if leave and user.id in channel.members:
        hub.events.joined(channel, user, left=True)
        channel.members.remove(user.id)
    elif not leave and user.id not in channel.members:
        if user.app_id is not None and user.team_id in channel.limited:
            raise ValueError(f"The invitation to {channel.name} lets {user.team_id} post only, and add no apps.")
        if not any(user.belongs_to(team) for team in channel.team_ids):
            raise ValueError(f"{channel.name} is not shared with the workspace of {user.real_name}.")
        channel.members.append(user.id)
        hub.events.joined(channel, user)
    hub.state.changes.add("world")


def change_person(hub: Hub, user: User, told: Mapping[str, Any]) -> None:
    """Change a person's zone, name or e-mail, or deactivate them (`deleted`) and back, with `user_change`."""
    if unknown := set(told) - {"tz", "real_name", "email", "deleted"}:
        raise ValueError(f"A person has no {', '.join(sorted(unknown))} to change.")
    try:
        ZoneInfo(told.get("tz", user.tz))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"There is no time zone {told['tz']!r}.") from error
    user.tz, user.real_name = told.get("tz", user.tz), told.get("real_name", user.real_name)
    user.email, user.deleted = str(told.get("email", user.email)), bool(told.get("deleted", user.deleted))
    kept = {"id": user.id, "team_id": user.team_id, "tz": user.tz, "real_name": user.real_name}
    hub.events.user_changed(user, {**kept, "deleted": user.deleted, "profile": {"email": user.email}})
    hub.state.changes.add("world")


def _rename(hub: Hub, channel: Channel, name: str) -> None:
    channel.name = str(name)
    kind = "group_rename" if channel.is_private else "channel_rename"
    hub.events.about(channel, kind, channel={"id": channel.id, "name": channel.name, "created": 1_760_000_000})


def _archive(hub: Hub, channel: Channel, archived: bool) -> None:
    channel.is_archived = bool(archived)
    what = "archive" if channel.is_archived else "unarchive"
    kind = f"{'group' if channel.is_private else 'channel'}_{what}"
    hub.events.about(channel, kind, channel=channel.id, user=channel.members[0])


def _share(hub: Hub, channel: Channel, teams: list[str]) -> None:
    wanted = [channel.host, *(team for team in teams if team != channel.host)]
    if unknown := [team for team in wanted if team not in hub.state.cast.workspaces]:
        raise ValueError(f"There is no workspace {unknown[0]}.")
    for team in set(channel.team_ids) - set(wanted):
        _leave(hub, channel, team)
    for team in [team for team in wanted if team not in channel.team_ids]:
        channel.team_ids.append(team)
        channel.is_pending = False
        hub.events.about(channel, "channel_shared", channel=channel.id, connected_team_id=team)


def _invite(hub: Hub, channel: Channel, pending: bool) -> None:
    """Another company is invited, or the invitation taken back; Slack tells of it by the id a private one then gets."""
    channel.is_pending = bool(pending)


def _limit(hub: Hub, channel: Channel, teams: list[str]) -> None:
    """Those that may post only, as the host has invited them; Slack tells of it only where it is asked."""
    if unknown := [team for team in teams if team not in channel.team_ids or team == channel.host]:
        raise ValueError(f"{channel.name} is not shared with {unknown[0]}.")
    channel.limited = list(teams)


def _leave(hub: Hub, channel: Channel, team: str) -> None:
    """Both sides hear that it is over; then the workspace's people and bots are gone from it."""
    still = len(channel.team_ids) > 2
    hub.events.about(
        channel, "channel_unshared", channel=channel.id, previously_connected_team_id=team, is_ext_shared=still
    )
    channel.team_ids.remove(team)
    channel.limited = [each for each in channel.limited if each != team]
    users = hub.state.cast.users
    channel.members[:] = [id for id in channel.members if any(users[id].belongs_to(t) for t in channel.team_ids)]


def _renumber(hub: Hub, channel: Channel, new_id: str) -> None:
    cast, old_id = hub.state.cast, channel.id
    if new_id in cast.channels:
        raise ValueError(f"There is already a channel {new_id}.")
    cast.channels[new_id] = cast.channels.pop(old_id)
    hub.state.messages[new_id] = hub.state.messages.pop(old_id, [])
    for message in hub.state.messages[new_id]:
        message.channel = new_id
    channel.id = new_id
    hub.events.about(channel, "channel_id_changed", old_channel_id=old_id, new_channel_id=new_id)
