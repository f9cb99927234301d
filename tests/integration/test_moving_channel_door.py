"""The joint channel changes in the middle of a round, by the real door: the round stays, the next one moves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import yaml

from fmo_bot.bootstrap.setting_up import set_up
from tests.integration.door_support import FIRST_PROMPTS, TEAM, House, form_of, house
from tests.integration.sandbox_support import act, eventually, see

OLD, NEW = "C0JOINT", "C0HWTEAM"
SAID = {"q_yesterday": {"input": "Wired the core"}, "q_today": {"input": "Test it"}}


def moved(folder: Path) -> Path:
    """The demo's team file with another joint channel."""
    file = yaml.safe_load(TEAM.read_text("utf-8"))
    file["channel"]["id"] = NEW
    file["board"]["workflow"] = {"file": str(TEAM.parent / file["board"]["workflow"]["file"])}
    changed = folder / "team.yaml"
    changed.write_text(yaml.safe_dump(file), "utf-8")
    return changed


def posts(home: House, channel: str) -> list[dict[str, Any]]:
    """What the bot says in a channel, as Li Wei sees it who is in both."""
    return [each for each in see(home.box, "U0LIWEI", "messages", channel=channel) if each.get("bot_id")]


def beginnings(home: House, channel: str) -> list[dict[str, Any]]:
    """Those of them that are no reply."""
    return [each for each in posts(home, channel) if each.get("thread_ts", each["ts"]) == each["ts"]]


def step(home: House, **days: int) -> None:
    to = (FIRST_PROMPTS + timedelta(**days)).isoformat()
    requests.post(f"{home.box.url}/clock/step", json={"to": to}, timeout=120).raise_for_status()


def test_a_round_stays_in_the_channel_in_which_it_was_begun_and_the_next_one_moves(tmp_path: Path) -> None:
    with house(tmp_path, "http") as home:
        home.step()
        (parent,) = eventually(lambda: posts(home, OLD))
        assert set_up(home.bot.settings, moved(tmp_path)).result.members == 11
        view = form_of(home, "U0CHENYU")
        assert act(home.box, "U0CHENYU", "submit", view_id=view["id"], values=SAID)["ok"]
        (answer,) = eventually(lambda: [each for each in posts(home, OLD) if "Chen Yu" in each["text"]])
        assert answer["thread_ts"] == parent["ts"]
        step(home, hours=20)  # it has closed
        closed, summary = eventually(lambda: beginnings(home, OLD) if len(beginnings(home, OLD)) == 2 else None)
        assert closed["ts"] == parent["ts"]
        assert "edited" in closed
        assert "Daily stand-up" in summary["text"]
        assert posts(home, NEW) == []
        step(home, days=1)
        (next_parent,) = eventually(lambda: posts(home, NEW))
        assert "Daily stand-up" in next_parent["text"]
        assert len(posts(home, OLD)) == 3  # parent, answer, summary
