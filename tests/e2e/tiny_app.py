"""A Slack app of one button and one form over Socket Mode, made with slack_bolt and nothing of the bot."""

import re
from collections.abc import Callable
from html import escape
from queue import Queue
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

JOINT = "C0JOINT"
TEAM = "T0HUAWEI"
KEY = "fmo"

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


FILL: Json = {"type": "button", "action_id": "fill", "style": "primary", "text": plain("Fill in")}
ASK: list[Json] = [
    {"type": "header", "text": plain("Stand-up")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*5G Core* is waiting for <@U0LIWEI>."}},
    {"type": "actions", "elements": [FILL]},
]


YES_NO = [option("Yes"), option("No")]
SURE = {
    "title": plain("Really?"),
    "text": plain("It cannot be undone."),
    "confirm": plain("Do it"),
    "deny": plain("Leave it"),
}
ELEMENTS: list[Json] = [
    {"type": "static_select", "action_id": "try_static", "placeholder": plain("A side"), "options": YES_NO},
    {"type": "external_select", "action_id": "try_external", "placeholder": plain("An issue"), "min_query_length": 2},
    {"type": "users_select", "action_id": "try_user", "placeholder": plain("A person")},
    {"type": "datepicker", "action_id": "try_date", "placeholder": plain("A day")},
    {"type": "radio_buttons", "action_id": "try_radio", "options": YES_NO},
    {"type": "checkboxes", "action_id": "try_boxes", "options": YES_NO},
    {"type": "overflow", "action_id": "try_overflow", "options": YES_NO},
    {
        "type": "button",
        "action_id": "try_button",
        "text": plain("Delete"),
        "style": "danger",
        "value": "7",
        "confirm": SURE,
    },
]


def form(*, place: str, blocked: bool) -> Json:
    way: Json = {
        "type": "input",
        "block_id": "way",
        "label": plain("What is in the way?"),
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Daily stand-up"),
        "submit": plain("Send"),
        "private_metadata": place,
        "blocks": [
            {
                "type": "input",
                "block_id": "done",
                "label": plain("What did you finish?"),
                "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 60},
            },
            {
                "type": "input",
                "block_id": "blocked",
                "dispatch_action": True,
                "label": plain("Blocked?"),
                "element": {"type": "radio_buttons", "action_id": "choice", "options": YES_NO},
            },
            *([way] if blocked else []),
        ],
    }


def text_of(view: Json, block: str) -> str:
    return str(view["state"]["values"][block]["text"]["value"])


class TinyApp:
    """Connected while it is entered; `ask()` posts the message with the button, `post` anything else."""

    def __init__(self, url: str) -> None:
        self.heard: Queue[Json] = Queue()
        self.client = WebClient(token=f"xoxb-sandbox-{KEY}-{TEAM}", base_url=f"{url}/slack/api/")
        app = App(client=self.client)
        app.action("fill")(self._open)
        app.action("choice")(self._redraw)
        app.view("form")(self._take)
        app.action(re.compile("^try_"))(self._hear)
        app.options("try_external")(self._offer)
        app.shortcut(re.compile("^(sc_standup|issue_from_message)$"))(self._stack)
        app.event("message")(lambda ack: ack())  # unheard events would be sent again and again
        self._socket: Any = SocketModeHandler(app, f"xapp-sandbox-{KEY}")

    def __enter__(self) -> "TinyApp":
        self._socket.connect()
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def ask(self) -> str:
        """The `ts` of a new message with the button."""
        return self.post(text="Stand-up: please fill in.", blocks=ASK)

    def post(self, **what: Any) -> str:
        return str(self.client.chat_postMessage(channel=JOINT, **what)["ts"])

    def _open(self, ack: Callable[..., None], body: Json, client: WebClient) -> None:
        ack()
        view = form(place=body["message"]["ts"], blocked=False)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def _redraw(self, ack: Callable[..., None], body: Json, client: WebClient) -> None:
        ack()
        blocked = body["actions"][0]["selected_option"]["value"] == "yes"
        view = form(place=body["view"]["private_metadata"], blocked=blocked)
        client.views_update(view_id=body["view"]["id"], view=view)

    def _take(self, ack: Callable[..., None], body: Json, view: Json, client: WebClient) -> None:
        said = text_of(view, "done")
        if said == "nothing":
            ack(response_action="errors", errors={"done": "Please say what it was."})
            return
        ack()
        text = f"<@{body['user']['id']}> finished: {escape(said, quote=False)}"
        client.chat_postMessage(channel=JOINT, thread_ts=view["private_metadata"], text=text)

    def _hear(self, ack: Callable[..., None], action: Json) -> None:
        ack()
        self.heard.put(action)

    def _offer(self, ack: Callable[..., None], payload: Json) -> None:
        ack(options=[{"text": plain(f"CORE-{n} {payload['value']}"), "value": f"CORE-{n}"} for n in range(3)])

    def _stack(self, ack: Callable[..., None], body: Json, client: WebClient) -> None:
        ack()
        what = body.get("message", {}).get("text", "nothing in particular")
        blocks = [{"type": "section", "text": plain(f"About: {what}")}]
        view = {"type": "modal", "title": plain("Shortcut"), "blocks": blocks}
        client.views_open(trigger_id=body["trigger_id"], view=view)
