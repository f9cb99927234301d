"""Whose a Jira project is, from the team file and from scrum masters to what each side reads in Slack."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import IssueRow, JiraSiteRow
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, occurrences, outbox
from fmo_bot.domain.issues import Column
from fmo_bot.domain.messages import AnswerPost, Digest, Message, Notice, SprintReport
from fmo_bot.domain.names import internal
from fmo_bot.domain.ownership import KEY, name_of
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Place
from fmo_bot.domain.workflow import Stage, StageKind, Workflow
from fmo_bot.errors import FileWrong, NotAllowed, NotFound, NotJoint
from fmo_bot.services import setup
from fmo_bot.services.board_quality import FORBIDDEN, HIDDEN, NO_FLAG
from fmo_bot.services.digests import NOTHING_JOINT as NO_DIGEST
from fmo_bot.services.digests import Digests
from fmo_bot.services.issues_named import name_of as name_of_row
from fmo_bot.services.ownership import NotProposed, NotYours, Ownership
from fmo_bot.services.parties import Parties
from fmo_bot.services.sprints import NOTHING_JOINT, Sprints
from tests.joint_team import (
    CHENYU,
    DOING,
    DONE,
    LIWEI,
    LUCIA,
    MARTA,
    WORKFLOW,
    FakeBoards,
    JointTeam,
    KnownFacts,
    board_view,
    clock,
    issue,
    other_team_file,
    team_file,
)

SHARED = {"site": "shared", "owner": "Huawei"}
JOINT = Place("T0HUAWEI", "C0JOINT")


def owned(*projects: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The `jira` of a team file: the shared site is Huawei's."""
    return [SHARED | more | {"projects": list(projects)}]


def actor(team: JointTeam, person: Person) -> Actor:
    return Parties(team.store).actor(person, channel="C0JOINT", at=clock("01:00"))


def report_to(team: JointTeam, boards: FakeBoards, person: Person, key: str) -> Message:
    """What a person gets who asks for the sprint report."""
    sprints = Sprints(team.store, boards, token=lambda _: key)
    sprints.ask(person, channel="C0JOINT", key=key, at=clock("02:00"))
    with team.store.transaction(SYSTEM) as session:
        payload = next(each for each in team.jobs(session, "sprint_report") if each["ref"] == key)
    sprints.make(payload, clock("02:00"))
    return team.owed(f"report:{key}")[0][2]  # the chart comes after it


def audited(store: Store, *actions: str) -> list[tuple[str, dict[str, Any]]]:
    with store.transaction(SYSTEM) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.in_(actions)).order_by(AuditRow.id))
        return [(row.action, row.detail) for row in rows]


# --- what is read in Slack -------------------------------------------------------------------------------------------


def test_a_blocker_on_an_internal_issue_reads_whose_issue_it_is(store: Store) -> None:
    team = JointTeam(store, team_file(jira=owned()))
    team.add_issue("CORE-1")
    team.play("01:00")
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    (_, row, posted), *_ = team.owed("answer:")
    assert isinstance(posted, AnswerPost)
    assert posted.blocker is not None
    assert posted.blocker.issue == internal("Huawei")
    assert "CORE-1" not in str(row.value)  # nor anywhere else in what is stored to be sent
    homes = Parties(store)
    for person, key in ((CHENYU, "CORE-1"), (LUCIA, None)):
        with store.transaction(SYSTEM) as session:
            home = audience.fitted(session, homes.home(person, clock("01:30")), person)
        (line,) = home.blockers
        assert line.issue is not None
        assert line.issue.key == key


def test_the_other_side_is_not_offered_internal_issues_and_cannot_name_them(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned({"key": "LAB"}, accepted_by=["vendor", "operator"])))
    for key in ("CORE-1", "LAB-1"):
        team.add_issue(key)
    team.play("08:00")
    for person, offered in ((LIWEI, ["LAB-1", "CORE-1"]), (LUCIA, ["CORE-1"])):
        form = team.answers.form(person, team.prompt_ref(person), clock("08:10"))
        assert [each.issue.key for each in form.issues] == offered
    with pytest.raises(Exception, match="another look"):
        team.answer(LUCIA, "08:20", blocked={"side": "vendor", "issue": "LAB-1"})


