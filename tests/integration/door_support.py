"""The real bot in this process between the sandbox's Slack and Jira, and hands to knock at its door with."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from slack_sdk.signature import SignatureVerifier

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.slack.actions import STANDUP_OPEN
from handlers.door import Door
from tests.integration.sandbox_support import PATIENT, START, act, eventually, see

TEAM = Path(__file__).parents[2] / "config" / "demo" / "team.yaml"
WEBHOOK_SECRET = "webhook-sandbox-secret"
_TWO_APPS = {"huawei": ("T0HUAWEI",), "telefonica": ("T0TELEFON",)}
_ONE_APP = {"fmo": ("T0HUAWEI", "T0TELEFON")}
FIRST_PROMPTS = START + timedelta(minutes=30)  # nine in Shanghai and Kuala Lumpur


@dataclass(frozen=True)
class House:
    """A sandbox and the bot that lives by it."""

    box: Sandbox
    bot: Bot
    url: str  # of the bot's own web server

    def knock(self, body: bytes, key: str = "huawei", **headers: str) -> requests.Response:
        """A request at the door of an app, with these headers."""
        return requests.post(f"{self.url}/slack/{key}/events", data=body, headers=headers, timeout=60)

    def signed(self, body: bytes, key: str = "huawei", **headers: str) -> requests.Response:
        """The same, signed as Slack signs it."""
        stamp = str(int(time.time()))
        signature = SignatureVerifier(f"sandbox-secret-{key}").generate_signature(timestamp=stamp, body=body)
        signed = {"x-slack-request-timestamp": stamp, "x-slack-signature": str(signature)}
        return self.knock(body, key, **signed, **headers)

    def event(self, event: Mapping[str, Any], *, event_id: str, **headers: str) -> requests.Response:
        """An event of the Huawei app, signed."""
        body = {"type": "event_callback", "team_id": "T0HUAWEI", "event_id": event_id, "event": event}
        authorized = {"authorizations": [{"team_id": "T0HUAWEI", "enterprise_id": None, "user_id": "U0BOTHUAWEI"}]}
        return self.signed(json.dumps(body | authorized).encode(), **{"content-type": "application/json"}, **headers)

    def command(self, text: str) -> requests.Response:
        """`/fmo text` by Li Wei, signed; what is answered goes to the response address."""
        fields = {"command": "/fmo", "text": text, "user_id": "U0LIWEI", "team_id": "T0HUAWEI"}
        fields |= {"channel_id": "C0JOINT", "trigger_id": f"1.2.{text}", "api_app_id": "A0FMOHUAWEI"}
        return self.signed(urlencode(fields).encode(), **{"content-type": "application/x-www-form-urlencoded"})

    def step(self) -> None:
        """Step the clock to the first prompts, and wait until they are there."""
        requests.post(
            f"{self.box.url}/clock/step", json={"to": FIRST_PROMPTS.isoformat()}, timeout=120
        ).raise_for_status()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way any more, between anybody."""
        requests.post(f"{self.box.url}/clock/step", json={"by": 0}, timeout=120).raise_for_status()

    def direct(self, user: str) -> tuple[str, list[dict[str, Any]]]:
        """A person's direct conversation with the app: its id, and its messages ("" where there is none yet)."""
        found = [each["id"] for each in see(self.box, user, "conversations") if each["kind"] == "dm"]
        return (found[0], see(self.box, user, "messages", channel=found[0])) if found else ("", [])

    def joint(self, user: str = "U0LIWEI") -> list[dict[str, Any]]:
        """What a person sees in the joint channel."""
        messages: list[dict[str, Any]] = see(self.box, user, "messages", channel="C0JOINT")
        return messages

    def press(self, user: str, channel: str, message: Mapping[str, Any], action: str) -> Any:
        """Press the button with this action id in a message."""
        block = next(block for block in message["blocks"] if action in json.dumps(block))
        told = {"channel": channel, "ts": message["ts"], "block_id": block["block_id"], "action_id": action}
        return act(self.box, user, "press", **told)


