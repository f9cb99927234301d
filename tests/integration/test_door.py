"""The door: what comes in from Slack and Jira, by the real door, over both transports."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from config.settings import Settings
from fmo_bot.bootstrap.bot import Bot
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.slack.actions import BLOCKER_RESOLVE, EXPLAIN, SPRINT_ASK, SPRINT_SHARE, STANDUP_OPEN, WAITS_ASK
from handlers.door import Door
from tests.databases import empty_postgres
from tests.integration.door_support import WEBHOOK_SECRET, House, find_direct, form_of, given_for, house
from tests.integration.sandbox_support import PATIENT, START, act, client, eventually, record, see

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module", params=["socket", "http"])
def open_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on a Monday at nine in Shanghai: prompts and the parent post are there."""
    with house(tmp_path_factory.mktemp(request.param), request.param) as made:
        made.step()
        yield made


def whispers(home: House, user: str) -> list[dict[str, Any]]:
    """What only this person sees in the joint channel."""
    return [each for each in home.joint(user) if each.get("is_ephemeral")]


def test_a_stand_up_is_answered_from_the_prompt_to_the_thread(open_house: House) -> None:
    view = form_of(open_house, "U0CHENYU")
    typed = {"q_yesterday": {"input": "<!channel> moved & shaken"}, "q_today": {"input": "half a sen"}}
    choice = {"view_id": view["id"], "block_id": "blocked", "action_id": "blocked", "value": "operator"}
    act(open_house.box, "U0CHENYU", "press_view", **choice, values=typed)

    def grown() -> Any:
        shown = see(open_house.box, "U0CHENYU", "views")[-1]
        return shown if "blocked_what" in {block.get("block_id") for block in shown["blocks"]} else None

    view = eventually(grown)
    assert view["values"]["q_today"] == {"input": "half a sen"}  # what was typed is still there
    values = typed | {"q_note": {"input": ""}, "blocked": {"blocked": "operator"}}
    refused = act(open_house.box, "U0CHENYU", "submit", view_id=view["id"], values=values)
    assert list(refused["errors"]) == ["blocked_what"]  # neither an issue nor a word of what is missing
    values |= {"blocked_what": {"input": "a test line"}}
    assert act(open_house.box, "U0CHENYU", "submit", view_id=view["id"], values=values)["ok"]
    answer = eventually(lambda: [each for each in open_house.joint("U0LUCIA") if "Chen Yu" in each["text"]])[0]
    parent = next(each for each in open_house.joint() if each["ts"] == answer["thread_ts"])
    assert "&lt;!channel&gt; moved &amp; shaken" in answer["text"]
    assert "*Huawei* waits on *Telefonica*: a test line" in answer["text"]
    assert "Daily stand-up" in parent["text"]
    eventually(lambda: "Your answer is in" in open_house.direct("U0CHENYU")[1][0]["text"])