def test_the_figures_of_an_internal_board_are_for_its_owner_alone(store: Store) -> None:
    team = JointTeam(store, team_file(jira=owned()))
    boards = FakeBoards(board_view(issue(1, (clock("01:00"), DOING))))
    inside, outside = report_to(team, boards, LIWEI, "inside"), report_to(team, boards, LUCIA, "outside")
    assert isinstance(inside, SprintReport)
    assert (inside.committed.keys, inside.shareable) == (("CORE-1",), False)
    assert outside == Notice(text=NOTHING_JOINT, values={"team": "5G Core"})
    with pytest.raises(NotJoint):
        Sprints(store, boards).share(LIWEI, "inside", clock("02:10"))
    assert team.owed("shared:") == []


def test_figures_of_one_company_stay_its_own_when_their_project_becomes_joint_later(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned()))
    secured = replace(issue(1, (clock("01:00"), DOING)), security="10100")
    boards = FakeBoards(board_view(secured))
    report_to(team, boards, LIWEI, "inside")
    setup.apply(sqlite_store, team_file(jira=owned(accepted_by=["vendor", "operator"])), clock("02:05"))
    with pytest.raises(NotJoint):
        Sprints(sqlite_store, boards).share(LIWEI, "inside", clock("02:10"))
    assert team.owed("shared:") == []


def test_no_figure_or_explanation_names_a_status_that_only_internal_issues_were_in(sqlite_store: Store) -> None:
    lab = {"key": "LAB", "owner": "Telefonica"}
    team = JointTeam(sqlite_store, team_file(jira=owned(lab, accepted_by=["vendor", "operator"])))
    theirs = replace(issue(2, (clock("01:00"), "99")), key="LAB-2", id="2")
    guessed = Workflow(
        (*WORKFLOW.stages, Stage("Before the regulator", StageKind.ACTIVE, ("99",))), WORKFLOW.commitment
    )
    view = board_view(issue(1, (clock("01:00"), DOING)), theirs)
    columns = tuple(Column(stage.name, stage.statuses) for stage in WORKFLOW.stages)
    facts = KnownFacts([issue(1, (clock("01:00"), DOING)), theirs], guessed)
    shape = replace(view.shape, columns=columns)
    boards = FakeBoards(replace(view, facts=facts, shape=shape, workflow=guessed, workflow_guessed=True))
    report = report_to(team, boards, LUCIA, "joint")
    digests = Digests(sqlite_store, boards)
    team.handlers["digest"] = occurrences.Composed(digests.compose)
    plan_digest(team, digests)
    assert isinstance(report, SprintReport)
    assert report.basis is not None
    assert report.basis.boards[0].stages == ("To do", "Doing", "In the lab", "Done")
    with sqlite_store.reading(SYSTEM) as session:
        written = [*session.scalars(select(DeliveryRow.value)), *session.scalars(select(ReportRow.value))]
    assert any("In the lab" in str(each) for each in written)
    assert not any("regulator" in str(each) for each in written)


def test_a_digest_counts_what_is_joint_and_names_whose_issues_are_left_out(store: Store) -> None:
    lab = {"key": "LAB", "owner": "Telefonica"}
    team = JointTeam(store, team_file(jira=owned(lab, accepted_by=["vendor", "operator"])))
    hidden = replace(issue(2, (clock("01:00"), DOING)), key="LAB-2", id="2")
    view = board_view(issue(1, (clock("01:00"), DOING)), hidden, issue(3, (clock("00:10"), DONE)))
    digests = Digests(store, FakeBoards(view))
    team.handlers["digest"] = occurrences.Composed(digests.compose)
    plan_digest(team, digests)
    (_, row, digest), *_ = team.owed("digest:")
    assert isinstance(digest, Digest)
    assert ([item.issue.key for item in digest.ageing], digest.wip) == (["CORE-1"], 1)
    assert digest.left_out == ("Telefonica",)
    assert "LAB" not in str(row.value)


def test_what_is_known_to_be_missing_of_a_mixed_board_counts_no_internal_issue(sqlite_store: Store) -> None:
    lab = {"key": "LAB", "owner": "Telefonica"}
    team = JointTeam(sqlite_store, team_file(jira=owned(lab, accepted_by=["vendor", "operator"])))
    quality = ((FORBIDDEN, 3), (HIDDEN, 2), (NO_FLAG, 1))
    theirs = replace(issue(2, (clock("01:00"), DOING)), key="LAB-2")
    for key, issues, told in (
        ("mixed", (issue(1, (clock("01:00"), DOING)), theirs), {NO_FLAG: 1}),
        ("joint", (issue(1, (clock("01:00"), DOING)),), dict(quality)),
    ):
        boards = FakeBoards(replace(board_view(*issues), quality=quality))
        report = report_to(team, boards, LIWEI, key)
        assert isinstance(report, SprintReport)
        assert {name: n for name, n in report.data_quality if name in dict(quality)} == told


