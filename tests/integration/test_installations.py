"""Installations in the database: kept, ended, back again, renewed by one process at a time; on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.parties import ChannelRow, MemberRow, OrganisationRow, WorkspaceRow
from fmo_bot.db.rotating import rotate
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain import channels, troubles
from fmo_bot.domain.channels import Seen, State
from fmo_bot.domain.installs import UNINSTALLED, Granted, Installation
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.errors import FileWrong, NotInstalled, SiteUnavailable, Undeliverable
from fmo_bot.services import channel_rows, setup
from fmo_bot.services.deliveries import Deliveries
from fmo_bot.services.install_news import ENDED, NOT_RENEWED, RETURNED
from fmo_bot.services.installations import EARLY_S, Installations, RefreshRefused
from fmo_bot.services.parties import Parties
from fmo_bot.services.renewals import Tokens
from fmo_bot.slack.installs import Installs
from tests.fakes import MONDAY_NINE, FakeChat, FixedClock, Machine
from tests.joint_team import LIWEI, LUCIA, JointTeam, clock, team_file

KEY = new_key()
HALF_A_DAY = 43_200.0


@dataclass
class FakeSlack:
    """Takes each refresh token once. `slow` holds the answer until it is set; `fails` is raised instead of one."""

    machine: Machine
    good: str = "refresh 0"
    used: list[str] = field(default_factory=list)
    slow: threading.Event | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    fails: Exception | None = None

    def refresh(self, app_key: str, refresh: str) -> Tokens:
        self.used.append(refresh)
        self.asked.set()
        if self.slow is not None:
            assert self.slow.wait(10)
        if self.fails is not None:
            raise self.fails
        if refresh != self.good:
            raise RefreshRefused("That refresh token was used before.")
        self.good = f"refresh {len(self.used)}"
        return Tokens(access=f"xoxe.xoxb-{len(self.used)}", refresh=self.good, until=self.machine() + HALF_A_DAY)


@pytest.fixture
def slack(machine: Machine) -> FakeSlack:
    return FakeSlack(machine)


@pytest.fixture
def known(store: Store, slack: FakeSlack, machine: Machine) -> Installations:
    return Installations(store, Vault([KEY]), slack.refresh, machine=machine)


def of(team: str | None = "T0TELEFON", name: str = "Telefonica Redes", **more: Any) -> Installation:
    bot = {"bot_id": "B0BOT", "bot_user_id": "U0BOT", "scopes": ("chat:write",)}
    return Installation(**{"app_key": "fmo", "team_id": team, "team_name": name} | bot | more)


def granted(install: Installation, by: str = "U0LUCIA", **more: Any) -> Granted:
    told = {"token": "xoxb-secret", "installed_by": by, "home": install.team_id, "name": "Lucía"}
    return Granted(installation=install, **told | more)


def every(store: Store, row: type[Any]) -> list[Any]:
    with store.reading(SYSTEM) as session:
        return list(session.scalars(select(row)))


def test_the_first_who_installs_in_a_new_workspace_is_the_admin_of_a_new_company_and_the_second_is_not(
    store: Store, known: Installations
) -> None:
    kept = known.keep(granted(of()), MONDAY_NINE)
    assert (kept.organisation, kept.first_admin) == ("Telefonica Redes", True)
    assert not known.keep(granted(of(), by="U0JAVIER"), MONDAY_NINE).first_admin
    assert [row.slack_user_id for row in every(store, MemberRow)] == ["U0LUCIA"]
    assert len(every(store, AdminRow)) == len(every(store, InstallationRow)) == 1
    assert [row.slack_team_id for row in every(store, WorkspaceRow)] == ["T0TELEFON"]
    assert [row.action for row in every(store, AuditRow)] == ["first_admin", "app_installed", "app_installed"]
    assert "xoxb" not in repr([vars(row) for row in (*every(store, InstallationRow), *every(store, AuditRow))])


@pytest.mark.parametrize("home", ["T0HUAWEI", None])  # from elsewhere; a guest
def test_nobody_speaks_for_a_company_from_outside_its_workspace(
    store: Store, known: Installations, home: str | None
) -> None:
    assert not known.keep(granted(of(), home=home), MONDAY_NINE).first_admin
    assert every(store, AdminRow) == []


def test_a_workspace_that_bears_the_name_of_another_company_gets_no_rights_over_it(
    store: Store, known: Installations
) -> None:
    known.keep(granted(of("T0HUAWEI", "Huawei"), by="U0LIWEI"), MONDAY_NINE)
    kept = known.keep(granted(of("T0OTHER", "Huawei"), by="U0MALLORY"), MONDAY_NINE)
    assert (kept.organisation, kept.first_admin) == ("Huawei (T0OTHER)", True)
    assert [row.name for row in every(store, OrganisationRow)] == ["Huawei", "Huawei (T0OTHER)"]


def test_a_company_that_came_by_installing_is_called_as_the_team_file_calls_it(
    store: Store, known: Installations
) -> None:
    known.keep(granted(of()), MONDAY_NINE)
    assert [row.name for row in every(store, OrganisationRow)] == ["Telefonica Redes"]
    with pytest.raises(FileWrong, match="`T0TELEFON` belongs to another company here\n") as told:  # proposed
        setup.apply(store, team_file(), MONDAY_NINE, by="Huawei")
    assert "Redes" not in str(told.value)
    JointTeam(store)  # agreed by both
    assert sorted(row.name for row in every(store, OrganisationRow)) == ["Huawei", "Telefonica"]
    assert "organisation_renamed" in [row.action for row in every(store, AuditRow)]
    file = team_file()
    (other,) = (each for each in file["organisations"] if each["name"] == "Telefonica")
    other["name"] = "Another"
    for side in file["sides"].values():
        side["organisation"] = {"Telefonica": "Another"}.get(side["organisation"], side["organisation"])
    with pytest.raises(FileWrong, match="`T0TELEFON` belongs to another company here, Telefonica; write that name"):
        setup.apply(store, file, MONDAY_NINE)
    assert sorted(row.name for row in every(store, OrganisationRow)) == ["Huawei", "Telefonica"]


def test_an_installation_of_another_process_is_found_at_once_and_by_its_workspace_alone(
    store: Store, known: Installations, slack: FakeSlack, machine: Machine
) -> None:
    other = Installations(store, Vault([KEY]), slack.refresh, machine=machine)
    installs = Installs((), "http://127.0.0.1:9/api/", known=other)
    with pytest.raises(Undeliverable, match="no app is installed"):
        installs.of_team("T0TELEFON")
    known.keep(granted(of(enterprise_id="E0GRID")), MONDAY_NINE)
    installs.look()
    assert installs.client_of("T0TELEFON").token == "xoxb-secret"
    assert installs.of_team("T0TELEFON", "fmo").enterprise_id == "E0GRID"
    wide = of(team_id=None, enterprise_id="E0OTHER", teams=("T0ONE", "T0TWO"))
    known.keep(granted(wide, home="T0ONE"), MONDAY_NINE)
    installs.look()
    assert installs.of_team("T0TWO").team_id is None
    assert installs.of_enterprise("E0OTHER", "fmo").id == installs.of_team("T0ONE").id
    assert installs.workspaces == {"T0TELEFON", "T0ONE", "T0TWO"}


def test_the_key_of_secrets_can_be_changed(store: Store, known: Installations, slack: FakeSlack) -> None:
    known.keep(granted(of()), MONDAY_NINE)
    other = new_key()
    assert rotate(store, Vault([other, KEY])).changed == 1
    anew = Installations(store, Vault([other]), slack.refresh)
    assert anew.token(anew.all()[0]) == "xoxb-secret"


def test_tokens_of_the_settings_stand_beside_and_end_when_they_are_taken_out(
    store: Store, known: Installations
) -> None:
    known.keep(granted(of("T0HUAWEI", "Huawei"), by="U0LIWEI"), MONDAY_NINE)
    known.name([of(token="xoxb-named")], MONDAY_NINE)
    assert {each.team_id: each.token for each in known.all()} == {"T0HUAWEI": "", "T0TELEFON": "xoxb-named"}
    version = known.all()[1].version
    known.name([of(token="xoxb-named")], MONDAY_NINE)  # the next start: nothing is new
    assert known.all()[1].version == version
    known.name([], MONDAY_NINE)
    assert {each.team_id: each.is_live for each in known.all()} == {"T0HUAWEI": True, "T0TELEFON": False}
    known.name([of(token="xoxb-new")], MONDAY_NINE)
    assert known.all()[1].is_live


# --- the end, and back again -------------------------------------------------------------------------------------


class Telling:
    """A chat that knows whether its installation is there, and who was told what."""

    def __init__(self, store: Store, installs: Installs, clock: FixedClock) -> None:
        self.store, self.chat, self.machine = store, Chat(installs), Machine()
        self.pump = Pump(store=store, chat=self.chat, clock=clock, machine=self.machine, owner="test")

    def sent(self) -> list[tuple[str, str]]:
        """Everything that can go since the last look, in the pace of its channel: (workspace, text) of each.

        Said one after another, without the pump's threads, so that nothing is still on its way when this returns.
        """
        before = len(self.chat.posted)
        for _ in range(4):
            for claim in self.pump.claim(8):
                self.pump.send(claim)
            self.machine.advance(2)
        said = [(each.place.workspace, each.message) for each in self.chat.posted[before:]]
        return sorted((workspace, message.text) for workspace, message in said if isinstance(message, Notice))

    def state(self, name: str) -> str:
        with self.store.reading(SYSTEM) as session:
            return str(session.scalar(select(DeliveryRow.state).where(DeliveryRow.dedup_key == f"post:{name}")))


class Chat(FakeChat):
    """Posts where there is an installation."""

    def __init__(self, installs: Installs) -> None:
        super().__init__()
        self.installs = installs

    def post(self, place: Place, outgoing: Any) -> str:
        self.installs.of_team(place.workspace)
        return super().post(place, outgoing)


def owe(store: Store, name: str, place: Place, **more: Any) -> None:
    message = Notice(text=name, values={})
    with store.transaction(SYSTEM) as session:
        outbox.owe(session, name=name, message=message, due=clock("09:00"), language="en", place=place, **more)


@pytest.fixture
def telling(store: Store, known: Installations, clock: FixedClock) -> Callable[[], Telling]:
    """With both companies' apps installed."""
    clock.at = MONDAY_NINE
    theirs = of(token="xoxb-t", bot_id="B2", bot_user_id="U2")
    known.name([of("T0HUAWEI", "Huawei", token="xoxb-h"), theirs], MONDAY_NINE)
    installs = Installs((), "http://127.0.0.1:9/api/", known=known)
    return lambda: Telling(store, installs, clock)


