"""A Jira site or project goes to another company once both have agreed; nothing said of it before outlives that."""

from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.acting import JiraPermissionRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow
from fmo_bot.db.parties import OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import FileWrong, NotAllowed, NotFound
from fmo_bot.services.owner_change import Handover, NotYoursToGive, agree
from fmo_bot.services.ownership import Ownership
from tests.integration.test_ownership import SHARED, actor, knows, owned
from tests.joint_team import CHENYU, LIWEI, LUCIA, JointTeam, clock, other_team_file, team_file

ACCEPTED = ["vendor", "operator"]
AT = clock("02:00")


def agreed(team: JointTeam, person: Person, key: str = "", to: str = "Telefonica", site: str = "shared") -> Handover:
    return agree(team.store, actor(team, person), site, key, to, AT)


def audited(store: Store) -> list[tuple[str, dict[str, Any]]]:
    with store.transaction(SYSTEM) as session:
        query = select(AuditRow).where(AuditRow.action.startswith("owner_")).order_by(AuditRow.id)
        return [(row.action, row.detail) for row in session.scalars(query)]


@pytest.mark.parametrize("first", [LIWEI, LUCIA])
def test_a_site_changes_hands_once_both_agreed_in_whichever_order(store: Store, first: Person) -> None:
    team = JointTeam(store, team_file(jira=owned({"key": "LAB"}, accepted_by=ACCEPTED)))
    second = LUCIA if first is LIWEI else LIWEI
    for _ in range(2):  # the second time changes nothing
        half = agreed(team, first)
        missing = "Telefonica" if first is LIWEI else "Huawei"
        assert (half.company, half.missing) == ("Huawei", (missing,))
        assert knows(team, LUCIA, "CORE-1")
    assert agreed(team, second) == Handover(site="shared", key="", company="Telefonica", to="Telefonica", missing=())
    for key in ("CORE-1", "LAB-1"):
        assert (knows(team, LIWEI, key), knows(team, LUCIA, key)) == (False, True)
    assert [action for action, _ in audited(store)] == ["owner_agreed", "owner_agreed", "owner_changed"]
    assert agreed(team, second if second is LUCIA else first).missing == ()  # it is theirs already


def test_what_the_former_owner_said_ends_in_every_joint_team(sqlite_store: Store) -> None:
    said = owned(accepted_by=ACCEPTED, store_secured=True, internal_fields=["points"])
    team = JointTeam(sqlite_store, team_file(jira=said))
    JointTeam(sqlite_store, other_team_file() | {"jira": said})
    paul = Person("T0ORANGE", "U0PAUL")
    with sqlite_store.transaction(SYSTEM) as session:
        site = session.scalars(select(JiraSiteRow)).one()
        allowed: dict[str, Any] = {
            "organisation_id": site.organisation_id,
            "act": "comment",
            "allowed_at": AT,
            "allowed_by": None,
        }
        session.add(JiraPermissionRow(site_id=site.id, project="CORE", jira_project_id="", **allowed))
    assert knows(team, paul, "CORE-1")
    for person in (LIWEI, LUCIA):
        agreed(team, person)
    assert not knows(team, paul, "CORE-1")
    with sqlite_store.transaction(SYSTEM) as session:
        row = session.scalars(select(JiraProjectRow)).one()
        assert (row.stores_secured, row.internal_fields) == (False, ["points"])
        assert session.scalars(select(JiraPermissionRow)).all() == []
    # Neither the old file nor one that knows the new owner makes it joint again; people do.
    with pytest.raises(FileWrong, match="belongs to another company here"):
        JointTeam(sqlite_store, team_file(jira=said))
    JointTeam(sqlite_store, team_file(jira=[SHARED | {"owner": "Telefonica", "accepted_by": ACCEPTED}]))
    assert not knows(team, LIWEI, "CORE-1")
    ownership = Ownership(sqlite_store)
    ownership.propose_joint(actor(team, LUCIA), "shared", "", AT)
    assert ownership.accept_joint(actor(team, LIWEI), "shared", "", AT).missing == ()
    assert knows(team, LIWEI, "CORE-1")


def test_a_project_goes_alone_and_one_with_an_owner_of_its_own_stays(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned(accepted_by=ACCEPTED)))
    agreed(team, LIWEI, "LAB")
    assert knows(team, LUCIA, "LAB-1")  # as long as nothing is done, nothing changes
    agreed(team, LUCIA, "LAB")
    assert (knows(team, LIWEI, "LAB-1"), knows(team, LUCIA, "LAB-1")) == (False, True)
    assert knows(team, LUCIA, "CORE-1")
    for to in ("Telefonica", "Huawei"):
        for person in (LIWEI, LUCIA):
            agreed(team, person, to=to)
    assert not knows(team, LUCIA, "CORE-1")
    with sqlite_store.transaction(SYSTEM) as session:
        whose = {org.id: org.name for org in session.scalars(select(OrganisationRow))}
        rows = session.scalars(select(JiraProjectRow).where(JiraProjectRow.key == "LAB"))
        assert [whose[row.organisation_id or 0] for row in rows] == ["Telefonica"]


@pytest.mark.parametrize(("first", "missing"), [(LIWEI, "Huawei"), (LUCIA, "Telefonica")])
def test_either_takes_back_what_it_agreed_to(sqlite_store: Store, first: Person, missing: str) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned(accepted_by=ACCEPTED)))
    agreed(team, first)
    for _ in range(2):
        assert agreed(team, first, to="Huawei").company == "Huawei"
    assert agreed(team, LUCIA if first is LIWEI else LIWEI).missing == (missing,)
    assert knows(team, LUCIA, "CORE-1")
    assert [action for action, _ in audited(sqlite_store)] == ["owner_agreed", "owner_kept", "owner_agreed"]


def test_an_old_agreement_does_not_give_away_what_came_back(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned(accepted_by=ACCEPTED)))
    agreed(team, LIWEI, "LAB")
    for to in ("Telefonica", "Huawei"):
        for person in (LIWEI, LUCIA):
            agreed(team, person, to=to)
    assert agreed(team, LUCIA, "LAB").missing == ("Huawei",)


def test_only_scrum_masters_of_the_two_agree_and_only_about_what_is_here(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned(accepted_by=ACCEPTED)))
    with pytest.raises(NotAllowed):
        agreed(team, CHENYU)
    for wrong in ({"site": "elsewhere"}, {"to": "Orange"}, {"key": "core 1"}):
        with pytest.raises(NotFound):
            agreed(team, LIWEI, **wrong)
    other = JointTeam(sqlite_store, team_file(jira=[SHARED]))
    with sqlite_store.transaction(SYSTEM) as session:
        session.scalars(select(JiraSiteRow)).one().organisation_id = None
    with pytest.raises(NotYoursToGive):  # of what is nobody's, the team file says first whose it is
        agreed(other, LUCIA)
    assert audited(sqlite_store) == []
