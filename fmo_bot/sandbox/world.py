"""Who and what there is: workspaces, people, channels and apps, read from `world.yaml` and app manifests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

HERE = Path(__file__).with_name("world.yaml")


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A Slack workspace; `outside` ones have no app and are home to guests only."""

    id: str
    name: str
    domain: str
    outside: bool = False
    enterprise_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Enterprise:
    """An Enterprise Grid organisation: workspaces that say its id belong to it."""

    id: str
    name: str

    @property
    def shown(self) -> dict[str, str]:
        """As payloads and answers name it."""
        return {"id": self.id, "name": self.name}


@dataclass(kw_only=True)
class User:
    """A person, or the bot user of an app in one workspace (`app_id` set)."""

    id: str
    team_id: str
    name: str
    real_name: str
    tz: str
    locale: str = "en-US"
    email: str = ""
    guest_of: str | None = None
    deleted: bool = False  # deactivated
    app_id: str | None = None

    @property
    def bot_id(self) -> str:
        """The `B…` id of a bot user."""
        return "B" + self.id[1:]

    def tz_label(self, now: datetime) -> str:
        """The short name of their zone at an instant, such as CST."""
        return now.astimezone(ZoneInfo(self.tz)).tzname() or self.tz

    def belongs_to(self, team_id: str) -> bool:
        """Whether they sign in to this workspace, as a member or as a guest."""
        return team_id in (self.team_id, self.guest_of)


@dataclass(kw_only=True)
class Channel:
    """A conversation. For a direct one `im` is (person, bot user); `members` are in the order they joined."""

    id: str
    name: str
    host: str
    team_ids: list[str]
    members: list[str]
    is_private: bool = False
    is_general: bool = False
    is_archived: bool = False
    is_pending: bool = False  # another company has been invited, and has not accepted yet
    limited: list[str] = field(default_factory=list)  # workspaces whose invitation lets them post only
    im: tuple[str, str] | None = None

    @property
    def is_ext_shared(self) -> bool:
        """Whether more than one workspace is in it."""
        return len(self.team_ids) > 1 and self.im is None


@dataclass(kw_only=True)
class App:
    """An app and where it is installed (`installed`: team id -> bot user id). None means: everything."""

    id: str
    key: str
    name: str
    installed: dict[str, str]
    scopes: frozenset[str] | None = None
    events: frozenset[str] | None = None
    commands: list[dict[str, Any]] = field(default_factory=list)
    shortcuts: list[dict[str, Any]] = field(default_factory=list)
    unfurl_domains: list[str] = field(default_factory=list)
    rotates: bool = False
    request_url: str | None = None
    wide: dict[str, str] = field(default_factory=dict)  # in all of an organisation: enterprise id -> its one bot user

    @property
    def app_token(self) -> str:
        """The app-level token for Socket Mode."""
        return f"xapp-sandbox-{self.key}"

    @property
    def signing_secret(self) -> str:
        """Signs requests over HTTP."""
        return f"sandbox-secret-{self.key}"

    @property
    def bot_tokens(self) -> dict[str, str]:
        """The fixed bot token of each installation, by its workspace or organisation."""
        alone = [team for team, bot in self.installed.items() if bot not in self.wide.values()]
        return {where: f"xoxb-sandbox-{self.key}-{where}" for where in (*alone, *self.wide)}

    def seat(self, team_id: str, among: Iterable[str]) -> str:
        """Of `among` the first workspace that the installation in `team_id` serves too; else `team_id`."""
        bot = self.installed.get(team_id)
        return next((team for team in among if self.installed.get(team) == bot), team_id)

    def wide_in(self, team_id: str) -> str | None:
        """The organisation whose one installation serves this workspace, if any does."""
        bot = self.installed.get(team_id)
        return next((enterprise for enterprise, its in self.wide.items() if its == bot), None)

    def listens_to(self, event: str) -> bool:
        """Whether the manifest subscribes to this bot event."""
        return self.events is None or event in self.events


