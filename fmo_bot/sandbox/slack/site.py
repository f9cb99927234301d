"""Slack put together: state, transports, API and people, with their routes."""

from typing import Any

from starlette.routing import BaseRoute, Route, WebSocketRoute

from fmo_bot.sandbox.slack import files, responses
from fmo_bot.sandbox.slack.api import Api
from fmo_bot.sandbox.slack.call import Hub
from fmo_bot.sandbox.slack.delivery import Delivery
from fmo_bot.sandbox.slack.events import Events
from fmo_bot.sandbox.slack.installing import Installing
from fmo_bot.sandbox.slack.modals import Modals
from fmo_bot.sandbox.slack.oauth import OAuth
from fmo_bot.sandbox.slack.people import People
from fmo_bot.sandbox.slack.sockets import Sockets
from fmo_bot.sandbox.slack.state import State, recorded


class Slack:
    """One Slack with its workspaces."""

    def __init__(self, state: State, *, transport: str) -> None:
        """`transport` is socket or http."""
        self.state = state
        self.sockets = Sockets(state)
        delivery = Delivery(state, self.sockets, transport, patience=state.patience)
        self.hub = Hub(state, self.sockets, delivery, Events(state, delivery))
        self.people = People(self.hub)
        self.modals = Modals(self.hub)
        self.installing = Installing(state, self.hub.events)
        self.oauth = OAuth(state, self.installing)
        self.api = Api(self.hub, self.oauth)

    def routes(self) -> list[BaseRoute]:
        """Everything below `/slack`."""
        return [
            Route("/slack/api/{method:path}", self.api.endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/slack/socket", self.sockets.endpoint),
            *files.routes(self.state),
            *self.oauth.routes(),
            *responses.routes(self.state),
        ]

    def record(self) -> dict[str, Any]:
        """What was posted, called, shown and uploaded: `GET /control/record`."""
        everything = [m for messages in self.state.messages.values() for m in messages]
        return {
            "messages": [recorded(m) for m in sorted(everything, key=lambda m: m.ts)],
            "calls": self.state.calls,
            "views": self.state.views,
            "files": [files.file_json(self.state, file) for file in self.state.files.values() if file.complete],
        }