def test_what_is_owed_through_one_that_ended_waits_and_goes_on_when_it_is_back(
    store: Store, known: Installations, telling: Callable[[], Telling], clock: FixedClock
) -> None:
    team = JointTeam(store)
    at = clock.at = THURSDAY_NINE
    there, installs = Place("T0TELEFON", "C0TEFTEAM"), telling().chat.installs
    known.end(known.all()[1].id, why=UNINSTALLED, at=at)
    installs.look()
    with pytest.raises(NotInstalled):
        installs.of_team("T0TELEFON")
    assert installs.is_ours({"user": "U2"})  # what it said once is no input, even now
    owe(store, "lasting", there)
    owe(store, "of today", there, useful_until=at.replace(hour=10))
    owe(store, "at home", Place("T0HUAWEI", "C0JOINT"))
    desk = telling()
    assert desk.sent() == [("T0HUAWEI", ENDED), ("T0HUAWEI", "at home")]  # Li Wei is told, Lucía cannot be
    assert (desk.state("lasting"), desk.state("of today")) == ("kept", "kept")
    shown = Deliveries(store, Parties(store)).shown(LIWEI, team_ref=team.result.team_ref, at=at)
    assert shown.lines == ()  # they belong to no joint team
    clock.at = at.replace(hour=11)
    assert desk.sent() == []
    assert (desk.state("lasting"), desk.state("of today")) == ("kept", "missed")
    assert known.end(known.all()[1].id, why=UNINSTALLED, at=at) is False

    known.keep(granted(of(bot_id="B2", bot_user_id="U2")), clock.at)
    installs.look()
    assert desk.sent() == [("T0HUAWEI", RETURNED), ("T0TELEFON", RETURNED), ("T0TELEFON", "lasting")]


