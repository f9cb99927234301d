"""One app in both workspaces, one of each company, one at one side only: the same story by the real door.

Install, set up in Slack, self-check, a round, a report, uninstall, install again; what Slack does not allow is said.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.parties import WorkspaceRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.slack.actions import PROPOSAL_ACCEPT, STANDUP_OPEN
from tests.integration.door_support import House, house
from tests.integration.install_support import HUAWEI, TELEFONICA, Browser, by_oauth
from tests.integration.sandbox_support import act, eventually
from tests.integration.wizard_support import Setter, words_of

DOORS = "APP_TOKEN", "SIGNING_SECRET"
ONE, EACH, ALONE = "one app in both", "one app each", "an app at one side only"
SHANGHAI, MADRID = "2026-11-16T01:01:00+00:00", "2026-11-16T08:01:00+00:00"  # past nine in each


@dataclass
class Story:
    """A house in which nothing is installed yet, and which app is whose."""

    name: str
    home: House

    def app(self, company: str) -> str:
        return "fmo" if self.name == ONE else company

    def tell(self, path: str, **told: str) -> None:
        requests.post(f"{self.home.box.url}{path}", json=told, timeout=120).raise_for_status()

    def live(self) -> set[str | None]:
        with self.home.bot.store.reading(SYSTEM) as session:
            rows = session.scalars(select(InstallationRow).where(InstallationRow.ended_at.is_(None)))
            return {row.team_id for row in rows}

    def jira_is_huaweis(self) -> None:
        with self.home.bot.store.transaction(SYSTEM) as session:
            query = select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id == HUAWEI)
            session.add(JiraSiteRow(key="shared", organisation_id=session.scalars(query).one()))


@pytest.fixture(params=[ONE, EACH, ALONE])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    both = {"fmo": f"{HUAWEI},{TELEFONICA}"} if request.param == ONE else {"huawei": HUAWEI, "telefonica": TELEFONICA}
    installable = {"huawei": HUAWEI} if request.param == ALONE else both
    given = by_oauth(**installable)
    if request.param == ALONE:
        given |= dict.fromkeys((f"FMO_SLACK_TELEFONICA_{name}" for name in ("BOT_TOKENS", *DOORS)), "")
    with house(tmp_path, "socket", apps="one" if request.param == ONE else "two", team=None, **given) as home:
        made = Story(request.param, home)
        if request.param == ALONE:  # Telefonica has not approved it yet
            made.tell("/control/apps/telefonica/uninstall", team=TELEFONICA)
        yield made


def test_from_the_install_to_the_first_report_and_back_again_after_an_uninstall(story: Story) -> None:
    home, alone = story.home, story.name == ALONE
    liwei, lucia = Setter(home.box, "U0LIWEI"), Setter(home.box, "U0LUCIA")

    # Step 1: each company installs it in its own workspace.
    assert Browser(home, story.app("huawei")).install("U0LIWEI", HUAWEI).status_code == 200
    if not alone:
        assert Browser(home, story.app("telefonica")).install("U0LUCIA", TELEFONICA).status_code == 200
    assert story.live() == ({HUAWEI} if alone else {HUAWEI, TELEFONICA})
    story.jira_is_huaweis()

    # Step 2: the joint team is set up from its channel.
    assert act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="setup") == {"ok": True}
    window = liwei.next(liwei.begin(), "people", team="5G Core")
    for step in ("duties", "board", "stages", "times", "summary"):
        window = liwei.next(window, step)
    assert ("not installed in the Slack of Telefonica Redes yet" in words_of(window)) == alone
    assert liwei.send(window)["ok"]
    eventually(lambda: [each for each in home.joint() if "proposes the joint team 5G Core" in each["text"]])
    if not alone:
        lucia.press("proposes the joint team", PROPOSAL_ACCEPT)
        lucia.told("has accepted it")
        lucia.press("is joint: people of every company", PROPOSAL_ACCEPT)

    # Step 3: the self-check says what stands, and what to do where something does not.
    _, checked = liwei.told("Self-check")
    assert ("Telefonica" in json.dumps(checked)) or not alone

    # Step 4: a round; everybody whose company has the app is asked in their own workspace.
    home.settle()
    story.tell("/clock/step", to=SHANGHAI)
    chenyu = Setter(home.box, "U0CHENYU")
    chenyu.press("Three short questions", STANDUP_OPEN)
    form = eventually(lambda: [each for each in chenyu.windows() if each["callback_id"] == "standup_form"])[-1]
    said = {block["block_id"]: {"input": "The SMF build"} for block in form["blocks"] if block["block_id"][:2] == "q_"}
    assert act(home.box, "U0CHENYU", "submit", view_id=form["id"], values=said)["ok"]
    eventually(lambda: [each for each in home.joint() if "The SMF build" in each["text"]])
    story.tell("/clock/step", to=MADRID)
    home.settle()
    asked = [each for _, each in Setter(home.box, "U0JAVIER").direct() if STANDUP_OPEN in json.dumps(each)]
    assert bool(asked) != alone

    # Step 5: a report; where nothing is joint yet Huawei's people read Huawei's own.
    assert act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="sprint") == {"ok": True}
    report: tuple[str, dict[str, Any]] = liwei.told("Core Sprint")
    assert report

    # Step 6: gone, nothing is sent and the other company hears of it; back again, it goes on.
    story.tell(f"/control/apps/{story.app('huawei')}/uninstall", team=HUAWEI)
    eventually(lambda: HUAWEI not in story.live())
    if not alone:
        lucia.told("no longer installed in Huawei Delivery")
    assert Browser(home, story.app("huawei")).install("U0LIWEI", HUAWEI).status_code == 200
    liwei.told("is installed in Huawei Delivery again")
    assert act(home.box, "U0LIWEI", "command", channel="C0JOINT", command="/fmo", text="waits") == {"ok": True}
    liwei.told("no Jira project on its board is joint yet" if alone else "Who waits on whom")
