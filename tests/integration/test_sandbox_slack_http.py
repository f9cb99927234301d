"""The sandbox's Slack over signed HTTP, against the real slack_bolt behind Starlette."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.adapter.starlette import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import BUTTON, PATIENT, START, act, client, eventually, see

EXTERNAL = {
    "type": "modal",
    "callback_id": "pick",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Pick"},
    "submit": {"type": "plain_text", "text": "OK"},
    "blocks": [
        {
            "type": "input",
            "block_id": "issue",
            "label": {"type": "plain_text", "text": "Issue"},
            "element": {"type": "external_select", "action_id": "issue", "min_query_length": 0},
        }
    ],
}


class Bot:
    """A Bolt app behind a small web server; `refuse` makes it answer that many requests with 500."""

    def __init__(self, box: Sandbox, key: str, secret: str) -> None:
        self.client = client(box, key)
        self.heard: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.refuse = 0
        self.app = App(client=self.client, token=self.client.token, signing_secret=secret, process_before_response=True)
        self.app.event("app_mention")(self._event)
        self.app.event("message")(self._event)
        self.app.command("/fmo")(self._command)
        self.app.action("open")(self._open)
        self.app.options("issue")(self._options)
        self.app.view("pick")(self._keep)
        self.app.view_closed("pick")(self._keep)
        self.app.shortcut("sc_standup")(self._keep)
        self.app.shortcut("issue_from_message")(self._keep)
        self._handler = SlackRequestHandler(self.app)
        routes = [Route("/events", self._serve, methods=["POST"])]
        config = uvicorn.Config(
            Starlette(routes=routes), port=0, log_config=None, ws="none", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        eventually(lambda: self.server.started)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}/events"
        requests.put(f"{box.url}/control/apps/{key}", json={"request_url": self.url}, timeout=60).raise_for_status()

    def told(self, of: str) -> Any:
        """What the app was told of this kind, once: events of what was said come in between, in their own time."""
        (body,) = eventually(lambda: [body for body in self.heard if of in (body.get("type"), body.get("command"))])
        return body

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(60)

    async def _serve(self, request: Request) -> Response:
        self.requests.append((dict(request.headers), await request.body()))
        if self.refuse:
            self.refuse -= 1
            return Response("broken", 500)
        return await self._handler.handle(request)

    def _event(self, body: dict[str, Any], request: BoltRequest) -> None:
        self.heard.append({**body, "headers": request.headers})

    def _command(self, ack: Ack, body: dict[str, Any], respond: Any) -> None:
        ack()
        respond("one", response_type="in_channel")
        self.heard.append(body)

    def _open(self, ack: Ack, body: dict[str, Any], respond: Any) -> None:
        ack()
        self.heard.append(body)
        respond("replaced", replace_original=True)
        self.client.views_open(trigger_id=body["trigger_id"], view=EXTERNAL)

    def _options(self, ack: Ack, body: dict[str, Any]) -> None:
        text = f"CORE-{body['value']}"
        ack(options=[{"text": {"type": "plain_text", "text": text}, "value": text}])

    def _keep(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self.heard.append(body)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START, transport="http", apps="one")) as box:
        box.world.slack.hub.delivery.retry_delays = (0.0, 0.05)
        yield box


@pytest.fixture
def bot(box: Sandbox) -> Iterator[Bot]:
    bot = Bot(box, "fmo", "sandbox-secret-fmo")
    yield bot
    bot.stop()


def test_an_event_is_signed_tried_again_with_its_reason_and_then_taken(box: Sandbox, bot: Bot) -> None:
    bot.refuse = 1
    act(box, "U0LUCIA", "say", channel="C0JOINT", text="<@U0BOTFMOTEL> hello")
    mention = eventually(lambda: [b for b in bot.heard if b["event"]["type"] == "app_mention"])[0]
    eventually(lambda: box.world.clock.whats_busy() == [])

    headers = [(h.get("x-slack-retry-num"), h.get("x-slack-retry-reason")) for h, _ in bot.requests]
    assert ("1", "http_error") in headers
    assert all(SignatureVerifier("sandbox-secret-fmo").is_valid_request(body, h) for h, body in bot.requests)
    assert not SignatureVerifier("another").is_valid_request(bot.requests[0][1], bot.requests[0][0])
    assert mention["authorizations"][0]["team_id"] == "T0TELEFON"


def test_one_app_in_both_workspaces_hears_a_message_once_in_the_name_of_the_last_copy(box: Sandbox, bot: Bot) -> None:
    act(box, "U0LIWEI", "say", channel="C0JOINT", text="hello")
    eventually(lambda: box.world.clock.whats_busy() == [] and bot.requests)
    assert len(bot.requests) == 1
    assert b'"team_id": "T0TELEFON"' in bot.requests[0][1]
    assert b'"is_ext_shared_channel": true' in bot.requests[0][1]


def test_a_command_can_be_answered_five_times_at_its_response_url(box: Sandbox, bot: Bot) -> None:
    assert act(box, "U0SOFIA", "command", channel="C0JOINT", command="/fmo", text="sprint") == {"ok": True}
    answers = [requests.post(bot.told("/fmo")["response_url"], json={"text": "more"}, timeout=60) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [404]
    messages = see(box, "U0LIWEI", "messages", channel="C0JOINT")
    assert [m["text"] for m in messages] == ["one"]
    assert len(see(box, "U0SOFIA", "messages", channel="C0JOINT")) == 5


def test_a_guest_types_commands_where_they_are_a_guest(box: Sandbox, bot: Bot) -> None:
    assert act(box, "U0ELENA", "command", channel="C0JOINT", command="/fmo", text="") == {"ok": True}
    assert bot.told("/fmo")["team_id"] == "T0TELEFON"


def test_an_external_select_is_filled_by_the_app_and_closing_is_told(box: Sandbox, bot: Bot) -> None:
    ts = bot.client.chat_postMessage(channel="C0JOINT", text="x", blocks=[BUTTON])["ts"]
    act(box, "U0LIWEI", "press", channel="C0JOINT", ts=ts, block_id="row", action_id="open")
    view = see(box, "U0LIWEI", "views")[-1]
    where = {"view_id": view["id"], "block_id": "issue", "action_id": "issue"}

    offered = act(box, "U0LIWEI", "options", query="7", **where)
    unknown = act(box, "U0LIWEI", "submit", view_id=view["id"], values={"issue": {"issue": "CORE-8"}})
    sent = act(box, "U0LIWEI", "submit", view_id=view["id"], values={"issue": {"issue": "CORE-7"}})

    assert offered == [{"text": "CORE-7", "value": "CORE-7"}]
    assert "no option" in unknown["error"]
    assert sent == {"ok": True}
    state = bot.told("view_submission")["view"]["state"]["values"]["issue"]["issue"]
    assert state["selected_option"]["value"] == "CORE-7"
    assert [m["text"] for m in see(box, "U0LIWEI", "messages", channel="C0JOINT")] == ["replaced"]


def test_shortcuts_and_closed_modals_reach_the_app(box: Sandbox, bot: Bot) -> None:
    said = act(box, "U0LUCIA", "say", channel="C0JOINT", text="look")
    assert act(box, "U0LUCIA", "shortcut", app_id="A0FMO", callback_id="sc_standup") == {"ok": True}
    assert bot.told("shortcut")["callback_id"] == "sc_standup"
    target = {"app_id": "A0FMO", "callback_id": "issue_from_message", "channel": "C0JOINT", "ts": said["ts"]}
    assert act(box, "U0LUCIA", "message_action", **target) == {"ok": True}
    asked = bot.told("message_action")
    assert asked["message"]["text"] == "look"

    bot.client.views_open(trigger_id=asked["trigger_id"], view=EXTERNAL)
    view = see(box, "U0LUCIA", "views")[-1]
    assert act(box, "U0LUCIA", "close", view_id=view["id"]) == {"ok": True}
    assert bot.told("view_closed")["view"]["id"] == view["id"]
    assert see(box, "U0LUCIA", "views") == []


def test_an_interaction_that_is_not_acknowledged_is_an_error_for_the_person(box: Sandbox, bot: Bot) -> None:
    bot.refuse = 1
    failed = act(box, "U0LUCIA", "command", channel="C0JOINT", command="/fmo", text="")
    assert failed == {"ok": False, "error": "dispatch_failed"}