def test_a_blocker_is_resolved_with_a_button_by_whoever_may(open_house: House) -> None:
    view = form_of(open_house, "U0LIWEI")
    choice = {"view_id": view["id"], "block_id": "blocked", "action_id": "blocked", "value": "operator"}
    values = {"q_yesterday": {"input": "a"}, "q_today": {"input": "b"}, "blocked": {"blocked": "operator"}}
    act(open_house.box, "U0LIWEI", "press_view", **choice, values=values)
    eventually(lambda: "blocked_what" in json.dumps(see(open_house.box, "U0LIWEI", "views")[-1]["blocks"]))
    values |= {"blocked_what": {"input": "a key for the lab"}}
    assert act(open_house.box, "U0LIWEI", "submit", view_id=view["id"], values=values)["ok"]

    def answer() -> dict[str, Any]:
        return next(each for each in open_house.joint() if "a key for the lab" in each["text"])

    where = {"app_id": "A0FMOTELEF", "team_id": "T0TELEFON"}
    act(open_house.box, "U0LUCIA", "open_home", **where)

    def listing() -> Any:
        shown = see(open_house.box, "U0LUCIA", "home", **where)
        return shown if "a key for the lab" in json.dumps(shown) else None

    home = eventually(listing)
    eventually(lambda: [each for each in open_house.joint() if "a key for the lab" in each["text"]])
    open_house.press("U0DIEGO", "C0JOINT", answer(), BLOCKER_RESOLVE)  # of the side that is waited on
    assert "does not allow this" in eventually(lambda: whispers(open_house, "U0DIEGO"))[-1]["text"]
    assert "Resolved" not in answer()["text"]

    button = next(block for block in home["blocks"] if "a key for the lab" in json.dumps(block))
    pressed = {"view_id": home["id"], "block_id": button["block_id"], "action_id": BLOCKER_RESOLVE}
    act(open_house.box, "U0LUCIA", "press_view", **pressed, values={})  # a scrum master
    eventually(lambda: "Resolved" in answer()["text"])
    eventually(lambda: "a key for the lab" not in json.dumps(see(open_house.box, "U0LUCIA", "home", **where)))


def test_a_prompt_is_nobody_elses(open_house: House) -> None:
    _, messages = eventually(lambda: open_house.direct("U0LIWEI")[1] and open_house.direct("U0LIWEI"))
    ref = next(block for block in messages[0]["blocks"] if block["type"] == "actions")["elements"][0]["value"]
    view = form_of(open_house, "U0ZHAOMIN")
    forged = {"type": "view_submission", "team": {"id": "T0HUAWEI"}, "user": {"id": "U0ZHAOMIN", "team_id": "T0HUAWEI"}}
    forged |= {"view": view | {"private_metadata": ref, "state": {"values": {}}}, "trigger_id": "1.2.3"}
    answer = open_house.signed(json.dumps(forged).encode(), **JSON).json()
    assert answer["response_action"] == "errors"
    assert "no longer here" in next(iter(answer["errors"].values()))


def test_an_answer_too_long_for_slack_comes_back_under_its_field(open_house: House) -> None:
    view = form_of(open_house, "U0AISYAH")
    values = {"q_yesterday": {"input": {"value": "x" * 3500}}, "q_today": {"input": {"value": "y"}}}
    sent = {"type": "view_submission", "team": {"id": "T0HUAWEI"}, "user": {"id": "U0AISYAH", "team_id": "T0HUAWEI"}}
    sent |= {"view": view | {"state": {"values": values}}, "trigger_id": "1.2.4"}
    answer = open_house.signed(json.dumps(sent).encode(), **JSON).json()
    assert "3500 characters" in answer["errors"]["q_yesterday"]
    assert list(answer["errors"]) == ["q_yesterday"]


def test_a_sprint_report_comes_to_the_asker_alone_and_is_shared_with_a_button(open_house: House) -> None:
    parent = next(each for each in open_house.joint() if SPRINT_ASK in json.dumps(each.get("blocks")))
    open_house.press("U0LUCIA", "C0JOINT", parent, SPRINT_ASK)  # of the company whose app did not post it
    channel, report = eventually(lambda: find_direct(open_house, "U0LUCIA", "Sprint report"))
    assert "Committed + added − removed" in report["text"]
    picture = eventually(lambda: [each for each in open_house.direct("U0LUCIA")[1] if each.get("files")])[0]
    assert picture["files"][0]["alt_txt"]
    assert not [each for each in open_house.joint() if "Sprint report:" in each["text"]]
    open_house.press("U0LUCIA", channel, report, SPRINT_SHARE)
    shared = eventually(lambda: [each for each in open_house.joint() if "Sprint report:" in each["text"]])[0]
    assert "Shared by Lucía Ortega" in shared["text"]
    assert explained(open_house, "U0CHENYU", shared, "Sets of the sprint")  # of the other company
    assert explained(open_house, "U0ELENA", shared, "does not know you yet")


