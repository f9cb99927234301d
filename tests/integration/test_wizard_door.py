"""A joint team is set up from its channel, by the real door: mention, windows, post, the first prompt."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.settings import Settings
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.side_changing import CHANGE
from fmo_bot.services.wizard_asking import ANSWER
from fmo_bot.slack.actions import PROPOSAL_CHANGE, SETUP_ANSWER, STANDUP_OPEN, TRIAL_OPEN
from tests.integration.door_support import House, given_for, house, running
from tests.integration.sandbox_support import PATIENT, START, act, eventually, see
from tests.integration.wizard_support import Setter, companies, step_of, words_of

OTHERS = ["U0LUCIA", "U0JAVIER", "U0SOFIA", "U0DIEGO"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "http", team=None) as made:
        companies(made.bot.store)
        yield made


def test_from_the_mention_to_the_first_prompts_of_both_companies(home: House) -> None:
    liwei, lucia = Setter(home.box, "U0LIWEI"), Setter(home.box, "U0LUCIA")
    liwei.mention("U0BOTHUAWEI")

    # Step 1: every window as it is shown; what Slack and Jira do not tell is asked.
    window = liwei.begin()
    assert "Telefonica" in words_of(window)
    window = liwei.next(window, "people", team="5G Core")
    assert "Zhang Hao" in words_of(window)  # a guest: named, and offered to nobody
    window = liwei.next(window, "duties")
    window = liwei.next(window, "board")
    window = liwei.next(window, "stages")
    window = liwei.next(window, "times")
    liwei.choose(window, "at", "09:30")
    window = eventually(lambda: [each for each in liwei.windows() if "01:30" in words_of(each)])[-1]
    window = liwei.next(window, "summary", at="09:30")
    assert "5G Core" in words_of(window)

    # Step 2: until now nobody else has seen anything of it.
    assert lucia.direct() == []
    assert not [each for each in home.joint() if "proposes" in each["text"]]
    assert liwei.send(window)["ok"]

    # Step 3: the channel reads it, the other company's admin is asked, the author tries the form.
    eventually(lambda: [each for each in home.joint() if "Huawei proposes the joint team 5G Core" in each["text"]])
    liwei.press("is set up. This is how", TRIAL_OPEN)
    form = eventually(lambda: [each for each in liwei.windows() if each["callback_id"] == "standup_form"])[-1]
    said = {block["block_id"]: {"input": "the SMF build"} for block in form["blocks"] if block["block_id"][:2] == "q_"}
    assert act(home.box, "U0LIWEI", "submit", view_id=form["id"], values=said)["ok"]
    liwei.told("Nothing of it is kept")
    assert (liwei.screens, liwei.clicks) == (7, 10)
    liwei.told("Self-check")
    lucia.press("Huawei proposes the joint team", PROPOSAL_CHANGE)
    sent = lucia.send(lucia.window(CHANGE), reads__operator=["U0MARTA"], in__operator=OTHERS)
    assert sent["ok"], sent
    lucia.told("Telefonica has accepted it")
    lucia.told("is joint: people of every company")  # whether Huawei's project is joint is a question of its own

    # Step 4: the next morning everybody is asked, each in their own workspace.
    home.settle()
    for step in ("2026-11-16T01:31:00+00:00", "2026-11-16T08:31:00+00:00"):
        requests.post(f"{home.box.url}/clock/step", json={"to": step}, timeout=120).raise_for_status()
    home.settle()
    for user, is_asked in {"U0CHENYU": True, "U0LUCIA": True, "U0JAVIER": True, "U0MARTA": False}.items():
        assert is_asked is bool(
            [each for _, each in Setter(home.box, user).direct() if STANDUP_OPEN in json.dumps(each)]
        )


def test_a_set_up_left_half_way_goes_on_the_next_day_after_a_restart(tmp_path: Path) -> None:
    with Sandbox(Options(patience=PATIENT, start=START, transport="socket")) as box:
        # Whose the workspace and the Jira site are, and who speaks for it, is all that the settings have to say.
        named = {"FMO_ADMINS": "T0HUAWEI:U0LIWEI", "FMO_JIRA_SHARED_OWNER": "T0HUAWEI"}
        settings = Settings.read(given_for(box, tmp_path) | named)
        liwei = Setter(box, "U0LIWEI")
        with running(box, settings, "socket") as home:
            liwei.mention("U0BOTHUAWEI", "setup")
            window = liwei.next(liwei.begin(), "people", team="5G Core")

            # What cannot stand is said under its field, and what was put in stays.
            nobody = liwei.send(window, in__vendor=[])
            assert [
                sentence for sentence in nobody["errors"].values() if "Choose somebody of Huawei Delivery" in sentence
            ]
            assert liwei.windows()[-1]["id"] == window["id"]
            liwei.next(window, "duties", in__vendor=["U0LIWEI", "U0CHENYU"])
            assert act(box, "U0LIWEI", "close", view_id=liwei.windows()[-1]["id"])["ok"]
            requests.post(f"{box.url}/clock/step", json={"by": 86400}, timeout=120).raise_for_status()
            home.settle()
        with running(box, settings, "socket"):
            assert act(box, "U0LIWEI", "open_home", app_id="A0FMOHUAWEI", team_id="T0HUAWEI")["ok"]
            shown = {"app_id": "A0FMOHUAWEI", "team_id": "T0HUAWEI"}
            eventually(lambda: "joint-5g-core is not finished" in json.dumps(see(box, "U0LIWEI", "home", **shown)))
            liwei.mention("U0BOTHUAWEI")
            liwei.told("Done: Sides, People")
            window = liwei.begin()
            assert step_of(window) == "duties"
            assert "Li Wei" in words_of(window)
            assert "5G Core joint board" in words_of(liwei.next(window, "board"))
            assert act(box, "U0LIWEI", "close", view_id=liwei.windows()[-1]["id"])["ok"]

            # Whoever may not set up is told who may; a mention where a joint team could be is no help for them.
            Setter(box, "U0CHENYU").mention("U0BOTHUAWEI", "setup")
            Setter(box, "U0CHENYU").told("sets up a joint team. Ask Li Wei")


def test_the_company_that_owns_the_jira_is_asked_for_its_board_with_one_app_for_both(tmp_path: Path) -> None:
    with house(tmp_path, "http", team=None, apps="one") as home:
        companies(home.bot.store, app="fmo", jira="Telefonica")
        liwei, lucia = Setter(home.box, "U0LIWEI"), Setter(home.box, "U0LUCIA")
        assert act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="setup") == {"ok": True}
        window = liwei.begin()
        for step in ("people", "duties", "board"):
            window = liwei.next(window, step)
        window = liwei.next(window, "times", board="ask:T0TELEFON")  # what waits for the board is passed over
        window = liwei.next(window, "summary")
        assert "Telefonica has been asked for one" in words_of(window)
        assert liwei.send(window)["ok"]

        lucia.press("asks which Jira board of yours", SETUP_ANSWER)
        offered = lucia.window(ANSWER)
        assert "Chen Yu" not in words_of(offered)
        assert lucia.send(offered, board="shared:1")["ok"]
        eventually(lambda: [each for each in lucia.windows() if "The board is chosen" in words_of(each)])
        liwei.told("Missing: What statuses mean")
        window = liwei.next(liwei.begin(), "summary")
        assert liwei.send(window)["ok"]
        eventually(lambda: [each for each in home.joint() if "Huawei proposes the joint team" in each["text"]])
        home.settle()
