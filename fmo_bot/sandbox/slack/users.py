"""users.*, bots.info, team.info, auth.test: who is who, as one workspace sees it."""

from typing import Any
from zoneinfo import ZoneInfo

from fmo_bot.sandbox.slack.call import Call, Method, page
from fmo_bot.sandbox.slack.conversations import conversation, kinds
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.world import Enterprise, User


def user_json(call: Call, user: User, *, locale: bool = False) -> dict[str, Any]:
    """A user as the calling workspace sees them: no locale for people of other workspaces."""
    own = user.team_id == call.team_id
    scopes = call.app.scopes
    email = {"email": user.email} if user.email and (scopes is None or "users:read.email" in scopes) else {}
    now = call.state.clock.now().astimezone(ZoneInfo(user.tz))
    offset = now.utcoffset()
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": user.tz_label(now),
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "profile": {"real_name": user.real_name, "display_name": user.name, "team": user.team_id, **email},
        "is_admin": False,
        "is_owner": False,
        "is_restricted": user.guest_of == call.team_id,
        "is_ultra_restricted": False,
        "is_bot": user.app_id is not None,
        "is_app_user": False,
        "is_email_confirmed": True,
        "updated": 1_760_000_000,
        **({} if own or user.guest_of == call.team_id else {"is_stranger": False}),
        **_grid(call, user),
        **({"locale": user.locale} if locale and own else {}),
    }


def _grid(call: Call, user: User) -> dict[str, Any]:
    """What Slack adds about people of an Enterprise Grid organisation."""
    enterprise = call.state.cast.enterprise_of(user.team_id)
    if enterprise is None:
        return {}
    teams = [team for team in call.state.cast.grid(enterprise.id) if user.belongs_to(team)]
    about = {"id": user.id, "enterprise_id": enterprise.id, "enterprise_name": enterprise.name, "teams": teams}
    return {"enterprise_user": {**about, "is_admin": False, "is_owner": False}}


def info(call: Call) -> dict[str, Any]:
    """users.info."""
    user = call.person(call.args.text("user"))
    return {"user": user_json(call, user, locale=call.args.flag("include_locale"))}


def list_users(call: Call) -> dict[str, Any]:
    """users.list: members and guests of the workspace, never external people."""
    here = [user for user in call.state.cast.users.values() if user.belongs_to(call.team_id)]
    some, cursor = page(here, call.args)
    locale = call.args.flag("include_locale")
    return {
        "members": [user_json(call, user, locale=locale) for user in some],
        "cache_ts": int(call.state.clock.now().timestamp()),
        "response_metadata": {"next_cursor": cursor},
    }


def lookup_by_email(call: Call) -> dict[str, Any]:
    """users.lookupByEmail, within the workspace."""
    email = call.args.need("email").lower()
    for user in call.state.cast.people():
        if user.email.lower() == email and user.belongs_to(call.team_id):
            return {"user": user_json(call, user)}
    raise SlackError("users_not_found")


def user_conversations(call: Call) -> dict[str, Any]:
    """users.conversations of the bot itself, or those shared with `user`."""
    whose = call.args.text("user") or call.bot.id
    wanted = kinds(call)
    here = [
        channel
        for channel in call.state.cast.channels.values()
        if call.team_id in channel.team_ids and {whose, call.bot.id} <= set(channel.members) and wanted(channel)
    ]
    some, cursor = page(here, call.args)
    return {
        "channels": [conversation(call, channel) for channel in some],
        "response_metadata": {"next_cursor": cursor},
    }


def bot_info(call: Call) -> dict[str, Any]:
    """bots.info."""
    named = call.args.text("bot") or call.bot.bot_id
    for user in call.state.cast.users.values():
        if user.app_id is not None and user.bot_id == named and call.state.cast.share_a_channel(call.team_id, user):
            about = {"id": named, "app_id": user.app_id, "user_id": user.id, "name": user.real_name}
            return {"bot": {**about, "deleted": False, "updated": 1_760_000_000, "team_id": user.team_id}}
    raise SlackError("bot_not_found")


def team_info(call: Call) -> dict[str, Any]:
    """team.info of the calling workspace, or of one it shares a channel with."""
    named = call.args.text("team") or call.team_id
    team = call.state.cast.workspaces.get(named)
    shared = {team for channel in call.state.cast.channels.values() for team in channel.team_ids} | {call.team_id}
    if team is None or named not in shared:
        raise SlackError("team_not_found")
    enterprise = call.state.cast.enterprise_of(team.id)
    grid = {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}
    return {
        "team": {
            **grid,
            "id": team.id,
            "name": team.name,
            "domain": team.domain,
            "url": f"https://{team.domain}.slack.com/",
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


def auth_test(call: Call) -> dict[str, Any]:
    """auth.test; an app-level token learns only the app."""
    if call.enterprise_id:
        return _auth_wide(call, call.state.cast.enterprises[call.enterprise_id])
    if not call.team_id:
        return {"app_name": call.app.name, "app_id": call.app.id}
    team = call.state.cast.workspaces[call.team_id]
    return {
        **({"enterprise_id": team.enterprise_id} if team.enterprise_id else {}),
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": call.bot.name,
        "team_id": team.id,
        "user_id": call.bot.id,
        "bot_id": call.bot.bot_id,
        "app_id": call.app.id,
        "is_enterprise_install": False,
    }


def _auth_wide(call: Call, enterprise: Enterprise) -> dict[str, Any]:
    """An organisation's token: the organisation stands where a workspace would."""
    return {
        "url": f"https://{enterprise.id.lower()}.enterprise.slack.com/",
        "team": enterprise.name,
        "user": call.bot.name,
        "team_id": enterprise.id,
        "user_id": call.bot.id,
        "bot_id": call.bot.bot_id,
        "app_id": call.app.id,
        "enterprise_id": enterprise.id,
        "is_enterprise_install": True,
    }


def teams_list(call: Call) -> dict[str, Any]:
    """auth.teams.list: the workspaces in which the token may speak."""
    bot = call.bot.id
    names = [team for team, its in call.app.installed.items() if its == bot]
    some, cursor = page([call.state.cast.workspaces[name] for name in names], call.args)
    return {
        "teams": [{"id": team.id, "name": team.name} for team in some],
        "response_metadata": {"next_cursor": cursor},
    }


METHODS = {
    "auth.teams.list": Method(teams_list, (), 2),
    "auth.test": Method(auth_test, token="any"),
    "team.info": Method(team_info, ("team:read",), 3),
    "bots.info": Method(bot_info, ("users:read",), 3),
    "users.info": Method(info, ("users:read",), 4),
    "users.list": Method(list_users, ("users:read",), 2),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",), 3),
    "users.conversations": Method(user_conversations, ("channels:read", "groups:read", "im:read", "mpim:read"), 3),
}
