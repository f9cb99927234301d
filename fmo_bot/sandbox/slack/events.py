"""Which events apps hear of, and in whose name.

A channel that several installations of one app can see gives one delivery with one authorization: the bot copy that
was added last (docs.slack.dev, Slack Connect; observed, slackapi/bolt-js#2008).
"""

import re
from collections.abc import Iterable
from typing import Any

from fmo_bot.sandbox.slack.delivery import Delivery
from fmo_bot.sandbox.slack.state import Message, State
from fmo_bot.sandbox.world import App, Channel, User

LINK = re.compile(r"<?(https?://([^/\s>|]+)[^\s>|]*)")


class Events:
    """Tells apps what happens."""

    def __init__(self, state: State, delivery: Delivery) -> None:
        """Everything is delivered through `delivery`."""
        self.state = state
        self.delivery = delivery

    def posted(self, message: Message, channel: Channel) -> None:
        """A message: `message.*`, and for people's also mentions and links."""
        author = self.state.cast.users[message.body["user"]]
        place = {"channel": channel.id, "channel_type": channel_type(channel), "event_ts": message.ts}
        body = {**message.body, **_home(author), **place}
        self._to_channel(channel, f"message.{_plural(channel)}", body)
        if author.app_id is None and channel.im is None:
            self._mentioned(message, channel, {**message.body, **_home(author), **place})
        if author.app_id is None:
            self._links(message, channel, author)

    def changed(self, message: Message, channel: Channel, before: dict[str, Any]) -> None:
        """An edited message."""
        event = {"subtype": "message_changed", "message": message.body, "previous_message": before, "hidden": True}
        self._message_event(channel, event)

    def deleted(self, message: Message, channel: Channel) -> None:
        """A deleted message."""
        event = {"subtype": "message_deleted", "previous_message": message.body, "deleted_ts": message.ts}
        self._message_event(channel, {**event, "hidden": True})

    def home_opened(self, app: App, team_id: str, user: User, home: dict[str, Any] | None) -> None:
        """`app_home_opened` on the Home tab, with the view shown now."""
        channel = self.state.direct(user, self.state.cast.bot(app, team_id))
        event = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": "home"}
        self._to_app(app, team_id, {**event, **({"view": home} if home else {})})

    def joined(self, channel: Channel, user: User, *, left: bool = False) -> None:
        """Somebody came or went."""
        kind = "member_left_channel" if left else "member_joined_channel"
        letter = "G" if channel.is_private else "C"
        event = {"user": user.id, "channel": channel.id, "channel_type": letter, "team": user.team_id}
        self._to_channel(channel, kind, {"type": kind, **event})

    def about(self, where: Channel, kind: str, **what: Any) -> None:
        """Something happened to a channel: renamed, archived, shared, ..."""
        self._to_channel(where, kind, {"type": kind, **what})

    def about_app(self, app: App, team_id: str, event: dict[str, Any]) -> None:
        """Something happened to an app where it is installed: removed, a token revoked."""
        if app.listens_to(event["type"]):
            self._to_app(app, team_id, event)

    def user_changed(self, user: User, described: dict[str, Any]) -> None:
        """`user_change`, to every app that can meet the person."""
        for app in self.state.cast.apps.values():
            for team_id in app.installed:
                if app.listens_to("user_change") and self.state.cast.share_a_channel(team_id, user):
                    self._to_app(app, team_id, {"type": "user_change", "user": described})
                    break

    def _message_event(self, channel: Channel, event: dict[str, Any]) -> None:
        stamp = self.state.stamp()
        place = {"channel": channel.id, "channel_type": channel_type(channel), "ts": stamp}
        self._to_channel(channel, f"message.{_plural(channel)}", {"type": "message", **event, **place})

    def _mentioned(self, message: Message, channel: Channel, body: dict[str, Any]) -> None:
        for bot in self.state.bots_in(channel):
            if f"<@{bot.id}>" in message.body["text"] and self._app(bot).listens_to("app_mention"):
                self._to_app(self._app(bot), self._seat(bot, channel), {**body, "type": "app_mention"}, channel)

    def _links(self, message: Message, channel: Channel, author: User) -> None:
        found = [{"url": url, "domain": host} for url, host in LINK.findall(message.body["text"])]
        for app in self.state.cast.apps.values():
            links = [link for link in found if _within(link["domain"], app.unfurl_domains)]
            team_id = next((team for team in app.installed if author.belongs_to(team)), None)
            if links and team_id and app.listens_to("link_shared"):
                event = {"type": "link_shared", "user": author.id, "channel": channel.id, "message_ts": message.ts}
                member = app.installed[team_id] in channel.members
                extra = {"links": links, "is_bot_user_member": member, "source": "conversations_history"}
                self._to_app(app, team_id, {**event, **extra, "unfurl_id": f"{channel.id}.{message.ts}"}, channel)

    def _to_channel(self, channel: Channel, subscription: str, event: dict[str, Any]) -> None:
        last_copy = {bot.app_id: bot for bot in self.state.bots_in(channel)}
        for bot in last_copy.values():
            if self._app(bot).listens_to(subscription):
                self._to_app(self._app(bot), self._seat(bot, channel), event, channel)

    def _to_app(self, app: App, team_id: str, event: dict[str, Any], channel: Channel | None = None) -> None:
        self.delivery.event(app, self._callback(app, team_id, event, channel))

    def _callback(self, app: App, team_id: str, event: dict[str, Any], channel: Channel | None) -> dict[str, Any]:
        event = {"event_ts": self.state.stamp(), **event}
        wide = team_id if team_id in app.wide else app.wide_in(team_id)
        enterprise = wide or self.state.cast.workspaces[team_id].enterprise_id
        return {
            "token": "sandbox-verification-token",
            "team_id": team_id,
            "enterprise_id": enterprise,
            "context_team_id": team_id,
            "context_enterprise_id": enterprise,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self.state.new_id("Ev"),
            "event_time": int(float(event["event_ts"])),
            "authorizations": [
                {
                    "enterprise_id": enterprise,
                    "team_id": None if wide else team_id,
                    "user_id": app.wide[wide] if wide else app.installed[team_id],
                    "is_bot": True,
                    "is_enterprise_install": wide is not None,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.is_ext_shared,
            "event_context": f"4-{app.id}-{team_id}-{event['event_ts']}",
        }

    def _seat(self, bot: User, channel: Channel) -> str:
        """The workspace of a channel in which a bot is: its own, or another one of its organisation."""
        return self._app(bot).seat(bot.team_id, channel.team_ids)

    def _app(self, bot: User) -> App:
        return self.state.cast.apps[str(bot.app_id)]


def channel_type(channel: Channel) -> str:
    """`im`, `group` or `channel`."""
    return "im" if channel.im else "group" if channel.is_private else "channel"


def _plural(channel: Channel) -> str:
    return {"im": "im", "group": "groups", "channel": "channels"}[channel_type(channel)]


def _home(author: User) -> dict[str, str]:
    return {"user_team": author.team_id, "source_team": author.team_id}


def _within(host: str, domains: Iterable[str]) -> bool:
    host = host.partition(":")[0]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
