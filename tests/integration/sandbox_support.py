"""What the sandbox's tests share: clients of its Slack, and hands of its people."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests
from slack_sdk import WebClient

from fmo_bot.sandbox.server import Sandbox

PATIENT = 60.0  # seconds the Slack of a test waits for an app: what is slow is the machine
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
    return requests.post(f"{box.url}/control/as/{user}/{what}", json=body, timeout=60).json()


def see(box: Sandbox, user: str, what: str, **query: str) -> Any:
    """Look at something as a person."""
    return requests.get(f"{box.url}/control/as/{user}/{what}", params=query, timeout=60).json()


def faults(box: Sandbox, **switches: Any) -> requests.Response:
    """Move the sandbox's switches."""
    return requests.post(f"{box.url}/control/faults", json=switches, timeout=60)


def record(box: Sandbox) -> Any:
    """The record for judging."""
    return requests.get(f"{box.url}/control/record", timeout=60).json()


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` comes to within a minute; for what another thread or process does in its own time."""
    end, pause = time.monotonic() + 60, threading.Event()
    while time.monotonic() < end:
        if result := found():
            return result
        pause.wait(0.02)
    raise AssertionError("It did not come within a minute.")