def test_a_digest_of_an_internal_board_is_not_posted_and_scrum_masters_are_told_why(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned()))
    digests = Digests(sqlite_store, FakeBoards(board_view(issue(1, (clock("01:00"), DOING)))))
    team.handlers["digest"] = occurrences.Composed(digests.compose)
    plan_digest(team, digests)
    assert team.owed("digest:") == []
    told = [message for _, _, message in team.owed("missed:")]
    assert [message.values["reason"] for message in told if isinstance(message, Notice)] == [NO_DIGEST, NO_DIGEST]


def plan_digest(team: JointTeam, digests: Digests) -> None:
    with team.store.transaction(SYSTEM) as session:
        wanted = digests.wanted(session, clock("00:30"), clock("00:30") + timedelta(days=1))
        occurrences.plan(session, wanted, clock("00:30"))
    team.run(clock("17:00"))


def test_what_became_internal_is_decided_anew_when_a_message_is_changed(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.add_issue("CORE-1")
    team.play("01:00")
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    team.send()
    Ownership(sqlite_store).withdraw_joint(actor(team, LUCIA), "shared", "", clock("01:30"))
    team.answer(LIWEI, "01:40", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access, still"})
    (_, _, changed), *_ = team.owed("answer:", op="update")
    assert isinstance(changed, AnswerPost)
    assert changed.blocker is not None
    assert changed.blocker.issue == internal("Huawei")


def test_a_stranger_and_an_unknown_channel_read_no_key(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.add_issue("CORE-1")
    with sqlite_store.transaction(SYSTEM) as session:
        row = session.scalars(select(IssueRow)).one()
        notice = Notice(text="{what}", values={"what": name_of_row(row, "shared")})
        outbox.owe(session, name="known", message=notice, due=clock("01:00"), language="en", person=MARTA)
        outbox.owe(
            session, name="person", message=notice, due=clock("01:00"), language="en", person=Person("T0NO", "U0NO")
        )
        outbox.owe(
            session, name="place", message=notice, due=clock("01:00"), language="en", place=Place("T0NO", "C0NO")
        )
    assert [("CORE-1" in str(team.one(name))) for name in ("known", "person", "place")] == [True, False, False]


# --- who says so -----------------------------------------------------------------------------------------------------


def test_a_project_is_joint_once_every_side_has_accepted_it(store: Store) -> None:
    team = JointTeam(store, team_file(jira=owned({"key": "CORE"})))
    house = Ownership(store)
    proposed = house.propose_joint(actor(team, LIWEI), "shared", "CORE", clock("01:00"))
    assert (proposed.company, proposed.accepted, proposed.missing) == ("Huawei", ("Huawei",), ("Telefonica",))
    assert not knows(team, LUCIA, "CORE-1")
    accepted = house.accept_joint(actor(team, LUCIA), "shared", "CORE", clock("01:10"))
    assert (accepted.accepted, accepted.missing) == (("Huawei", "Telefonica"), ())
    assert knows(team, LUCIA, "CORE-1")
    house.accept_joint(actor(team, LUCIA), "shared", "CORE", clock("01:20"))  # pressed twice
    withdrawn = house.withdraw_joint(actor(team, LIWEI), "shared", "CORE", clock("01:30"))
    assert withdrawn.missing == ("Huawei",)
    assert not knows(team, LUCIA, "CORE-1")
    assert [action for action, _ in audited(store, "joint_proposed", "joint_accepted", "joint_withdrawn")] == [
        "joint_proposed",
        "joint_accepted",
        "joint_withdrawn",
    ]


def knows(team: JointTeam, person: Person, key: str) -> bool:
    with team.store.transaction(SYSTEM) as session:
        return audience.of_person(session, person).may_know(name_of("shared", id="1", key=key), KEY)


def test_nobody_proposes_for_the_owner_or_accepts_before(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned({"key": "CORE"})))
    house = Ownership(sqlite_store)
    with pytest.raises(NotYours):
        house.propose_joint(actor(team, LUCIA), "shared", "CORE", clock("01:00"))
    with pytest.raises(NotProposed):
        house.accept_joint(actor(team, LUCIA), "shared", "CORE", clock("01:00"))
    for person in (CHENYU, MARTA):  # neither participants nor stakeholders decide
        with pytest.raises(NotAllowed):
            house.accept_joint(actor(team, person), "shared", "CORE", clock("01:00"))
    for person, site, key in ((LIWEI, "shared", "LAB"), (LIWEI, "elsewhere", ""), (LUCIA, "shared", "LAB")):
        with pytest.raises(NotFound):
            house.withdraw_joint(actor(team, person), site, key, clock("01:00"))
    for person, key in ((LUCIA, "LAB"), (LIWEI, "not a key")):  # not her company's site; not a key
        with pytest.raises(NotFound):
            house.propose_joint(actor(team, person), "shared", key, clock("01:00"))
    assert audited(sqlite_store, "joint_proposed", "joint_accepted", "joint_withdrawn") == []


def test_the_owner_of_a_site_speaks_of_a_new_project_by_proposing_it(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, team_file(jira=owned()))
    house = Ownership(sqlite_store)
    house.propose_joint(actor(team, LIWEI), "shared", "LAB", clock("01:00"))
    house.accept_joint(house.actor(LUCIA, "5G Core", clock("01:10")), "shared", "LAB", clock("01:10"))
    assert [(each.key, each.missing) for each in house.standings(actor(team, MARTA))] == [
        ("", ("Huawei", "Telefonica")),
        ("LAB", ()),
    ]
    assert (knows(team, LUCIA, "LAB-1"), knows(team, LUCIA, "CORE-1")) == (True, False)


def test_joint_in_one_joint_team_is_joint_in_no_other(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    JointTeam(sqlite_store, other_team_file() | {"jira": owned()})
    assert knows(team, LUCIA, "CORE-1")
    assert not knows(team, Person("T0ORANGE", "U0PAUL"), "CORE-1")


def test_the_team_file_never_overrules_what_a_person_withdrew(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    Ownership(sqlite_store).withdraw_joint(actor(team, LUCIA), "shared", "", clock("01:00"))
    JointTeam(sqlite_store)  # the same file once more
    assert not knows(team, LUCIA, "CORE-1")
    Ownership(sqlite_store).accept_joint(actor(team, LUCIA), "shared", "", clock("01:10"))
    assert knows(team, LUCIA, "CORE-1")


def test_a_file_that_says_less_takes_back_what_it_said_itself(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    JointTeam(sqlite_store, team_file(jira=owned(accepted_by=["vendor"])))
    assert not knows(team, LUCIA, "CORE-1")
    assert knows(team, LIWEI, "CORE-1")


def test_a_new_side_has_accepted_nothing(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    file = team_file()
    file["organisations"] = [*file["organisations"], {"name": "Parkline"}]
    partner = file["sides"]["vendor"] | {"organisation": "Parkline", "members": []}
    JointTeam(sqlite_store, file | {"sides": file["sides"] | {"partner:Parkline": partner}})
    assert not knows(team, LUCIA, "CORE-1")


@pytest.mark.parametrize(
    ("jira", "fault"),
    [
        (owned(owner="Nobody"), "jira[0].owner: `Nobody` is not among the organisations"),
        (owned(accepted_by=["partner:x"]), "jira[0].accepted_by: `partner:x` is not a side of this team"),
        (owned(internal_fields=["salary"]), "is not one of assignee flags key"),
        (owned(store_secured="yes"), "`yes` is not true or false"),
        (owned({"key": "core 1"}), "is not the key of a Jira project"),
        (owned({"key": "LAB"}, {"key": "LAB"}), "jira[0].projects: `LAB` stands here twice"),
        ([SHARED, SHARED], "jira: site `shared` stands here twice"),
    ],
)
def test_faults_of_a_team_file_are_named(sqlite_store: Store, jira: list[dict[str, Any]], fault: str) -> None:
    with pytest.raises(FileWrong) as wrong:
        JointTeam(sqlite_store, team_file(jira=jira))
    assert fault in str(wrong.value)


def test_a_site_or_project_of_one_company_is_not_given_to_another(sqlite_store: Store) -> None:
    JointTeam(sqlite_store, team_file(jira=owned({"key": "LAB", "owner": "Telefonica"})))
    for jira in ([SHARED | {"owner": "Telefonica"}], owned({"key": "LAB", "owner": "Huawei"})):
        with pytest.raises(FileWrong, match="belongs to another company here"):
            JointTeam(sqlite_store, team_file(jira=jira))
    with sqlite_store.transaction(SYSTEM) as session:
        assert session.scalars(select(JiraSiteRow.key)).all() == ["shared"]