def test_what_is_owed_in_a_workspace_that_has_no_app_yet_waits_until_it_has(
    store: Store, known: Installations, telling: Callable[[], Telling], clock: FixedClock
) -> None:
    JointTeam(store)
    clock.at = THURSDAY_NINE
    owe(store, "early", Place("T0LATER", "C0LATER"))
    desk = telling()
    assert (desk.sent(), desk.state("early")) == ([], "kept")
    known.keep(granted(of("T0LATER", "Later")), clock.at)
    desk.chat.installs.look()
    assert desk.sent() == [("T0LATER", "early")]


def test_channels_of_an_app_that_is_back_are_looked_at_before_anything_is_said_there(
    store: Store, known: Installations, telling: Callable[[], Telling]
) -> None:
    JointTeam(store)
    telling()  # both apps are installed
    at = THURSDAY_NINE
    (before,) = every(store, ChannelRow)
    known.end(known.all()[0].id, why=UNINSTALLED, at=at)
    known.keep(granted(of("T0HUAWEI", "Huawei")), at)  # whatever became of the channel meanwhile, nobody told us
    (after,) = every(store, ChannelRow)
    assert (after.doubts, after.is_held) == (before.doubts + 1, True)


def test_a_grid_organisation_is_its_company_under_its_own_id_too_unless_several_share_it(
    store: Store, known: Installations
) -> None:
    number = JointTeam(store).result.team_id

    def sides() -> dict[str, frozenset[str]]:
        with store.reading(SYSTEM) as session:
            return channel_rows.workspaces_of_sides(session, number)

    known.keep(granted(of(enterprise_id="E0TEF")), MONDAY_NINE)
    assert sides() == {"vendor": {"T0HUAWEI"}, "operator": {"T0TELEFON", "E0TEF"}}
    seen = Seen(name="joint", host="T0HUAWEI", workspaces=frozenset({"T0HUAWEI", "E0TEF"}))
    assert channels.joint(seen, sides(), ()).state is State.ACTIVE
    known.keep(granted(of("T0HUAWEI", "Huawei", enterprise_id="E0TEF")), MONDAY_NINE)  # then it tells nothing
    assert sides() == {"vendor": {"T0HUAWEI"}, "operator": {"T0TELEFON"}}