def explained(home: House, user: str, report: dict[str, Any], words: str) -> Any:
    """The window with these words, after a press on "How is this computed?"."""
    home.press(user, "C0JOINT", report, EXPLAIN)
    return eventually(lambda: [each for each in see(home.box, user, "views") if words in json.dumps(each)])


def test_the_same_house_stands_on_postgresql(postgres: str, tmp_path: Path) -> None:
    with empty_postgres(postgres) as url, house(tmp_path, "socket", FMO_DATABASE_URL=url) as home:
        home.step()
        parent = eventually(home.joint)[0]
        home.press("U0LIWEI", "C0JOINT", parent, SPRINT_ASK)
        eventually(lambda: find_direct(home, "U0LIWEI", "Three short questions"))
        eventually(lambda: find_direct(home, "U0LIWEI", "Sprint report"))


def test_somebody_outside_the_team_may_press_and_is_told_why_not(open_house: House) -> None:
    parent = open_house.joint("U0ELENA")[0]
    assert open_house.press("U0ELENA", "C0JOINT", parent, SPRINT_ASK) == {"ok": True}  # acknowledged all the same
    told = eventually(lambda: whispers(open_house, "U0ELENA"))
    assert "does not know you yet" in told[-1]["text"]


def test_somebody_whose_company_has_no_app_is_answered_where_they_spoke(open_house: House) -> None:
    before = len(whispers(open_house, "U0ELENA"))
    act(open_house.box, "U0ELENA", "say", channel="C0JOINT", text="<@U0BOTTELEF> help")
    eventually(lambda: len(whispers(open_house, "U0ELENA")) > before)


def test_a_mention_is_answered_in_a_direct_message_of_ones_own_app(open_house: House) -> None:
    act(open_house.box, "U0LUCIA", "say", channel="C0JOINT", text="<@U0BOTHUAWEI> help")  # the other company's bot
    channel, _ = eventually(lambda: find_direct(open_house, "U0LUCIA", "/fmo help"))
    assert channel == "D0BOTTELEF0LUCIA"


def test_an_unknown_command_is_answered_with_help(open_house: House) -> None:
    assert act(open_house.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="payload please")["ok"]
    told = eventually(lambda: [each for each in open_house.joint() if "does not know" in each["text"]])
    assert "`payload`" in told[-1]["text"]
    assert "/fmo help" in told[-1]["text"]


@pytest.mark.parametrize(
    ("user", "answer"),
    [
        ("U0ZHAOMIN", "Three short questions"),  # was asked at nine in Shanghai
        ("U0DIEGO", "Nothing is asked of you now."),  # Mexico City is still asleep
        ("U0ELENA", None),  # a guest who may type commands, but is nobody the bot knows
    ],
)
def test_the_stand_up_can_be_called_up_with_a_word(open_house: House, user: str, answer: str | None) -> None:
    before = len(whispers(open_house, user))
    assert act(open_house.box, user, "command", channel="C0JOINT", command="/fmo", text="standup") == {"ok": True}
    told = eventually(lambda: whispers(open_house, user)[before:])
    assert (answer or "does not know you yet") in told[-1]["text"]
    assert (STANDUP_OPEN in json.dumps(told[-1])) == (user == "U0ZHAOMIN")


def test_words_in_a_direct_message_are_commands_too(open_house: House) -> None:
    channel, _ = eventually(lambda: open_house.direct("U0ZHAOMIN")[1] and open_house.direct("U0ZHAOMIN"))
    act(open_house.box, "U0ZHAOMIN", "say", channel=channel, text="help")
    eventually(lambda: find_direct(open_house, "U0ZHAOMIN", "/fmo help"))


def test_app_home_greets_a_member_and_says_who_runs_the_server(open_house: House) -> None:
    where = {"app_id": "A0FMOTELEF", "team_id": "T0TELEFON"}
    act(open_house.box, "U0JAVIER", "open_home", **where)
    shown = json.dumps(eventually(lambda: see(open_house.box, "U0JAVIER", "home", **where)))
    assert "Javier Ruiz" in shown
    assert "run by Huawei" in shown


