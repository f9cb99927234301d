"""Acting from Slack by the real doors, both flavours: what is allowed is done once, shown as it stands, and named."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.delivery import inbox
from fmo_bot.domain.acting import Act
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services.act_rows import forget_old
from fmo_bot.slack import actions as names
from tests.integration.door_support import House, house
from tests.integration.sandbox_support import act, eventually, faults, see
from tests.integration.test_links_door import team_file

LIWEI = Person("T0HUAWEI", "U0LIWEI")
SITE = {"site": "shared", "owner": "Huawei", "accepted_by": ["vendor", "operator"], "acting": True}
COMPANIES = [
    {
        "name": "Huawei",
        "workspace": {"app": "huawei", "id": "T0HUAWEI", "name": "Huawei Delivery"},
        "admins": ["U0LIWEI"],
    },
    {"name": "Telefonica", "workspace": {"app": "telefonica", "id": "T0TELEFON", "name": "Telefonica Redes"}},
]


@pytest.fixture(scope="module", params=["cloud", "dc"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("acts")
    given = {"FMO_JIRA_SHARED_EMAIL": ""} if request.param == "dc" else {}
    team = team_file(folder, jira=[SITE], organisations=COMPANIES)
    with house(folder, "socket", team=team, jira=request.param, **given) as made:
        allow(made, "Huawei", *Act)
        yield made


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "FIRST_PAUSE_S", 0.0)


@pytest.fixture(autouse=True)
def _no_faults(home: House) -> Iterator[None]:
    yield
    faults(home.box, jira_drop_after=0, jira_drop_before=0, jira_paths=[])


def allow(home: House, company: str, *acts: Act, yes: bool = True) -> None:
    home.bot.acting.allow(LIWEI, "shared", "CORE", company, acts, yes=yes, at=home.bot.clock.now())


def jira(home: House, path: str) -> Any:
    told = requests.get(f"{home.box.url}/control/world", timeout=60).json()["jira"][0]
    cloud = told["flavour"] == "cloud"
    auth: Any = {"auth": (told["email"], told["token"])} if cloud else {}
    headers = {} if cloud else {"Authorization": f"Bearer {told['token']}"}
    return requests.get(f"{told['url']}/rest/api/2/{path}", headers=headers, timeout=60, **auth).json()


def writes(home: House) -> int:
    counted = requests.get(f"{home.box.url}/control/jira/shared/requests", timeout=60).json()["requests"]
    return sum(sum(by.values()) for name, by in counted.items() if name.startswith(("POST", "PUT")) and "issue" in name)


def card(home: House, key: str, *, user: str = "U0LIWEI") -> tuple[str, dict[str, Any]]:
    """The card somebody asked for: its conversation and the message."""
    before = len(home.direct(user)[1])
    act(home.box, user, "command", channel="C0JOINT", command="/fmo", text=f"issue {key}")

    def found() -> Any:
        channel, messages = home.direct(user)
        mine = [each for each in messages[before:] if key in each["text"] and names.ISSUE_MOVE in json.dumps(each)]
        return (channel, mine[-1]) if mine else None

    channel, message = eventually(found)
    return channel, message


def form(home: House, *, user: str = "U0LIWEI", holding: str = names.ACT_FORM) -> dict[str, Any]:
    """The form that is open now, once it is filled."""

    def found() -> Any:
        views = [each for each in see(home.box, user, "views") if each.get("callback_id") == names.ACT_FORM]
        return next((each for each in views if holding in json.dumps(each)), None)

    view: dict[str, Any] = eventually(found)
    return view


def options(view: dict[str, Any]) -> dict[str, str]:
    block = next(each for each in view["blocks"] if each["block_id"] == names.ACT_CHOICE)
    select = block.get("element") or block["accessory"]
    return {each["text"]["text"]: each["value"] for each in select["options"]}


def submit(home: House, view: dict[str, Any], *, user: str = "U0LIWEI", **values: Any) -> Any:
    given = {
        block: {names.ACT_CHOICE if block == names.ACT_CHOICE else names.INPUT: told} for block, told in values.items()
    }
    return act(home.box, user, "submit", view_id=view["id"], values=given)


def press(home: House, where: tuple[str, dict[str, Any]], action: str, *, user: str = "U0LIWEI") -> None:
    assert home.press(user, *where, action) == {"ok": True}


def told(home: House, words: str, *, user: str = "U0LIWEI") -> list[dict[str, Any]]:
    return [each for each in home.direct(user)[1] if words in each["text"]]


def comments(home: House, key: str) -> list[str]:
    return [str(each["body"]) for each in jira(home, f"issue/{key}/comment")["comments"]]


def test_a_comment_is_written_once_and_names_who_said_it(home: House) -> None:
    press(home, card(home, "CORE-50"), names.ISSUE_COMMENT)
    assert submit(home, form(home), **{names.ACT_TEXT: "Looks *good*"})["ok"] is True
    said = eventually(lambda: comments(home, "CORE-50"))
    assert len(said) == 1
    assert said[0].startswith("Looks \\*good\\*\n\n– for Li Wei (Huawei) by FMO bot (")
    eventually(lambda: told(home, "Done in Jira."))
    assert {"tried", "done"} <= outcomes(home)


def test_an_issue_is_moved_and_its_required_field_asked_for(home: House) -> None:
    press(home, card(home, "CORE-51"), names.ISSUE_MOVE)
    view = form(home, holding=names.ACT_CHOICE)
    chosen = options(view)["Cancelled"]
    pressed = {"block_id": names.ACT_CHOICE, "action_id": names.ACT_CHOICE, "value": chosen, "values": {}}
    act(home.box, "U0LIWEI", "press_view", view_id=view["id"], **pressed)
    asking = form(home, holding=f"{names.ACT_FIELD}resolution")
    answer = submit(home, asking, **{names.ACT_CHOICE: chosen, f"{names.ACT_FIELD}resolution": "10001"})
    assert answer["ok"] is True
    eventually(lambda: jira(home, "issue/CORE-51")["fields"]["status"]["name"] == "Cancelled")
    eventually(lambda: [each for each in comments(home, "CORE-51") if "for Li Wei (Huawei) by FMO bot" in each])


def test_an_issue_is_given_to_somebody_and_flagged(home: House) -> None:
    where = card(home, "CORE-52")
    press(home, where, names.ISSUE_ASSIGN)
    view = form(home, holding=names.ACT_CHOICE)
    name, value = next((name, value) for name, value in options(view).items() if name != "Nobody")
    assert submit(home, view, **{names.ACT_CHOICE: value})["ok"] is True
    eventually(lambda: (jira(home, "issue/CORE-52")["fields"]["assignee"] or {}).get("displayName") == name)
    was = bool(jira(home, "issue/CORE-52")["fields"].get("customfield_10021"))
    press(home, where, names.ISSUE_UNFLAG if was else names.ISSUE_FLAG)
    eventually(lambda: bool(jira(home, "issue/CORE-52")["fields"].get("customfield_10021")) != was)


def test_a_button_that_is_pressed_twice_does_it_once(home: House) -> None:
    where = card(home, "CORE-57")
    for times in (1, 2):
        press(home, where, names.ISSUE_FLAG)
        done = flagged(home, "CORE-57", times)
        assert "Flagged" in done[-1]["text"]
    assert len([each for each in comments(home, "CORE-57") if "Flagged" in each]) == 1


def flagged(home: House, key: str, times: int) -> list[dict[str, Any]]:
    """What a person was told of an issue, once they were told so many times that something is done."""

    def found() -> list[dict[str, Any]]:
        mine = [each for each in told(home, "Done in Jira.") if key in each["text"]]
        return mine if len(mine) >= times else []

    done: list[dict[str, Any]] = eventually(found)
    return done


def test_an_issue_is_made_of_a_message_and_its_key_said_in_the_thread(home: House) -> None:
    ts = act(home.box, "U0CHENYU", "say", channel="C0JOINT", text="The UPF restarts every night")["ts"]
    action = {"app_id": "A0FMOHUAWEI", "callback_id": names.ISSUE_FROM_MESSAGE, "channel": "C0JOINT", "ts": ts}
    assert act(home.box, "U0LIWEI", "message_action", **action) == {"ok": True}
    view = form(home, holding=names.ACT_CHOICE)
    chosen = options(view)["CORE · Bug"]
    pressed = {"block_id": names.ACT_CHOICE, "action_id": names.ACT_CHOICE, "value": chosen, "values": {}}
    act(home.box, "U0LIWEI", "press_view", view_id=view["id"], **pressed)
    asking = form(home, holding=f"{names.ACT_FIELD}priority")
    answer = submit(home, asking, **{names.ACT_CHOICE: chosen, f"{names.ACT_FIELD}priority": "2"})
    assert answer["ok"] is True
    (reply,) = eventually(lambda: [each for each in home.joint() if each.get("thread_ts") == ts and each["ts"] != ts])
    assert "Li Wei made CORE-" in reply["text"]
    key = reply["text"].split("made ")[1].split(" ")[0]
    fields = jira(home, f"issue/{key}")["fields"]
    assert fields["summary"] == "The UPF restarts every night"
    assert f"archives/C0JOINT/p{ts.replace('.', '')}" in fields["description"]


@pytest.mark.parametrize("fault", ["jira_drop_after", "jira_drop_before"])
def test_an_answer_that_is_lost_never_makes_it_happen_twice(home: House, fault: str) -> None:
    key = {"jira_drop_after": "CORE-53", "jira_drop_before": "CORE-54"}[fault]
    press(home, card(home, key), names.ISSUE_COMMENT)
    view = form(home)
    before = writes(home)
    faults(home.box, **{fault: 1, "jira_paths": ["POST /"]})
    submit(home, view, **{names.ACT_TEXT: "Once"})
    if fault == "jira_drop_after":
        eventually(lambda: [each for each in told(home, "Done in Jira.") if key in each["text"]])
    else:
        eventually(lambda: told(home, "Jira did not say whether this was done"))
        assert {"tried", "unknown"} <= outcomes(home)  # every act stands in the audit log
    assert writes(home) == before + 1
    assert len(comments(home, key)) == (1 if fault == "jira_drop_after" else 0)


def test_what_the_owner_has_not_allowed_is_refused_before_anything_is_asked_of_jira(home: House) -> None:
    where = card(home, "CORE-50", user="U0LUCIA")
    before = writes(home)
    home.press("U0LUCIA", *where, names.ISSUE_COMMENT)
    refused = eventually(lambda: [v for v in see(home.box, "U0LUCIA", "views") if "has not allowed" in json.dumps(v)])
    assert [view["title"]["text"] for view in refused] == ["Jira"]
    home.press("U0LUCIA", *where, names.ISSUE_FLAG)
    assert writes(home) == before


def test_somebody_who_only_reads_does_nothing(home: House) -> None:
    where = card(home, "CORE-50", user="U0WANG")
    before = writes(home)
    home.press("U0WANG", *where, names.ISSUE_FLAG)
    eventually(lambda: [each for each in home.direct("U0WANG")[1] if "does not allow" in each["text"]])
    assert writes(home) == before


def test_a_form_of_somebody_else_is_nobodys(home: House) -> None:
    press(home, card(home, "CORE-55"), names.ISSUE_COMMENT)
    ref = form(home)["private_metadata"]
    with pytest.raises(Exception, match="no longer here"):
        home.bot.acts.fill_later(Person("T0TELEFON", "U0LUCIA"), ref, "V1", "T0TELEFON", home.bot.clock.now())


def outcomes(home: House) -> set[str]:
    """Of all acts in the audit log; each has its person."""
    with home.bot.store.reading(SYSTEM) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "jira_act")).all()
    assert all(row.member_id for row in rows)
    return {row.detail["outcome"] for row in rows}


def test_of_a_conversation_where_the_app_is_not_an_issue_is_made_without_a_link(home: House) -> None:
    ts = act(home.box, "U0CHENYU", "say", channel="C0HWTEAM", text="See <https://x.example/a|the log> &amp; mend")["ts"]
    view = of_message(home, "C0HWTEAM", ts)
    asking = choose(home, view, "CORE · Bug", holding=f"{names.ACT_FIELD}priority")
    words = {block["block_id"]: block["element"].get("initial_value") for block in asking["blocks"][1:]}
    assert words[names.ACT_SUMMARY] == "See the log (https://x.example/a) & mend"
    close(home)


def test_what_was_typed_outlives_a_choice_that_jira_cannot_answer(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ts = act(home.box, "U0CHENYU", "say", channel="C0JOINT", text="The SMF is slow")["ts"]
    asking = choose(home, of_message(home, "C0JOINT", ts), "CORE · Bug", holding=f"{names.ACT_FIELD}priority")
    typed = {names.ACT_SUMMARY: {names.INPUT: "Typed for minutes"}}
    with monkeypatch.context() as away:
        away.setattr(home.bot.acts._offers, "_in_project", unavailable)
        again = choose(home, asking, "CORE · Task", holding="does not answer", **typed)
    assert again["submit"] is None
    back = choose(home, again, "CORE · Bug", holding=f"{names.ACT_FIELD}priority")
    summary = next(block for block in back["blocks"] if block["block_id"] == names.ACT_SUMMARY)
    assert summary["element"]["initial_value"] == "Typed for minutes"
    close(home)


def test_what_jira_refuses_is_given_back_with_its_issue(home: House) -> None:
    press(home, card(home, "CORE-58"), names.ISSUE_COMMENT)
    view = form(home)
    allow(home, "Huawei", Act.COMMENT, yes=False)
    try:
        submit(home, view, **{names.ACT_TEXT: "Typed for minutes"})
        (said,) = eventually(lambda: told(home, "Not done in Jira"))
        eventually(lambda: told(home, "has not allowed this"))
    finally:
        allow(home, "Huawei", Act.COMMENT)
    assert "comment, CORE-58. Typed for minutes" in said["text"]
    assert comments(home, "CORE-58") == []


def test_a_form_that_nobody_sent_is_forgotten_after_a_day(home: House) -> None:
    press(home, card(home, "CORE-56"), names.ISSUE_COMMENT)
    view = form(home)
    home.bot._retain()  # nothing is old yet
    forget_old(home.bot.store, home.bot.clock.now() + timedelta(hours=25))
    said = submit(home, view, **{names.ACT_TEXT: "Too late"})
    assert "no longer here" in json.dumps(said)
    with home.bot.store.reading(SYSTEM) as session:
        rows = session.scalars(select(JiraActRow)).all()
    assert not any(row.offer or row.wanted for row in rows)
    assert comments(home, "CORE-56") == []
    close(home)


def unavailable(*_: Any) -> Any:
    raise BoardUnavailable("It is down.")


def of_message(home: House, channel: str, ts: str) -> dict[str, Any]:
    """The form of the shortcut "Create Jira issue" at a message."""
    action = {"app_id": "A0FMOHUAWEI", "callback_id": names.ISSUE_FROM_MESSAGE, "channel": channel, "ts": ts}
    assert act(home.box, "U0LIWEI", "message_action", **action) == {"ok": True}
    return form(home, holding=names.ACT_CHOICE)


def choose(home: House, view: dict[str, Any], name: str, *, holding: str, **typed: Any) -> dict[str, Any]:
    """Choose in an open form, some words typed by then, and have what comes."""
    told = {"block_id": names.ACT_CHOICE, "action_id": names.ACT_CHOICE, "value": options(view)[name], "values": typed}
    act(home.box, "U0LIWEI", "press_view", view_id=view["id"], **told)
    return form(home, holding=holding)


def close(home: House) -> None:
    for view in see(home.box, "U0LIWEI", "views"):
        act(home.box, "U0LIWEI", "close", view_id=view["id"])
