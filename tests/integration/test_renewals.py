"""Tokens that rotate: renewed before they end, by one process at a time, never twice with one refresh token."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from fmo_bot.db.rotating import rotate
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.errors import SiteUnavailable
from fmo_bot.services.renewals import EARLY_S, LEASE_S, Renewals, Tokens
from fmo_bot.services.sites import Auth, Credentials, Site, Sites
from tests.fakes import MONDAY_NINE, Machine

KEY = new_key()
HOUR = 3600.0


@dataclass
class FakeAtlassian:
    """Takes each refresh token once. `slow` holds the answer until it is set; `fails` is raised instead of one."""

    machine: Machine
    good: str = "refresh 0"
    used: list[str] = field(default_factory=list)
    slow: threading.Event | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    fails: list[BaseException] = field(default_factory=list)

    def renew(self, refresh: str, key: str) -> Tokens:
        self.used.append(refresh)
        self.asked.set()
        if self.fails:
            raise self.fails.pop(0)
        if self.slow is not None:
            assert self.slow.wait(60)
        if refresh != self.good:
            raise SiteUnavailable("That refresh token was used before.")
        number = len(self.used)
        self.good = f"refresh {number}"
        return Tokens(access=f"access {number}", refresh=self.good, until=self.machine() + HOUR)


@pytest.fixture
def atlassian(machine: Machine) -> FakeAtlassian:
    return FakeAtlassian(machine)


@pytest.fixture
def sites(store: Store) -> Sites:
    return Sites(store, Vault([KEY]), ())


def process(store: Store, atlassian: FakeAtlassian, machine: Machine, *keys: str) -> Renewals:
    """What another process would have of its own."""
    pause = threading.Event()
    return Renewals(store, Vault(keys or [KEY]), atlassian.renew, machine=machine, pause=lambda _: pause.wait(0.01))


@pytest.fixture
def renewals(store: Store, atlassian: FakeAtlassian, machine: Machine) -> Renewals:
    return process(store, atlassian, machine)


@pytest.fixture(autouse=True)
def connected(sites: Sites, machine: Machine) -> None:
    """A site whose access token is good for an hour."""
    credentials = Credentials(token="access 0", refresh="refresh 0", until=machine() + HOUR)
    site = Site(
        key="shared",
        url="https://x.example",
        api_url="https://api.example/ex/jira/1",
        flavour="Cloud",
        auth=Auth.OAUTH,
        account="bot",
        credentials=credentials,
    )
    sites.keep(site, owner=None, at=MONDAY_NINE)


def test_a_token_is_used_as_long_as_it_is_good(renewals: Renewals, atlassian: FakeAtlassian, machine: Machine) -> None:
    authorization = renewals.of("shared")
    assert authorization.header() == "Bearer access 0"
    machine.advance(HOUR - 61)
    assert authorization.header() == "Bearer access 0"
    machine.advance(2)
    assert authorization.header() == "Bearer access 1"
    assert atlassian.used == ["refresh 0"]


def test_every_renewal_uses_the_refresh_token_of_the_one_before(
    renewals: Renewals, atlassian: FakeAtlassian, machine: Machine
) -> None:
    for _ in range(3):
        machine.advance(HOUR)
        renewals.current("shared")
    assert atlassian.used == ["refresh 0", "refresh 1", "refresh 2"]


def test_the_clock_renews_before_anybody_needs_it(
    renewals: Renewals, atlassian: FakeAtlassian, machine: Machine
) -> None:
    assert renewals.due() == []
    machine.advance(HOUR - EARLY_S + 1)
    assert renewals.due() == ["shared"]
    renewals.current("shared", spare=EARLY_S)
    assert renewals.due() == []
    assert atlassian.used == ["refresh 0"]


def test_many_threads_of_two_processes_renew_once(store: Store, atlassian: FakeAtlassian, machine: Machine) -> None:
    machine.advance(HOUR)
    atlassian.slow = threading.Event()
    processes = [process(store, atlassian, machine), process(store, atlassian, machine)]
    authorizations = [each.of("shared") for each in processes]
    with ThreadPoolExecutor(8) as pool:
        headers = [pool.submit(authorizations[number % 2].header) for number in range(8)]
        assert atlassian.asked.wait(60)
        atlassian.slow.set()
        assert {header.result(60) for header in headers} == {"Bearer access 1"}
    assert atlassian.used == ["refresh 0"]


def test_a_refused_token_is_renewed_before_its_time_by_one_of_those_who_were_refused(
    store: Store, atlassian: FakeAtlassian, machine: Machine
) -> None:
    one, other = (process(store, atlassian, machine).of("shared") for _ in range(2))
    header = one.header()
    assert other.header() == header
    assert one.refused(header)
    assert other.refused(header)  # there is another one already
    assert one.header() == other.header() == "Bearer access 1"
    assert atlassian.used == ["refresh 0"]


def test_what_goes_wrong_is_raised_and_the_next_may_try_at_once(
    renewals: Renewals, atlassian: FakeAtlassian, machine: Machine
) -> None:
    machine.advance(HOUR)
    atlassian.fails = [SiteUnavailable("Atlassian does not answer.")]
    with pytest.raises(SiteUnavailable, match="does not answer"):
        renewals.current("shared")
    assert renewals.current("shared").token == "access 2"


def test_of_a_process_that_died_while_it_asked_the_lease_ends(
    store: Store, atlassian: FakeAtlassian, machine: Machine
) -> None:
    class Killed(BaseException):
        pass

    dead = process(store, atlassian, machine)
    dead._note = lambda *_: None  # type: ignore[method-assign]  # it does not come to that
    machine.advance(HOUR)
    atlassian.fails = [Killed()]
    with pytest.raises(Killed):
        dead.current("shared")
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        machine.advance(seconds)

    alive = Renewals(store, Vault([KEY]), atlassian.renew, machine=machine, pause=pause)
    assert alive.current("shared").token == "access 2"
    assert LEASE_S <= sum(waited) <= LEASE_S + 1


def test_keys_changed_while_it_asks_lose_nothing(
    store: Store, sites: Sites, atlassian: FakeAtlassian, machine: Machine
) -> None:
    machine.advance(HOUR)
    newer = new_key()
    atlassian.slow = threading.Event()
    renewals = process(store, atlassian, machine, newer, KEY)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(renewals.current, "shared")
        assert atlassian.asked.wait(60)
        assert rotate(store, Vault([newer, KEY])).changed == 1
        atlassian.slow.set()
        assert asked.result(60).refresh == "refresh 1"
    assert Sites(store, Vault([newer]), ()).site("shared").credentials.refresh == "refresh 1"


def test_a_site_connected_anew_while_it_asks_keeps_its_new_tokens(
    store: Store, sites: Sites, renewals: Renewals, atlassian: FakeAtlassian, machine: Machine
) -> None:
    machine.advance(HOUR)
    atlassian.slow = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(renewals.current, "shared")
        assert atlassian.asked.wait(60)
        site = sites.site("shared")
        fresh = Credentials(token="another", refresh="another refresh", until=machine() + HOUR)
        sites.keep(replace(site, credentials=fresh), owner=None, at=MONDAY_NINE)
        atlassian.slow.set()
        asked.result(60)
    assert sites.site("shared").credentials.token == "another"
    assert renewals.current("shared").token == "another"


def test_a_site_that_is_not_connected_any_more_is_said_to_be_none(sites: Sites, renewals: Renewals) -> None:
    sites.disconnect("shared", MONDAY_NINE)
    with pytest.raises(SiteUnavailable, match="is not connected any more"):
        renewals.current("shared")
    assert renewals.due() == []