def test_in_a_grid_of_several_companies_a_new_workspace_is_nobodys_and_nobody_speaks_for_the_neighbour(
    store: Store, known: Installations
) -> None:
    known.keep(granted(of("T0HUAWEI", "Huawei"), home=None), MONDAY_NINE)
    known.keep(granted(of(), home=None), MONDAY_NINE)
    wide = of(None, "Holding", enterprise_id="E0HOLD", teams=("T0HUAWEI", "T0TELEFON", "T0NEW"))
    assert not known.keep(granted(wide, by="U0LUCIA", home="T0TELEFON"), MONDAY_NINE).first_admin
    assert {row.slack_team_id for row in every(store, WorkspaceRow)} == {"T0HUAWEI", "T0TELEFON"}
    assert every(store, AdminRow) == []


THURSDAY_NINE = clock("09:00")


def test_scrum_masters_see_what_waits_and_why(
    store: Store, known: Installations, telling: Callable[[], Telling], clock: FixedClock
) -> None:
    team = JointTeam(store)
    at = clock.at = THURSDAY_NINE
    known.end(known.all()[1].id, why=UNINSTALLED, at=at)
    with store.transaction(SYSTEM) as session:
        notice = Notice(text="for Lucía", values={})
        outbox.owe(session, name="direct", message=notice, due=at, language="en", person=LUCIA)
    desk = telling()
    desk.chat.installs.look()
    desk.sent()
    deliveries = Deliveries(store, Parties(store))
    (line,) = deliveries.shown(LUCIA, team_ref=team.result.team_ref, at=at).lines
    assert (line.whom, line.why) == ("Lucía Ortega", troubles.KEPT)
    deliveries.tell(at)
    assert team.owed("trouble:") == []  # the end was told once, for all that it holds up


