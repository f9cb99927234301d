"""Rights to act in Jira, as the database holds them: said by the owner's admin, checked for the person, audited."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.acting import JiraGrantRow
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import IssueRow, JiraSiteRow
from fmo_bot.db.ownership import JointAcceptanceRow
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.domain.acting import Act, Via
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.errors import ActNotAllowed, ApprovalIsTheirs, NotAllowed, NotAnAdmin, NotFound, ProjectUnread
from fmo_bot.services import account_rows, setup
from fmo_bot.services.acting import Acting
from fmo_bot.services.parties import Parties
from tests.joint_team import LIWEI, LUCIA, MARTA, SOFIA, STRANGER, JointTeam, clock, other_team_file, team_file

AT = clock("09:00")
CORE = ProjectName(site="shared", id="10000", key="CORE")


class World:
    """Huawei owns the shared site; its admin is Li Wei, and Telefonica's is Lucía."""

    def __init__(self, store: Store) -> None:
        file = team_file()
        file["organisations"][0] |= {"admins": ["U0LIWEI"]}
        file["organisations"][1] |= {"admins": ["U0LUCIA"]}
        self.store, self.team = store, JointTeam(store, file)
        self.team.add_issue("CORE-1")
        with store.transaction(SYSTEM) as session:
            session.scalars(select(IssueRow)).one().project = "10000"
        self.acting = Acting(store)

    def actor(self, person: Person) -> Actor:
        return Parties(self.store).actor(person, at=AT)

    def allow(self, *acts: Act, company: str = "Telefonica", yes: bool = True) -> frozenset[Act]:
        return self.acting.allow(LIWEI, "shared", "CORE", company, acts, yes=yes, at=AT)

    def sign_in(self, person: Person) -> None:
        """The person has signed in to Atlassian."""
        with self.store.transaction(SYSTEM) as session:
            (link,) = account_rows.links(session, account_rows.member_of(session, person))
            link.account, link.how = "a-1", "oauth"
            sealed = Vault([new_key()]).seal("{}")
            session.add(JiraGrantRow(link_id=link.id, credentials=sealed, api_url="https://x", granted_at=AT))

    def audited(self, action: str) -> list[dict[str, object]]:
        with self.store.reading(SYSTEM) as session:
            found = session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.id))
            return [{"member": row.member_id, **row.detail} for row in found]


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def test_nothing_is_allowed_until_the_owners_admin_says_so(store: Store) -> None:
    world = World(store)
    sofia = world.actor(SOFIA)
    with pytest.raises(ActNotAllowed) as caught:
        world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)
    assert caught.value.values == {"company": "Huawei", "project": "CORE"}
    assert world.allow(Act.COMMENT, Act.ASSIGN) == {Act.COMMENT, Act.ASSIGN}
    grant = world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)
    assert (grant.via, grant.link_id) == (Via.SERVICE, None)
    assert grant.signature == "for Sofía Hernández (Telefonica) by FMO bot"
    assert world.allow(Act.COMMENT, yes=False) == {Act.ASSIGN}
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)


def test_what_is_allowed_to_one_company_is_not_to_the_owner(world: World) -> None:
    world.allow(Act.COMMENT)
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(world.actor(LIWEI), CORE, Act.COMMENT, at=AT)
    world.allow(Act.COMMENT, company="Huawei")
    assert world.acting.grant_for(world.actor(LIWEI), CORE, Act.COMMENT, at=AT).via is Via.SERVICE


@pytest.mark.parametrize("person", [LUCIA, SOFIA, STRANGER, Person("T0CONSULT", "U0ELENA")])
def test_nobody_but_an_admin_of_the_owner_says_so(person: Person, world: World) -> None:
    setup.apply(world.store, other_team_file(), AT)
    with pytest.raises(NotAnAdmin):
        world.acting.allow(person, "shared", "CORE", "Telefonica", [Act.COMMENT], yes=True, at=AT)
    with pytest.raises(NotAnAdmin):
        world.acting.mark_approval(person, "shared", "CORE", "31", yes=False, at=AT)


