"""The payloads of interactions, as Slack words them."""

from typing import Any

from fmo_bot.sandbox.slack import elements, views
from fmo_bot.sandbox.slack.state import Message, OpenView, State, shown
from fmo_bot.sandbox.world import App, Channel, User


def base(state: State, kind: str, app: App, team_id: str, user: User) -> dict[str, Any]:
    """What every interaction has; `team_id` is the workspace it is said to come from."""
    enterprise = state.cast.enterprise_of(team_id)
    grid = {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}
    return {
        "type": kind,
        "token": "sandbox-verification-token",
        "team": {"id": team_id, "domain": state.cast.workspaces[team_id].domain, **grid},
        "enterprise": enterprise.shown if enterprise else None,
        "is_enterprise_install": app.wide_in(team_id) is not None,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": app.id,
    }


def of_view(state: State, kind: str, view: OpenView) -> dict[str, Any]:
    """An interaction with a view: it comes from the person's own workspace, and the view says who is installed.

    The enterprise is the person's as well, and nothing names the one of the installation (bolt/request/internals.py).
    """
    wide = {"is_enterprise_install": view.app.wide_in(view.team_id) is not None}
    return {**base(state, kind, view.app, view.user.team_id, view.user), **wide, "view": views.shown(view)}


def message_part(message: Message, channel: Channel) -> dict[str, Any]:
    """The message and channel of an interaction."""
    return {"channel": {"id": channel.id, "name": channel_name(channel)}, "message": shown(message)}


def container(message: Message) -> dict[str, Any]:
    """Where in a conversation a button was."""
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    return {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.visible_to is not None,
        **thread,
    }


def channel_name(channel: Channel) -> str:
    """How Slack names a channel in payloads."""
    return "directmessage" if channel.im else "privategroup" if channel.is_private else channel.name


def action(state: State, block_id: str, element: elements.Element, plain: Any, offered: Any = None) -> dict[str, Any]:
    """One action of `block_actions`."""
    about = {"block_id": block_id, "action_id": element["action_id"], "action_ts": state.stamp()}
    return {**elements.action_of(element, plain, offered), **about}


def command(
    state: State, app: App, user: User, channel: Channel, *, team_id: str, command: str, text: str
) -> dict[str, Any]:
    """A slash command's fields."""
    enterprise = state.cast.enterprise_of(team_id)
    grid = {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}
    return {
        **grid,
        "token": "sandbox-verification-token",
        "team_id": team_id,
        "team_domain": state.cast.workspaces[team_id].domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "true" if app.wide_in(team_id) else "false",
        "response_url": state.response_url(app, team_id, user, channel.id),
        "trigger_id": state.trigger(app, team_id, user),
    }
