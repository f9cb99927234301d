"""Enterprise Grid: which workspace a call with an organisation's token is about.

Slack asks for `team_id` only where nothing else in the call says it (docs.slack.dev, organization-ready apps).
"""

from collections.abc import Iterator

from fmo_bot.sandbox.slack.call import Args
from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.state import State
from fmo_bot.sandbox.world import App

NEED_TEAM = frozenset({"conversations.list", "users.conversations", "users.list"})


def workspace(state: State, app: App, enterprise_id: str, method: str, args: Args) -> str:
    """A workspace that the organisation's installation serves; empty while there is none. Raises SlackError."""
    served = [team for team, bot in app.installed.items() if bot == app.wide[enterprise_id]]
    if named := args.text("team_id"):
        if named not in served:
            raise SlackError("team_not_found")
        return named
    if method in NEED_TEAM:
        raise SlackError("missing_argument")
    return next((team for team in _named(state, args) if team in served), next(iter(served), ""))


def _named(state: State, args: Args) -> Iterator[str]:
    """The workspaces that a call's other arguments point at, the surest first."""
    if trigger := state.triggers.get(args.text("trigger_id")):
        yield trigger.team_id
    for view in (view for stack in state.modals.values() for view in stack):
        if view.id == args.text("view_id"):
            yield view.team_id
    if channel := state.cast.channels.get(args.text("channel") or args.text("channel_id")):
        yield from channel.team_ids
    person = args.text("user") or args.text("user_id") or args.text("users").partition(",")[0] or args.text("channel")
    if user := state.cast.users.get(person):
        yield from filter(None, (user.team_id, user.guest_of))
