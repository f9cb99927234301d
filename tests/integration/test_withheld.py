"""Issues with a security level: nothing of them is stored unless their owner says so."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from fmo_bot.db.boards import IssueRow
from fmo_bot.db.ownership import JiraProjectRow, WithheldRow
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.delivery import audience
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.messages import AnswerPost, BlockerLine
from fmo_bot.domain.names import internal
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.visibility import visible
from fmo_bot.services import waits
from fmo_bot.services.boards import SWEEP_EVERY, Boards
from tests.integration.test_boards import AT, FakeSource, issue
from tests.joint_team import LIWEI, JointTeam, team_file

CANARY = "Merger with Parkline"
LATER, MUCH_LATER = AT + timedelta(hours=1), AT + SWEEP_EVERY + timedelta(hours=2)


def secret(number: int, **more: Any) -> Issue:
    return issue(number, **({"summary": CANARY, "security": "10100", "project": "10000"} | more))


def jira(**more: Any) -> list[dict[str, Any]]:
    return [{"site": "shared", "owner": "Huawei", "accepted_by": ["vendor", "operator"]} | more]


class Room:
    """A joint team whose board is read from a small honest source."""

    def __init__(self, store: Store, **more: Any) -> None:
        self.store, self.source = store, FakeSource()
        self.team = JointTeam(store, team_file(jira=jira(**more)))
        self.boards = Boards(store, {"shared": self.source})

    def sync(self, *issues: Issue, at: Any = AT) -> None:
        self.source.hold(issues)
        self.boards.sync(self.team.result.board_id, at)

    def stored(self) -> list[str]:
        with self.store.transaction(SYSTEM) as session:
            return list(session.scalars(select(IssueRow.jira_issue_id).order_by(IssueRow.jira_issue_id)))

    def withheld(self) -> list[str]:
        with self.store.transaction(SYSTEM) as session:
            return list(session.scalars(select(WithheldRow.jira_issue_id).order_by(WithheldRow.jira_issue_id)))

    def dump(self) -> str:
        """Every value of every table."""
        with self.store.transaction(SYSTEM) as session:
            return repr([session.execute(table.select()).all() for table in METADATA.sorted_tables])


def test_nothing_is_stored_of_an_issue_with_a_security_level_but_that_it_is_there(store: Store) -> None:
    room = Room(store)
    room.sync(issue(1, project="10000"), secret(2))
    assert (room.stored(), room.withheld()) == (["1"], ["2"])
    assert CANARY not in room.dump()
    assert "CORE-2" not in room.dump()


def test_the_list_of_a_board_is_still_compared_as_a_whole(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.sync(issue(1), secret(2))
    room.source.read_ids.clear()
    room.sync(at=MUCH_LATER)
    assert room.source.read_ids == []  # known to be there, and not read again and again
    room.sync(secret(2, updated=MUCH_LATER), at=MUCH_LATER + SWEEP_EVERY)
    assert room.withheld() == ["2"]
    del room.source.issues["2"]
    room.sync(at=MUCH_LATER + 2 * SWEEP_EVERY)
    assert room.withheld() == []


def test_an_issue_that_gets_a_level_later_is_removed_with_all_that_was_known_of_it(store: Store) -> None:
    room = Room(store)
    room.sync(issue(1), issue(2, summary=CANARY))
    assert CANARY in room.dump()
    room.team.play("01:00")
    room.team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "CORE-2", "what": "Lab access"})
    room.sync(secret(2, updated=LATER), at=LATER)
    assert (room.stored(), room.withheld()) == (["1"], ["2"])
    assert CANARY not in room.dump()
    # The blocker stands, and reads whose issue it is: of the issue nothing is known any more, not even to its owner.
    room.team.answer(LIWEI, "01:20", done="More", blocked={"side": "operator", "what": "Lab access"})
    with store.transaction(SYSTEM) as session:
        assert session.scalar(text("SELECT count(*) FROM blocker WHERE jira_issue_id = '2'")) == 1


def test_a_blocker_on_an_issue_that_is_withheld_now_reads_whose_it_is(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.sync(issue(2))
    room.team.play("01:00")
    room.team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "CORE-2", "what": "Lab access"})
    room.team.send()
    room.sync(secret(2, updated=LATER), at=LATER)
    with sqlite_store.transaction(SYSTEM) as session:
        (line,) = waits.open_lines(session, room.team.result.team_id)
        for standpoint in (audience.of_team(session, room.team.result.team_id), audience.of_person(session, LIWEI)):
            shown = visible(line, standpoint)
            assert isinstance(shown, BlockerLine)
            assert shown.issue == internal("Huawei")


def test_an_issue_that_loses_its_level_is_stored_like_any_other(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.sync(secret(2))
    room.sync(issue(2, updated=LATER), at=LATER)
    assert (room.stored(), room.withheld()) == (["2"], [])


def test_an_owner_may_have_them_stored_for_their_own_people(store: Store) -> None:
    room = Room(store, store_secured=True)
    room.sync(secret(2))
    assert (room.stored(), room.withheld()) == (["2"], [])
    room.team.play("01:00")
    room.team.answer(LIWEI, "01:10", blocked={"side": "operator", "issue": "CORE-2", "what": "Lab access"})
    (_, _, posted), *_ = room.team.owed("answer:")
    assert isinstance(posted, AnswerPost)
    assert posted.blocker is not None
    assert posted.blocker.issue is not None
    assert posted.blocker.issue.key is None  # the joint channel is read by the other side


@pytest.mark.parametrize(
    ("site", "project", "stored"),
    [(False, True, ["2"]), (True, False, []), (True, None, ["2"]), (False, None, [])],
)
def test_what_is_said_of_a_project_goes_before_what_is_said_of_its_site(
    sqlite_store: Store, site: bool, project: bool | None, stored: list[str]
) -> None:
    projects = [] if project is None else [{"key": "CORE", "store_secured": project}]
    room = Room(sqlite_store, store_secured=site, projects=projects)
    room.sync(secret(2))
    assert room.stored() == stored


def test_an_owner_who_changes_their_mind_is_followed_at_once_and_with_the_next_sync(store: Store) -> None:
    room = Room(store, store_secured=True)
    room.sync(secret(2))
    JointTeam(store, team_file(jira=jira()))
    assert (room.stored(), CANARY in room.dump()) == ([], False)
    room.sync(at=LATER)
    assert (room.stored(), room.withheld()) == ([], ["2"])
    JointTeam(store, team_file(jira=jira(store_secured=True)))
    room.sync(at=LATER + timedelta(hours=1))
    assert (room.stored(), room.withheld()) == (["2"], [])


# --- by which a project is known -------------------------------------------------------------------------------------


def test_a_project_is_known_by_its_id_from_its_first_issue_on(store: Store) -> None:
    room = Room(store, projects=[{"key": "CORE"}])

    def known() -> tuple[str, str | None]:
        with store.transaction(SYSTEM) as session:
            row = session.scalars(select(JiraProjectRow).where(JiraProjectRow.key != "")).one()
            return row.key, row.jira_project_id

    assert known() == ("CORE", None)
    room.sync(issue(1, project="10000"))
    assert known() == ("CORE", "10000")
    room.sync(issue(1, project="10000", key="XCORE-1", updated=LATER), at=LATER)
    assert known() == ("XCORE", "10000")
    room.sync(issue(9, project="10999", key="CORE-9", updated=LATER), at=LATER)  # a new project with the freed key
    assert known() == ("XCORE", "10000")
