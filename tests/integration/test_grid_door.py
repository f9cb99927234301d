"""An app in all of an Enterprise Grid organisation, by the real door: one installation for every workspace of it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from fmo_bot.db.installations import InstallationRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.network import Network
from fmo_bot.slack.actions import STANDUP_OPEN
from fmo_bot.slack.installs import prove
from tests.integration.door_support import House, find_direct, form_of, house
from tests.integration.install_support import HUAWEI, TELEFONICA, Browser, by_oauth
from tests.integration.sandbox_support import act, eventually, see
from tests.integration.test_channels_door import team_of

GRID, SISTER = "E0TEF", "T0CONSULT"
MADRID = "2026-11-16T08:01:00+00:00"


def tell(home: House, path: str, *, method: str = "POST", **told: object) -> None:
    requests.request(method, f"{home.box.url}{path}", json=told, timeout=120).raise_for_status()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """One app for both companies; Telefonica and its sister's workspace are of one Grid."""
    given = by_oauth(fmo=f"{HUAWEI},{GRID}")
    with house(tmp_path, "socket", apps="one", team=team_of("one", tmp_path), **given) as made:
        named = {"name": "Telefonica Group", "teams": [TELEFONICA, SISTER]}
        tell(made, f"/control/enterprises/{GRID}", method="PUT", **named)
        yield made


def live(home: House) -> dict[str | None, list[str]]:
    """The installations that are live by workspace, and what those of organisations serve."""
    with home.bot.store.reading(SYSTEM) as session:
        rows = session.scalars(select(InstallationRow).where(InstallationRow.ended_at.is_(None)))
        return {row.team_id: list(row.teams) for row in rows}


def ask(home: House, method: str, **given: str) -> Any:
    """What Slack answers the organisation's token."""
    by = {"Authorization": f"Bearer xoxb-sandbox-fmo-{GRID}"}
    return requests.get(f"{home.box.url}/slack/api/{method}", params=given, headers=by, timeout=60).json()


def send(home: House, form: dict[str, Any], doing: str) -> Any:
    """What Javier answers in a stand-up form."""
    blocks = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    values = {id: {"input": doing} for id in blocks if id.startswith("q_")} | {"blocked": {"blocked": "no"}}
    return act(home.box, "U0JAVIER", "submit", view_id=form["id"], values=values)


def test_one_installation_serves_every_workspace_of_the_organisation_until_it_is_revoked(home: House) -> None:
    assert Browser(home).install("U0LIWEI", HUAWEI).status_code == 200
    answer = Browser(home).install("U0LUCIA", GRID)
    assert "FMO bot is installed in Telefonica Group, for Telefonica" in answer.text, answer.text
    assert "first admin" in answer.text
    assert live(home) == {HUAWEI: [], None: [TELEFONICA]}
    wide = home.bot.installs.of_team(TELEFONICA)
    assert (wide.team_id, wide.enterprise_id) == (None, GRID)

    # Somebody at work in the Grid: prompted, and what they press and send is answered.
    tell(home, "/clock/step", to=MADRID)
    assert send(home, form_of(home, "U0JAVIER"), "the billing feed") == {"ok": True}

    # Another workspace lets the app in, and later all of the organisation throws it out.
    tell(home, "/control/apps/fmo/admit", team=SISTER)
    eventually(lambda: live(home).get(None) == [SISTER, TELEFONICA])
    assert eventually(lambda: home.bot.installs.of_team(SISTER).id) == wide.id
    at = home.bot.clock.now().replace(minute=15)
    home.bot.installing.known.serve(wide.id, [TELEFONICA], at)  # as if that event had been lost
    home.bot.installing.look(at)
    assert live(home)[None] == [SISTER, TELEFONICA]
    found, (problem,) = prove({"fmo": (f"xoxb-sandbox-fmo-{GRID}",)}, f"{home.box.url}/slack/api/", Network())
    assert (found, "install it at /slack/fmo/install" in problem) == ([], True)
    first = ask(home, "auth.teams.list", limit="1")
    rest = ask(home, "auth.teams.list", limit="1", cursor=first["response_metadata"]["next_cursor"])
    assert {team["id"] for page in (first, rest) for team in page["teams"]} == {TELEFONICA, SISTER}
    assert ask(home, "users.list")["error"] == "missing_argument"  # of which workspace?
    assert ask(home, "users.list", team_id=SISTER)["ok"]
    assert ask(home, "users.list", team_id=HUAWEI)["error"] == "team_not_found"
    tell(home, "/control/apps/fmo/uninstall", team=GRID)
    eventually(lambda: live(home) == {HUAWEI: []})
    assert home.bot.installs.workspaces == {HUAWEI}
    eventually(partial(find_direct, home, "U0LIWEI", "no longer installed in Telefonica Group"))


def test_a_modal_that_another_companys_installation_opened_for_somebody_of_a_grid_is_answered(home: House) -> None:
    # What they send names their own workspace and Grid, and of the installation its workspace alone.
    assert Browser(home).install("U0LIWEI", HUAWEI).status_code == 200
    assert Browser(home).install("U0LUCIA", GRID).status_code == 200
    tell(home, "/clock/step", to=MADRID)
    _, (prompt, *_) = eventually(lambda: home.direct("U0JAVIER")[1] and home.direct("U0JAVIER"))
    shared = {"channel": "C0JOINT", "text": prompt["text"], "blocks": prompt["blocks"]}
    by = {"Authorization": f"Bearer xoxb-sandbox-fmo-{HUAWEI}"}
    posted = requests.post(f"{home.box.url}/slack/api/chat.postMessage", json=shared, headers=by, timeout=60).json()
    assert posted["ok"], posted
    (button,) = [each for each in home.joint("U0JAVIER") if each["ts"] == posted["ts"]]
    assert home.press("U0JAVIER", "C0JOINT", button, STANDUP_OPEN) == {"ok": True}
    form = eventually(lambda: [view for view in see(home.box, "U0JAVIER", "views") if view["callback_id"]])[-1]
    assert (form["team_id"], form["app_installed_team_id"]) == (TELEFONICA, HUAWEI)
    assert send(home, form, "the billing feed") == {"ok": True}
