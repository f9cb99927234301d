"""Acting as people in the sandbox: reading what they see, pressing, filling in, typing, and moving the clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import requests

Json = dict[str, Any]


class Stuck(Exception):
    """Somebody could not do what they wanted to; the message says who and what."""


class World:
    """The sandbox behind its control address."""

    def __init__(self, url: str) -> None:
        """`url` is the sandbox's address, such as http://127.0.0.1:8765."""
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False  # never through a proxy: it is this machine

    def get(self, path: str, **params: str) -> Any:
        """Read something; raises `Stuck` with the sandbox's own sentence."""
        return self._answer(self._http.get(self.url + path, params=params, timeout=60))

    def post(self, path: str, body: Json) -> Any:
        """Do something; raises `Stuck` with the sandbox's own sentence."""
        return self._answer(self._http.post(self.url + path, json=body, timeout=120))

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        if response.status_code >= 400:
            raise Stuck(f"{response.request.method} {response.request.path_url}: {response.text[:500]}")
        return response.json()

    def now(self) -> datetime:
        """The calendar clock."""
        return datetime.fromisoformat(self.get("/clock")["now"]).astimezone(UTC)

    def settle(self) -> None:
        """Wait until nobody has anything in hand."""
        self.post("/clock/step", {"by": 0})

    def step_to(self, at: datetime) -> None:
        """Move the clock to `at` (no further back than now), then wait until what follows has been done."""
        if at > self.now():
            self.post("/clock/step", {"to": at.isoformat()})
        self.settle()

    def person(self, user: str) -> "Human":
        """Act as this person."""
        return Human(self, user)


class Human:
    """One person at their screen."""

    def __init__(self, world: World, user: str) -> None:
        """`user` is a Slack user id of the world."""
        self._world = world
        self.user = user

    def direct_messages(self) -> Iterator[tuple[Json, Json]]:
        """(conversation, message) of every message of an app in a direct conversation, oldest first."""
        for conversation in self._world.get(f"/control/as/{self.user}/conversations"):
            if conversation["kind"] == "dm":
                for message in self.messages(conversation["id"]):
                    if message.get("bot_id"):
                        yield conversation, message

    def messages(self, channel: str) -> list[Json]:
        """What this person reads in a conversation, threads included."""
        return list(self._world.get(f"/control/as/{self.user}/messages", channel=channel))

    def press(self, channel: str, message: Json, wanted: Callable[[Json], bool]) -> None:
        """Press the first button of a message that is `wanted`."""
        for block in message.get("blocks") or ():
            for element in _elements(block):
                if element["type"] == "button" and wanted(element):
                    press = {"channel": channel, "ts": message["ts"], "block_id": block["block_id"]}
                    self._act("press", press | {"action_id": element["action_id"]})
                    return
        raise Stuck(f"{self.user} finds no such button in: {message.get('text', '')[:200]}")

    def command(self, channel: str, text: str) -> Json:
        """Type a slash command."""
        word, _, rest = text.partition(" ")
        return dict(self._act("command", {"channel": channel, "command": word, "text": rest}))

    def form(self) -> Json:
        """The modal on top, once the app has filled it."""
        views = self._world.get(f"/control/as/{self.user}/views")
        if not views:
            raise Stuck(f"{self.user} pressed a button and no form opened")
        return dict(views[-1])

    def choose(self, view: Json, block: Json, value: Any, values: Json) -> None:
        """Use a choice in a modal that changes the modal."""
        action = block["element"]["action_id"]
        body = {"view_id": view["id"], "block_id": block["block_id"], "action_id": action}
        self._act("press_view", body | {"value": value, "values": values})

    def submit(self, view: Json, values: Json) -> Json:
        """Send the modal."""
        return dict(self._act("submit", {"view_id": view["id"], "values": values}))

    def options(self, view: Json, block: Json, query: str = "") -> list[Json]:
        """What an external select offers."""
        body = {"view_id": view["id"], "block_id": block["block_id"], "action_id": block["element"]["action_id"]}
        return list(self._act("options", body | {"query": query}))

    def _act(self, what: str, body: Json) -> Any:
        return self._world.post(f"/control/as/{self.user}/{what}", body)


def _elements(block: Json) -> list[Json]:
    found = list(block.get("elements") or ())
    if block.get("accessory"):
        found.append(block["accessory"])
    return [element for element in found if isinstance(element, dict) and "type" in element]
