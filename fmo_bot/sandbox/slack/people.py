"""What a person does in conversations: speak, type commands, press buttons, use shortcuts."""

import re
from collections.abc import Mapping
from typing import Any

from fmo_bot.sandbox.slack import elements, payloads, responses
from fmo_bot.sandbox.slack.call import Hub
from fmo_bot.sandbox.slack.sockets import Answer
from fmo_bot.sandbox.slack.state import Message, shown
from fmo_bot.sandbox.world import App, Channel, User

NAMED = re.compile(r"(?<!\S)@([\w.-]+\w)")


class Impossible(Exception):
    """A person cannot do that: the sentence says why. `status` is 400, 404 or 409."""

    def __init__(self, sentence: str, status: int = 404) -> None:
        """The sentence for the page."""
        self.status = status
        super().__init__(sentence)


class People:
    """Everything here is one person acting; nothing is retried, as in Slack."""

    def __init__(self, hub: Hub) -> None:
        """Acts upon `hub`."""
        self.hub = hub
        self.state = hub.state
        self._offered: dict[str, dict[str, Mapping[str, Any]]] = {}  # by message ts: options of external selects

    def user(self, id: str) -> User:
        """A person of the world."""
        user = self.state.cast.users.get(id)
        if user is None or user.app_id is not None:
            raise Impossible(f"There is no person {id}.")
        return user

    def channel(self, user: User, id: str) -> Channel:
        """A conversation this person is in."""
        channel = self.state.cast.channels.get(id)
        if channel is None or user.id not in channel.members:
            raise Impossible(f"{user.real_name} is in no conversation {id}.")
        return channel

    def message(self, user: User, channel_id: str, ts: str) -> tuple[Channel, Message]:
        """A message this person can see."""
        channel = self.channel(user, channel_id)
        message = self.state.message(channel_id, ts)
        if message is None or message.visible_to not in (None, user.id):
            raise Impossible(f"{user.real_name} sees no message {ts} in {channel_id}.")
        return channel, message

    def app(self, id: str) -> App:
        """An app of the world."""
        if id not in self.state.cast.apps:
            raise Impossible(f"There is no app {id}.")
        return self.state.cast.apps[id]

    def say(self, user: User, channel_id: str, text: str, thread_ts: str | None = None) -> dict[str, Any]:
        """Post as this person."""
        channel = self.channel(user, channel_id)
        if channel.is_archived:
            raise Impossible(f"{channel.name} is archived.", 409)
        body = {
            "text": text,
            "client_msg_id": self.state.new_id("msg"),
            **({"thread_ts": thread_ts} if thread_ts else {}),
        }
        message = self.state.keep(self.state.new_message(channel.id, body, author=user))
        self.hub.events.posted(message, channel)
        return shown(message)

    async def command(self, user: User, channel_id: str, command: str, text: str) -> dict[str, Any]:
        """A slash command; only apps installed in a workspace of this person know it."""
        channel = self.channel(user, channel_id)
        for app in self.state.cast.apps.values():
            known = next((known for known in app.commands if known["command"] == command), None)
            team_id = self._workspace(app, user, channel)
            if known is not None and team_id is not None:
                words = self._escaped(text) if known.get("should_escape") else text
                payload = payloads.command(self.state, app, user, channel, team_id=team_id, command=command, text=words)
                answer = await self.hub.delivery.ask(app, "slash_commands", payload)
                return self._said(answer, app, team_id, user, channel)
        return {"ok": False, "error": "unknown_command"}

    async def press(
        self, user: User, channel_id: str, ts: str, block_id: str, action_id: str, value: Any = None
    ) -> dict[str, Any]:
        """Use an element of a message."""
        channel, message = self.message(user, channel_id, ts)
        element = elements.find(message.body.get("blocks", []), block_id, action_id)
        if element is None or message.body.get("app_id") is None:
            raise Impossible(f"There is nothing called {action_id} in block {block_id} of this message.")
        app = self.app(message.body["app_id"])
        team_id = app.seat(message.posted_by["team_id"], (user.team_id, *channel.team_ids))
        payload = {
            **payloads.base(self.state, "block_actions", app, team_id, user),
            **payloads.message_part(message, channel),
            "container": payloads.container(message),
            "trigger_id": self.state.trigger(app, team_id, user),
            "response_url": self.state.response_url(app, team_id, user, channel.id, message),
            "actions": [self._action(block_id, element, value, self._offered.get(ts))],
            "state": {"values": {}},
        }
        return _ended(await self.hub.delivery.ask(app, "interactive", payload))

    async def shortcut(self, user: User, app_id: str, callback_id: str) -> dict[str, Any]:
        """A global shortcut."""
        app, team_id = self._shortcut(user, app_id, callback_id, "global")
        payload = payloads.base(self.state, "shortcut", app, team_id, user)
        payload |= {"callback_id": callback_id, "action_ts": self.state.stamp()}
        payload["trigger_id"] = self.state.trigger(app, team_id, user)
        return _ended(await self.hub.delivery.ask(app, "interactive", payload))

    async def message_action(
        self, user: User, app_id: str, callback_id: str, channel_id: str, ts: str
    ) -> dict[str, Any]:
        """A message shortcut."""
        channel, message = self.message(user, channel_id, ts)
        app, team_id = self._shortcut(user, app_id, callback_id, "message")
        payload = {
            **payloads.base(self.state, "message_action", app, team_id, user),
            **payloads.message_part(message, channel),
            "callback_id": callback_id,
            "action_ts": self.state.stamp(),
            "message_ts": message.ts,
            "trigger_id": self.state.trigger(app, team_id, user),
            "response_url": self.state.response_url(app, team_id, user, channel.id, message),
        }
        return _ended(await self.hub.delivery.ask(app, "interactive", payload))

    async def options(
        self, user: User, where: Mapping[str, Any], block_id: str, action_id: str, query: str
    ) -> list[Mapping[str, Any]]:
        """block_suggestion for an external select in a message."""
        channel, message = self.message(user, where["channel"], where["ts"])
        app, team_id = self.app(message.body.get("app_id", "")), message.posted_by["team_id"]
        payload = {
            **payloads.base(self.state, "block_suggestion", app, team_id, user),
            **payloads.message_part(message, channel),
            "container": payloads.container(message),
            "block_id": block_id,
            "action_id": action_id,
            "value": query,
        }
        found = offered(await self.hub.delivery.ask(app, "interactive", payload))
        self._offered.setdefault(message.ts, {}).update({str(option["value"]): option for option in found})
        return found

    def open_home(self, user: User, app_id: str, team_id: str) -> dict[str, Any]:
        """Open the Home of one installation."""
        app = self.app(app_id)
        if team_id not in app.installed or not self.state.cast.share_a_channel(team_id, user):
            raise Impossible(f"{user.real_name} meets no {app.name} of {team_id}.")
        home = self.state.homes.get((app.id, team_id, user.id))
        if app.listens_to("app_home_opened"):
            self.hub.events.home_opened(app, team_id, user, home.body if home else None)
        return {"ok": True}

    def _action(
        self, block_id: str, element: elements.Element, value: Any, given: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        try:
            return payloads.action(self.state, block_id, element, value, given)
        except ValueError as error:
            raise Impossible(str(error), 400) from error

    def _shortcut(self, user: User, app_id: str, callback_id: str, kind: str) -> tuple[App, str]:
        app = self.app(app_id)
        team_id = next((team for team in app.installed if user.belongs_to(team)), None)
        known = any(s["callback_id"] == callback_id and s["type"] == kind for s in app.shortcuts)
        if team_id is None or not known:
            raise Impossible(f"{user.real_name} has no {kind} shortcut {callback_id} of {app_id}.")
        return app, team_id

    def _workspace(self, app: App, user: User, channel: Channel) -> str | None:
        """The workspace in which the person types: their own, or the one they are a guest of."""
        teams = [team for team in app.installed if user.belongs_to(team) and team in channel.team_ids]
        return next(iter(teams), None)

    def _said(self, answer: Answer, app: App, team_id: str, user: User, channel: Channel) -> dict[str, Any]:
        if answer.ok and answer.body:
            told = {"text": answer.body} if isinstance(answer.body, str) else answer.body
            responses.reply(self.state, told, app=app, team_id=team_id, user=user, channel=channel.id)
        return _ended(answer)

    def _escaped(self, text: str) -> str:
        """`@name` as `<@U…|name>`, as Slack does for commands with `should_escape`."""
        ids = {user.name: user.id for user in self.state.cast.users.values() if user.app_id is None}
        return NAMED.sub(lambda m: f"<@{ids[m[1]]}|{m[1]}>" if m[1] in ids else m[0], text)


def offered(answer: Answer) -> list[Mapping[str, Any]]:
    """The options in an answer to `block_suggestion`, those of groups too."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    grouped = [option for group in body.get("option_groups", []) for option in group["options"]]
    return [*body.get("options", []), *grouped]


def _ended(answer: Answer) -> dict[str, Any]:
    return {"ok": True} if answer.ok else {"ok": False, "error": failure(answer)}


def failure(answer: Answer) -> str:
    """What the person is told where the app did not acknowledge."""
    return "operation_timeout" if answer.reason in ("timeout", "http_timeout") else "dispatch_failed"