def test_who_waits_on_whom_is_asked_for_with_a_button_of_app_home(open_house: House) -> None:
    where = {"app_id": "A0FMOTELEF", "team_id": "T0TELEFON"}
    act(open_house.box, "U0LUCIA", "open_home", **where)
    home = eventually(lambda: see(open_house.box, "U0LUCIA", "home", **where))
    block = next(each for each in home["blocks"] if WAITS_ASK in json.dumps(each))
    pressed = {"view_id": home["id"], "block_id": block["block_id"], "action_id": WAITS_ASK}
    act(open_house.box, "U0LUCIA", "press_view", **pressed, values={})
    eventually(lambda: find_direct(open_house, "U0LUCIA", "Who waits on whom"))


def test_what_our_own_bots_say_is_no_event_of_ours(open_house: House) -> None:
    client(open_house.box, "telefonica").chat_postMessage(channel="C0JOINT", text="<@U0BOTHUAWEI> help")
    act(open_house.box, "U0LIWEI", "say", channel="C0JOINT", text="<@U0BOTHUAWEI> help")
    eventually(lambda: [each for each in open_house.direct("U0LIWEI")[1] if "/fmo help" in each["text"]])
    assert not [each for each in see(open_house.box, "U0LIWEI", "conversations") if each["id"].endswith("BOTTELEF")]


def test_an_event_delivered_again_does_nothing_twice(open_house: House) -> None:
    said = {"type": "message", "channel_type": "im", "channel": "D0BOTHUAWEI0LIWEI", "user": "U0LIWEI"}
    said |= {"ts": "1794790900.000100", "text": "again and again", "team": "T0HUAWEI"}
    for number in range(3):
        retry = {"x-slack-retry-num": str(number)} if number else {}
        assert open_house.event(said, event_id="Ev0AGAIN", **retry).status_code == 200

    def answers() -> list[Any]:
        return [each for each in open_house.direct("U0LIWEI")[1] if "`again`" in each["text"]]

    eventually(answers)
    open_house.settle()
    assert len(answers()) == 1


def test_an_event_that_could_not_be_written_down_is_left_to_slack_to_send_again(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"type": "message", "channel_type": "im", "channel": "D0BOTHUAWEI0LIWEI", "user": "U0LIWEI"}
    said |= {"ts": "1794790903.000100", "text": "lost words", "team": "T0HUAWEI"}

    def full(**_row: object) -> bool:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(open_house.bot, "record", full)
        assert open_house.event(said, event_id="Ev0LOST").status_code == 500
    assert open_house.event(said, event_id="Ev0LOST", **{"x-slack-retry-num": "1"}).status_code == 200
    eventually(lambda: [each for each in open_house.direct("U0LIWEI")[1] if "`lost`" in each["text"]])


def test_what_another_bot_says_is_answered_by_nobody(open_house: House) -> None:
    said = {"type": "app_mention", "channel": "C0JOINT", "text": "<@U0BOTHUAWEI> help", "bot_id": "B0WORKFLOW"}
    with capture_logs() as lines:
        answer = open_house.event(said | {"ts": "1794790901.000100"}, event_id="Ev0BOT")  # a workflow has no user id
        other = said | {"ts": "1794790902.000100", "user": "U0WORKFLOW", "team": "T0HUAWEI"}
        assert open_house.event(other, event_id="Ev0BOT2").status_code == 200
    assert answer.status_code == 200
    assert not [line for line in lines if line["log_level"] == "error"]
    open_house.settle()
    assert not [
        call for call in record(open_house.box)["calls"] if call["method"] == "conversations.open" and call["error"]
    ]


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "gone", "block_id": "b", "value": "x"}]},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "gone", "state": {"values": {}}}},
        {"type": "view_closed", "view": {"type": "modal", "callback_id": "gone"}},
        {"type": "shortcut", "callback_id": "gone"},
        {"type": "message_action", "callback_id": "gone"},
        {"type": "block_suggestion", "action_id": "gone", "block_id": "b", "value": "x"},
    ],
)
def test_what_nobody_waits_for_any_more_is_acknowledged(open_house: House, sent: dict[str, Any]) -> None:
    who = {"team": {"id": "T0HUAWEI"}, "user": {"id": "U0LIWEI", "team_id": "T0HUAWEI"}, "trigger_id": "1.2.9"}
    assert open_house.signed(json.dumps(sent | who).encode(), **JSON).status_code == 200