def form_of(home: House, user: str) -> Any:
    """The stand-up form of a person, opened with the button on their prompt."""
    channel, messages = eventually(lambda: home.direct(user)[1] and home.direct(user))
    assert home.press(user, channel, messages[0], STANDUP_OPEN) == {"ok": True}
    return eventually(lambda: [view for view in see(home.box, user, "views") if view["callback_id"]])[-1]


@contextmanager
def house(
    folder: Path, transport: str, *, team: Path | None = TEAM, jira: str = "cloud", apps: str = "two", **given: str
) -> Iterator[House]:
    """The sandbox, the demo's joint team, and the bot with its door open; closed and cleared away at the end.

    `team` None: no joint team is there yet. `apps`: `two`, one of each company, or `one` in both, with the key `fmo`.
    """
    with Sandbox(Options(patience=PATIENT, start=START, transport=transport, jira=jira, apps=apps)) as box:
        settings = Settings.read(given_for(box, folder, apps=apps) | given)
        if team is not None:
            assert set_up(settings, team).result.members == 11
        with running(box, settings, transport) as home:
            yield home


@contextmanager
def running(box: Sandbox, settings: Settings, transport: str) -> Iterator[House]:
    """A bot in a sandbox with its door open; another one may follow it there."""
    with Bot(settings) as bot, Door(bot) as door:
        serving = threading.Thread(target=door.serve)
        serving.start()
        try:
            url = f"http://127.0.0.1:{door.port}"
            _register(box, url, transport, [app.key for app in settings.slack_apps])
            # A world that has not heard of the bot yet would not wait for it when it is stepped.
            eventually(lambda: requests.get(f"{box.url}/clock", timeout=60).json()["reporters"])
            yield House(box, bot, url)
        finally:
            door.stop()
            serving.join(60)
    assert not serving.is_alive()


def given_for(box: Sandbox, folder: Path, *, apps: str = "two") -> dict[str, str]:
    """The bot's settings for a sandbox: both transports are open, the sandbox chooses."""
    given = {
        "FMO_DATABASE_URL": f"sqlite:///{folder / 'fmo.db'}",
        "FMO_PORT": "0",
        "FMO_SLACK_API_URL": f"{box.url}/slack/api/",
        "FMO_CLOCK_URL": f"{box.url}/clock",
        "FMO_JIRA_SITES": "shared",
        "FMO_JIRA_SHARED_URL": f"{box.url}/jira/shared",
        "FMO_JIRA_SHARED_EMAIL": "bot@shared.example",
        "FMO_JIRA_SHARED_TOKEN": "jira-sandbox-shared",
        "FMO_JIRA_SHARED_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    installed = _ONE_APP if apps == "one" else _TWO_APPS
    given["FMO_SLACK_APPS"] = ",".join(installed)
    for key, teams in installed.items():
        given[f"FMO_SLACK_{key.upper()}_BOT_TOKENS"] = ",".join(f"xoxb-sandbox-{key}-{team}" for team in teams)
        given[f"FMO_SLACK_{key.upper()}_APP_TOKEN"] = f"xapp-sandbox-{key}"
        given[f"FMO_SLACK_{key.upper()}_SIGNING_SECRET"] = f"sandbox-secret-{key}"
    return given


def _register(box: Sandbox, url: str, transport: str, keys: Sequence[str]) -> None:
    """Tell the pretend Slack where each app's requests go, as its manifest would."""
    if transport == "http":
        for key in keys:
            told = {"request_url": f"{url}/slack/{key}/events"}
            requests.put(f"{box.url}/control/apps/{key}", json=told, timeout=60).raise_for_status()


def find_direct(home: House, user: str, words: str) -> tuple[str, dict[str, Any]] | None:
    """The newest direct message to a person with these words."""
    channel, messages = home.direct(user)
    found = [each for each in messages if words in each["text"]]
    return (channel, found[-1]) if found else None
