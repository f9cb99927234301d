"""The weekly digest: when, where, and what it says."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences
from fmo_bot.domain.charts import AgeingChart, CycleTimeChart, ThroughputChart, WaitingChart
from fmo_bot.domain.messages import Digest, Notice
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services.boards import BoardView
from fmo_bot.services.digests import Digests
from tests.joint_team import DOING, DONE, LIWEI, FakeBoards, JointTeam, board_view, clock, issue

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
LAST_WEEK = issue(1, (MONDAY - WEEK, DOING), (MONDAY - WEEK + timedelta(days=2), DONE))
THIS_WEEK = issue(2, (MONDAY, DOING), (MONDAY + timedelta(days=1), DONE))
AGEING = issue(3, (MONDAY - WEEK, DOING))


class Desk:
    def __init__(self, store: Store, boards: FakeBoards | None = None) -> None:
        self.team = JointTeam(store)
        self.digests = Digests(store, boards or FakeBoards(board_view(LAST_WEEK, THIS_WEEK, AGEING)))
        self.team.handlers["digest"] = occurrences.Composed(self.digests.compose)

    def plan(self) -> None:
        at = clock("00:30")
        with self.team.store.transaction(SYSTEM) as session:
            occurrences.plan(session, self.digests.wanted(session, at, at + timedelta(hours=48)), at)


def test_a_digest_is_wanted_at_its_time_in_its_zone(store: Store) -> None:
    desk = Desk(store)
    desk.plan()
    assert desk.team.planned() == [("digest", "all", "11-19 17:00")]  # 18:00 in Madrid


def test_a_digest_stands_once_in_the_joint_channel_with_companies_by_name(store: Store) -> None:
    desk = Desk(store)
    desk.team.play("01:00")
    desk.team.answer(LIWEI, "01:20", blocked={"side": "operator", "what": "Lab access"})
    desk.plan()
    desk.team.run(clock("17:00"))
    desk.plan()
    desk.team.run(clock("17:01"))
    ((row, delivery, digest),) = desk.team.owed("digest:")
    assert (row.workspace, row.channel, delivery.due) == ("T0HUAWEI", "C0JOINT", clock("17:00"))
    assert isinstance(digest, Digest)
    assert (digest.finished, digest.finished_before, digest.wip) == (1, (0, 0, 0, 1), 1)
    assert (digest.cycle_time.p50_s, digest.cycle_time_before.p50_s) == (86_400.0, 2 * 86_400.0)
    assert [(item.issue.key, item.stage, item.over_p85) for item in digest.ageing] == [("CORE-3", "Doing", None)]
    assert [(each.waiting, each.waited_on, each.open) for each in digest.waits] == [("Huawei", "Telefonica", 1)]
    assert (digest.workflow_guessed, digest.stale) == (True, False)
    assert digest.flow is not None
    assert (digest.flow.lead_time.n, digest.flow.expected_n, digest.flow.expected_s) == (1, 2, None)
    assert digest.flow.forecast is not None
    assert (digest.flow.forecast.items, digest.flow.forecast.refused) == (1, True)  # two days with a completion
    last, this = digest.flow.waiting
    waited = (15 * 60 + 40) * 60.0  # since 01:20, on a blocker without an issue; nine of these hours are Madrid's
    assert (last.total_s, this.total_s) == (0, waited)
    assert [(each.side, each.waited_s, each.working_s) for each in this.waits] == [("operator", waited, 9 * 3600.0)]
    charts = desk.team.owed("chart:")
    assert {type(chart) for _, _, chart in charts} == {ThroughputChart, CycleTimeChart, AgeingChart, WaitingChart}
    assert {owed.thread_message_id for _, owed, _ in charts} == {row.id}


def test_a_digest_of_old_figures_says_so(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store, FakeBoards(board_view(synced_at=clock("00:00") - timedelta(days=2))))
    desk.plan()
    desk.team.run(clock("17:00"))
    digest = desk.team.one("digest:")
    assert isinstance(digest, Digest)
    assert digest.stale


class BusyBoards(FakeBoards):
    """While the board is looked at, somebody else writes."""

    store: Store

    def view(self, session: Session, board_id: int) -> BoardView:
        with self.store.transaction(SYSTEM) as other:
            other.execute(update(JointTeamRow).values(name="5G Core, renamed"))
        return super().view(session, board_id)


def test_nobody_waits_while_a_digest_is_composed(sqlite_store: Store) -> None:
    boards = BusyBoards(board_view(THIS_WEEK))
    boards.store = sqlite_store
    desk = Desk(sqlite_store, boards)
    desk.plan()
    desk.team.due(clock("17:00"))
    assert isinstance(desk.team.one("digest:"), Digest)


@pytest.mark.parametrize(
    ("boards", "at"),
    [
        (FakeBoards(None), clock("17:00")),  # the board has never been read
        (FakeBoards(board_view()), clock("17:00") + timedelta(hours=12, minutes=1)),  # nobody ran the bot for so long
    ],
)
def test_a_digest_that_cannot_be_is_told_to_the_scrum_masters_of_both_sides(
    sqlite_store: Store, boards: FakeBoards, at: datetime
) -> None:
    desk = Desk(sqlite_store, boards)
    desk.plan()
    desk.team.due(at)
    assert desk.team.owed("digest:") == []
    told = desk.team.owed("missed:")
    assert [row.person for row, _, _ in told] == ["U0LIWEI", "U0LUCIA"]
    assert all(isinstance(message, Notice) for _, _, message in told)
