"""Speaking to the pretend Slack with the real client: what is said, found again, and how each failure ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.manifests import manifest
from fmo_bot.charts import Charts
from fmo_bot.domain.messages import BurnUpChart, BurnUpPoint, Home, Notice
from fmo_bot.domain.parties import Person, Place
from fmo_bot.errors import NotNow, RateLimited, SendOutcome, Uncertain, Undeliverable
from fmo_bot.ports import Outgoing
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.slack import history
from fmo_bot.slack.chat import SlackChat
from fmo_bot.slack.installs import Installs
from fmo_bot.slack.who import Who
from tests.charts_made import THROUGHPUT
from tests.integration.sandbox_support import PATIENT, START, act, client, faults, record, see

JOINT = Place("T0HUAWEI", "C0JOINT")
LUCIA = Person("T0TELEFON", "U0LUCIA")
TOKENS = {"huawei": ("xoxb-sandbox-huawei-T0HUAWEI",), "telefonica": ("xoxb-sandbox-telefonica-T0TELEFON",)}
HELLO = Outgoing(message=Notice(text="Hello {who}.", values={"who": "<!channel>"}), key="k1", language="en")
CHART = BurnUpChart(
    sprint="Core Sprint 12",
    start=START - timedelta(days=7),
    end=START + timedelta(days=5),
    as_of=START,
    points=(BurnUpPoint(at=START - timedelta(days=7), scope=9, done=0), BurnUpPoint(at=START, scope=9, done=4)),
)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


def chat_of(box: Sandbox) -> SlackChat:
    return SlackChat(installs=installs_of(box), pictures=Charts())


def installs_of(box: Sandbox) -> Installs:
    return Installs.connect(TOKENS, f"{box.url}/slack/api/")


def posted(box: Sandbox) -> list[dict[str, Any]]:
    """What bots have posted."""
    return [each for each in record(box)["messages"] if "app_id" in (each["posted_by"] or {})]


def test_a_message_is_posted_updated_and_found_by_its_key(box: Sandbox) -> None:
    chat = chat_of(box)
    ts = chat.post(JOINT, HELLO)
    reply = chat.post(JOINT, replace(HELLO, key="k2", thread_ts=ts))
    chat.update(JOINT, ts, replace(HELLO, message=Notice(text="Goodbye.", values={})))
    shown = see(box, "U0LUCIA", "messages", channel="C0JOINT")
    assert [each["text"] for each in shown] == ["Goodbye.", "Hello &lt;!channel&gt;."]
    assert chat.find(JOINT, "k1", since=START) == ts
    assert chat.find(JOINT, "k2", since=START, thread_ts=ts) == reply
    assert chat.find(JOINT, "k3", since=START) is None


def test_a_copy_of_a_message_by_another_app_is_not_taken_for_it(box: Sandbox) -> None:
    chat = chat_of(box)
    ts = chat.post(JOINT, HELLO)
    key = {"event_type": "fmo", "event_payload": {"key": HELLO.key}}
    client(box, "telefonica").chat_postMessage(channel=JOINT.channel, text="Hello.", metadata=key)
    assert chat.find(JOINT, HELLO.key, since=START) == ts


def test_what_may_stand_further_back_than_is_looked_is_not_taken_for_missing(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAGE", 2)
    monkeypatch.setattr(history, "_PAGES", 2)
    chat = chat_of(box)
    chat.post(JOINT, HELLO)
    for _ in range(3):
        act(box, "U0LUCIA", "say", channel=JOINT.channel, text="Good morning.")
    assert chat.find(JOINT, HELLO.key, since=START) is not None
    act(box, "U0LUCIA", "say", channel=JOINT.channel, text="One more.")
    with pytest.raises(NotNow, match="more than 4"):
        chat.find(JOINT, HELLO.key, since=START)


def test_a_person_is_spoken_to_by_the_app_of_their_own_company(box: Sandbox) -> None:
    chat = chat_of(box)
    place = chat.direct(LUCIA)
    chat.post(place, HELLO)
    assert place.workspace == "T0TELEFON"
    assert posted(box)[0]["posted_by"]["team_id"] == "T0TELEFON"
    with pytest.raises(Undeliverable, match="no app is installed"):
        chat.direct(Person("T0CONSULT", "U0ELENA"))


def test_a_picture_carries_its_words_and_is_found_by_its_key(box: Sandbox) -> None:
    chat = chat_of(box)
    thread = chat.post(JOINT, HELLO)
    chat.post(JOINT, Outgoing(message=CHART, key="pic", language="en", thread_ts=thread))
    picture = next(each for each in see(box, "U0LUCIA", "messages", channel="C0JOINT") if each.get("files"))
    assert picture["thread_ts"] == thread
    assert "Core Sprint 12" in picture["files"][0]["alt_txt"]
    assert chat.find(JOINT, "pic", since=START, thread_ts=thread) == picture["ts"]


BARS = Outgoing(message=THROUGHPUT, key="bars", language="en")


def test_a_chart_that_slack_can_draw_is_a_message_with_its_numbers(box: Sandbox) -> None:
    chat = chat_of(box)
    thread = chat.post(JOINT, HELLO)
    ts = chat.post(JOINT, replace(BARS, thread_ts=thread))
    (shown,) = (each for each in see(box, "U0LUCIA", "messages", channel="C0JOINT") if each["ts"] == ts)
    assert shown["thread_ts"] == thread
    assert [block["type"] for block in shown["blocks"]] == ["data_visualization", "data_table", "context"]
    assert "2026-W47*: Finished 2" in shown["text"]
    assert chat.find(JOINT, "bars", since=START, thread_ts=thread) == ts


def test_a_workspace_without_slacks_own_charts_gets_the_picture(box: Sandbox) -> None:
    chat = chat_of(box)
    thread = chat.post(JOINT, HELLO)
    faults(box, blocks_refused=["data_visualization"])
    chat.post(JOINT, replace(BARS, thread_ts=thread))
    (shown,) = (each for each in see(box, "U0LUCIA", "messages", channel="C0JOINT") if each.get("files"))
    assert shown["thread_ts"] == thread
    assert "2026-W46: 0" in shown["files"][0]["alt_txt"]
    assert chat.find(JOINT, "bars", since=START, thread_ts=thread) == shown["ts"]


def test_app_home_is_published_in_ones_own_workspace(box: Sandbox) -> None:
    home = Home(name="Lucía", prompts=(), teams=(("5G Core", "t"),), blockers=(), host="Huawei")
    chat_of(box).publish_home(LUCIA, replace(HELLO, message=home))
    assert see(box, "U0LUCIA", "home", app_id="A0FMOTELEF", team_id="T0TELEFON")["blocks"]


@pytest.mark.parametrize(
    ("switch", "outcome", "arrives"),
    [
        ("drop_after_accept", Uncertain, 1),  # it is there, and we cannot know
        ("drop_before", Uncertain, 0),
        ("server_error", Uncertain, 0),
        ("rate_limited", RateLimited, 0),
    ],
)
def test_each_failure_says_whether_it_may_have_arrived(
    box: Sandbox, switch: str, outcome: type[SendOutcome], arrives: int
) -> None:
    chat = chat_of(box)
    faults(box, **{switch: 1.0, "methods": ["chat.postMessage"]})
    with pytest.raises(outcome) as caught:
        chat.post(JOINT, HELLO)
    faults(box, **{switch: 0.0})
    assert len(posted(box)) == arrives  # and nothing was sent twice
    assert (chat.find(JOINT, "k1", since=START) is not None) == bool(arrives)
    if isinstance(caught.value, RateLimited):
        assert caught.value.lane == "method:T0HUAWEI:chat.postMessage"
        assert caught.value.retry_after >= 1


def test_a_slack_that_is_away_has_taken_nothing(box: Sandbox) -> None:
    installs = installs_of(box)
    away = SlackChat(installs=Installs(installs.all, "http://127.0.0.1:9/api/"), pictures=Charts())
    with pytest.raises(NotNow):
        away.post(JOINT, HELLO)


def test_a_channel_nobody_may_post_in_is_undeliverable(box: Sandbox) -> None:
    with pytest.raises(Undeliverable, match="channel_not_found"):
        chat_of(box).post(Place("T0HUAWEI", "C0NOWHERE"), HELLO)


def test_the_minimal_profile_posts_but_cannot_look_for_its_messages(tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump(manifest(transport="socket", profile="minimal")), "utf-8")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=file)) as box:
        chat = chat_of(box)
        thread = chat.post(JOINT, HELLO)
        chat.post(JOINT, Outgoing(message=CHART, key="pic", language="en", thread_ts=thread))
        chat.post(chat.direct(LUCIA), HELLO)
        with pytest.raises(Undeliverable, match="missing_scope"):
            chat.find(JOINT, "k1", since=datetime(2026, 11, 1, tzinfo=UTC))


def test_a_home_workspace_that_a_payload_does_not_name_is_asked_of_slack_once(box: Sandbox) -> None:
    who = Who(installs_of(box))
    assert who.of("U0LUCIA", home=None, seen_in="T0HUAWEI") == LUCIA
    before = len(record(box)["calls"])
    assert who.of("U0LUCIA", home=None, seen_in="T0HUAWEI") == LUCIA
    assert who.of("U0LIWEI", home="T0HUAWEI", seen_in="T0TELEFON") == Person("T0HUAWEI", "U0LIWEI")
    assert len(record(box)["calls"]) == before