@dataclass(kw_only=True)
class Cast:
    """Everybody and everything by id."""

    workspaces: dict[str, Workspace]
    users: dict[str, User]
    channels: dict[str, Channel]
    apps: dict[str, App]
    enterprises: dict[str, Enterprise] = field(default_factory=dict)

    def app_by_key(self, key: str) -> App | None:
        """The app of this key."""
        return next((app for app in self.apps.values() if app.key == key), None)

    def bot(self, app: App, team_id: str) -> User:
        """The bot user of an installation; `KeyError` where the app is not installed."""
        return self.users[app.installed[team_id]]

    def grid(self, enterprise_id: str) -> list[str]:
        """The workspaces of an organisation."""
        return [team.id for team in self.workspaces.values() if team.enterprise_id == enterprise_id]

    def enterprise_of(self, team_id: str) -> Enterprise | None:
        """The organisation a workspace belongs to."""
        return self.enterprises.get(self.workspaces[team_id].enterprise_id or "")

    def join(self, enterprise: Enterprise, teams: Iterable[str]) -> None:
        """These workspaces, and no others, make up an Enterprise Grid organisation. Raises KeyError."""
        self.enterprises[enterprise.id] = enterprise
        gone = {team: None for team in self.grid(enterprise.id)}
        for team, owner in (gone | dict.fromkeys(teams, enterprise.id)).items():
            self.workspaces[team] = replace(self.workspaces[team], enterprise_id=owner)

    def people(self) -> list[User]:
        """Everybody who is not a bot."""
        return [user for user in self.users.values() if user.app_id is None]

    def share_a_channel(self, team_id: str, user: User) -> bool:
        """Whether someone of the workspace can meet this person: a colleague, a guest, or in a shared channel."""
        return user.belongs_to(team_id) or any(
            team_id in channel.team_ids and user.id in channel.members
            for channel in self.channels.values()
            if channel.is_ext_shared
        )


def load(topology: str, manifest: Path | None = None, path: Path = HERE) -> Cast:
    """Read the world for apps `two` or `one`, all of this manifest. `ValueError` with a sentence."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    if topology not in told["apps"]:
        raise ValueError(f"There are no apps called {topology!r}; choose one of {', '.join(told['apps'])}.")
    workspaces = {entry["id"]: Workspace(**entry) for entry in told["workspaces"]}
    users = {user.id: user for user in (_person(entry, workspaces) for entry in told["people"])}
    apps = {entry["id"]: App(**entry, **told["without_manifest"]) for entry in told["apps"][topology]}
    for app in apps.values():
        if manifest is not None:
            apply_manifest(app, manifest)
        users |= {bot.id: bot for bot in _bots(app)}
    channels = {entry["id"]: _channel(entry, users.values()) for entry in told["channels"]}
    return Cast(workspaces=workspaces, users=users, channels=channels, apps=apps)


def apply_manifest(app: App, path: Path) -> None:
    """Take scopes, events, commands, shortcuts, unfurl domains and rotation from a manifest (YAML or JSON)."""
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    app.name = manifest.get("display_information", {}).get("name", app.name)
    app.scopes = frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))
    app.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", []))
    app.commands = features.get("slash_commands", [])
    app.shortcuts = features.get("shortcuts", [])
    app.unfurl_domains = features.get("unfurl_domains", [])
    app.rotates = bool(settings.get("token_rotation_enabled"))


def make_bot(app: App, team_id: str, user_id: str) -> User:
    """The bot user of an installation."""
    return User(id=user_id, team_id=team_id, name="fmo", real_name=app.name, tz="America/Los_Angeles", app_id=app.id)


def _bots(app: App) -> Iterable[User]:
    return (make_bot(app, team_id, user_id) for team_id, user_id in app.installed.items())


def _person(entry: dict[str, Any], workspaces: Mapping[str, Workspace]) -> User:
    told = dict(entry)
    team_id = told.pop("team")
    domain = workspaces[team_id].domain  # as the accounts of the pretend Jira have it
    return User(team_id=team_id, **({"email": f"{told['name']}@{domain}.example"} | told))


def _channel(entry: Mapping[str, Any], users: Iterable[User]) -> Channel:
    teams = list(entry.get("teams", [entry["host"]]))
    here = [user for user in users if any(user.belongs_to(team) for team in teams)]
    people = [user.id for user in here if user.app_id is None]
    told = entry["members"]
    bots = [user.id for user in here if user.app_id is not None] if entry.get("bots", True) else []
    return Channel(
        id=entry["id"],
        name=entry["name"],
        host=entry["host"],
        team_ids=teams,
        members=(people if told == "everybody" else list(told)) + bots,
        is_private=entry.get("private", False),
        is_general=entry.get("general", False),
    )
