"""Syncing boards into the database, from a small honest source."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import (
    KEY,
    NOTHING_SOUGHT,
    STATUS,
    BoardShape,
    Change,
    Column,
    Issue,
    Sought,
    Sprint,
    Status,
    Version,
)
from fmo_bot.domain.jiras_report import JirasReport
from fmo_bot.domain.mappings import newest
from fmo_bot.domain.parties import SYSTEM, Scope
from fmo_bot.errors import BoardUnavailable, NotFound
from fmo_bot.ports import NOTHING, Part
from fmo_bot.services import board_quality, board_rows, workflows
from fmo_bot.services.backfills import Backfill
from fmo_bot.services.board_quality import FORBIDDEN, HIDDEN, NO_FLAG, NO_POINTS, UNPROVED
from fmo_bot.services.boards import DESCRIBE_EVERY, OVERLAP, SWEEP_EVERY, Boards
from fmo_bot.services.site_syncs import SiteSyncs
from tests.joint_team import Shown, shown

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SHAPE = BoardShape(
    id=1,
    name="5G Core joint board",
    kind="scrum",
    columns=(Column("To Do", ("1",)), Column("In Progress", ("3",)), Column("Done", ("6",))),
    statuses=(
        Status("1", "To Do", "new"),
        Status("3", "In Progress", "indeterminate"),
        Status("6", "Done", "done"),
        Status("77", "Of another project", "indeterminate"),
    ),
    filter_id="10000",
)
SPRINT = Sprint(id=12, name="Core Sprint 12", state="active", starts=AT)


def issue(number: int, *, updated: datetime = AT, status: str = "1", **others: object) -> Issue:
    moved = (Change(updated, 7, STATUS, "1", status),) if status != "1" else ()
    basic = Issue(
        site="shared",
        id=str(number),
        key=f"CORE-{number}",
        summary="Replace the SMF",
        issue_type="Story",
        subtask=False,
        created=AT - timedelta(days=3),
        updated=updated,
        status=status,
        status_name="",
        status_category="new",
        changes=moved,
    )
    return replace(basic, **others)  # type: ignore[arg-type]


@dataclass
class FakeSource:
    """A Jira site that holds issues in a dict; `hidden` are not found by its search yet."""

    issues: dict[str, Issue] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    shape: BoardShape = SHAPE
    sprint_list: tuple[Sprint, ...] = (SPRINT,)
    down: str = ""
    asked_since: list[datetime | None] = field(default_factory=list)
    read_ids: list[str] = field(default_factory=list)
    fresh_ids: list[list[str]] = field(default_factory=list)
    size: int = 3
    elsewhere: set[str] = field(default_factory=set)  # there, but not found by the board's filter
    dies_at: int | None = None  # the place of an issue that it does not come to
    marks: list[str | None] = field(default_factory=list)
    shut: set[str] = field(default_factory=set)  # projects we may not browse
    sought: Sought = NOTHING_SOUGHT
    released: list[Version] = field(default_factory=list)

    def hold(self, issues: Iterable[Issue]) -> None:
        self.issues.update({each.id: each for each in issues})

    def describe(self, board_id: int, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
        if self.down:
            raise BoardUnavailable(self.down)
        self.sought = sought
        return self.shape

    def sprints(self, board_id: int, *, only_open: bool = False) -> tuple[Sprint, ...]:
        return tuple(each for each in self.sprint_list if each.state != "closed" or not only_open)

    def own_report(self, board_id: int, sprint_id: int) -> JirasReport | None:
        return None

    def changed(
        self,
        shape: BoardShape,
        *,
        since: datetime | None,
        mark: str | None = None,
        known: Mapping[str, datetime] = NOTHING,
    ) -> Iterator[Part]:
        """In parts of three; a mark is the place of the next part's first issue."""
        self.asked_since.append(since)
        self.marks.append(mark)
        found = [each for each in self.issues.values() if each.id not in self.hidden]
        found = [each for each in found if since is None or each.updated >= since]
        for first in range(int(mark or 0), len(found) or 1, self.size):
            behind = first + self.size
            if self.dies_at is not None and first <= self.dies_at < behind:
                raise BoardUnavailable("Jira site shared does not answer.")
            part = tuple(each for each in found[first:behind] if known.get(each.id) != each.updated)
            yield Part(issues=part, mark=str(behind) if behind < len(found) else None)

    def count(self, shape: BoardShape) -> int | None:
        return len(self.issues)

    def updates(self, shape: BoardShape) -> Mapping[str, datetime]:
        return {each.id: each.updated for each in self.issues.values()}

    def read(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        self.read_ids += sorted(ids)
        return (each for each in self.issues.values() if each.id in ids)

    def visible(self, ids: Collection[str]) -> Collection[str]:
        return {*self.issues, *self.elsewhere} & set(ids)

    def browsable(self, project: str) -> bool:
        return project not in self.shut

    def versions(self, project: str) -> tuple[Version, ...]:
        return tuple(self.released)

    def fresh(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
        if self.down:
            raise BoardUnavailable(self.down)
        self.fresh_ids.append(sorted(ids, key=int))
        return (each for each in self.issues.values() if each.id in ids)


def put_board(store: Store, *, site: str = "shared", jira_board_id: int = 1, team: str = "5G Core") -> int:
    """A joint team with a board; its row id."""
    with store.transaction(SYSTEM) as session:
        host = session.scalar(select(OrganisationRow)) or OrganisationRow(name="Huawei")
        found = session.scalar(select(JiraSiteRow).where(JiraSiteRow.key == site)) or JiraSiteRow(key=site)
        session.add_all([host, found])
        session.flush()
        joint_team = session.scalar(select(JointTeamRow).where(JointTeamRow.name == team))
        joint_team = joint_team or JointTeamRow(name=team, ref=f"ref-{team}", host_id=host.id)
        session.add(joint_team)
        session.flush()
        board = BoardRow(team_id=joint_team.id, site_id=found.id, jira_board_id=jira_board_id)
        session.add(board)
        session.flush()
        return board.id


def view(store: Store, boards: Boards, board_id: int) -> Shown:
    with store.transaction(SYSTEM) as session:
        return shown(session, boards, board_id)


@pytest.fixture
def source() -> FakeSource:
    source = FakeSource()
    source.hold(issue(number, updated=AT - timedelta(days=number - 1)) for number in range(1, 6))
    return source


def test_a_first_sync_brings_everything_in(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    done = boards.sync(board_id, AT)
    seen = view(store, boards, board_id)
    assert (done.read, done.left) == (5, 0)
    assert {each.id: each for each in seen.issues} == source.issues
    assert seen.sprints == (SPRINT,)
    assert seen.shape == SHAPE
    assert (seen.synced_at, seen.sync_error) == (AT, None)


def test_a_release_is_noticed_though_it_updates_no_issue(sqlite_store: Store, source: FakeSource) -> None:
    planned, other = Version("7", "R1"), Version("8", "R2")
    old = AT - timedelta(days=2)
    source.issues.clear()
    source.hold([issue(1, versions=(planned,), project="10", updated=old)])
    source.hold([issue(2, versions=(other,), project="10", updated=old), issue(3)])
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)

    done = replace(planned, released=True, release=date(2026, 11, 20))
    source.released = [done, other]
    source.hold([issue(1, versions=(done,), project="10", updated=old)])  # not updated by it
    boards.sync(board_id, AT + timedelta(hours=7))

    seen = {each.id: each.versions for each in view(sqlite_store, boards, board_id).issues}
    assert (seen["1"], seen["2"], seen["3"]) == ((done,), (other,), ())
    assert source.read_ids == ["1"]  # and nothing else was read for it


def test_a_board_is_empty_handed_until_it_was_read(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    with pytest.raises(BoardUnavailable, match="has not been read"):
        view(store, boards, board_id)


def test_the_workflow_is_guessed_and_told_until_somebody_sets_it(
    sqlite_store: Store, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    guessed = boards.sync(board_id, AT).guessed
    seen = view(sqlite_store, boards, board_id)
    assert seen.workflow == guessed
    assert seen.workflow_guessed
    assert [stage.name for stage in newest(seen.workflow).stages] == [
        "To Do",
        "In Progress",
        "Done",
    ]  # none of another project
    assert "In Progress (active:none)" in caplog.text
    assert boards.sync(board_id, AT).guessed is None  # the same guess is not told twice


def test_a_workflow_that_was_set_is_left_alone(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    own = {"commitment": "Work", "stages": [{"name": "Work", "kind": "active", "statuses": ["3"]}]}
    with sqlite_store.transaction(SYSTEM) as session:
        workflows.said_in_file(session, session.get_one(BoardRow, board_id), own, None, AT)
    assert boards.sync(board_id, AT).guessed is None
    assert [stage.name for stage in newest(view(sqlite_store, boards, board_id).workflow).stages] == ["Work"]


def test_a_later_sync_reads_from_the_newest_change_with_an_overlap(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    later = AT + timedelta(hours=1)
    source.hold([issue(3, updated=later, status="3")])
    assert boards.sync(board_id, later).read == 2  # what changed, and what may have changed again in that second
    assert boards.sync(board_id, later + timedelta(minutes=5)).read == 1  # what lies within the overlap is known
    assert source.asked_since == [None, AT - OVERLAP, later - OVERLAP]
    assert {each.id: each for each in view(sqlite_store, boards, board_id).issues} == source.issues


def test_an_issue_that_search_finds_late_is_not_lost(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    source.hold([issue(6, updated=AT + timedelta(minutes=20)), issue(7, updated=AT + timedelta(minutes=21))])
    source.hidden = {"6"}  # not indexed yet, while a newer one is
    boards.sync(board_id, AT + timedelta(minutes=21))
    source.hidden = set()
    boards.sync(board_id, AT + timedelta(minutes=25))
    assert {each.id for each in view(sqlite_store, boards, board_id).issues} == set(source.issues)


def test_now_and_then_the_whole_list_is_compared(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    boards.sync(board_id, AT)
    source.read_ids.clear()
    del source.issues["1"]  # left the filter
    source.hold([issue(8, updated=AT - timedelta(days=9))])  # came to it without being updated
    source.hold([issue(2, updated=AT + timedelta(minutes=1), status="3")])
    source.hidden = {"2"}  # the search never told
    boards.sync(board_id, AT + SWEEP_EVERY - timedelta(minutes=1))
    assert source.read_ids == []
    done = boards.sync(board_id, AT + SWEEP_EVERY)
    assert (done.left, source.read_ids) == (1, ["2", "8"])
    assert {each.id: each for each in view(store, boards, board_id).issues} == source.issues


def test_an_issue_that_is_gone_is_not_one_that_left(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    source.issues = {
        each.id: replace(each, project="10" if each.id == "5" else "20") for each in source.issues.values()
    }
    boards.sync(board_id, AT)
    for number in ("1", "2", "5"):
        del source.issues[number]
    source.elsewhere, source.shut = {"1"}, {"10"}
    done = boards.sync(board_id, AT + SWEEP_EVERY)
    seen = view(store, boards, board_id)
    assert done.left == 2
    assert {each.id for each in seen.issues} == {"3", "4", "5"}  # 5 as it was last seen: nobody deleted a whole project
    assert dict(seen.quality) == {FORBIDDEN: 1, HIDDEN: 1, NO_POINTS: 1, NO_FLAG: 1}
    source.hold([issue(2), issue(5)])
    source.shut.clear()
    boards.sync(board_id, AT + 2 * SWEEP_EVERY)
    seen = view(store, boards, board_id)
    assert {each.id for each in seen.issues} == {"2", "3", "4", "5"}
    assert set(dict(seen.quality)) == {NO_POINTS, NO_FLAG}


def test_a_history_that_is_not_whole_is_read_again_after_ever_longer_pauses(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    source.hold([issue(1, complete=False, updated=AT - timedelta(days=1))])
    tried, at = list[int](), AT
    for _ in range(40):
        boards.sync(board_id, at)
        tried.append(len(source.read_ids))
        at += timedelta(minutes=1)
    again = [minute for minute, (before, after) in enumerate(zip([0, *tried], tried, strict=False)) if after > before]
    assert again == [2, 6, 14, 30]
    with store.reading(SYSTEM) as session:
        board = session.get_one(BoardRow, board_id)
        assert dict(board_quality.ledger(session, board))[UNPROVED] == 1
    source.hold([issue(1, updated=AT - timedelta(days=1))])
    boards.sync(board_id, at + timedelta(hours=1))
    with store.reading(SYSTEM) as session:
        assert UNPROVED not in dict(board_quality.ledger(session, session.get_one(BoardRow, board_id)))


def test_an_unproved_read_takes_nothing_away_from_what_is_known(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    first, second = Change(AT, 7, STATUS, "1", "3"), Change(AT + timedelta(hours=1), 8, STATUS, "3", "6")
    source.hold([issue(1, changes=(first,))])
    boards.sync(board_id, AT)
    later = AT + timedelta(hours=1)
    source.hold([issue(1, updated=later, changes=(second,), complete=False)])  # cut
    boards.sync(board_id, later)
    (kept,) = (each for each in view(store, boards, board_id).issues if each.id == "1")
    assert (kept.changes, kept.complete) == ((first, second), False)


def test_an_issue_is_found_by_the_keys_it_had(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    moved = Change(AT, 9, KEY, None, None, "OLD-4", "CORE-4")
    source.hold([issue(4, changes=(moved,))])  # moved before we knew it
    boards.sync(board_id, AT)
    source.hold([issue(4, key="NEW-4", changes=(moved,), updated=AT + timedelta(hours=1))])
    boards.sync(board_id, AT + timedelta(hours=1))
    with store.reading(SYSTEM) as session:
        site = session.get_one(BoardRow, board_id).site_id
        found = [board_rows.issue_by_key(session, site, key) for key in ("NEW-4", "CORE-4", "OLD-4")]
        assert [row.jira_issue_id for row in found if row] == ["4", "4", "4"]
        assert board_rows.issue_by_key(session, site, "CORE-404") is None


def test_a_long_read_does_not_move_the_cursor_past_its_beginning(sqlite_store: Store, source: FakeSource) -> None:
    """What changes while it goes on may lie on a part that was read before."""
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    source.hold([issue(9, updated=AT + timedelta(hours=1))])  # changed while the parts before it were read
    boards.sync(board_id, AT)
    boards.sync(board_id, AT + timedelta(hours=2))
    assert source.asked_since == [None, AT - OVERLAP]


def test_a_long_read_that_is_stopped_goes_on_where_it_was(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    source.hold(issue(number) for number in range(1, 11))
    source.dies_at = 7  # in the third part
    heard = list[tuple[int, int | None, bool]]()

    def hear(_: int, backfill: Backfill) -> None:
        heard.append((backfill.done, backfill.total, backfill.is_done))

    with pytest.raises(BoardUnavailable):
        boards.sync(board_id, AT, progress=hear)
    source.dies_at = None
    source.marks.clear()
    later = AT + timedelta(hours=3)
    assert boards.sync(board_id, later, progress=hear).read == 4
    assert (source.marks[0], source.read_ids) == ("6", [])
    assert heard == [(3, 10, False), (6, 10, False), (9, 10, False), (10, 10, True)]
    assert {each.id: each for each in view(store, boards, board_id).issues} == source.issues
    boards.sync(board_id, later + timedelta(minutes=1))
    assert source.asked_since[-1] == AT - OVERLAP  # from the beginning of the read that was stopped


def test_everything_is_read_again_on_request_and_that_may_be_stopped_too(
    sqlite_store: Store, source: FakeSource
) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    source.dies_at = 3
    with pytest.raises(BoardUnavailable):
        boards.sync(board_id, AT + timedelta(hours=1), everything=True)
    source.dies_at = None
    boards.sync(board_id, AT + timedelta(hours=2))  # what changed; the place is kept
    source.marks.clear()
    assert boards.sync(board_id, AT + timedelta(hours=3), everything=True).read == 2
    assert source.marks == ["3"]


def test_closed_sprints_are_read_again_when_one_has_just_been_closed(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    old = replace(SPRINT, id=11, state="closed")
    source.sprint_list = (old, SPRINT)
    boards.sync(board_id, AT)
    source.sprint_list = (replace(old, name="renamed"), SPRINT)
    boards.sync(board_id, AT + timedelta(minutes=1))
    assert view(sqlite_store, boards, board_id).sprints == (old, SPRINT)  # not worth a question
    source.sprint_list = (replace(old, name="renamed"), replace(SPRINT, state="closed"))
    boards.sync(board_id, AT + timedelta(minutes=2))
    assert view(sqlite_store, boards, board_id).sprints == source.sprint_list


def test_an_edited_filter_is_compared_at_once(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    source.shape = replace(SHAPE, filter_id="10001")
    del source.issues["1"]
    assert boards.sync(board_id, AT, look=True).left == 1


def test_another_points_field_means_reading_every_issue_again(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    source.shape = replace(SHAPE, points_field="customfield_16")
    source.issues = {each.id: replace(each, points=3.0) for each in source.issues.values()}
    boards.sync(board_id, AT + DESCRIBE_EVERY)
    assert source.asked_since == [None, None]
    assert {each.points for each in view(sqlite_store, boards, board_id).issues} == {3.0}


def test_an_older_state_never_replaces_a_newer_one(store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    newer = issue(1, updated=AT + timedelta(hours=1), status="6")
    source.hold([newer])
    boards.sync(board_id, AT)
    source.hold([issue(1)])  # a lagging node of the site answers
    source.shape = replace(SHAPE, points_field="x")  # and everything is read
    boards.sync(board_id, AT, look=True)
    assert newer in view(store, boards, board_id).issues


def test_a_deleted_sprint_goes_and_a_changed_one_changes(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    source.sprint_list = (SPRINT, replace(SPRINT, id=13, state="future"))
    boards.sync(board_id, AT)
    source.sprint_list = (replace(SPRINT, state="closed", completed=AT),)
    boards.sync(board_id, AT)
    assert view(sqlite_store, boards, board_id).sprints == source.sprint_list


def test_a_site_that_is_down_concerns_its_own_boards_only(store: Store, source: FakeSource) -> None:
    dead = FakeSource(down="Jira site other does not answer.")
    well, ill = put_board(store), put_board(store, site="other")
    boards = Boards(store, {"shared": source, "other": dead})
    syncs = SiteSyncs(store, boards.sync)
    assert syncs.tick(AT, within=60)
    syncs.stop()
    assert view(store, boards, well).sync_error is None
    with pytest.raises(BoardUnavailable, match="Jira site other does not answer"):
        view(store, boards, ill)
    with pytest.raises(BoardUnavailable, match="does not answer"):
        boards.sync(ill, AT)


def test_a_site_that_goes_down_leaves_what_was_known_and_says_since_when(
    sqlite_store: Store, source: FakeSource
) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    source.down = "Jira site shared does not answer."
    with pytest.raises(BoardUnavailable):
        boards.sync(board_id, AT + timedelta(hours=1))
    seen = view(sqlite_store, boards, board_id)
    assert (len(seen.issues), seen.synced_at, seen.sync_error) == (5, AT, "Jira site shared does not answer.")
    source.down = ""
    boards.sync(board_id, AT + timedelta(hours=2))
    assert view(sqlite_store, boards, board_id).sync_error is None


def test_a_site_missing_in_the_settings_is_named(sqlite_store: Store) -> None:
    board_id, boards = put_board(sqlite_store, site="lost"), Boards(sqlite_store, {})
    with pytest.raises(BoardUnavailable, match=r"^Jira site lost is not in the settings\. Add it to FMO_JIRA_SITES\.$"):
        boards.sync(board_id, AT)


def test_a_board_of_another_joint_team_is_not_there(sqlite_store: Store, source: FakeSource) -> None:
    board_id, boards = put_board(sqlite_store), Boards(sqlite_store, {"shared": source})
    boards.sync(board_id, AT)
    with pytest.raises(NotFound), sqlite_store.transaction(Scope(team_id=999)) as session:
        boards.view(session, board_id)


def test_two_boards_that_show_the_same_issue_keep_it_once(sqlite_store: Store, source: FakeSource) -> None:
    boards = Boards(sqlite_store, {"shared": source})
    ids = [put_board(sqlite_store), put_board(sqlite_store, jira_board_id=2)]
    for board_id in ids:
        boards.sync(board_id, AT)
    assert [len(view(sqlite_store, boards, board_id).issues) for board_id in ids] == [5, 5]
    with sqlite_store.transaction(SYSTEM) as session:
        assert session.scalar(select(func.count()).select_from(IssueRow)) == 5


def test_two_syncs_at_once_do_no_harm(store: Store) -> None:
    source = FakeSource()
    source.hold(issue(number) for number in range(1, 500))  # more than two transactions' worth
    board_id, boards = put_board(store), Boards(store, {"shared": source})
    together, failed = Barrier(3), list[Exception]()

    def sync() -> None:
        together.wait()
        try:
            boards.sync(board_id, AT)
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=sync) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {each.id: each for each in view(store, boards, board_id).issues} == source.issues


def test_jira_is_never_asked_inside_a_transaction(sqlite_store: Store) -> None:
    class Asking(FakeSource):
        """Writes through another connection whenever it is asked; SQLite would lock it out of a transaction."""

        def touch(self) -> None:
            with sqlite_store.transaction(SYSTEM) as session:
                session.get_one(BoardRow, board_id).name = "asked"

        def describe(self, board_id: int, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
            self.touch()
            return super().describe(board_id, sought)

        def sprints(self, board_id: int, *, only_open: bool = False) -> tuple[Sprint, ...]:
            self.touch()
            return super().sprints(board_id)

        def changed(self, shape: BoardShape, **asked: Any) -> Iterator[Part]:
            for each in super().changed(shape, **asked):
                self.touch()
                yield each

        def updates(self, shape: BoardShape) -> Mapping[str, datetime]:
            self.touch()
            return super().updates(shape)

        def read(self, shape: BoardShape, ids: Collection[str]) -> Iterator[Issue]:
            self.touch()
            return super().read(shape, ids)

    source = Asking()
    source.hold(issue(number) for number in range(1, 4))
    board_id = put_board(sqlite_store)
    assert Boards(sqlite_store, {"shared": source}).sync(board_id, AT).read == 3


_STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "move", "remove", "lag"]), st.integers(1, 6), st.integers(0, 400)),
    max_size=12,
)


@given(steps=_STEPS)
def test_whatever_happened_meanwhile_a_sweep_ends_with_what_jira_shows(
    sqlite_store: Store, steps: list[tuple[str, int, int]]
) -> None:
    """Adds, moves, departures and a lagging search, with a sync after each; the last sync sweeps."""
    source, at = FakeSource(), AT
    site = f"site{next(_SITES)}"
    board_id, boards = put_board(sqlite_store, site=site), Boards(sqlite_store, {site: source})
    lived: dict[int, tuple[Change, ...]] = {}
    for what, number, minutes in steps:
        at += timedelta(minutes=minutes)
        if what in ("add", "move"):
            now, past = issue(number, updated=at, status="3" if what == "move" else "1"), lived.get(number, ())
            lived[number] = (*past, *(replace(each, history=len(past) + 1) for each in now.changes))
            source.hold([replace(now, changes=lived[number])])
        elif what == "remove":
            source.issues.pop(str(number), None)
        else:
            source.hidden ^= {str(number)}
        boards.sync(board_id, at)
    boards.sync(board_id, at + SWEEP_EVERY)
    assert {each.id: each for each in view(sqlite_store, boards, board_id).issues} == source.issues


_SITES = iter(range(100_000))
