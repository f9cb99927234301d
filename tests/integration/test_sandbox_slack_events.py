"""Which events an app's socket brings, read from the wire."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import PATIENT, START, act, client, eventually, see

MANIFEST = """
features: {unfurl_domains: [jira.example]}
settings:
  event_subscriptions:
    bot_events: [link_shared, member_joined_channel, member_left_channel, channel_rename, channel_shared,
                 channel_unshared, channel_id_changed, channel_archive, user_change, message.im]
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(MANIFEST + "oauth_config: {scopes: {bot: ['links:write', 'im:write', 'chat:write']}}")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=manifest)) as box:
        yield box


@contextmanager
def line(box: Sandbox, key: str = "huawei") -> Iterator[ClientConnection]:
    """An open, greeted socket of an app."""
    with connect(client(box).apps_connections_open(app_token=f"xapp-sandbox-{key}")["url"]) as socket:
        socket.recv(60)
        yield socket


def next_event(socket: ClientConnection) -> dict[str, Any]:
    """The next event, acknowledged."""
    envelope = json.loads(socket.recv(60))
    socket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
    event: dict[str, Any] = envelope["payload"]["event"]
    return event


def put(box: Sandbox, path: str, **what: Any) -> None:
    requests.put(f"{box.url}/control/{path}", json=what, timeout=60).raise_for_status()


def test_changes_of_the_joint_channel_are_told_to_the_bots_in_it(box: Sandbox) -> None:
    changes: list[dict[str, Any]] = [{"name": "core"}, {"is_archived": True}, {"shared_with": []}, {"new_id": "C0NEW"}]
    members = f"{box.url}/control/channels/C0JOINT/members"
    with line(box) as socket:
        requests.post(members, json={"user": "U0MARTA", "leave": True}, timeout=60).raise_for_status()
        left = next_event(socket)
        requests.post(members, json={"user": "U0MARTA"}, timeout=60).raise_for_status()
        joined = next_event(socket)
        told = []
        for change in changes:
            put(box, "channels/C0JOINT", **change)
            told.append(next_event(socket))

    assert (left["type"], left["user"], left["team"]) == ("member_left_channel", "U0MARTA", "T0TELEFON")
    assert (joined["type"], joined["user"]) == ("member_joined_channel", "U0MARTA")
    assert [event["type"] for event in told] == [
        "channel_rename",
        "channel_archive",
        "channel_unshared",
        "channel_id_changed",
    ]
    assert told[2]["previously_connected_team_id"] == "T0TELEFON"
    assert told[3]["new_channel_id"] == "C0NEW"


def test_a_link_is_told_for_ones_own_people_only_and_can_be_unfurled(box: Sandbox) -> None:
    url = "https://jira.example/browse/CORE-1"
    with line(box) as socket:
        act(box, "U0LUCIA", "say", channel="C0JOINT", text=f"<{url}>")  # the app is not installed at her company
        said = act(box, "U0LIWEI", "say", channel="C0JOINT", text=f"see <{url}>")
        shared = next_event(socket)
    unfurl = {url: {"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "CORE-1"}}]}}
    client(box).chat_unfurl(channel="C0JOINT", ts=said["ts"], unfurls=unfurl)

    assert (shared["type"], shared["user"], shared["message_ts"]) == ("link_shared", "U0LIWEI", said["ts"])
    assert shared["links"] == [{"url": url, "domain": "jira.example"}]
    seen = see(box, "U0LUCIA", "messages", channel="C0JOINT")[-1]
    assert seen["attachments"][0]["from_url"] == url


def test_a_person_who_moves_is_told_to_every_app_that_meets_them(box: Sandbox) -> None:
    with line(box, "huawei") as ours, line(box, "telefonica") as theirs:
        put(box, "people/U0LUCIA", tz="America/Mexico_City")
        events = [next_event(socket) for socket in (ours, theirs)]
    assert [(e["type"], e["user"]["id"], e["user"]["tz"]) for e in events] == [
        ("user_change", "U0LUCIA", "America/Mexico_City")
    ] * 2
    bad = requests.put(f"{box.url}/control/people/U0LUCIA", json={"tz": "Mars/Base"}, timeout=60)
    assert "no time zone" in bad.json()["error"]


def test_a_direct_message_is_told_to_the_app_it_was_written_to(box: Sandbox) -> None:
    dm = client(box).conversations_open(users="U0LIWEI")["channel"]["id"]
    with line(box) as socket:
        act(box, "U0LIWEI", "say", channel=dm, text="help")
        event = next_event(socket)
    assert (event["type"], event["channel_type"], event["text"]) == ("message", "im", "help")


def test_what_is_planned_happens_when_real_time_reaches_it(box: Sandbox) -> None:
    client(box).chat_scheduleMessage(channel="C0JOINT", text="soon", post_at=int(START.timestamp()) + 2)
    eventually(lambda: [m for m in see(box, "U0LIWEI", "messages", channel="C0JOINT") if m["text"] == "soon"])
