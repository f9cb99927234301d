"""Setting a joint team up, who is who in it, and the waits-on ledger's clicks."""

from typing import Any

import pytest
from sqlalchemy import func, select

from fmo_bot.db.audit import AuditRow
from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.parties import WorkspaceRow
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.domain.messages import AnswerPost, Home, Prompt
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role
from fmo_bot.errors import FileWrong, NotAllowed, NotAMember, NotFound, NotLinked, SeveralTeams
from fmo_bot.services import setup, workflows
from fmo_bot.services.blockers import Blockers
from fmo_bot.services.parties import Parties
from tests.joint_team import (
    CHENYU,
    ELENA,
    LIWEI,
    LUCIA,
    MARTA,
    QUESTIONS,
    SAID,
    SOFIA,
    STRANGER,
    WANG,
    JointTeam,
    clock,
    member,
    other_team_file,
    team_file,
)


def rows(store: Store) -> dict[str, int]:
    """Rows per table, the audit log aside."""
    with store.transaction(SYSTEM) as session:
        tables = [table for table in METADATA.sorted_tables if table.name != "audit"]
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


# --- setting up --------------------------------------------------------------------------------------------------


def test_setting_up_twice_leaves_the_same_rows(store: Store) -> None:
    first = setup.apply(store, team_file(), clock("00:30"))
    before = rows(store)
    second = setup.apply(store, team_file(), clock("00:40"))
    assert rows(store) == before
    assert (first.created, second.created, first.team_ref) == (True, False, second.team_ref)
    assert (second.members, second.sides) == (7, {"vendor": "Huawei", "operator": "Telefonica"})


def test_who_is_no_longer_listed_takes_part_no_longer(store: Store) -> None:
    setup.apply(store, team_file(), clock("00:30"))
    file = team_file()
    file["sides"]["vendor"]["members"] = file["sides"]["vendor"]["members"][:1]
    assert setup.apply(store, file, clock("00:40")).removed == ("Chen Yu", "Rajesh Kumar", "Wang Fang")
    with pytest.raises(NotLinked):
        Parties(store).actor(CHENYU, at=clock("01:00"))


def test_a_new_file_updates_what_it_names(store: Store) -> None:
    setup.apply(store, team_file(), clock("00:30"))
    file = team_file(standups=[{"name": "Morning", "at": "10:30", "days": ["mon"]}], board={"site": "shared", "id": 7})
    file["sides"]["vendor"]["members"][1] = member("U0CHENYU", "陈宇", "Asia/Kuala_Lumpur", role="scrum_master")
    setup.apply(store, file, clock("00:40"))
    actor = Parties(store).actor(CHENYU, at=clock("01:00"))
    assert (actor.name, actor.role) == ("陈宇", Role.SCRUM_MASTER)
    with store.transaction(SYSTEM) as session:
        ceremonies = {row.name: (row.at, row.active) for row in session.scalars(select(CeremonyRow))}
        boards = [row.jira_board_id for row in session.scalars(select(BoardRow))]
    assert ceremonies == {"Daily": ("09:00", False), "Weekly digest": ("18:00", True), "Morning": ("10:30", True)}
    assert boards == [7]


def test_a_given_workflow_is_no_guess_and_can_be_given_up_again(store: Store) -> None:
    workflow = {"commitment": "Doing", "stages": [{"name": "Doing", "kind": "active", "statuses": ["3"]}]}
    for given in (workflow, "guess"):
        file = team_file(board={"site": "shared", "id": 1, "workflow": given})
        assert setup.apply(store, file, clock("00:30")).workflow_given == (given == workflow)
        with store.transaction(SYSTEM) as session:
            board = session.scalars(select(BoardRow)).one()
            known = workflows.of_board(session, board.id)
            assert (known is not None and not known.guessed) == (given == workflow)


def test_another_app_in_a_workspace_takes_the_place_of_the_first(store: Store) -> None:
    setup.apply(store, team_file(), clock("00:30"))
    file = team_file()
    for organisation in file["organisations"]:
        organisation["workspace"]["app"] = "fmo"
    setup.apply(store, file, clock("00:40"))
    with store.transaction(SYSTEM) as session:
        apps = [(row.slack_team_id, row.app_key) for row in session.scalars(select(WorkspaceRow))]
    assert sorted(apps) == [("T0HUAWEI", "fmo"), ("T0TELEFON", "fmo")]


