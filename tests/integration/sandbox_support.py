"""What the sandbox's tests share: clients of its Slack, and hands of its people."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from slack_sdk import WebClient

from fmo_bot.sandbox.server import Sandbox

START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
TEAMS = {"huawei": "T0HUAWEI", "telefonica": "T0TELEFON", "fmo": "T0HUAWEI"}
BUTTON = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {"type": "button", "action_id": "open", "value": "ref1", "text": {"type": "plain_text", "text": "Answer"}}
    ],
}


def client(box: Sandbox, key: str = "huawei", team: str | None = None) -> WebClient:
    """The real client of an app's installation; it never tries again by itself."""
    token = f"xoxb-sandbox-{key}-{team or TEAMS[key]}"
    return WebClient(token=token, base_url=f"{box.url}/slack/api/", retry_handlers=[])


def act(box: Sandbox, user: str, what: str, **body: Any) -> Any:
    """Do something as a person."""
    return requests.post(f"{box.url}/control/as/{user}/{what}", json=body, timeout=10).json()


def see(box: Sandbox, user: str, what: str, **query: str) -> Any:
    """Look at something as a person."""
    return requests.get(f"{box.url}/control/as/{user}/{what}", params=query, timeout=10).json()


def faults(box: Sandbox, **switches: Any) -> requests.Response:
    """Move the sandbox's switches."""
    return requests.post(f"{box.url}/control/faults", json=switches, timeout=10)


def record(box: Sandbox) -> Any:
    """The record for judging."""
    return requests.get(f"{box.url}/control/record", timeout=10).json()


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` comes to within four seconds; for what another process does in its own time."""
    pause = threading.Event()
    for _ in range(200):
        if result := found():
            return result
        pause.wait(0.02)
    raise AssertionError("It did not come within four seconds.")
