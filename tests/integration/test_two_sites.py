"""Two Jira sites in one joint team: which issue is meant, and what is counted once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, FormerKeyRow, IssueRow, JiraSiteRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.messages import AnswerPost, Digest
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable, FileWrong, InvalidInput
from fmo_bot.services import waits
from fmo_bot.services.boards import BoardView
from fmo_bot.services.digests import Digests
from tests.joint_team import DOING, LIWEI, LUCIA, THURSDAY, FakeBoards, JointTeam, board_view, clock, issue, team_file

ACCEPTED = {"accepted_by": ["vendor", "operator"]}


def two_sites(**more: Any) -> dict[str, Any]:
    """A team file with the shared board of record and Telefonica's own board, both joint."""
    jira = [
        {"site": "shared", "owner": "Huawei"} | ACCEPTED,
        {"site": "operator", "owner": "Telefonica"} | ACCEPTED,
    ]
    return team_file(other_boards=[{"site": "operator", "id": 9}], jira=jira) | more


def add_theirs(team: JointTeam, key: str) -> None:
    """An issue on Telefonica's own board."""
    with team.store.transaction(SYSTEM) as session:
        site = session.scalars(select(JiraSiteRow).where(JiraSiteRow.key == "operator")).one()
        board = session.scalars(select(BoardRow).where(BoardRow.site_id == site.id)).one()
        row = IssueRow(
            site_id=site.id,
            jira_issue_id=key,
            key=key,
            summary=f"Theirs about {key}",
            updated=THURSDAY,
            status="3",
            status_category="indeterminate",
            value="",
        )
        session.add(row)
        session.flush()
        session.add(BoardIssueRow(board_id=board.id, issue_id=row.id))


def blocked_on(team: JointTeam) -> tuple[str, str | None]:
    """Site and key of the issue in the only answer."""
    (_, _, posted), *_ = team.owed("answer:")
    assert isinstance(posted, AnswerPost)
    assert posted.blocker is not None
    assert posted.blocker.issue is not None
    return posted.blocker.issue.project.site, posted.blocker.issue.key


# --- which issue is meant ---------------------------------------------------------------------------------------------


def test_a_bare_key_on_two_sites_is_asked_about_and_never_guessed(store: Store) -> None:
    team = JointTeam(store, two_sites())
    team.add_issue("CORE-1")
    add_theirs(team, "CORE-1")
    team.play("01:00")
    with pytest.raises(InvalidInput) as asked:
        team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    assert "stands on several sites" in asked.value.fields["issue"]
    assert (asked.value.values["issue"], asked.value.values["sites"]) == ("CORE-1", "operator, shared")
    assert team.owed("answer:") == []
    form = team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:15"))
    assert [(each.site, each.issue.key) for each in form.issues] == [("shared", "CORE-1"), ("operator", "CORE-1")]
    chosen = next(each.value for each in form.issues if each.site == "operator")
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": chosen, "what": "Lab access"})
    assert blocked_on(team) == ("operator", "CORE-1")


def test_the_same_key_on_two_sites_is_two_blockers(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, two_sites())
    team.add_issue("CORE-1")
    add_theirs(team, "CORE-1")
    team.play("08:00")
    for person, at, site in ((LIWEI, "01:20", "shared"), (LUCIA, "08:20", "operator")):
        side = "operator" if person is LIWEI else "vendor"
        team.answer(person, at, blocked={"side": side, "issue": f"{site}:CORE-1", "what": "Access"})
    with sqlite_store.transaction(SYSTEM) as session:
        lines = waits.open_lines(session, team.result.team_id)
    assert [line.issue.project.site for line in lines if line.issue] == ["shared", "operator"]


def test_a_moved_issue_is_found_by_the_key_it_had_unless_that_is_anothers_now(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.add_issue("OPS-7")
    with sqlite_store.transaction(SYSTEM) as session:
        moved = session.scalars(select(IssueRow)).one()
        session.add(FormerKeyRow(site_id=moved.site_id, key="CORE-1", issue_id=moved.id))
    team.play("01:00")
    team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    assert blocked_on(team) == ("shared", "OPS-7")
    team.add_issue("CORE-1")
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    assert blocked_on(team) == ("shared", "CORE-1")


def test_a_key_whose_other_bearer_is_internal_is_plain(sqlite_store: Store) -> None:
    jira = [{"site": "shared", "owner": "Huawei"} | ACCEPTED, {"site": "operator", "owner": "Telefonica"}]
    team = JointTeam(sqlite_store, two_sites(jira=jira))
    team.add_issue("CORE-1")
    add_theirs(team, "CORE-1")
    team.play("01:00")
    # For Huawei's people there is one CORE-1; to be asked "which one?" would tell them of the other.
    team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "core-1", "what": "Lab access"})
    assert blocked_on(team) == ("shared", "CORE-1")


# --- what is counted once ---------------------------------------------------------------------------------------------


