"""A Jira site that fails is left alone, says so to its owner, and holds up nobody else."""

from contextlib import closing
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select, update

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable, SiteUnavailable
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.services.parties import Parties
from fmo_bot.services.pauses import BEGUN, ENDED, FIRST_S, LONGEST_S, Pauses
from fmo_bot.services.site_syncs import SiteSyncs
from fmo_bot.services.sites import Sites
from fmo_bot.slack.render import render
from tests.fakes import FixedClock, Machine
from tests.integration.sandbox_support import eventually
from tests.integration.scripted_jira import Answer, scripted_jira
from tests.joint_team import CHENYU, LIWEI, LUCIA, JointTeam

DOWN = SiteUnavailable("Jira site shared does not answer.")


@pytest.fixture
def team(store: Store) -> JointTeam:
    return JointTeam(store)


@pytest.fixture
def pauses(store: Store, clock: FixedClock, machine: Machine) -> Pauses:
    return Pauses(store, clock, machine=machine)


def told(store: Store) -> list[tuple[str | None, str, dict[str, Any]]]:
    """Who was told what, in order."""
    query = select(MessageRow.person, DeliveryRow.value).join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
    query = query.where(DeliveryRow.state != outbox.DROPPED)
    with store.reading(SYSTEM) as session:
        found = session.execute(query.order_by(DeliveryRow.id)).all()
    messages = [(person, message_from_json(value)) for person, value in found]
    return [(person, each.text, each.values) for person, each in messages if isinstance(each, Notice)]


def send(store: Store, clock: FixedClock) -> None:
    """Send what is due, as the pump would; what is due later waits."""
    with store.transaction(SYSTEM) as session:
        due = DeliveryRow.due <= clock.now(), DeliveryRow.state == outbox.READY
        session.execute(update(DeliveryRow).where(*due).values(state=outbox.SENT))


def test_a_pause_is_doubled_to_an_hour_and_kept_by_every_process(
    team: JointTeam, pauses: Pauses, machine: Machine, store: Store, clock: FixedClock
) -> None:
    gate = pauses.gate("shared")
    lengths = []
    for _ in range(8):
        gate.enter()  # let in: nobody has paused it, or the pause is over
        gate.failed(DOWN)
        other_process = Pauses(store, clock, machine=machine).gate("shared")
        with pytest.raises(SiteUnavailable, match=r"does not answer\. It is left alone until \d\d:\d\d UTC"):
            other_process.enter()
        found = pauses.until("shared")
        assert found is not None
        lengths.append(found[0] - machine())
        machine.advance(lengths[-1])
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (lengths[0], lengths[-1]) == (FIRST_S, LONGEST_S)


def test_a_site_that_asks_for_longer_gets_longer(team: JointTeam, pauses: Pauses, machine: Machine) -> None:
    pauses.begin("shared", SiteUnavailable("Jira site shared asks for a pause.", wait=1800))
    assert pauses.until("shared") == (machine() + 1800, "Jira site shared asks for a pause.")


def test_two_calls_that_fail_at_once_are_one_pause(team: JointTeam, pauses: Pauses, machine: Machine) -> None:
    pauses.begin("shared", DOWN)
    pauses.begin("shared", DOWN)
    assert pauses.until("shared") == (machine() + 60, str(DOWN))


def test_the_owners_scrum_master_hears_once_when_it_begins_and_once_when_it_ends(
    team: JointTeam, pauses: Pauses, machine: Machine, store: Store, clock: FixedClock
) -> None:
    gate = pauses.gate("shared")
    for _ in range(3):
        gate.enter()
        gate.failed(DOWN)
        machine.advance(3600)
        clock.advance(hours=1)
        send(store, clock)
    gate.enter()
    gate.answered()
    gate.answered()
    assert told(store) == [("U0LIWEI", BEGUN, {"reason": str(DOWN)}), ("U0LIWEI", ENDED, {"site": "shared"})]
    assert pauses.until("shared") is None


def test_the_owner_is_who_was_named_and_not_the_host(team: JointTeam, pauses: Pauses, store: Store) -> None:
    with store.transaction(SYSTEM) as session:
        operator = session.scalars(select(OrganisationRow.id).where(OrganisationRow.name == "Telefonica")).one()
        session.scalars(select(JiraSiteRow)).one().organisation_id = operator
    pauses.begin("shared", DOWN)
    assert [who for who, _, _ in told(store)] == ["U0LUCIA"]


def test_of_what_is_over_within_minutes_nobody_hears(
    team: JointTeam, pauses: Pauses, store: Store, clock: FixedClock
) -> None:
    pauses.begin("shared", DOWN)
    clock.advance(minutes=4)
    send(store, clock)
    pauses.end("shared")
    clock.advance(hours=1)
    send(store, clock)
    assert told(store) == []


def test_of_a_site_that_is_disconnected_while_it_is_left_alone_nobody_hears_later(
    team: JointTeam, pauses: Pauses, store: Store, clock: FixedClock
) -> None:
    with store.transaction(SYSTEM) as session:
        session.scalars(select(JiraSiteRow)).one().url = "https://x.example"
    pauses.begin("shared", DOWN)
    Sites(store, Vault([]), ()).disconnect("shared", clock.now())
    assert (pauses.until("shared"), told(store)) == (None, [])


