"""The scrum master of a storm: settles what is left to a person, with the calls that the buttons make."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fmo_bot.db.parties import JointTeamRow, MemberRow, OrganisationRow, ParticipationRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM, Person, Role, Scope
from fmo_bot.services.deliveries import Deliveries
from fmo_bot.services.parties import Parties
from tests.chaos.world import World


@dataclass
class Settled:
    """Keys of the messages that the scrum master had sent again, and of those they dropped."""

    again: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)


def employ(store: Store, world: World) -> tuple[Scope, Person]:
    """A joint team for which everything is owed, and its scrum master."""
    person = world.person(0, 0)
    with store.transaction(SYSTEM) as session:
        session.add(company := OrganisationRow(name="Huawei"))
        session.flush()
        session.add(team := JointTeamRow(name="Storm", ref="storm", host_id=company.id))
        member = MemberRow(
            organisation_id=company.id,
            home_workspace=person.workspace,
            slack_user_id=person.user,
            name="Storm Master",
            zone="Europe/Madrid",
        )
        session.add(member)
        session.flush()
        since = datetime(2026, 1, 1, tzinfo=UTC)
        side = SideRow(team_id=team.id, name="vendor", organisation_id=company.id, calendar={}, accepted_at=since)
        session.add(side)
        session.flush()
        master = Role.SCRUM_MASTER
        session.add(ParticipationRow(team_id=team.id, member_id=member.id, side_id=side.id, role=master, since=since))
        return Scope(team_id=team.id), person


def settle(store: Store, master: Person, left: Set[str]) -> Settled:
    """Press "send again" and "drop" in turn until nothing of `left` (keys) is shown any more."""
    desk, done = Deliveries(store, Parties(store)), Settled()
    presses = [(desk.send_again, done.again), (desk.drop, done.dropped)]
    shown = desk.shown(master, at=datetime.now(UTC))
    while ref := next((line.ref for line in shown.lines if _key(line.ref) in left), None):
        press, pressed = presses[0]
        shown = press(master, ref, datetime.now(UTC))
        pressed.add(_key(ref))
        presses.reverse()
    return done


def _key(ref: str) -> str:
    return ref.rpartition("|")[2]
