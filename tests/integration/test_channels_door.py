"""Channels change and people speak in the pretend Slack, by the real door: one app for both, and one of each."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import select

from fmo_bot.db.ledger import InboxRow, MessageRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.delivery import outbox
from fmo_bot.domain.channels import State
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Place, Scope
from fmo_bot.slack.actions import CHECK_ASK, PARTNER_YES
from handlers.events import WORDS
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import act, eventually, record, see

JOINT = "C0JOINT"
MASTERS = ("U0LIWEI", "U0LUCIA")
BOTS = {"two": {"huawei": "U0BOTHUAWEI", "telefonica": "U0BOTTELEF"}, "one": {"fmo": "U0BOTFMOHUA"}}


def team_of(apps: str, folder: Path) -> Path:
    """The demo's team file, for this many apps."""
    file = yaml.safe_load(TEAM.read_text("utf-8"))
    if apps == "one":
        for company in file["organisations"]:
            company["workspace"]["app"] = "fmo"
    shutil.copy(TEAM.parent / file["board"]["workflow"]["file"], folder)
    changed = folder / "team.yaml"
    changed.write_text(yaml.safe_dump(file), "utf-8")
    return changed


@pytest.fixture(params=["two", "one"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house with two apps, and one with one app in both workspaces; of its own, for each test changes the channel."""
    with house(tmp_path, "http", apps=request.param, team=team_of(request.param, tmp_path)) as made:
        eventually(lambda: joint(made).workspaces)
        yield made


def joint(home: House) -> ChannelRow:
    with home.bot.store.reading(SYSTEM) as session:
        return session.scalars(select(ChannelRow).where(ChannelRow.kind == "joint")).one()


def becomes(home: House, state: State, **change: Any) -> None:
    """Something is done to the joint channel; until the bot has seen what it came to."""
    requests.put(f"{home.box.url}/control/channels/{JOINT}", json=change, timeout=60).raise_for_status()
    eventually(lambda: joint(home).state is state and joint(home).doubts == 0)


def owe(home: House, name: str) -> None:
    with home.bot.store.transaction(Scope(team_id=joint(home).team_id)) as session:
        how = {"message": Notice(text=f"{name}.", values={}), "due": home.bot.clock.now(), "language": "en"}
        outbox.owe(session, name=name, place=Place("T0HUAWEI", JOINT), **how)  # type: ignore[arg-type]


def said(home: House, name: str) -> int:
    """How often the channel shows it."""
    return sum(each["text"] == f"{name}." for each in record(home.box)["messages"] if each["channel"] == JOINT)


def told(home: House, user: str, words: str) -> list[dict[str, Any]]:
    return [each for each in home.direct(user)[1] if words in each["text"]]


def test_a_scrum_master_checks_the_joint_team_with_a_word_and_again_with_a_button(home: House) -> None:
    act(home.box, "U0LUCIA", "command", channel=JOINT, command="/fmo", text="check")
    (first,) = eventually(lambda: told(home, "U0LUCIA", "Self-check: 5G Core"))
    assert "joint-5g-core" in first["text"]
    assert "read by Huawei, Telefonica; the app of Huawei posts" in first["text"]
    assert "not linked to Jira" in first["text"]
    assert "Li Wei" not in first["text"]
    home.press("U0LUCIA", home.direct("U0LUCIA")[0], first, CHECK_ASK)
    eventually(lambda: len(told(home, "U0LUCIA", "Self-check: 5G Core")) == 2)


def test_what_is_owed_to_an_archived_channel_comes_when_it_is_back(home: House) -> None:
    becomes(home, State.ARCHIVED, is_archived=True)
    owe(home, "Held while archived")
    requests.post(f"{home.box.url}/clock/step", json={"by": 0}, timeout=120).raise_for_status()  # nothing is in hand
    assert said(home, "Held while archived") == 0
    becomes(home, State.ACTIVE, is_archived=False)
    eventually(lambda: said(home, "Held while archived") == 1)
    eventually(lambda: [len(told(home, user, "has been archived")) for user in MASTERS] == [1, 1])


def question(home: House, user: str) -> dict[str, Any] | None:
    """What a scrum master may decide about the stranger; that there is one is told beside it."""
    found = told(home, user, "is no side of it")
    return next((each for each in found if PARTNER_YES in json.dumps(each)), None)


def says_yes(home: House, user: str) -> bool:
    """Whether their press arrives: the question is changed, buttons and all, once the other one has answered."""
    message = question(home, user)
    return message is not None and home.press(user, home.direct(user)[0], message, PARTNER_YES) == {"ok": True}


def test_a_third_company_holds_everything_until_both_sides_make_it_a_partner(home: House) -> None:
    becomes(home, State.STRANGER, shared_with=["T0TELEFON", "T0CONSULT"])
    owe(home, "Held from strangers")
    for user in MASTERS:
        asked = eventually(lambda user=user: question(home, user))  # type: ignore[misc]
        assert "Parkline Consulting" in asked["text"]
        assert said(home, "Held from strangers") == 0
        eventually(lambda user=user: says_yes(home, user))  # type: ignore[misc]
    eventually(lambda: said(home, "Held from strangers") == 1)
    with home.bot.store.reading(SYSTEM) as session:
        assert "partner:Parkline Consulting" in session.scalars(select(SideRow.name)).all()


def test_a_mention_by_either_company_is_heard_once(home: House) -> None:
    bot = next(iter(BOTS["one" if "fmo" in home.bot.settings.slack_apps[0].key else "two"].values()))
    keys = list[str]()
    for user in MASTERS:
        message = act(home.box, user, "say", channel=JOINT, text=f"<@{bot}> help")
        keys.append(f"slack:app_mention:{JOINT}:{message['ts']}")
    eventually(lambda: [heard(home, key) for key in keys] == [1, 1])
    eventually(lambda: all(told(home, user, "what can be typed here") for user in MASTERS))


def heard(home: House, key: str) -> int:
    with home.bot.store.reading(SYSTEM) as session:
        return len(session.scalars(select(InboxRow.id).where(InboxRow.event_key == key)).all())


def test_the_same_mention_from_every_app_repeated_is_one_and_answered_once(home: House) -> None:
    event = {"type": "app_mention", "user": "U0CHENYU", "user_team": "T0HUAWEI", "team": "T0HUAWEI", "text": "help"}
    event |= {"channel": JOINT, "ts": "1793000000.000100"}
    before = len(told(home, "U0CHENYU", "what can be typed here"))
    for number, app in enumerate(home.bot.settings.slack_apps):
        for retry in ("", "1"):
            body = {"type": "event_callback", "team_id": "T0HUAWEI", "event_id": f"Ev{number}", "event": event}
            headers = {"content-type": "application/json", "x-slack-retry-num": retry}
            assert home.signed(json.dumps(body).encode(), app.key, **headers).status_code == 200
    eventually(lambda: len(told(home, "U0CHENYU", "what can be typed here")) == before + 1)
    assert heard(home, f"slack:app_mention:{JOINT}:1793000000.000100") == 1


def test_what_either_bot_says_is_input_to_neither(home: House) -> None:
    owe(home, "A bot said this")
    eventually(lambda: said(home, "A bot said this") == 1)
    for number, install in enumerate(home.bot.installs.all):
        for sender in ({"user": install.bot_user_id}, {"user": "U0ODD", "bot_id": install.bot_id}):
            event = {"type": "app_mention", "team": install.team_id, "text": "help", "channel": JOINT, **sender}
            event["ts"] = f"1793000001.00010{number}"
            for app in home.bot.settings.slack_apps:
                body = {"type": "event_callback", "team_id": "T0HUAWEI", "event_id": f"EvBot{number}", "event": event}
                headers = {"content-type": "application/json"}
                assert home.signed(json.dumps(body).encode(), app.key, **headers).status_code == 200
    with home.bot.store.reading(SYSTEM) as session:
        spoken = session.scalars(select(InboxRow.event_key).where(InboxRow.kind == WORDS)).all()
    assert not [key for key in spoken if "1793000001" in key]
    ours = {each["ts"] for each in record(home.box)["messages"] if each.get("bot_id")}
    assert not [key for key in spoken if key.rpartition(":")[2] in ours]


def test_an_internal_channel_that_begins_to_be_shared_is_emptied(home: House) -> None:
    inside = Place("T0HUAWEI", "C0HWTEAM")
    with home.bot.store.transaction(Scope(team_id=joint(home).team_id)) as session:
        side = session.scalars(select(SideRow.id).where(SideRow.name == "vendor")).one()
        row = ChannelRow(team_id=joint(home).team_id, workspace=inside.workspace, slack_channel_id=inside.channel)
        row.kind, row.side_id = "internal", side
        session.add(row)
        told_us = {"message": Notice(text="Between us.", values={}), "due": home.bot.clock.now(), "language": "en"}
        outbox.owe(session, name="between us", place=inside, **told_us)  # type: ignore[arg-type]

    def shown(channel: str) -> list[str]:
        return [each["text"] for each in see(home.box, "U0LIWEI", "messages", channel=channel) if each.get("bot_id")]

    eventually(lambda: shown("C0HWTEAM") == ["Between us."])
    change = {"is_pending": True, "new_id": "C0HWSHARED"}
    requests.put(f"{home.box.url}/control/channels/C0HWTEAM", json=change, timeout=60).raise_for_status()
    eventually(lambda: shown("C0HWSHARED") == [])
    eventually(lambda: len(told(home, "U0LIWEI", "another company has been invited")) == 1)
    assert not told(home, "U0LUCIA", "internal")


def test_who_leaves_the_joint_channel_takes_part_no_longer(home: House) -> None:
    told = {"user": "U0DIEGO", "leave": True}
    requests.post(f"{home.box.url}/control/channels/{JOINT}/members", json=told, timeout=60).raise_for_status()

    def takes_part_still() -> bool:
        with home.bot.store.reading(SYSTEM) as session:
            theirs = select(MemberRow.slack_user_id).join(ParticipationRow, ParticipationRow.member_id == MemberRow.id)
            return "U0DIEGO" in session.scalars(theirs.where(takes_part())).all()

    eventually(lambda: not takes_part_still())


def test_the_id_of_a_channel_changes_and_the_bot_goes_on_there(home: House) -> None:
    owe(home, "Under the old id")
    eventually(lambda: said(home, "Under the old id") == 1)
    requests.put(f"{home.box.url}/control/channels/{JOINT}", json={"new_id": "C0NEWID"}, timeout=60).raise_for_status()
    eventually(lambda: joint(home).slack_channel_id == "C0NEWID" and joint(home).doubts == 0)
    with home.bot.store.transaction(Scope(team_id=joint(home).team_id)) as session:
        newer = Notice(text="In its new place.", values={})
        outbox.owe_update(session, name="Under the old id", message=newer, due=home.bot.clock.now(), language="en")
        assert session.scalar(select(MessageRow.channel).where(MessageRow.name == "Under the old id")) == "C0NEWID"
        assert session.scalars(select(JointTeamRow.id)).one() == joint(home).team_id
    eventually(
        lambda: (
            "In its new place." in [each["text"] for each in see(home.box, "U0LIWEI", "messages", channel="C0NEWID")]
        )
    )
    eventually(lambda: len(told(home, "U0LUCIA", "another id")) == 1)
