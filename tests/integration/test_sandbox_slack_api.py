"""The sandbox's Web API says yes and no as Slack does; driven by the real slack_sdk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.sandbox_support import BUTTON, PATIENT, START, act, client, eventually, faults, record, see


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """A sandbox of its own, for tests that change the world."""
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


def refusal(web: WebClient, method: str, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, json=arguments)
    return caught.value.response


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": list(blocks), **more}


def test_an_app_learns_who_it_is_and_where(box: Sandbox) -> None:
    who = client(box).auth_test()
    assert (who["team_id"], who["user_id"], who["bot_id"]) == ("T0HUAWEI", "U0BOTHUAWEI", "B0BOTHUAWEI")
    assert client(box).team_info()["team"]["domain"] == "huawei-delivery"
    assert client(box).bots_info(bot="B0BOTHUAWEI")["bot"]["app_id"] == "A0FMOHUAWEI"


REFUSED = [
    # method, arguments, Slack's error
    ("chat.nonsense", {}, "unknown_method"),
    ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "C0TEFTEAM", "text": "x"}, "channel_not_found"),  # another workspace's
    ("chat.postMessage", {"channel": "U0NOBODY", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "C0HWGEN", "text": "x"}, "not_in_channel"),
    ("chat.postMessage", {"channel": "C0JOINT"}, "no_text"),
    ("chat.postMessage", {"channel": "C0JOINT", "text": "x", "metadata": {"event_type": 3}}, "invalid_metadata_format"),
    ("chat.postMessage", {"channel": "C0JOINT", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
    ("chat.update", {"channel": "C0JOINT", "ts": "1.000001", "text": "x"}, "message_not_found"),
    ("chat.update", {"channel": "C0JOINT", "ts": "1.000001", "text": "x" * 4001}, "msg_too_long"),
    ("chat.postEphemeral", {"channel": "C0HWTEAM", "user": "U0WANG", "text": "x"}, "user_not_in_channel"),
    ("chat.scheduleMessage", {"channel": "C0JOINT", "text": "x", "post_at": 1}, "time_in_past"),
    ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "lucia.ortega@telefonica-redes.example"}, "users_not_found"),  # external
    ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
    ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ("conversations.history", {"channel": "C0HWGEN"}, "not_in_channel"),
    ("conversations.replies", {"channel": "C0JOINT", "ts": "1.000001"}, "thread_not_found"),
    ("views.open", {"trigger_id": "1.2.3", "view": modal(section("x"))}, "invalid_trigger_id"),
    ("views.open", {"trigger_id": "1.2.3", "view": modal(section("x"), title=None)}, "invalid_arguments"),
    ("views.update", {"view_id": "V1", "view": modal(section("x"))}, "not_found"),
    ("files.completeUploadExternal", {"files": [{"id": "F1"}]}, "file_not_found"),
    ("apps.connections.open", {}, "not_allowed_token_type"),
]


@pytest.mark.parametrize(("method", "arguments", "error"), REFUSED)
def test_what_slack_would_refuse_is_refused_with_its_error(
    box: Sandbox, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert refusal(client(box), method, **arguments)["error"] == error


WRONG_BLOCKS = [
    # blocks, part of Slack's explanation
    ([section("x")] * 51, "no more than 50 items allowed"),
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("x", block_id="a"), section("y", block_id="a")], "`block_id` a already exists"),
    ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "must be less than 151"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "must be plain_text"),
    ([{"type": "context", "elements": []}], "must have 1 to 10 items"),
    ([{"type": "actions", "elements": [BUTTON["elements"][0]] * 2}], "`action_id` open already exists"),
    ([{"type": "section"}], "missing required field: text or fields"),
    ([{"type": "balloon"}], "unsupported type: balloon"),
    ([{"type": "alert", "text": {"type": "plain_text", "text": "x"}}], "not supported in a message"),
    ([{"type": "image", "image_url": "https://x"}], "missing required field: alt_text"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "12000 characters over all"),
]


@pytest.mark.parametrize(("blocks", "explanation"), WRONG_BLOCKS)
def test_wrong_blocks_are_refused_with_slacks_explanation(box: Sandbox, blocks: list[Any], explanation: str) -> None:
    answer = refusal(client(box), "chat.postMessage", channel="C0JOINT", text="x", blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert explanation in json.dumps(answer["response_metadata"]["messages"])


def test_tokens_that_are_not_the_sandboxs_own_are_refused_in_a_sentence(box: Sandbox) -> None:
    real = WebClient(token="xoxb-123-456-abc", base_url=f"{box.url}/slack/api/")
    answer = refusal(real, "auth.test")
    assert answer["error"] == "invalid_auth"
    assert "takes only its own tokens" in answer["response_metadata"]["messages"][0]
    assert refusal(client(box, "huawei", "T0TELEFON"), "auth.test")["error"] == "invalid_auth"


def test_external_people_are_seen_as_slack_shows_them(box: Sandbox) -> None:
    web = client(box)
    lucia = web.users_info(user="U0LUCIA", include_locale=True)["user"]
    li_wei = web.users_info(user="U0LIWEI", include_locale=True)["user"]

    assert (lucia["team_id"], lucia["tz"], "locale" in lucia) == ("T0TELEFON", "Europe/Madrid", False)
    assert (li_wei["team_id"], li_wei["locale"], li_wei["tz_offset"]) == ("T0HUAWEI", "zh-CN", 28800)
    assert "U0LUCIA" not in [member["id"] for member in web.users_list()["members"]]
    assert "U0LUCIA" in web.conversations_members(channel="C0JOINT")["members"]
    joint = web.conversations_info(channel="C0JOINT")["channel"]
    assert joint["is_ext_shared"]
    assert joint["shared_team_ids"] == ["T0HUAWEI", "T0TELEFON"]


def test_lists_come_in_pages(box: Sandbox) -> None:
    pages = [page["members"] for page in client(box).users_list(limit=4)]
    assert [len(page) for page in pages] == [4, 4]


def test_history_keeps_metadata_threads_and_stamps_of_the_calendar(fresh: Sandbox) -> None:
    web = client(fresh)
    metadata = {"event_type": "fmo", "event_payload": {"key": "k1"}}
    parent = web.chat_postMessage(channel="C0HWTEAM", text="parent", metadata=metadata)["ts"]
    reply = web.chat_postMessage(channel="C0HWTEAM", text="reply", thread_ts=parent)["ts"]
    act(fresh, "U0LIWEI", "say", channel="C0HWTEAM", text="by a person")

    plain = web.conversations_history(channel="C0HWTEAM")["messages"]
    whole = web.conversations_history(channel="C0HWTEAM", include_all_metadata=True, latest=reply)["messages"]

    assert [m["text"] for m in plain] == ["by a person", "parent"]
    assert (plain[1]["reply_count"], "metadata" in plain[1]) == (1, False)
    assert [m["metadata"] for m in whole] == [metadata]
    assert [m["text"] for m in web.conversations_replies(channel="C0HWTEAM", ts=parent)["messages"]] == [
        "parent",
        "reply",
    ]
    assert 0 <= float(parent) - START.timestamp() < 600
    assert float(reply) > float(parent)


def test_a_message_can_be_changed_marked_linked_and_deleted_by_its_author_only(fresh: Sandbox) -> None:
    ours, theirs = client(fresh), client(fresh, "telefonica")
    ts = ours.chat_postMessage(channel="C0JOINT", text="first")["ts"]

    ours.chat_update(channel="C0JOINT", ts=ts, text="second")
    ours.reactions_add(channel="C0JOINT", timestamp=ts, name="eyes")
    link = ours.chat_getPermalink(channel="C0JOINT", message_ts=ts)["permalink"]

    assert see(fresh, "U0LUCIA", "messages", channel="C0JOINT")[-1]["text"] == "second"
    assert link == f"https://huawei-delivery.slack.com/archives/C0JOINT/p{ts.replace('.', '')}"
    assert refusal(theirs, "chat.update", channel="C0JOINT", ts=ts, text="x")["error"] == "cant_update_message"
    assert refusal(ours, "reactions.add", channel="C0JOINT", timestamp=ts, name="eyes")["error"] == "already_reacted"
    ours.chat_delete(channel="C0JOINT", ts=ts)
    assert see(fresh, "U0LUCIA", "messages", channel="C0JOINT") == []


def test_a_scheduled_message_is_an_event_of_the_clock(fresh: Sandbox) -> None:
    at = int(START.timestamp()) + 3600
    client(fresh).chat_scheduleMessage(channel="C0JOINT", text="later", post_at=at)
    requests.post(f"{fresh.url}/clock/step", json={"next": True}, timeout=120)
    seen = see(fresh, "U0LUCIA", "messages", channel="C0JOINT")
    assert [(m["text"], int(float(m["ts"]))) for m in seen] == [("later", at)]


def test_a_picture_is_uploaded_to_another_path_and_shared(fresh: Sandbox) -> None:
    client(fresh).files_upload_v2(
        content=b"PNG!", filename="chart.png", title="Burn-up", alt_txt="It rises", channel="C0JOINT"
    )
    message = see(fresh, "U0LUCIA", "messages", channel="C0JOINT")[-1]
    file = message["files"][0]

    assert (file["title"], file["alt_txt"], file["size"]) == ("Burn-up", "It rises", 4)
    assert requests.get(fresh.url + file["url"], timeout=60).content == b"PNG!"
    assert requests.get(file["url_private"], timeout=60).status_code == 403
    shares = client(fresh).files_info(file=file["id"])["file"]["shares"]
    assert shares["public"]["C0JOINT"][0]["ts"] == message["ts"]


def test_a_missing_scope_is_named(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("oauth_config: {scopes: {bot: [chat:write, users:read]}}")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=manifest)) as box:
        answer = refusal(client(box), "reactions.add", channel="C0JOINT", timestamp="1.1", name="eyes")
        history = refusal(client(box), "conversations.history", channel="C0JOINT")
        person = client(box).users_info(user="U0LIWEI")["user"]
    assert (answer["error"], answer["needed"]) == ("missing_scope", "reactions:write")
    assert answer["provided"] == "chat:write,users:read"
    assert history["error"] == "missing_scope"
    assert "email" not in person["profile"]


def stop_machine_time(box: Sandbox) -> None:
    """For its limits; however long the calls take."""
    box.world.slack.state.limits.machine = lambda: 1000.0


def test_a_channel_takes_a_short_burst_then_one_message_a_second(fresh: Sandbox) -> None:
    stop_machine_time(fresh)
    web = client(fresh)
    for number in range(4):
        web.chat_postMessage(channel="C0JOINT", text=str(number))
    answer = refusal(web, "chat.postMessage", channel="C0JOINT", text="5")
    web.chat_postMessage(channel="U0LIWEI", text="another channel")
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "1"


def test_a_method_is_limited_by_its_tier_per_workspace(fresh: Sandbox) -> None:
    stop_machine_time(fresh)
    for _ in range(20):
        client(fresh).users_list(limit=1)
    answer = refusal(client(fresh), "users.list", limit=1)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3"
    assert client(fresh, "telefonica").users_list(limit=1)["ok"]


def test_faults_cut_the_line_before_or_after_the_message_was_taken(fresh: Sandbox) -> None:
    # fault -> how many messages are recorded although the caller heard nothing good
    for fault, recorded in {"drop_before": 0, "drop_after_accept": 1, "server_error": 1, "rate_limited": 1}.items():
        faults(fresh, **{fault: 1, "methods": ["chat.postMessage"]})
        with pytest.raises((OSError, SlackApiError)):
            client(fresh).chat_postMessage(channel="C0JOINT", text="x")
        assert client(fresh).auth_test()["ok"]
        faults(fresh, **{fault: 0})
        assert len(record(fresh)["messages"]) == recorded, fault


def test_a_caller_may_wait_in_vain_for_a_message_that_was_taken(fresh: Sandbox) -> None:
    faults(fresh, timeout=1, methods=["chat.postMessage"])
    impatient = client(fresh)
    impatient.timeout = 1
    with pytest.raises(TimeoutError):
        impatient.chat_postMessage(channel="C0JOINT", text="x")
    eventually(lambda: len(record(fresh)["messages"]) == 1)


def test_delayed_history_does_not_know_a_young_message(fresh: Sandbox) -> None:
    faults(fresh, history_lag_s=60)
    client(fresh).chat_postMessage(channel="C0JOINT", text="x")
    assert client(fresh).conversations_history(channel="C0JOINT")["messages"] == []
    faults(fresh, history_lag_s=0)
    assert len(client(fresh).conversations_history(channel="C0JOINT")["messages"]) == 1
    assert "there are" in faults(fresh, nonsense=1).json()["error"]


def test_sabotage_falsifies_what_is_recorded(fresh: Sandbox) -> None:
    web = client(fresh)
    # kind of sabotage -> (conversations the message is found in, minutes by which it is late)
    table: dict[str, list[tuple[str, int]]] = {
        "drop": [],
        "double": [("D0BOTHUAWEI0LIWEI", 0), ("D0BOTHUAWEI0LIWEI", 0)],
        "wrong-side": [("D0BOTTELEF0LUCIA", 0)],
        "late": [("D0BOTHUAWEI0LIWEI", 7)],
    }
    for kind, expected in table.items():
        faults(fresh, sabotage=kind)
        before = fresh.world.clock.now().timestamp()
        ts = web.chat_postMessage(channel="U0LIWEI", text=kind)["ts"]
        found = [m for m in record(fresh)["messages"] if m["text"] == kind]
        assert [(m["channel"], int(float(m["ts"]) - before) // 60) for m in found] == expected, kind
        if kind == "drop":
            assert web.chat_update(channel="D0BOTHUAWEI0LIWEI", ts=ts, text="still ok")["ok"]
    faults(fresh, sabotage=None)


def test_only_one_message_is_falsified_where_one_is_asked_for(fresh: Sandbox) -> None:
    faults(fresh, sabotage="drop", sabotage_after=1)
    for text in ("kept", "dropped", "kept too"):
        client(fresh).chat_postMessage(channel="U0LIWEI", text=text)
    assert [m["text"] for m in record(fresh)["messages"]] == ["kept", "kept too"]


def test_a_trigger_is_good_once_and_for_as_long_as_slack_is_patient(fresh: Sandbox) -> None:
    state = fresh.world.slack.state
    app, user = state.cast.apps["A0FMOHUAWEI"], state.cast.users["U0LIWEI"]
    used, expired = (state.trigger(app, "T0HUAWEI", user) for _ in range(2))
    state.triggers[expired].expires -= PATIENT + 0.1
    web = client(fresh)

    view = web.views_open(trigger_id=used, view=modal(section("x")))["view"]

    assert refusal(web, "views.open", trigger_id=used, view=modal(section("x")))["error"] == "exchanged_trigger_id"
    assert refusal(web, "views.open", trigger_id=expired, view=modal(section("x")))["error"] == "expired_trigger_id"
    stale = refusal(web, "views.update", view_id=view["id"], hash="old", view=modal(section("y")))
    assert stale["error"] == "hash_conflict"
    assert web.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("y")))["ok"]
    assert see(fresh, "U0LIWEI", "views")[0]["blocks"][0]["text"]["text"] == "y"


def test_a_stack_holds_three_modals(fresh: Sandbox) -> None:
    state = fresh.world.slack.state
    app, user = state.cast.apps["A0FMOHUAWEI"], state.cast.users["U0LIWEI"]
    web = client(fresh)
    web.views_open(trigger_id=state.trigger(app, "T0HUAWEI", user), view=modal(section("1")))
    for text in "23":
        web.views_push(trigger_id=state.trigger(app, "T0HUAWEI", user), view=modal(section(text)))
    full = refusal(web, "views.push", trigger_id=state.trigger(app, "T0HUAWEI", user), view=modal(section("4")))
    assert full["error"] == "push_limit_reached"


def test_installing_with_rotation_gives_tokens_that_can_be_renewed_once(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("settings: {token_rotation_enabled: true}\noauth_config: {scopes: {bot: [chat:write]}}")
    with Sandbox(Options(patience=PATIENT, start=START, manifest=manifest)) as box:
        asked = {"client_id": "huawei.sandbox", "state": "s1", "redirect_uri": "http://127.0.0.1:1/back"}
        page = requests.get(f"{box.url}/slack/oauth/v2/authorize", params=asked, timeout=60).text
        allowed = requests.get(
            f"{box.url}/slack/oauth/v2/allow",
            params={**asked, "team": "T0TELEFON"},
            allow_redirects=False,
            timeout=60,
        )
        code = allowed.headers["location"].partition("code=")[2].partition("&")[0]
        web = WebClient(base_url=f"{box.url}/slack/api/")
        secrets = {"client_id": "huawei.sandbox", "client_secret": "client-sandbox-huawei"}
        first = web.oauth_v2_access(**secrets, code=code, redirect_uri=asked["redirect_uri"])
        renewal = {**secrets, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = web.oauth_v2_access(**renewal)
        with pytest.raises(SlackApiError, match="invalid_refresh_token"):
            web.oauth_v2_access(**renewal)
        with pytest.raises(SlackApiError, match="invalid_code"):
            web.oauth_v2_access(**secrets, code=code)
        who = WebClient(token=second["access_token"], base_url=web.base_url).auth_test()

    assert "Allow" in page
    assert first["team"]["id"] == who["team_id"] == "T0TELEFON"
    assert first["access_token"] != second["access_token"]


def test_changes_of_a_channel_are_seen_by_both_sides(fresh: Sandbox) -> None:
    def change(**what: Any) -> Any:
        return requests.put(f"{fresh.url}/control/channels/C0JOINT", json=what, timeout=60).json()

    change(name="joint-core", is_archived=True)
    assert refusal(client(fresh), "chat.postMessage", channel="C0JOINT", text="x")["error"] == "is_archived"
    change(is_archived=False, shared_with=[])
    assert refusal(client(fresh, "telefonica"), "conversations.info", channel="C0JOINT")["error"] == "channel_not_found"
    assert "U0LUCIA" not in client(fresh).conversations_members(channel="C0JOINT")["members"]
    change(new_id="C0MOVED")
    assert client(fresh).conversations_info(channel="C0MOVED")["channel"]["name"] == "joint-core"


def test_every_call_and_change_is_on_record(fresh: Sandbox) -> None:
    client(fresh).chat_postMessage(channel="C0JOINT", text="x")
    refusal(client(fresh), "chat.postMessage", channel="C0JOINT")
    calls = record(fresh)["calls"]
    assert [(c["method"], c["app_id"], c["team_id"], c["ok"], c["error"]) for c in calls] == [
        ("chat.postMessage", "A0FMOHUAWEI", "T0HUAWEI", True, None),
        ("chat.postMessage", "A0FMOHUAWEI", "T0HUAWEI", False, "no_text"),
    ]
    with requests.get(f"{fresh.url}/control/changes?since=0", stream=True, timeout=60) as stream:
        lines = (line for line in stream.iter_lines(chunk_size=1) if line.startswith(b"data:"))
        first = json.loads(next(lines).removeprefix(b"data:"))
    assert (first["kind"], first["channel"]) == ("message", "C0JOINT")


def test_what_a_person_cannot_do_is_said_in_a_sentence(box: Sandbox) -> None:
    assert "no conversation" in act(box, "U0LIWEI", "say", channel="C0TEFTEAM", text="x")["error"]
    assert "no person" in act(box, "U0NOBODY", "say", channel="C0JOINT", text="x")["error"]
    assert act(box, "U0LIWEI", "say", channel="C0JOINT")["error"] == "'text' is missing."


JUNK: list[Any] = [5, ["x"], {"a": {"b": 1}}, "x", "[", "{}", "[1]", True]
ARGUMENTS: tuple[str, ...] = (
    "channel",
    "user",
    "users",
    "ts",
    "text",
    "blocks",
    "view",
    "trigger_id",
    "metadata",
    "files",
    "unfurls",
)
ARGUMENTS += ("limit", "cursor", "oldest", "types", "timestamp", "name", "attachments", "filename", "length", "email")


def test_no_junk_brings_a_method_down(fresh: Sandbox) -> None:
    headers = {"authorization": "Bearer xoxb-sandbox-huawei-T0HUAWEI"}
    with requests.Session() as session:
        for method in fresh.world.slack.api.methods:
            for junk in JUNK:
                arguments = dict.fromkeys(ARGUMENTS, junk) | {"channel": "C0JOINT"}
                url = f"{fresh.url}/slack/api/{method}"
                answer = session.post(url, json=arguments, headers=headers, timeout=60)
                assert answer.status_code in (200, 429), (method, junk)
                assert "ok" in answer.json()


def test_who_was_invited_to_post_only_adds_no_app(fresh: Sandbox) -> None:
    def change(path: str, method: str = "POST", **what: Any) -> requests.Response:
        return requests.request(method, f"{fresh.url}/control/channels/C0JOINT{path}", json=what, timeout=60)

    change("", "PUT", limited=["T0TELEFON"]).raise_for_status()
    shown = client(fresh).conversations_info(channel="C0JOINT")["channel"]
    assert shown["connected_limited_team_ids"] == ["T0TELEFON"]
    change("/members", user="U0BOTTELEF", leave=True).raise_for_status()
    assert change("/members", user="U0BOTTELEF").status_code == 400
    change("", "PUT", limited=[]).raise_for_status()
    change("/members", user="U0BOTTELEF").raise_for_status()
    assert change("", "PUT", limited=["T0HUAWEI"]).status_code == 400  # whose channel it is
