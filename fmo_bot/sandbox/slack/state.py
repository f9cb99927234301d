"""Everything Slack keeps in memory. Touched only from the server's event loop, which is its lock."""

import itertools
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fmo_bot.sandbox.changes import Changes
from fmo_bot.sandbox.clock import Clock, iso
from fmo_bot.sandbox.faults import Faults
from fmo_bot.sandbox.slack.limits import WORKSPACE_PER_MINUTE, Limits
from fmo_bot.sandbox.world import App, Cast, Channel, User

PATIENCE_S = 3.0  # Slack's: for an acknowledgement, and for a view after a click


@dataclass(kw_only=True)
class Message:
    """A message as Slack keeps it. `body` is Slack's JSON without metadata; `visible_to` makes it ephemeral."""

    channel: str
    body: dict[str, Any]
    posted_by: dict[str, str]
    recorded_at: datetime
    machine_at: float
    metadata: dict[str, Any] | None = None
    visible_to: str | None = None

    @property
    def ts(self) -> str:
        """Slack's name of the message within its channel."""
        return str(self.body["ts"])

    @property
    def thread_ts(self) -> str | None:
        """The parent's ts, for a reply."""
        found = self.body.get("thread_ts")
        return None if found == self.ts else found


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a token allows: in a workspace, in those of an organisation, or (of neither) to the app itself.

    `expires` is machine time.
    """

    app: App
    team_id: str | None
    enterprise_id: str | None = None
    expires: float | None = None

    @property
    def where(self) -> str | None:
        """The workspace or organisation; None for an app-level token."""
        return self.team_id or self.enterprise_id


def grant(app: App, where: str, expires: float | None = None) -> Grant:
    """What a bot token of a workspace (`T...`) or of a whole organisation (`E...`) allows."""
    if where.startswith("E"):
        return Grant(app=app, team_id=None, enterprise_id=where, expires=expires)
    return Grant(app=app, team_id=where, expires=expires)


@dataclass(kw_only=True)
class Trigger:
    """A one-shot permission to open a modal for a person."""

    app: App
    team_id: str
    user: User
    expires: float
    used: bool = False


@dataclass(kw_only=True)
class OpenView:
    """A modal or Home that a person sees. `body` is Slack's JSON; `values` the input kept so far."""

    body: dict[str, Any]
    app: App
    team_id: str
    user: User
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    offered: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The `V…` id."""
        return str(self.body["id"])


@dataclass(kw_only=True)
class File:
    """An uploaded file; `shares` are (channel, ts) once it is shared."""

    id: str
    name: str
    title: str
    alt_text: str
    length: int
    app: App
    team_id: str
    content: bytes | None = None
    complete: bool = False
    shares: list[tuple[str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class ResponseUrl:
    """Where an app may answer an interaction: `left` uses until machine time `expires`."""

    app: App
    team_id: str
    user: User
    channel: str
    message: Message | None
    expires: float
    left: int = 5


@dataclass(kw_only=True)
class Scheduled:
    """A message for later."""

    id: str
    channel: str
    at: datetime
    post: Callable[[], None]
    app_id: str


class State:
    """The whole of Slack, for every other file of this folder."""

    def __init__(
        self,
        *,
        cast: Cast,
        clock: Clock,
        changes: Changes,
        faults: Faults,
        url: str,
        per_minute: int = WORKSPACE_PER_MINUTE,
        patience: float = PATIENCE_S,
    ) -> None:
        """`url` is the server's own address; `per_minute`: messages of an app in a workspace.

        `patience`: seconds of machine time for which a trigger is good.
        """
        self.cast = cast
        self.clock = clock
        self.changes = changes
        self.faults = faults
        self.url = url
        self.patience = patience
        self.limits = Limits(clock.machine, per_minute=per_minute)
        self.messages: dict[str, list[Message]] = {}
        self.ghosts: set[tuple[str, str]] = set()
        self.triggers: dict[str, Trigger] = {}
        self.modals: dict[str, list[OpenView]] = {}
        self.homes: dict[tuple[str, str, str], OpenView] = {}
        self.files: dict[str, File] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.calls: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.tokens: dict[str, Grant] = {}
        self.ended: dict[str, str] = {}  # tokens that were good once, and what they are answered with
        self._counter = itertools.count(1)
        self._stamps: set[str] = set()
        self._last_stamp = 0
        for app in cast.apps.values():
            self.grant_fixed_tokens(app)

    def grant_fixed_tokens(self, app: App) -> None:
        """Make an app's own tokens valid."""
        self.tokens[app.app_token] = Grant(app=app, team_id=None)
        for where, token in app.bot_tokens.items():
            self.tokens[token] = grant(app, where)

    def new_id(self, prefix: str) -> str:
        """An id in Slack's style, never given before."""
        return f"{prefix}0S{next(self._counter):08d}"

    def stamp(self, at: datetime | None = None) -> str:
        """A new `ts`: calendar seconds and microseconds, unique; rising unless `at` says when."""
        micros = int((at or self.clock.now()).timestamp() * 1_000_000)
        if at is None:
            micros = self._last_stamp = max(micros, self._last_stamp + 1)
        while _stamp(micros) in self._stamps:
            micros += 1
        self._stamps.add(_stamp(micros))
        return _stamp(micros)

    def direct(self, person: User, bot: User) -> Channel:
        """The direct conversation of a person with a bot, made when there is none."""
        id = f"D{bot.id[1:]}{person.id[1:]}"
        if id not in self.cast.channels:
            host = self.cast.apps[str(bot.app_id)].seat(bot.team_id, (person.team_id,))
            teams = list(dict.fromkeys([host, person.team_id]))
            self.cast.channels[id] = Channel(
                id=id, name=id, host=host, team_ids=teams, members=[person.id, bot.id], im=(person.id, bot.id)
            )
        return self.cast.channels[id]

    def in_channel(self, channel_id: str) -> list[Message]:
        """The messages of a channel, oldest first."""
        return self.messages.setdefault(channel_id, [])

    def message(self, channel_id: str, ts: object) -> Message | None:
        """The message named `ts`."""
        return next((m for m in self.in_channel(channel_id) if m.ts == ts), None)

    def keep(self, message: Message) -> Message:
        """Record a message in its place by `ts`, count it on its parent, and tell the page."""
        messages = self.in_channel(message.channel)
        messages.append(message)
        messages.sort(key=lambda m: m.ts)
        self.count_replies(message.channel, message.thread_ts)
        self.changed(message)
        return message

    def forget(self, message: Message) -> None:
        """Delete a message."""
        self.in_channel(message.channel).remove(message)
        self.count_replies(message.channel, message.thread_ts)
        self.changed(message)

    def count_replies(self, channel_id: str, thread_ts: str | None) -> None:
        """Bring the parent's reply fields up to date."""
        parent = self.message(channel_id, thread_ts) if thread_ts else None
        if parent is None:
            return
        replies = [m for m in self.in_channel(channel_id) if m.thread_ts == thread_ts and m.visible_to is None]
        authors = list(dict.fromkeys(m.body["user"] for m in replies))
        parent.body |= {
            "thread_ts": thread_ts,
            "reply_count": len(replies),
            "reply_users": authors,
            "reply_users_count": len(authors),
            "latest_reply": replies[-1].ts if replies else None,
        }

    def changed(self, message: Message) -> None:
        """Tell the page that a message came, changed or went."""
        self.changes.add("message", channel=message.channel, ts=message.ts)

    def new_message(
        self, channel_id: str, body: dict[str, Any], *, author: User, at: datetime | None = None, **kept: Any
    ) -> Message:
        """A message by a person or bot, stamped, not yet recorded; `at` stamps it with another instant."""
        who = {"app_id": author.app_id, "team_id": author.team_id} if author.app_id else {"user": author.id}
        body = {"type": "message", "user": author.id, "team": author.team_id, **body, "ts": self.stamp(at)}
        return Message(
            channel=channel_id,
            body=body,
            posted_by=who,
            recorded_at=at or self.clock.now(),
            machine_at=self.clock.machine(),
            **kept,
        )

    def trigger(self, app: App, team_id: str, user: User) -> str:
        """A new trigger id, good for a few seconds of machine time and one view."""
        id = f"{next(self._counter)}.{team_id}.{secrets.token_hex(16)}"
        expires = self.clock.machine() + self.patience
        self.triggers[id] = Trigger(app=app, team_id=team_id, user=user, expires=expires)
        return id

    def response_url(self, app: App, team_id: str, user: User, channel: str, message: Message | None = None) -> str:
        """A new `response_url`, good for 30 minutes of machine time and five uses."""
        id = secrets.token_hex(16)
        self.response_urls[id] = ResponseUrl(
            app=app,
            team_id=team_id,
            user=user,
            channel=channel,
            message=message,
            expires=self.clock.machine() + 1800,
        )
        return f"{self.url}/slack/response/{id}"

    def bots_in(self, channel: Channel) -> Iterable[User]:
        """The bots of a channel in the order they joined."""
        members = [self.cast.users[id] for id in channel.members]
        return [user for user in members if user.app_id is not None]

    def due(self, now: datetime) -> None:
        """Post what was scheduled for up to `now`."""
        for later in sorted(self.scheduled.values(), key=lambda s: s.at):
            if later.at <= now:
                del self.scheduled[later.id]
                later.post()

    def next_event(self) -> datetime | None:
        """When the next scheduled message is due."""
        return min((later.at for later in self.scheduled.values()), default=None)


def shown(message: Message, *, metadata: bool = False) -> dict[str, Any]:
    """A message as history returns it."""
    extra = {"metadata": message.metadata} if metadata and message.metadata else {}
    return {**message.body, **extra}


def recorded(message: Message, *, metadata: bool = True) -> dict[str, Any]:
    """A message as the record for judging keeps it."""
    return {
        **shown(message, metadata=metadata),
        "posted_by": message.posted_by,
        "channel": message.channel,
        "recorded_at": iso(message.recorded_at),
        **({"is_ephemeral": True, "visible_to": message.visible_to} if message.visible_to else {}),
    }


def _stamp(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