def test_a_second_trouble_later_is_told_again(
    team: JointTeam, pauses: Pauses, store: Store, clock: FixedClock, machine: Machine
) -> None:
    for _ in range(2):
        pauses.begin("shared", DOWN)
        clock.advance(hours=5)
        send(store, clock)
        pauses.end("shared")
    assert [text for _, text, _ in told(store)] == [BEGUN, ENDED, BEGUN, ENDED]


def test_everybody_in_the_team_sees_in_app_home_which_board_is_not_read_and_nobody_why(
    team: JointTeam, pauses: Pauses, store: Store, clock: FixedClock
) -> None:
    parties = Parties(store)
    assert parties.home(CHENYU, clock.now()).unread == ()
    pauses.begin("shared", DOWN)
    for person in (CHENYU, LIWEI, LUCIA):
        home = parties.home(person, clock.now())
        assert home.unread == (("5G Core", clock.now()),)
        text = render(home, "en").text
        assert "The board of 5G Core cannot be read since" in text
        assert "does not answer" not in text


def test_a_restart_tries_again_at_once_but_the_trouble_is_not_over(
    team: JointTeam, pauses: Pauses, store: Store
) -> None:
    pauses.begin("shared", DOWN)
    pauses.look_again()
    pauses.gate("shared").enter()
    assert [text for _, text, _ in told(store)] == [BEGUN]


def test_through_the_client_a_dead_token_pauses_its_site_and_an_answer_ends_it(
    team: JointTeam, pauses: Pauses, machine: Machine, store: Store, clock: FixedClock
) -> None:
    with scripted_jira() as jira:
        client = JiraClient(Access(key="shared", url=jira.url, token="t"), gate=pauses.gate("shared"))
        with closing(client):
            jira.standing["myself"] = Answer({}, 401)
            with pytest.raises(SiteUnavailable, match="does not accept the bot's token"):
                client.site()
            asked = len(jira.asked)
            with pytest.raises(SiteUnavailable, match="It is left alone until"):
                client.site()
            assert len(jira.asked) == asked
            machine.advance(61)
            clock.advance(minutes=5)
            send(store, clock)
            jira.standing["myself"] = Answer({"timeZone": "Europe/Madrid"})
            client.site()
    assert [text for _, text, _ in told(store)] == [BEGUN, ENDED]


# --- sites beside each other -------------------------------------------------------------------------------------


class ThreeSites:
    """Boards of three sites: one is slow until `let_go`, one is down, one is well."""

    def __init__(self, store: Store) -> None:
        self.read: list[str] = []
        self.slow, self.began = Event(), Event()
        self._keys: dict[int, str] = {}
        with store.transaction(SYSTEM) as session:
            team_id = session.scalars(select(JointTeamRow.id)).one()
            for key in ("slow", "down", "well"):
                site = JiraSiteRow(key=key)
                session.add(site)
                session.flush()
                for number in (1, 2):
                    board = BoardRow(team_id=team_id, site_id=site.id, jira_board_id=number)
                    session.add(board)
                    session.flush()
                    self._keys[board.id] = f"{key} {number}"

    def sync(self, board_id: int, at: datetime) -> None:
        name = self._keys.get(board_id, "shared 1")  # the team file's board
        self.read.append(name)
        if name == "slow 1":
            self.began.set()
            assert self.slow.wait(60)
        if name == "down 1":
            raise SiteUnavailable("It is down.")
        if name == "well 1":
            raise BoardUnavailable("This board is gone.")

    def of(self, site: str) -> list[str]:
        return [name for name in self.read if name.startswith(site)]


def under_way(syncs: SiteSyncs) -> list[str]:
    """The sites that are being read."""
    return [key for key, reading in syncs._running.items() if not reading.done()]


def test_a_slow_site_and_one_that_is_down_hold_up_no_other(team: JointTeam, store: Store, clock: FixedClock) -> None:
    sites = ThreeSites(store)
    syncs = SiteSyncs(store, sites.sync)
    assert not syncs.tick(clock.now(), within=0)
    eventually(lambda: under_way(syncs) == ["slow"])
    assert sites.began.wait(60)
    assert sites.of("well") == ["well 1", "well 2"]  # one board of it fails, the other is read
    assert sites.of("down") == ["down 1"]  # the second would only fail the same way
    assert sites.of("slow") == ["slow 1"]
    assert not syncs.tick(clock.now(), within=0)
    eventually(lambda: under_way(syncs) == ["slow"])
    assert sites.of("well") == ["well 1", "well 2"] * 2
    assert sites.of("slow") == ["slow 1"]  # is not begun a second time
    sites.slow.set()
    assert syncs.tick(clock.now(), within=60)
    assert sites.of("slow")[:2] == ["slow 1", "slow 2"]
    syncs.stop()


def test_told_to_stop_it_begins_no_further_board(team: JointTeam, store: Store, clock: FixedClock) -> None:
    sites = ThreeSites(store)
    syncs = SiteSyncs(store, sites.sync)
    syncs.tick(clock.now(), within=0)
    assert sites.began.wait(60)
    syncs.stop()
    sites.slow.set()
    assert not syncs.tick(clock.now(), within=0)
    assert sites.of("slow") == ["slow 1"]