def test_a_slash_command_may_say_payload(open_house: House) -> None:
    assert open_house.command("the payload").status_code == 200


def signed_headers(body: bytes, *, age: int = 0, secret: str = "sandbox-secret-huawei") -> dict[str, str]:
    """Slack's headers over a body, made `age` seconds ago."""
    stamp = str(int(time.time()) - age)
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": str(signature)}


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no signature at all
        signed_headers(b"{}", secret="another"),
        signed_headers(b"{} "),  # of another body
        signed_headers(b"{}", age=600),  # replayed too late
        signed_headers(b"{}") | {"x-slack-request-timestamp": "yesterday"},
        signed_headers(b"{}") | {"x-slack-request-timestamp": "9" * 400},
    ],
)
def test_what_slack_did_not_sign_is_refused_shortly(open_house: House, headers: dict[str, str]) -> None:
    with capture_logs() as lines:
        answer = open_house.knock(b"{}", **headers)
    assert answer.status_code == 401
    assert [line["event"] for line in lines if "signed" in line["event"]] == ["a request is not signed by Slack"]
    assert not any("x-slack" in str(line) for line in lines)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[1]", 400),  # not a mapping
        (b"{" * 5000, 400),
        (b"x" * 1_000_001, 413),
        (b'{"type": "url_verification", "challenge": "c"}', 200),
    ],
)
def test_signed_nonsense_is_refused_in_a_word(open_house: House, body: bytes, status: int) -> None:
    assert open_house.signed(body, **JSON).status_code == status


def test_an_app_nobody_configured_is_not_there(open_house: House) -> None:
    assert open_house.knock(b"{}", "nobody").status_code == 404


def test_a_webhook_of_jira_is_taken_only_with_its_signature(open_house: House) -> None:
    body = json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "10001"}}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    url = f"{open_house.url}/jira/shared/webhook"
    right = requests.post(url, data=body, headers={"x-hub-signature": f"sha256={signature}"}, timeout=60)
    wrong = requests.post(url, data=body + b" ", headers={"x-hub-signature": f"sha256={signature}"}, timeout=60)
    unsigned = requests.post(url, data=body, timeout=60)
    elsewhere = requests.post(f"{open_house.url}/jira/other/webhook", data=body, timeout=60)
    assert [each.status_code for each in (right, wrong, unsigned, elsewhere)] == [200, 401, 401, 404]


def test_a_socket_that_is_not_open_makes_the_bot_unready(tmp_path: Path) -> None:
    with Sandbox(Options(patience=PATIENT, start=START)) as box, Bot(Settings.read(given_for(box, tmp_path))) as bot:
        door = Door(bot)
        closed = door.problems()
        with door:
            assert door.problems() == []
    assert closed == [f"The socket of Slack app {key} is not open." for key in ("huawei", "telefonica")]


def test_health_and_figures_are_there_to_be_read(open_house: House) -> None:
    assert requests.get(f"{open_house.url}/health/live", timeout=60).text == "alive"
    assert requests.get(f"{open_house.url}/health/ready", timeout=60).json() == {"ready": True, "problems": []}
    figures = requests.get(f"{open_house.url}/metrics", timeout=60).text
    assert "fmo_in_hand" in figures
    assert "fmo_doubles_found_total 0.0" in figures
