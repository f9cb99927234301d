"""Installing the app by the real door: the page, consent, the way back; what is refused; gone and back again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select, update

from fmo_bot.bootstrap.installing import Installing
from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.consents import ConsentRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.delivery.outbox import KEPT
from fmo_bot.domain.installs import UNINSTALLED
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.sandbox.slack import oauth
from fmo_bot.services.installations import EARLY_S
from handlers.installs import LOST, REFUSED
from tests.integration.door_support import House, find_direct, house
from tests.integration.install_support import HUAWEI, TELEFONICA, Browser, by_oauth
from tests.integration.sandbox_support import eventually
from tests.integration.test_channels_door import team_of


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """One app for both companies, and nobody has installed it yet."""
    given = by_oauth(fmo=getattr(request, "param", f"{HUAWEI},{TELEFONICA}"))
    with house(tmp_path, "socket", apps="one", team=team_of("one", tmp_path), **given) as made:
        yield made


def rows(home: House, row: type[Any]) -> list[Any]:
    with home.bot.store.reading(SYSTEM) as session:
        return list(session.scalars(select(row)))


def said(home: House, token: str) -> str | None:
    """Why Slack takes a token no more; None: it does."""
    by = {"Authorization": f"Bearer {token}"}
    error: str | None = requests.post(f"{home.box.url}/slack/api/auth.test", headers=by, timeout=60).json().get("error")
    return error


def live(home: House) -> set[str | None]:
    return {row.team_id for row in rows(home, InstallationRow) if row.ended_at is None}


def test_whoever_installs_it_in_their_workspace_speaks_first_for_their_company_and_the_round_begins(
    home: House,
) -> None:
    first, second = Browser(home).install("U0LIWEI", HUAWEI), Browser(home).install("U0LUCIA", TELEFONICA)
    assert (first.status_code, second.status_code) == (200, 200)
    assert (
        "FMO bot is installed in Huawei Delivery, for Huawei. You may close this page. You are the first" in first.text
    )
    again = Browser(home).install("U0CHENYU", HUAWEI)
    assert again.status_code == 200
    assert "first admin" not in again.text
    with home.bot.store.reading(SYSTEM) as session:
        admins = select(MemberRow.slack_user_id).join(AdminRow, AdminRow.member_id == MemberRow.id)
        assert set(session.scalars(admins)) == {"U0LIWEI", "U0LUCIA"}
    assert live(home) == {HUAWEI, TELEFONICA}
    assert "xoxb" not in repr([vars(row) for row in rows(home, InstallationRow)])
    home.step()
    eventually(lambda: home.direct("U0CHENYU")[1])  # the first prompts are Shanghai's


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ("state", 400, LOST),
        ("cookie", 400, LOST),
        ("no cookie", 400, LOST),
        ("too old", 400, LOST),
        ("replay", 400, LOST),
        ("cancel", 200, REFUSED),
        ("code", 403, "Slack refuses the installation (invalid_code)"),
    ],
)
def test_a_way_back_that_is_not_their_own_installs_nothing(home: House, change: str, status: int, words: str) -> None:
    browser = Browser(home)
    consent = browser.begin()
    address = browser.allow(consent, "U0LIWEI", HUAWEI, **({"cancel": "1"} if change == "cancel" else {}))
    if change == "state":
        address = address.replace("state=", "state=x")
    if change == "cookie":
        browser.cookie = "another browser's"
    if change == "no cookie":
        browser.cookie = ""
    if change == "too old":
        with home.bot.store.transaction(SYSTEM) as session:
            session.execute(update(ConsentRow).values(until=0.0))
    if change == "code":
        address = address.replace("sandbox-code-", "sandbox-code-x")
    if change == "replay":
        assert browser.back(address).status_code == 200
    answer = browser.back(address)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert live(home) == ({HUAWEI} if change == "replay" else set())


@pytest.mark.parametrize("home", [HUAWEI], indirect=True)
def test_a_workspace_that_is_not_on_the_list_gets_nothing_and_its_token_is_given_back(home: House) -> None:
    answer = Browser(home).install("U0LUCIA", TELEFONICA)
    assert answer.status_code == 403
    assert "Telefonica Redes is not among the workspaces" in answer.text
    assert "FMO_SLACK_FMO_TEAMS" in answer.text
    assert rows(home, InstallationRow) == []
    assert said(home, f"xoxb-sandbox-fmo-{TELEFONICA}") == "token_revoked"


def test_a_guest_installs_it_for_nobody(home: House) -> None:
    answer = Browser(home).install("U0HAO", TELEFONICA)  # of Huawei, a guest of Telefonica's workspace
    assert answer.status_code == 200
    assert "first admin" not in answer.text
    assert rows(home, AdminRow) == []


def test_an_app_that_is_installed_by_nobody_here_has_no_such_page(home: House) -> None:
    for path in ("install", "install/start", "oauth?state=x&code=y"):
        answer = requests.get(f"{home.url}/slack/other/{path}", allow_redirects=False, timeout=60)
        assert (answer.status_code, "not installed from here" in answer.text) == (404, True)


def test_gone_it_keeps_what_it_owes_and_tells_the_other_company_and_back_it_sends_it(home: House) -> None:
    Browser(home).install("U0LIWEI", HUAWEI)
    Browser(home).install("U0LUCIA", TELEFONICA)
    told = {"team": TELEFONICA}
    requests.post(f"{home.box.url}/control/apps/fmo/uninstall", json=told, timeout=60).raise_for_status()
    eventually(lambda: live(home) == {HUAWEI})
    (ended,) = [row for row in rows(home, InstallationRow) if row.ended_at is not None]
    assert (ended.ended_why, ended.credentials) == (UNINSTALLED, None)
    _, news = eventually(partial(find_direct, home, "U0LIWEI", "no longer installed in Telefonica Redes"))
    assert "the app was removed from the workspace" in news["text"]
    now = {"to": "2026-11-16T08:00:00+00:00"}  # nine in Madrid
    requests.post(f"{home.box.url}/clock/step", json=now, timeout=120).raise_for_status()

    def kept() -> int:
        with home.bot.store.reading(SYSTEM) as session:
            return session.scalar(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == KEPT)) or 0

    eventually(kept)
    assert home.direct("U0JAVIER")[1] == []
    Browser(home).install("U0LUCIA", TELEFONICA)
    eventually(lambda: home.direct("U0JAVIER")[1])
    eventually(lambda: kept() == 0)
    eventually(partial(find_direct, home, "U0LUCIA", "is installed in Telefonica Redes again"))


def test_a_token_that_ends_is_renewed_once_by_two_processes_and_slack_takes_the_new_one_alone(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = oauth.TOKEN_S
    monkeypatch.setattr(oauth, "TOKEN_S", int(EARLY_S) - 60)  # so short that the clock's next look renews it
    told = {"rotates": True}
    requests.put(f"{home.box.url}/control/apps/fmo", json=told, timeout=60).raise_for_status()
    Browser(home).install("U0LIWEI", HUAWEI)
    monkeypatch.setattr(oauth, "TOKEN_S", lasts)
    other = Installing(home.bot.settings, home.bot.store)  # as another process has it
    with ThreadPoolExecutor(2) as both:
        at = home.bot.clock.now()
        list(both.map(lambda each: each.look(at), (home.bot.installing, other)))
    calls = requests.get(f"{home.box.url}/control/record", timeout=60).json()["calls"]
    assert [call["error"] for call in calls if call["method"] == "oauth.v2.access"] == [None, None]  # code, one refresh
    (renewed,) = home.bot.installing.known.all()
    assert renewed.trouble is None
    assert (renewed.expires_at or 0.5).is_integer()  # a renewed end is told in whole seconds, a first one is reckoned
    newest = other.installs.token_of(renewed)
    assert newest.startswith("xoxe.xoxb-")
    granted = home.box.world.slack.state.tokens
    former = next(token for token in granted if token.startswith("xoxe."))
    granted[former] = replace(granted[former], expires=0.0)
    assert [said(home, token) for token in (former, newest)] == ["token_expired", None]
