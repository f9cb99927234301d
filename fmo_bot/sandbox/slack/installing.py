"""Apps come into a workspace and go: their bot users, tokens, and the events that tell of it."""

from fmo_bot.sandbox.slack.errors import SlackError
from fmo_bot.sandbox.slack.events import Events
from fmo_bot.sandbox.slack.state import State
from fmo_bot.sandbox.world import App, make_bot

UNINSTALLED, REVOKED = "account_inactive", "token_revoked"  # what a token that ended is answered with


class Installing:
    """The apps of all workspaces."""

    def __init__(self, state: State, events: Events) -> None:
        """`events`: tells the apps."""
        self.state, self.events = state, events
        self._was_in: dict[tuple[str, str], tuple[str, list[str]]] = {}  # of an app that is gone: its bot, its channels

    def install(self, app: App, team_id: str) -> None:
        """Put the app into a workspace; one that was there before comes back as the same bot, into its channels."""
        if team_id not in app.installed:
            named = f"U0BOT{app.key.upper()}{team_id.removeprefix('T0')}"
            bot_id, channels = self._was_in.pop((app.id, team_id), (named, []))
            app.installed[team_id] = bot_id
            self.state.cast.users[bot_id] = make_bot(app, team_id, bot_id)
            for channel in channels:
                self.state.cast.channels[channel].members.append(bot_id)
        self.state.ended.pop(app.bot_tokens[team_id], None)
        self.state.grant_fixed_tokens(app)
        self.state.changes.add("world")

    def uninstall(self, app: App, team_id: str) -> None:
        """Take the app out of a workspace: its tokens end, its bot leaves the channels, and then it is told."""
        told = [("tokens_revoked", {"tokens": {"oauth": [], "bot": [app.installed[team_id]]}}), ("app_uninstalled", {})]
        for token, grant in list(self.state.tokens.items()):
            if grant.app is app and grant.team_id == team_id:
                self._end(token, UNINSTALLED)
        for kind, what in told:
            self.events.about_app(app, team_id, {"type": kind, **what})
        bot_id = app.installed.pop(team_id)
        theirs = [channel for channel in self.state.cast.channels.values() if bot_id in channel.members]
        for channel in theirs:
            channel.members.remove(bot_id)
        self._was_in[app.id, team_id] = bot_id, [channel.id for channel in theirs]
        self.state.changes.add("world")

    def revoke(self, token: str) -> None:
        """A token ends; the app stays where it is. Raises SlackError for one that is none."""
        grant = self.state.tokens.get(token)
        if grant is None or grant.team_id is None:
            raise SlackError("invalid_auth")
        self._end(token, REVOKED)
        revoked = {"oauth": [], "bot": [grant.app.installed[grant.team_id]]}
        self.events.about_app(grant.app, grant.team_id, {"type": "tokens_revoked", "tokens": revoked})

    def _end(self, token: str, why: str) -> None:
        del self.state.tokens[token]
        self.state.ended[token] = why