def claims(**operator: Any) -> dict[str, Any]:
    """A second team's file that claims something of the first."""
    return other_team_file() | operator


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (claims(channel={"workspace": "T0HUAWEI", "id": "C0JOINT"}), "channel.id"),  # the other team's channel
        (
            claims(
                organisations=[
                    {"name": "Huawei", "workspace": {"app": "huawei", "id": "T0HUAWEI", "name": "Huawei"}},
                    {"name": "Orange", "workspace": {"app": "orange", "id": "T0TELEFON", "name": "Not theirs"}},
                ]
            ),
            "organisations[1].workspace.id",
        ),
    ],
)
def test_what_belongs_to_another_company_or_team_is_refused_and_nothing_is_changed(
    store: Store, file: dict[str, Any], place: str
) -> None:
    setup.apply(store, team_file(), clock("00:30"))
    before = rows(store)
    with pytest.raises(FileWrong) as wrong:
        setup.apply(store, file, clock("00:40"))
    assert place in str(wrong.value)
    assert rows(store) == before


def test_a_person_of_one_company_cannot_be_listed_as_one_of_another(store: Store) -> None:
    setup.apply(store, team_file(), clock("00:30"))
    file = other_team_file()
    file["sides"]["operator"]["members"].append(member("U0LIWEI", "Li Wei", "Asia/Shanghai", workspace="T0HUAWEI"))
    with pytest.raises(FileWrong, match="known here as a member of another company"):
        setup.apply(store, file, clock("00:40"))


# --- who is who --------------------------------------------------------------------------------------------------


@pytest.fixture
def two_teams(store: Store) -> Parties:
    """Two joint teams of Huawei; Li Wei is in both."""
    setup.apply(store, team_file(), clock("00:30"))
    file = other_team_file()
    file["sides"]["vendor"]["members"].append(member("U0LIWEI", "Li Wei", "Asia/Shanghai", language="zh"))
    setup.apply(store, file, clock("00:30"))
    return Parties(store)


def who(actor: Actor) -> tuple[str, str, Role]:
    return actor.team, actor.side, actor.role


def test_the_channel_says_which_joint_team_is_meant(two_teams: Parties) -> None:
    at = clock("01:00")
    here = two_teams.actor(LIWEI, channel="C0JOINT", at=at)
    there = two_teams.actor(LIWEI, channel="C0ORANGE", at=at)
    assert [who(here), who(there)] == [
        ("5G Core", "vendor", Role.SCRUM_MASTER),
        ("Orange RAN", "vendor", Role.PARTICIPANT),
    ]
    assert who(two_teams.actor(LUCIA, channel="C0TEFGEN", at=at))[0] == "5G Core"  # her only one, from anywhere


def test_several_joint_teams_and_no_channel_is_refused_with_what_to_do(two_teams: Parties) -> None:
    with pytest.raises(SeveralTeams) as refused:
        two_teams.actor(LIWEI, channel="C0HWGEN", at=clock("01:00"))
    assert refused.value.values == {"teams": "5G Core, Orange RAN"}


@pytest.mark.parametrize(
    ("person", "channel", "refusal"),
    [
        (ELENA, "C0JOINT", NotAMember),  # a guest in the joint channel
        (Person("T0HUAWEI", "U0LUCIA"), "C0JOINT", NotAMember),  # her user id, another workspace
        (STRANGER, "C0JOINT", NotLinked),  # a member, in the channel of a team that is not theirs
    ],
)
def test_who_is_not_of_the_joint_team_is_told_the_next_step(
    two_teams: Parties, person: Person, channel: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        two_teams.actor(person, channel=channel, at=clock("01:00"))


def test_a_team_ref_opens_nothing_to_others(two_teams: Parties) -> None:
    ref = two_teams.home(LUCIA, clock("01:00")).teams[0][1]
    assert who(two_teams.actor(LIWEI, team_ref=ref, at=clock("01:00")))[0] == "5G Core"
    for person, sent in ((STRANGER, ref), (LUCIA, "no such ref")):
        with pytest.raises(NotFound):
            two_teams.actor(person, team_ref=sent, at=clock("01:00"))


def test_home_shows_open_prompts_and_blockers_of_ones_own_teams_only(store: Store) -> None:
    team = JointTeam(store)
    setup.apply(store, other_team_file(), clock("00:30"))
    team.play("01:00")
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "what": "Lab access"})
    parties = Parties(store)

    def seen(person: Person, at: str) -> tuple[list[str], list[str], str]:
        home: Home = parties.home(person, clock(at))
        return [prompt.state for prompt in home.prompts], [line.what for line in home.blockers], home.host

    assert seen(LIWEI, "01:30") == (["answered"], ["Lab access"], "Huawei")
    assert seen(CHENYU, "01:30") == (["open"], ["Lab access"], "Huawei")
    assert seen(SOFIA, "01:30") == ([], ["Lab access"], "Huawei")  # not asked yet
    assert seen(MARTA, "01:30") == ([], ["Lab access"], "Huawei")  # a stakeholder reads
    assert seen(STRANGER, "01:30") == (["open"], [], "Huawei")  # their own joint team's
    team.run(clock("19:00"))
    assert seen(CHENYU, "19:00")[0] == []