# --- tokens that rotate ------------------------------------------------------------------------------------------


def rotating(machine: Machine) -> Granted:
    return granted(of(expires_at=machine() + HALF_A_DAY), token="xoxe.xoxb-0", refresh="refresh 0")


def test_the_clock_renews_two_hours_before_the_end_and_every_process_speaks_with_the_newest(
    store: Store, known: Installations, slack: FakeSlack, machine: Machine
) -> None:
    known.keep(rotating(machine), MONDAY_NINE)
    other = Installations(store, Vault([KEY]), slack.refresh, machine=machine)
    assert known.token(known.all()[0]) == other.token(other.all()[0]) == "xoxe.xoxb-0"
    known.renew(MONDAY_NINE)
    assert slack.used == []
    machine.advance(HALF_A_DAY - EARLY_S + 1)
    known.renew(MONDAY_NINE)
    other.renew(MONDAY_NINE)
    assert slack.used == ["refresh 0"]
    machine.advance(EARLY_S)
    assert known.token(known.all()[0]) == other.token(other.all()[0]) == "xoxe.xoxb-1"
    assert slack.used == ["refresh 0"]


def test_two_processes_that_need_it_at_once_use_the_refresh_token_once(
    store: Store, known: Installations, slack: FakeSlack, machine: Machine
) -> None:
    known.keep(rotating(machine), MONDAY_NINE)
    machine.advance(HALF_A_DAY)
    slack.slow = threading.Event()
    processes = [Installations(store, Vault([KEY]), slack.refresh, machine=machine) for _ in range(2)]
    with ThreadPoolExecutor(6) as pool:
        tokens = [pool.submit(each.token, each.all()[0]) for each in processes for _ in range(3)]
        assert slack.asked.wait(5)
        slack.slow.set()
        assert {each.result(10) for each in tokens} == {"xoxe.xoxb-1"}
    assert slack.used == ["refresh 0"]


def test_a_refused_renewal_is_told_to_the_admin_once_and_ends_it_with_the_token(
    store: Store, known: Installations, slack: FakeSlack, machine: Machine
) -> None:
    known.keep(rotating(machine), MONDAY_NINE)
    slack.fails = RefreshRefused("Slack does not renew the token of app fmo: invalid_refresh_token.")
    machine.advance(HALF_A_DAY - EARLY_S + 1)
    known.renew(MONDAY_NINE)
    known.renew(MONDAY_NINE)
    with store.reading(SYSTEM) as session:
        told = session.scalars(select(DeliveryRow.value).where(DeliveryRow.dedup_key.contains(":renewal:"))).all()
    assert [each["text"] for each in told] == [NOT_RENEWED]
    assert (known.all()[0].trouble or "").endswith("invalid_refresh_token.")
    assert known.token(known.all()[0]) == "xoxe.xoxb-0"  # it still works
    slack.fails = SiteUnavailable("Slack does not answer.")  # an outage ends nothing
    machine.advance(EARLY_S)
    known.renew(MONDAY_NINE)
    assert known.all()[0].is_live
    slack.fails = RefreshRefused("invalid_refresh_token")
    known.renew(MONDAY_NINE)
    assert not known.all()[0].is_live
    assert every(store, InstallationRow)[0].credentials is None
