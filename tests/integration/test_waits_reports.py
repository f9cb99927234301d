"""Who waits on whom: asked for, made for the asker alone, explained to nobody else."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Notice, WaitsReport
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotAMember, NotFound
from fmo_bot.services.explaining import Explaining
from fmo_bot.services.parties import Parties
from fmo_bot.services.waits_reports import JOB, WaitsReports
from tests.joint_team import DOING, LIWEI, LUCIA, STRANGER, FakeBoards, JointTeam, board_view, clock, issue

BEGUN = issue(1, (datetime(2026, 11, 10, 9, tzinfo=UTC), DOING))


class Desk:
    """The story's joint team, in which Huawei has waited on Telefonica's lab since 01:20."""

    def __init__(self, store: Store, boards: FakeBoards | None = None) -> None:
        self.team, parties = JointTeam(store), Parties(store)
        self.reports = WaitsReports(store, parties, boards or FakeBoards(board_view(BEGUN)))
        self.explaining = Explaining(store, parties)
        self.team.play("01:00")
        self.team.answer(LIWEI, "01:20", blocked={"side": "operator", "what": "Lab access"})

    def ask(self, person: Person) -> None:
        self.reports.ask(person, channel="C0JOINT", key="click 1", at=clock("17:00"))

    def make(self) -> None:
        with self.team.store.transaction(SYSTEM) as session:
            jobs = self._jobs(session)
        for payload in (*jobs, *jobs):  # the second time as after a crash
            self.reports.make(payload, clock("17:00"))

    def _jobs(self, session: Session) -> list[dict[str, object]]:
        return [dict(each) for each in self.team.jobs(session, JOB)]


def test_open_blockers_and_lost_time_go_to_the_asker_alone_and_explain_themselves(store: Store) -> None:
    desk = Desk(store)
    desk.ask(LUCIA)
    desk.ask(LUCIA)
    desk.make()
    ((row, _, report),) = desk.team.owed("waits:")
    assert (row.workspace, row.person) == ("T0TELEFON", "U0LUCIA")
    assert isinstance(report, WaitsReport)
    waited, worked = (15 * 60 + 40) * 60.0, 9 * 3600.0  # all of Madrid's working day
    (found,) = report.open
    assert (found.waiting, found.waited_on, found.open) == ("Huawei", "Telefonica", 1)
    assert (found.oldest_s, found.oldest_working_s) == (waited, worked)
    last, this = report.weeks
    assert (last.total_s, this.total_s) == (0, waited)
    assert [(each.side, each.waited_s, each.working_s) for each in this.waits] == [("operator", waited, worked)]
    assert desk.explaining.report(LUCIA, report.ref, clock("18:00")) == report
    with pytest.raises(NotFound):
        desk.explaining.report(LIWEI, report.ref, clock("18:00"))


def test_whoever_is_in_no_joint_team_is_told_so(sqlite_store: Store) -> None:
    with pytest.raises(NotAMember):
        Desk(sqlite_store).ask(STRANGER)


def test_without_figures_there_is_a_sentence(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store, FakeBoards(None))
    desk.ask(LUCIA)
    desk.make()
    assert isinstance(desk.team.one("waits:"), Notice)