class TwoBoards(FakeBoards):
    """A view for each board: the first of the joint team, then the others."""

    def __init__(self, *views: BoardView | None) -> None:
        super().__init__(views[0])
        self.views = views

    def view(self, session: Session, board_id: int) -> BoardView:
        every = list(session.scalars(select(BoardRow.id).order_by(BoardRow.id)))
        shown = self.views[every.index(board_id)]
        if shown is None:
            raise BoardUnavailable("The board has not been read from Jira yet.")
        return shown


def theirs(number: int, *labels: str, **more: Any) -> Issue:
    """An issue of Telefonica's site, in progress."""
    made = issue(number, (clock("01:00"), DOING))
    return replace(made, site="operator", id=str(number), key=f"OPS-{number}", labels=labels, **more)


def digest_of(team: JointTeam, boards: FakeBoards) -> Digest:
    digests = Digests(team.store, boards)
    team.handlers["digest"] = occurrences.Composed(digests.compose)
    with team.store.transaction(SYSTEM) as session:
        wanted = digests.wanted(session, clock("00:30"), clock("00:30") + timedelta(days=1))
        occurrences.plan(session, wanted, clock("00:30"))
    team.run(clock("17:00"))
    (_, _, digest), *_ = team.owed("digest:")
    assert isinstance(digest, Digest)
    return digest


def test_counterparts_are_in_the_digest_once_on_the_board_of_record(store: Store) -> None:
    team = JointTeam(store, two_sites(counterparts={"label": "twin:"}))
    ours = replace(issue(1, (clock("01:00"), DOING)), labels=("twin:OPS-7",))
    boards = TwoBoards(board_view(ours), board_view(theirs(7), theirs(8)))
    digest = digest_of(team, boards)
    assert (digest.wip, [item.issue.key for item in digest.ageing]) == (2, ["CORE-1", "OPS-8"])
    assert {each.site for each in digest.counted} == {"shared", "operator"}
    assert dict(digest.data_quality)["suspected_mirrors"] == 0


def test_suspected_mirrors_are_told_and_counted_twice_until_somebody_says_so(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, two_sites())
    ours = replace(issue(1, (clock("01:00"), DOING)), summary="Attach the second cell")
    digest = digest_of(team, TwoBoards(board_view(ours), board_view(theirs(7, summary="attach the second cell"))))
    assert digest.wip == 2
    assert dict(digest.data_quality)["suspected_mirrors"] == 1


def test_an_internal_board_beside_the_board_of_record_adds_nothing_and_is_not_told_of(sqlite_store: Store) -> None:
    jira = [{"site": "shared", "owner": "Huawei"} | ACCEPTED, {"site": "operator", "owner": "Telefonica"}]
    team = JointTeam(sqlite_store, two_sites(jira=jira))
    secret = theirs(7)
    boards = TwoBoards(board_view(issue(1, (clock("01:00"), DOING))), replace(board_view(secret), shape=hidden()))
    digest = digest_of(team, boards)
    assert (digest.wip, digest.left_out, digest.board) == (1, (), "5G Core joint board")


def hidden() -> Any:
    return replace(board_view().shape, name="Secret board")


def test_a_board_that_was_never_read_makes_the_digest_say_its_figures_are_old(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, two_sites())
    digest = digest_of(team, TwoBoards(board_view(issue(1, (clock("01:00"), DOING))), None))
    assert (digest.wip, digest.stale) == (1, True)


# --- the team file ----------------------------------------------------------------------------------------------------


def test_the_team_file_names_boards_and_rule_and_may_take_them_back(store: Store) -> None:
    team = JointTeam(store, two_sites(counterparts={"link": "is cloned by"}))
    with store.transaction(SYSTEM) as session:
        rows = session.scalars(select(BoardRow).order_by(BoardRow.id)).all()
        said = session.get_one(SeveralBoardsRow, team.result.team_id)
        assert [(row.site.key, row.jira_board_id) for row in rows] == [("shared", 1), ("operator", 9)]
        assert (said.record_board_id, said.counterparts) == (rows[0].id, {"link": "is cloned by"})
    JointTeam(store, team_file(board={"site": "operator", "id": 9}))  # the other one is the board of record now
    with store.transaction(SYSTEM) as session:
        row = session.scalars(select(BoardRow)).one()
        said = session.get_one(SeveralBoardsRow, team.result.team_id)
        assert (row.site.key, said.record_board_id, said.counterparts) == ("operator", row.id, {})


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"counterparts": {"fields": "Twin"}}, "{link: words of the link} or {field: name or id}"),
        ({"counterparts": {"field": "Twin", "label": "x"}}, "or {field: name or id}"),
        ({"counterparts": {"label": " "}}, "is not a text of 1 to 80 characters"),
        ({"counterparts": "twin"}, "expected {label"),
        ({"other_boards": [{"site": "shared", "id": 1}]}, "board 1 of site `shared` stands here twice"),
        ({"other_boards": {"site": "shared", "id": 2}}, "expected a list"),
    ],
)
def test_faults_of_boards_are_named(sqlite_store: Store, more: dict[str, Any], fault: str) -> None:
    with pytest.raises(FileWrong) as wrong:
        JointTeam(sqlite_store, two_sites(**more))
    assert fault in str(wrong.value)
