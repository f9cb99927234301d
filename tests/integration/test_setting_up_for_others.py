"""A file of one company changes what is that company's own; what another one says of itself stays, and that is told."""

from typing import Any

from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.parties import AbsenceRow, MemberRow, ParticipationRow, SideRow, WorkspaceRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import setup
from tests.joint_team import clock, member, team_file

AT, LATER = clock("00:30"), clock("01:30")
ACTING = {"acting": True, "internal_fields": ["points"]}


def jira(owner: str, **more: Any) -> list[dict[str, Any]]:
    return [{"site": "shared", "owner": owner, **more}]


def known(store: Store) -> dict[str, tuple[str, str, str]]:
    """user -> (name, zone, language) of everybody known here."""
    with store.reading(SYSTEM) as session:
        return {row.slack_user_id: (row.name, row.zone, row.language) for row in session.scalars(select(MemberRow))}


def of_operator(store: Store) -> dict[str, str]:
    """user -> role of who takes part for the operator."""
    with store.reading(SYSTEM) as session:
        query = select(ParticipationRow).join(SideRow, SideRow.id == ParticipationRow.side_id)
        here = session.scalars(query.where(takes_part(), SideRow.name == "operator"))
        return {row.member.slack_user_id: str(row.role) for row in here}


def test_people_of_a_company_that_accepted_stay_as_it_says_whatever_another_companys_file_says(store: Store) -> None:
    setup.apply(store, team_file(), AT)
    people, roster = known(store), of_operator(store)
    file = team_file()
    file["organisations"][1]["workspace"]["name"] = "Somewhere else"
    operator = file["sides"]["operator"]
    operator["calendar"] = operator["calendar"] | {"country": "MX", "region": None}
    away = [{"from": "2026-11-23", "until": "2026-11-27"}]
    operator["members"] = [
        member("U0LUCIA", "Lucy", "Asia/Shanghai", language="zh", role="stakeholder", away=away),
        member("U0NUEVO", "Nuevo", "Europe/Madrid"),
        operator["members"][1],
    ]
    file["sides"]["vendor"]["members"][1]["name"] = "Chen Yu (Shenzhen)"

    said = setup.apply(store, file, LATER, by="Huawei")

    assert known(store) == people | {"U0CHENYU": ("Chen Yu (Shenzhen)", "Asia/Shanghai", "zh")}
    assert of_operator(store) == roster
    assert said.removed == ()
    workspace, person, people_said = said.kept
    assert workspace.startswith("organisations[1].workspace (name): stays as it is, for only Telefonica says that.")
    assert person.startswith("sides.operator.members[0] (name, zone, language): stays")
    assert "Lucy, Nuevo, Marta Vidal, calendar. An admin of Telefonica changes that" in people_said
    with store.reading(SYSTEM) as session:
        names = session.scalars(select(WorkspaceRow.name).where(WorkspaceRow.slack_team_id == "T0TELEFON"))
        assert names.all() == ["Telefonica Redes"]
        absent = select(AbsenceRow).join(MemberRow, MemberRow.id == AbsenceRow.member_id)
        assert session.scalars(absent.where(MemberRow.slack_user_id == "U0LUCIA")).all() == []


def test_people_can_be_proposed_for_a_side_that_has_not_accepted_but_are_not_renamed(sqlite_store: Store) -> None:
    setup.apply(sqlite_store, team_file(), AT)
    file = team_file(team="6G Core", channel={"workspace": "T0HUAWEI", "id": "C0SIX"}, jira=[])
    file["sides"]["operator"]["members"] = [member("U0LUCIA", "Lucy", "Asia/Shanghai", language="zh")]
    people = known(sqlite_store)
    said = setup.apply(sqlite_store, file, LATER, by="Huawei")
    assert known(sqlite_store) == people
    assert said.asked == ("Telefonica",)
    assert [line.split(":")[0] for line in said.kept] == ["sides.operator.members[0] (name, zone, language)"]


def test_a_file_all_have_agreed_to_changes_what_it_says(sqlite_store: Store) -> None:
    setup.apply(sqlite_store, team_file(), AT)
    file = team_file()
    file["sides"]["operator"]["members"] = [member("U0LUCIA", "Lucy", "Asia/Shanghai", language="zh")]
    said = setup.apply(sqlite_store, file, LATER)
    assert said.kept == ()
    assert known(sqlite_store)["U0LUCIA"] == ("Lucy", "Asia/Shanghai", "zh")
    assert set(said.removed) == {"Sofía Hernández", "Marta Vidal"}


def test_only_its_owners_file_says_what_may_be_done_with_a_jira_site(sqlite_store: Store) -> None:
    setup.apply(sqlite_store, team_file(jira=jira("Telefonica", **ACTING, accepted_by=["operator"])), AT)

    def stands() -> tuple[bool, list[str], set[str]]:
        with sqlite_store.reading(SYSTEM) as session:
            site, row = session.scalars(select(JiraSiteRow)).one(), session.scalars(select(JiraProjectRow)).one()
            sides = select(SideRow.name).join(JointAcceptanceRow, JointAcceptanceRow.side_id == SideRow.id)
            return site.acting, list(row.internal_fields), set(session.scalars(sides))

    assert stands() == (True, ["points"], {"operator"})
    theirs = setup.apply(sqlite_store, team_file(jira=jira("Telefonica", accepted_by=["vendor"])), LATER, by="Huawei")
    assert stands() == (True, ["points"], {"operator", "vendor"})  # of its own side it says what it likes
    assert [line.split(":")[0] for line in theirs.kept] == ["jira[0] (internal_fields, acting)"]
    own = team_file(jira=jira("Telefonica", accepted_by=["operator"]), host="Telefonica")
    setup.apply(sqlite_store, own, LATER, by="Telefonica")
    assert stands() == (False, [], {"operator", "vendor"})


def test_a_site_nobody_knew_is_not_opened_by_another_companys_file(sqlite_store: Store) -> None:
    file = team_file(jira=jira("Telefonica", **ACTING, accepted_by=["vendor", "operator"]))
    said = setup.apply(sqlite_store, file, AT, by="Huawei")
    with sqlite_store.reading(SYSTEM) as session:
        assert not session.scalars(select(JiraSiteRow.acting)).one()
        assert len(session.scalars(select(JointAcceptanceRow)).all()) == 1
    assert len(said.kept) == 1
