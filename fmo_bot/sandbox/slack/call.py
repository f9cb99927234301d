"""One API call: who calls, with what, and the table entry of a method."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fmo_bot.sandbox.slack.delivery import Delivery
from fmo_bot.sandbox.slack.errors import SlackError, invalid_arguments
from fmo_bot.sandbox.slack.events import Events
from fmo_bot.sandbox.slack.sockets import Sockets
from fmo_bot.sandbox.slack.state import State
from fmo_bot.sandbox.world import App, Channel, User


@dataclass(frozen=True)
class Hub:
    """The parts of Slack that methods use."""

    state: State
    sockets: Sockets
    delivery: Delivery
    events: Events


class Args:
    """Arguments as Slack takes them: from a form or JSON, structured ones also as JSON within a string."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        """`fields` by name."""
        self.fields = {name: value for name, value in fields.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        """Whether the argument was given."""
        return name in self.fields

    def text(self, name: str) -> str:
        """A string; empty when it is missing."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """A string that has to be there."""
        if not self.text(name):
            raise invalid_arguments(f"missing required field: {name}")
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value: true, 1, "true", "1"."""
        return self.text(name).lower() in ("1", "true") if name in self.fields else default

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.fields.get(name, default))
        except (TypeError, ValueError) as error:
            raise invalid_arguments(f"must be an integer [json-pointer:/{name}]") from error

    def json(self, name: str, *, error: str = "invalid_arguments") -> Any:
        """A list or object, given as such or as JSON; None when it is missing."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as problem:
            raise invalid_arguments(f"must be valid JSON [json-pointer:/{name}]", error=error) from problem


@dataclass(frozen=True)
class Call:
    """A call by the installation of `app` in `team_id` (empty where the token has no workspace).

    `enterprise_id`: of an organisation's token; `team_id` is then the workspace that the call is about.
    """

    hub: Hub
    app: App
    team_id: str
    args: Args
    token: str = ""
    enterprise_id: str = ""

    @property
    def state(self) -> State:
        """Everything there is."""
        return self.hub.state

    @property
    def bot(self) -> User:
        """The calling bot user."""
        if self.enterprise_id:
            return self.state.cast.users[self.app.wide[self.enterprise_id]]
        return self.state.cast.bot(self.app, self.team_id)

    def require(self, *scopes: str) -> None:
        """Refuse with `missing_scope` unless the app has one of these scopes."""
        have = self.app.scopes
        if have is not None and scopes and not have & set(scopes):
            raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(have)))

    def channel(self, id: str) -> Channel:
        """A conversation that the calling bot can see; `channel_not_found` otherwise."""
        channel = self.state.cast.channels.get(id)
        if channel is None or self.team_id not in channel.team_ids:
            raise SlackError("channel_not_found")
        if (channel.is_private or channel.im) and self.bot.id not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def person(self, id: str) -> User:
        """A person or bot that the calling workspace can meet; `user_not_found` otherwise."""
        user = self.state.cast.users.get(id)
        if user is None or not self.state.cast.share_a_channel(self.team_id, user):
            raise SlackError("user_not_found")
        return user


@dataclass(frozen=True)
class Method:
    """An API method: any one of `scopes` suffices; `tier` None is not limited here; `token` is bot, app or none."""

    run: Callable[[Call], dict[str, Any]]
    scopes: tuple[str, ...] = ()
    tier: int | None = None
    token: str = "bot"


def page(items: list[Any], args: Args, *, default: int = 100) -> tuple[list[Any], str]:
    """The asked page of `items`, and the cursor of the next one (empty at the end)."""
    limit = args.number("limit", default)
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    start = _start(args.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], cursor


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
