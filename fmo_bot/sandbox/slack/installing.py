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
        self.state.ended.pop(app.bot_tokens.get(team_id, ""), None)
        self.state.grant_fixed_tokens(app)
        self.state.changes.add("world")

    def install_wide(self, app: App, enterprise_id: str) -> None:
        """Put the app into an organisation: one bot, one token, in those of its workspaces that had the app before.

        Into others an admin of the organisation lets it; see `admit`.
        """
        if enterprise_id not in app.wide:
            had = [team for team in self.state.cast.grid(enterprise_id) if team in app.installed]
            first = next(iter(had), self.state.cast.grid(enterprise_id)[0])
            named = f"U0BOT{app.key.upper()}{enterprise_id.removeprefix('E0')}"
            bot_id, channels = self._was_in.pop((app.id, enterprise_id), (app.installed.get(first, named), []))
            app.wide[enterprise_id] = bot_id
            self.state.cast.users[bot_id] = make_bot(app, first, bot_id)
            for channel in channels:
                self.state.cast.channels[channel].members.append(bot_id)
            for team in had:
                self._replace(app.installed[team], bot_id)
                self.state.tokens.pop(f"xoxb-sandbox-{app.key}-{team}", None)
                app.installed[team] = bot_id
        self.state.ended.pop(app.bot_tokens[enterprise_id], None)
        self.state.grant_fixed_tokens(app)
        self.state.changes.add("world")

    def admit(self, app: App, team_id: str) -> None:
        """An admin of the organisation lets its app into one more workspace. Raises SlackError."""
        enterprise = self.state.cast.workspaces[team_id].enterprise_id or ""
        if enterprise not in app.wide or team_id in app.installed:
            raise SlackError("not_allowed")
        app.installed[team_id] = app.wide[enterprise]
        self.events.about_app(app, team_id, {"type": "team_access_granted", "team_ids": [team_id]})
        self.state.changes.add("world")

    def _replace(self, bot_id: str, by: str) -> None:
        """In all channels the one bot of the organisation stands for the one of a workspace."""
        for channel in self.state.cast.channels.values():
            if bot_id in channel.members:
                channel.members[:] = dict.fromkeys(by if each == bot_id else each for each in channel.members)

    def uninstall(self, app: App, team_id: str) -> None:
        """Take the app out of a workspace or organisation: its tokens end, its bot leaves, and then it is told."""
        bot_id = app.wide.get(team_id) or app.installed[team_id]
        told = [("tokens_revoked", {"tokens": {"oauth": [], "bot": [bot_id]}}), ("app_uninstalled", {})]
        for token, grant in list(self.state.tokens.items()):
            if grant.app is app and grant.where == team_id:
                self._end(token, UNINSTALLED)
        for kind, what in told:
            self.events.about_app(app, team_id, {"type": kind, **what})
        app.wide.pop(team_id, None)
        for team in [team for team, bot in app.installed.items() if bot == bot_id]:
            del app.installed[team]
        theirs = [channel for channel in self.state.cast.channels.values() if bot_id in channel.members]
        for channel in theirs:
            channel.members.remove(bot_id)
        self._was_in[app.id, team_id] = bot_id, [channel.id for channel in theirs]
        self.state.changes.add("world")

    def revoke(self, token: str) -> None:
        """A token ends; the app stays where it is. Raises SlackError for one that is none."""
        grant = self.state.tokens.get(token)
        if grant is None or grant.where is None:
            raise SlackError("invalid_auth")
        self._end(token, REVOKED)
        bot_id = grant.app.wide.get(grant.where) or grant.app.installed[grant.where]
        revoked = {"oauth": [], "bot": [bot_id]}
        self.events.about_app(grant.app, grant.where, {"type": "tokens_revoked", "tokens": revoked})

    def _end(self, token: str, why: str) -> None:
        del self.state.tokens[token]
        self.state.ended[token] = why