def test_of_several_prompts_the_one_of_the_channel_is_next_and_an_open_one_before_an_answered(store: Store) -> None:
    other = other_team_file()
    other["sides"]["vendor"]["members"].append(member("U0LIWEI", "Li Wei", "Asia/Shanghai", language="zh"))
    team = JointTeam(store)
    setup.apply(store, other, clock("00:30"))
    team.play("01:00")
    parties = Parties(store)

    def asked(channel: str | None) -> Prompt:
        prompt = parties.next_prompt(LIWEI, channel=channel, at=clock("01:30"))
        assert prompt is not None
        return prompt

    assert [asked(channel).team for channel in ("C0JOINT", "C0ORANGE")] == ["5G Core", "Orange RAN"]
    team.answers.submit(LIWEI, asked("C0ORANGE").ref, SAID, {}, clock("01:20"))
    assert asked("C0ORANGE").state == "answered"
    assert (asked(None).team, asked(None).state) == ("5G Core", "open")
    assert parties.next_prompt(SOFIA, channel=None, at=clock("01:30")) is None  # not asked yet
    with pytest.raises(NotAMember):
        parties.next_prompt(ELENA, channel="C0JOINT", at=clock("01:30"))


# --- the waits-on ledger -----------------------------------------------------------------------------------------


class Ledger:
    """Huawei waits on Telefonica; somebody presses Resolved."""

    def __init__(self, store: Store) -> None:
        self.team = JointTeam(store)
        setup.apply(store, other_team_file(), clock("00:30"))
        self.team.play("08:00")
        self.team.answer(CHENYU, "01:20", blocked={"side": "operator", "what": "Lab access"})
        self.blockers = Blockers(store, QUESTIONS)
        with store.transaction(SYSTEM) as session:
            self.ref = session.scalars(select(BlockerRow.ref)).one()


@pytest.mark.parametrize(
    "person",
    [
        LIWEI,  # of the side that waits
        LUCIA,  # a scrum master of the side waited on
    ],
)
def test_a_blocker_is_resolved_once_and_its_answer_says_so(store: Store, person: Person) -> None:
    ledger = Ledger(store)
    line = ledger.blockers.resolve(person, ledger.ref, clock("09:00"))
    again = ledger.blockers.resolve(person, ledger.ref, clock("09:05"))
    assert line.resolved == again.resolved == clock("09:00")
    post = ledger.team.one("answer:")
    assert isinstance(post, AnswerPost)
    assert post.blocker == line
    with store.transaction(SYSTEM) as session:
        assert ledger.blockers.open(session, ledger.team.result.team_id) == ()
        actions = list(session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("blocker"))))
    assert actions == ["blocker_raised", "blocker_resolved"]


@pytest.mark.parametrize(
    ("person", "refusal"),
    [
        (SOFIA, NotAllowed),  # a participant of the side waited on cannot say that the others wait no more
        (WANG, NotAllowed),  # a stakeholder of the side that waits
        (STRANGER, NotFound),  # another joint team
        (ELENA, NotFound),
    ],
)
def test_others_cannot_resolve_it(sqlite_store: Store, person: Person, refusal: type[Exception]) -> None:
    ledger = Ledger(sqlite_store)
    with pytest.raises(refusal):
        ledger.blockers.resolve(person, ledger.ref, clock("09:00"))


def test_the_audit_log_never_holds_what_was_said(store: Store) -> None:
    ledger = Ledger(store)
    ledger.blockers.resolve(LIWEI, ledger.ref, clock("09:00"))
    with store.transaction(SYSTEM) as session:
        noted = [str(row.detail) for row in session.scalars(select(AuditRow))]
    assert noted
    assert not [text for text in noted if "Lab access" in text or "Wired" in text]
