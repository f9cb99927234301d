"""A joint team is a proposal: a side that has not accepted is asked nothing, and nothing of its Jira is read."""

import pytest
from sqlalchemy import select

from fmo_bot.db.accounts import AdminRow, VerifiedDomainRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Proposal
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import BoardUnavailable, FileWrong, NotFound
from fmo_bot.services import account_rows, proposals, setup
from fmo_bot.services.accepting import OnlyTheirAdmin, SetUps
from fmo_bot.services.boards import Boards
from tests.joint_team import CHENYU, LIWEI, LUCIA, MARTA, JointTeam, clock, other_team_file, team_file

TEAM, AT = "5G Core", clock("00:30")
OURS = [{"site": "shared", "owner": "Telefonica"}]  # the Jira is that of the side that is asked


class Proposed:
    """A joint team that Huawei proposes to Telefonica."""

    def __init__(self, store: Store) -> None:
        self.store, self.set_ups = store, SetUps(store)
        self.team = JointTeam(store, team_file(jira=OURS), by="Huawei")
        with store.reading(SYSTEM) as session:
            self.side = session.scalars(select(SideRow.id).where(SideRow.name == "operator")).one()

    def has_admin(self, person: Person) -> None:
        """A company has an admin from now on."""
        with self.store.transaction(SYSTEM) as session:
            member = account_rows.member_of(session, person)
            session.add(AdminRow(member_id=member.id))
            session.flush()
            proposals.tell_again(session, member.organisation_id, AT)

    def told(self) -> dict[str, tuple[str, str]]:
        """user -> (what their buttons do, how it stands)"""
        found = {}
        for row, _, message in self.team.owed("proposal:"):
            assert isinstance(message, Proposal)
            found[str(row.person)] = (message.may, message.state)
        return found

    def asked(self) -> set[str]:
        """Who would be asked for the stand-up."""
        self.team.plan(AT)
        return {who for kind, who, _ in self.team.planned() if kind == "prompt"}

    def why_not_read(self) -> str:
        """Why the board is not read from Jira."""
        with self.store.reading(SYSTEM) as session:
            board = session.scalars(select(BoardRow.id)).one()
        with pytest.raises(BoardUnavailable) as raised:
            Boards(self.store, {}).sync(board, AT)
        return str(raised.value)


def test_a_side_that_has_not_accepted_is_asked_nothing_and_its_jira_is_not_read(store: Store) -> None:
    proposed = Proposed(store)
    assert proposed.team.result.asked == proposed.team.result.without_admin == ("Telefonica",)
    vendors = proposed.asked()
    assert "Li Wei" in vendors
    assert not any(name.startswith(("Lucía", "Sofía")) for name in vendors)
    assert "Telefonica has not accepted yet" in proposed.why_not_read()
    with store.transaction(SYSTEM) as session:  # nor is anybody looked for in it
        owner = session.get_one(SideRow, proposed.side).organisation_id
        session.add(VerifiedDomainRow(domain="telefonica.example", organisation_id=owner))
    account_rows.make_missing(store)
    with store.transaction(SYSTEM) as session:
        assert account_rows.links(session, account_rows.member_of(session, LIWEI)) == []


def test_an_admin_of_the_side_accepts_and_from_then_on_it_takes_part(store: Store) -> None:
    proposed = Proposed(store)
    assert proposed.told() == {"U0LIWEI": ("withdraw", "open")}  # Telefonica has no admin yet
    proposed.has_admin(MARTA)
    assert proposed.told()["U0MARTA"] == ("decide", "open")
    for person in (LIWEI, LUCIA, CHENYU):  # a scrum master was named by the other company: that is no word of hers
        with pytest.raises(OnlyTheirAdmin):
            proposed.set_ups.confirm(person, TEAM, proposed.side, AT)
    proposed.set_ups.confirm(MARTA, TEAM, proposed.side, AT)
    assert proposed.told() == {"U0LIWEI": ("", "accepted"), "U0MARTA": ("", "accepted")}
    assert any(name.startswith("Lucía") for name in proposed.asked())
    assert "FMO_JIRA_SITES" in proposed.why_not_read()  # it would be read, were it known where
    with store.reading(SYSTEM) as session:
        said = session.scalars(select(AuditRow).where(AuditRow.action == "side_accepted").order_by(AuditRow.id)).all()
        assert [(row.detail["side"], row.member_id is None) for row in said] == [("vendor", True), ("operator", False)]


def test_declined_it_stays_as_it_was(sqlite_store: Store) -> None:
    proposed = Proposed(sqlite_store)
    proposed.has_admin(MARTA)
    proposed.set_ups.withdraw(MARTA, TEAM, proposed.side, AT)
    assert proposed.told()["U0LIWEI"] == ("", "declined")
    assert not any(name.startswith("Lucía") for name in proposed.asked())
    setup.apply(sqlite_store, team_file(jira=OURS), clock("01:00"), by="Huawei")  # proposed anew, by another message
    states = [message.state for _, _, message in proposed.team.owed("proposal:") if isinstance(message, Proposal)]
    assert sorted(states) == ["declined", "declined", "open", "open"]


def test_only_who_proposed_it_takes_it_back_and_strangers_learn_nothing(sqlite_store: Store) -> None:
    proposed = Proposed(sqlite_store)
    setup.apply(sqlite_store, other_team_file() | {"jira": []}, AT)
    for person in (CHENYU, LUCIA, Person("T0OTHER", "U0OTHER")):
        with pytest.raises(OnlyTheirAdmin):
            proposed.set_ups.withdraw(person, TEAM, proposed.side, AT)
    with pytest.raises(NotFound):
        proposed.set_ups.confirm(LIWEI, "Another", proposed.side, AT)
    proposed.set_ups.withdraw(LIWEI, TEAM, proposed.side, AT)
    assert proposed.told() == {"U0LIWEI": ("", "withdrawn")}


def test_nobody_names_the_other_companys_admins_in_a_proposal(sqlite_store: Store) -> None:
    file = team_file()
    file["organisations"][1] |= {"admins": ["U0LUCIA"], "domains": ["telefonica.example"]}
    with pytest.raises(FileWrong) as raised:
        setup.apply(sqlite_store, file, AT, by="Huawei")
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "organisations[1].domains",
        "organisations[1].admins",
    ]
    assert setup.apply(sqlite_store, file, AT).asked == ()  # Telefonica has agreed to the file