def test_nobody_speaks_for_a_site_whose_owner_is_not_known(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:
        session.scalars(select(JiraSiteRow)).one().organisation_id = None
    with pytest.raises(NotAnAdmin):
        world.allow(Act.COMMENT)


@pytest.mark.parametrize(
    ("site", "project", "company", "refusal"),
    [
        ("lost", "CORE", "Telefonica", NotFound),
        ("shared", "", "Telefonica", NotFound),  # never a whole site at once
        ("shared", "CORE", "Nobody", NotFound),
        ("shared", "LAB", "Telefonica", ProjectUnread),
    ],
)
def test_what_is_not_known_cannot_be_allowed(
    site: str, project: str, company: str, refusal: type[Exception], world: World
) -> None:
    with pytest.raises(refusal):
        world.acting.allow(LIWEI, site, project, company, [Act.COMMENT], yes=True, at=AT)


def test_whoever_only_reads_never_acts(world: World) -> None:
    world.allow(Act.COMMENT)
    with pytest.raises(NotAllowed):
        world.acting.grant_for(world.actor(MARTA), CORE, Act.COMMENT, at=AT)


def test_a_project_one_may_not_know_of_is_not_there_to_act_in(world: World) -> None:
    world.allow(Act.COMMENT)
    with world.store.transaction(SYSTEM) as session:
        session.execute(delete(JointAcceptanceRow))  # internal to Huawei now
    with pytest.raises(NotFound):
        world.acting.grant_for(world.actor(SOFIA), CORE, Act.COMMENT, at=AT)
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(world.actor(LIWEI), CORE, Act.COMMENT, at=AT)
    elsewhere = ProjectName(site="elsewhere", key="CORE")
    with pytest.raises(NotFound):
        world.acting.grant_for(world.actor(LIWEI), elsewhere, Act.COMMENT, at=AT)


def test_an_approval_is_never_taken_by_the_service_account(store: Store) -> None:
    world = World(store)
    world.allow(Act.TRANSITION)
    assert world.acting.mark_approval(LIWEI, "shared", "CORE", "31", yes=True, at=AT) == {"31"}
    sofia = world.actor(SOFIA)
    assert world.acting.grant_for(sofia, CORE, Act.TRANSITION, transition="21", at=AT).via is Via.SERVICE
    for transition in ("31", None):
        with pytest.raises(ApprovalIsTheirs):
            world.acting.grant_for(sofia, CORE, Act.TRANSITION, transition=transition, at=AT)
    world.sign_in(SOFIA)
    assert world.acting.grant_for(sofia, CORE, Act.TRANSITION, transition="31", at=AT).via is Via.OWN
    assert world.acting.mark_approval(LIWEI, "shared", "CORE", "31", yes=False, at=AT) == frozenset()


def test_a_person_who_signed_in_acts_as_themselves_until_they_unlink(world: World) -> None:
    world.sign_in(SOFIA)
    sofia = world.actor(SOFIA)
    grant = world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)
    assert (grant.via, grant.account, grant.signature) == (Via.OWN, "a-1", "")
    with world.store.transaction(SYSTEM) as session:
        link = session.scalars(select(JiraAccountRow).where(JiraAccountRow.account == "a-1")).one()
        account_rows.release(session, link, AT, why="by_the_member")
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)
    with world.store.reading(SYSTEM) as session:
        assert session.scalars(select(JiraGrantRow)).all() == []  # and what they had allowed is forgotten


def test_a_link_alone_gives_no_right(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:
        (link,) = account_rows.links(session, account_rows.member_of(session, SOFIA))
        link.account, link.how = "a-1", "code"
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(world.actor(SOFIA), CORE, Act.COMMENT, at=AT)


def test_a_project_that_is_known_by_its_key_is_looked_up_by_its_id(world: World) -> None:
    world.allow(Act.CREATE)
    by_key = ProjectName(site="shared", key="CORE")
    assert world.acting.grant_for(world.actor(SOFIA), by_key, Act.CREATE, at=AT).via is Via.SERVICE
    with world.store.transaction(SYSTEM) as session:  # the key was given to another project
        issue = session.scalars(select(IssueRow)).one()
        issue.project, issue.updated = "10077", AT + timedelta(hours=1)
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(world.actor(SOFIA), by_key, Act.CREATE, at=AT)


def test_what_was_said_of_a_project_can_be_taken_back_when_its_key_has_moved(world: World) -> None:
    world.allow(Act.COMMENT)
    world.acting.mark_approval(LIWEI, "shared", "CORE", "31", yes=True, at=AT)
    with world.store.transaction(SYSTEM) as session:
        session.scalars(select(IssueRow)).one().key = "NEXT-1"
    moved = ProjectName(site="shared", id="10000", key="NEXT")
    assert world.acting.grant_for(world.actor(SOFIA), moved, Act.COMMENT, at=AT).via is Via.SERVICE
    left = world.acting.allow(LIWEI, "shared", "NEXT", "Telefonica", [Act.COMMENT], yes=False, at=AT)
    assert left == frozenset()
    with pytest.raises(ActNotAllowed):
        world.acting.grant_for(world.actor(SOFIA), moved, Act.COMMENT, at=AT)
    assert world.acting.mark_approval(LIWEI, "shared", "NEXT", "31", yes=False, at=AT) == frozenset()


def test_every_act_and_everything_said_is_in_the_audit_log_with_the_person(world: World) -> None:
    world.allow(Act.COMMENT)
    sofia = world.actor(SOFIA)
    grant = world.acting.grant_for(sofia, CORE, Act.COMMENT, at=AT)
    with world.store.transaction(Scope(team_id=sofia.team_id)) as session:
        world.acting.noted(session, sofia, grant, issue="20051", outcome="done", at=AT)
    (said,), (done,) = world.audited("jira_acts_allowed"), world.audited("jira_act")
    assert (said["member"], said["acts"], said["project"]) == (world.actor(LIWEI).member_id, ["comment"], "CORE")
    assert done == {
        "member": sofia.member_id,
        "act": "comment",
        "site": "shared",
        "project": "10000",
        "issue": "20051",
        "via": "service",
        "side": "operator",
        "outcome": "done",
    }
