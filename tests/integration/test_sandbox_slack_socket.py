"""The sandbox's Slack over Socket Mode, driven by the real slack_bolt and slack_sdk."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import BUTTON, PATIENT, START, act, client, eventually, see

FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Stand-up"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "done",
            "label": {"type": "plain_text", "text": "Done?"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 10},
        },
        {
            "type": "input",
            "block_id": "blocked",
            "optional": True,
            "label": {"type": "plain_text", "text": "Blocked?"},
            "element": {
                "type": "static_select",
                "action_id": "choice",
                "options": [{"text": {"type": "plain_text", "text": "Yes"}, "value": "yes"}],
            },
        },
    ],
}


class Bot:
    """A Bolt app on a socket that keeps what it hears."""

    def __init__(self, box: Sandbox, key: str) -> None:
        self.client = client(box, key)
        self.app = App(client=self.client, token=self.client.token)
        self.heard: list[dict[str, Any]] = []
        self.app.event("app_mention")(self._hear)
        self.app.event("message")(self._hear)
        self.app.event("app_home_opened")(self._hear)
        self.app.command("/fmo")(self._command)
        self.app.action("open")(self._open)
        self.app.view("form")(self._submit)
        self.handler = SocketModeHandler(self.app, app_token=f"xapp-sandbox-{key}")

    def told(self, of: str) -> Any:
        """What the app was told last of this kind; events of what was said come in between, in their own time."""
        return eventually(lambda: [body for body in self.heard if of in (body.get("type"), body.get("text"))])[-1]

    def _hear(self, body: dict[str, Any]) -> None:
        self.heard.append(body)

    def _command(self, ack: Ack, body: dict[str, Any]) -> None:
        ack(f"heard {body['text']}")
        self.heard.append(body)

    def _open(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self.heard.append(body)
        self.client.views_open(trigger_id=body["trigger_id"], view=FORM)

    def _submit(self, ack: Ack, body: dict[str, Any]) -> None:
        self.heard.append(body)
        text = body["view"]["state"]["values"]["done"]["text"]["value"]
        ack(response_action="errors", errors={"done": "Say more."}) if text == "no" else ack()


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


@pytest.fixture(scope="module")
def huawei(box: Sandbox) -> Iterator[Bot]:
    bot = Bot(box, "huawei")
    bot.handler.connect()  # type: ignore[no-untyped-call]
    yield bot
    bot.handler.close()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def telefonica(box: Sandbox) -> Iterator[Bot]:
    bot = Bot(box, "telefonica")
    bot.handler.connect()  # type: ignore[no-untyped-call]
    yield bot
    bot.handler.close()  # type: ignore[no-untyped-call]


def test_a_prompt_is_answered_through_button_modal_and_submission(box: Sandbox, huawei: Bot) -> None:
    dm = huawei.client.conversations_open(users="U0LIWEI")["channel"]["id"]
    huawei.client.chat_postMessage(channel=dm, text="How was it?", blocks=[BUTTON])
    message = see(box, "U0LIWEI", "messages", channel=dm)[-1]

    pressed = act(box, "U0LIWEI", "press", channel=dm, ts=message["ts"], block_id="row", action_id="open")
    view = eventually(lambda: see(box, "U0LIWEI", "views"))[-1]
    refused = act(box, "U0LIWEI", "submit", view_id=view["id"], values={"done": {"text": "no"}})
    too_long = act(box, "U0LIWEI", "submit", view_id=view["id"], values={"done": {"text": "x" * 11}})
    kept = see(box, "U0LIWEI", "views")[-1]["values"]
    sent = act(
        box,
        "U0LIWEI",
        "submit",
        view_id=view["id"],
        values={"done": {"text": "much"}, "blocked": {"choice": "yes"}},
    )

    assert pressed == {"ok": True}
    assert refused == {"ok": False, "response_action": "errors", "errors": {"done": "Say more."}}
    assert too_long["errors"] == {"done": "Must be 10 characters or fewer."}
    assert kept == {"done": {"text": "x" * 11}}
    assert sent == {"ok": True}
    assert see(box, "U0LIWEI", "views") == []
    forms = eventually(lambda: [body for body in huawei.heard if body.get("view", {}).get("id") == view["id"]])
    values = forms[-1]["view"]["state"]["values"]  # of the second one: the app heard it before it acknowledged it
    assert values["blocked"]["choice"]["selected_option"]["value"] == "yes"


def test_a_slash_command_reaches_the_app_of_the_persons_own_workspace(
    box: Sandbox, huawei: Bot, telefonica: Bot
) -> None:
    answer = act(box, "U0LUCIA", "command", channel="C0JOINT", command="/fmo", text="payload please")

    assert answer == {"ok": True}
    assert telefonica.told("payload please")["team_id"] == "T0TELEFON"
    assert not [body for body in huawei.heard if body.get("text") == "payload please"]
    last = see(box, "U0LUCIA", "messages", channel="C0JOINT")[-1]
    assert (last["text"], last["is_ephemeral"]) == ("heard payload please", True)
    assert all(m["text"] != last["text"] for m in see(box, "U0LIWEI", "messages", channel="C0JOINT"))
    unknown = act(box, "U0LUCIA", "command", channel="C0JOINT", command="/other", text="")
    assert unknown == {"ok": False, "error": "unknown_command"}


def test_a_message_in_the_joint_channel_reaches_each_app_once(box: Sandbox, huawei: Bot, telefonica: Bot) -> None:
    act(box, "U0LUCIA", "say", channel="C0JOINT", text="hello <@U0BOTHUAWEI>")

    def mention(bot: Bot, kind: str) -> list[dict[str, Any]]:
        events = [body["event"] for body in bot.heard if "event" in body]
        return [e for e in events if e["type"] == kind and e.get("text") == "hello <@U0BOTHUAWEI>"]

    eventually(lambda: mention(huawei, "app_mention") and mention(huawei, "message") and mention(telefonica, "message"))
    assert len(mention(huawei, "message")) == 1
    assert mention(huawei, "message")[0]["user_team"] == "T0TELEFON"
    assert mention(telefonica, "app_mention") == []


def test_an_external_persons_submission_carries_their_team_and_the_installed_one(box: Sandbox, huawei: Bot) -> None:
    ts = huawei.client.chat_postMessage(channel="C0JOINT", text="All", blocks=[BUTTON])["ts"]
    act(box, "U0LUCIA", "press", channel="C0JOINT", ts=ts, block_id="row", action_id="open")
    (pressed,) = eventually(
        lambda: [each for each in huawei.heard if each.get("container", {}).get("message_ts") == ts]
    )
    view = eventually(lambda: see(box, "U0LUCIA", "views"))[-1]
    act(box, "U0LUCIA", "submit", view_id=view["id"], values={"done": {"text": "yes"}})
    (submitted,) = eventually(lambda: [body for body in huawei.heard if body.get("view", {}).get("id") == view["id"]])

    assert pressed["team"]["id"] == "T0HUAWEI"
    assert submitted["team"]["id"] == submitted["user"]["team_id"] == "T0TELEFON"
    assert submitted["view"]["app_installed_team_id"] == "T0HUAWEI"


def test_opening_the_home_is_told_and_the_published_view_is_seen(box: Sandbox, huawei: Bot) -> None:
    act(box, "U0LIWEI", "open_home", app_id="A0FMOHUAWEI", team_id="T0HUAWEI")
    eventually(lambda: [b for b in huawei.heard if b.get("event", {}).get("type") == "app_home_opened"])
    home = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}]}
    huawei.client.views_publish(user_id="U0LIWEI", view=home)

    seen = see(box, "U0LIWEI", "home", app_id="A0FMOHUAWEI", team_id="T0HUAWEI")
    assert seen["blocks"][0]["text"]["text"] == "Welcome"
    assert see(box, "U0LUCIA", "home", app_id="A0FMOHUAWEI", team_id="T0HUAWEI") is None


def test_an_app_that_is_not_there_is_told_to_the_person() -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        answer = act(box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="")
    assert answer == {"ok": False, "error": "dispatch_failed"}


def test_a_renewed_connection_is_opened_again_by_the_client(
    box: Sandbox, huawei: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box.world.slack.hub.delivery, "patience", 1.0)  # what went to the old one is waited for
    path = f"{box.url}/control/apps/huawei/disconnect"
    requests.post(path, json={"warning_s": 0}, timeout=60).raise_for_status()
    eventually(lambda: box.world.slack.sockets.count(box.world.slack.state.cast.apps["A0FMOHUAWEI"]) == 1)
    eventually(lambda: act(box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="again") == {"ok": True})


def test_an_envelope_goes_to_one_socket_and_silence_is_told_to_the_person() -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        box.world.slack.hub.delivery.patience = 0.2
        with connect(ticket(box)) as first, connect(ticket(box)) as second:
            both = (first, second)
            hellos = [json.loads(socket.recv(60)) for socket in both]
            answer = act(box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="")
            envelopes = eventually(lambda: [heard for socket in both for heard in _waiting(socket)])
            envelopes += [heard for socket in both for heard in _waiting(socket)]

    assert [hello["num_connections"] for hello in hellos] == [1, 2]
    assert answer == {"ok": False, "error": "operation_timeout"}
    assert [(e["type"], e["accepts_response_payload"]) for e in envelopes] == [("slash_commands", True)]


def test_a_used_ticket_opens_no_second_connection() -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        url = ticket(box)
        with connect(url) as socket:
            assert json.loads(socket.recv(60))["type"] == "hello"
        with connect(url) as socket, pytest.raises(ConnectionClosed):
            socket.recv(60)


def test_an_unacknowledged_event_is_sent_again_with_its_number_and_reason() -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        delivery = box.world.slack.hub.delivery
        delivery.patience, delivery.retry_delays = 0.2, (0.0, 3600.0)
        with connect(ticket(box)) as socket:
            socket.recv(60)
            act(box, "U0LIWEI", "say", channel="C0JOINT", text="hello")
            first, second = (json.loads(socket.recv(60)) for _ in range(2))
            assert any("event message" in what for what in box.world.clock.whats_busy())

    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert first["envelope_id"] != second["envelope_id"]


def ticket(box: Sandbox) -> str:
    return str(client(box).apps_connections_open(app_token="xapp-sandbox-huawei")["url"])


def _waiting(socket: ClientConnection) -> list[Any]:
    try:
        return [json.loads(socket.recv(0.05))]
    except TimeoutError:
        return []
