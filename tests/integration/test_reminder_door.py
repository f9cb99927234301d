"""A reminder, by the real door: it comes before the deadline, its button answers, and then both messages say so."""

from pathlib import Path

import requests
import yaml

from fmo_bot.slack.actions import STANDUP_OPEN
from tests.integration.door_support import FIRST_PROMPTS, TEAM, House, house
from tests.integration.sandbox_support import act, eventually, see


def reminding(folder: Path) -> Path:
    """The demo's team file with a reminder half an hour before each deadline."""
    file = yaml.safe_load(TEAM.read_text("utf-8"))
    file["standups"][0]["reminder_minutes"] = 30
    if isinstance(workflow := file["board"].get("workflow"), dict):
        file["board"]["workflow"] = {"file": str(TEAM.parent / workflow["file"])}
    changed = folder / "team.yaml"
    changed.write_text(yaml.safe_dump(file), "utf-8")
    return changed


def texts(home: House, user: str) -> list[str]:
    return [each["text"] for each in home.direct(user)[1]]


def test_a_reminder_comes_and_its_button_answers(tmp_path: Path) -> None:
    with house(tmp_path, "http", team=reminding(tmp_path)) as home:
        home.step()
        half_past_twelve = FIRST_PROMPTS.replace(hour=4, minute=30).isoformat()
        requests.post(f"{home.box.url}/clock/step", json={"to": half_past_twelve}, timeout=120).raise_for_status()
        eventually(lambda: "A reminder" in " ".join(texts(home, "U0CHENYU")))
        channel, messages = home.direct("U0CHENYU")
        reminder = next(each for each in messages if "A reminder" in each["text"])
        home.press("U0CHENYU", channel, reminder, STANDUP_OPEN)
        view = eventually(lambda: [each for each in see(home.box, "U0CHENYU", "views") if each["callback_id"]])[-1]
        values = {"q_yesterday": {"input": "a"}, "q_today": {"input": "b"}}
        assert act(home.box, "U0CHENYU", "submit", view_id=view["id"], values=values)["ok"]
        eventually(lambda: [("Your answer is in" in text) for text in texts(home, "U0CHENYU")] == [True, True])
        assert "A reminder" not in " ".join(texts(home, "U0CHENYU"))
        assert not [text for text in texts(home, "U0WANG") if "A reminder" in text]  # a stakeholder
