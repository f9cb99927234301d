"""A sprint report: asked for, made for the asker alone, shared in one joint channel."""

from datetime import UTC, datetime, timedelta

import pytest

from fmo_bot.db.store import Store
from fmo_bot.domain.jiras_report import JirasReport, Theirs
from fmo_bot.domain.messages import BurnUpChart, Notice, SprintDetail, SprintDifference, SprintReport
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotAllowed, NotAMember, NotFound, TakesPartNoMore
from fmo_bot.services import setup
from fmo_bot.services.explaining import Explaining
from fmo_bot.services.parties import Parties
from fmo_bot.services.sprints import JOB, Sprints
from tests.joint_team import (
    CHENYU,
    DOING,
    DONE,
    ELENA,
    LIWEI,
    LUCIA,
    MARTA,
    STRANGER,
    FakeBoards,
    JointTeam,
    board_view,
    clock,
    issue,
    other_team_file,
)

TUESDAY = datetime(2026, 11, 10, 9, tzinfo=UTC)
FINISHED = issue(1, (TUESDAY, DOING), (datetime(2026, 11, 12, 9, tzinfo=UTC), DONE))
STARTED = issue(2, (TUESDAY, DOING))


class Desk:
    """The story's joint team with its board, and somebody who asks."""

    def __init__(self, store: Store, boards: FakeBoards | None = None) -> None:
        self.team = JointTeam(store)
        self.boards = boards or FakeBoards(board_view(FINISHED, STARTED))
        self.sprints = Sprints(store, self.boards)

    def ask(self, person: Person, key: str = "click 1", sprint: str = "") -> None:
        self.sprints.ask(person, channel="C0JOINT", sprint=sprint, key=key, at=clock("10:00"))

    def make(self) -> None:
        with self.team.store.transaction(SYSTEM) as session:
            jobs = self.team.jobs(session, JOB)
        for payload in jobs:
            self.sprints.make(payload, clock("10:01"))

    def report(self, person: Person) -> SprintReport:
        self.ask(person)
        self.make()
        report = self.team.owed("report:")[0][2]
        assert isinstance(report, SprintReport)
        return report


def test_the_report_goes_to_the_asker_alone_with_its_chart_in_the_thread(store: Store) -> None:
    desk = Desk(store)
    report = desk.report(LUCIA)
    assert (report.sprint, report.goal, report.provisional, report.as_of) == (
        "Core Sprint 12",
        "First call",
        True,
        clock("10:01"),
    )
    assert (report.committed.issues, report.completed.keys, report.carried_over.keys) == (2, ("CORE-1",), ("CORE-2",))
    assert (report.companies, report.workflow_guessed, report.shareable) == (
        {"vendor": "Huawei", "operator": "Telefonica"},
        True,
        True,
    )
    (held,) = report.sides  # from Tuesday 17:00 in Shanghai to Thursday 17:00
    assert (held.side, held.active_s, held.active_working_s, held.blocked_s) == (
        "vendor",
        48 * 3600,
        (1 + 9 + 8) * 3600,
        0,
    )
    assert report.cycle_time_before is not None
    assert report.cycle_time_before.n == 0
    (first, _, _), (second, chart_row, chart), (third, detail_row, detail) = desk.team.owed("report:")
    assert {(row.workspace, row.person) for row in (first, second, third)} == {("T0TELEFON", "U0LUCIA")}
    assert isinstance(chart, BurnUpChart)
    assert detail == SprintDetail(report=report)
    assert chart_row.thread_message_id == detail_row.thread_message_id == first.id
    assert desk.boards.synced == [desk.team.result.board_id]
    assert desk.team.owed("shared:") == []


def test_what_jiras_own_report_counts_otherwise_stands_in_the_report(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store)
    desk.boards.own = JirasReport(listed={"1": Theirs.COMPLETED, "2": Theirs.REMOVED, "99": Theirs.COMPLETED})
    assert desk.report(LUCIA).differences == (
        SprintDifference(
            key="CORE-2",
            theirs="removed",
            ours="carried over",
            why="it was in the sprint at the end, neither done nor given up",
        ),
    )


def test_where_jiras_own_report_does_not_come_nothing_is_said_of_it(sqlite_store: Store) -> None:
    assert Desk(sqlite_store).report(LUCIA).differences is None


def test_asking_twice_with_one_click_is_one_report(store: Store) -> None:
    desk = Desk(store)
    desk.ask(LUCIA)
    desk.ask(LUCIA)
    desk.make()
    desk.make()  # the job runs again, as after a crash
    assert len(desk.team.owed("report:")) == 3  # the report, its chart and its detail


def test_what_is_carried_over_and_old_for_its_stage_is_named(sqlite_store: Store) -> None:
    hours = timedelta(hours=1)
    quick = [issue(n, (TUESDAY, DOING), (TUESDAY + n * hours, DONE)) for n in range(1, 21)]
    slow, young = issue(21, (TUESDAY, DOING)), issue(22, (clock("09:00"), DOING))
    elsewhere = issue(23, (TUESDAY, DOING), sprints=())
    report = Desk(sqlite_store, FakeBoards(board_view(*quick, slow, young, elsewhere))).report(LUCIA)
    (old,) = report.ageing  # nine days and more; of the twenty the 17th took 17 hours
    assert (old.issue.key, old.summary, old.stage, old.over_p85) == ("CORE-21", "Work 21", "Doing", True)
    assert old.age_s == (clock("10:01") - TUESDAY).total_seconds()


def test_blockers_of_the_sprint_stand_in_the_report(store: Store) -> None:
    desk = Desk(store)
    desk.team.play("01:00")
    desk.team.answer(LIWEI, "01:20", blocked={"side": "operator", "what": "Lab access"})
    assert [(line.waiting, line.waited_on, line.what) for line in desk.report(LUCIA).blockers] == [
        ("Huawei", "Telefonica", "Lab access")
    ]


def test_a_board_without_sprints_is_said_in_a_sentence(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store, FakeBoards(board_view(FINISHED, sprints=())))
    desk.ask(LUCIA)
    desk.make()
    notice = desk.team.one("report:")
    assert isinstance(notice, Notice)
    assert notice.text.format(**notice.values).startswith(
        "5G Core joint board has no sprints, so there is no sprint report for 5G Core. Throughput"
    )


def test_figures_that_are_old_say_how_old(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store, FakeBoards(board_view(FINISHED, synced_at=clock("07:00"))))
    desk.boards.down = "Jira answered 503."
    assert desk.report(LUCIA).as_of == clock("07:00")
    notice = desk.team.owed("report:")[-1][2]
    assert isinstance(notice, Notice)
    assert notice.values == {"reason": "Jira answered 503.", "as_of": clock("07:00")}


def test_a_board_that_was_never_read_is_said_in_a_sentence(sqlite_store: Store) -> None:
    boards = FakeBoards(None)
    boards.down = "Jira answered 503."
    desk = Desk(sqlite_store, boards)
    desk.ask(LUCIA)
    desk.make()
    assert isinstance(desk.team.one("report:"), Notice)


def test_who_is_in_no_joint_team_cannot_ask(store: Store) -> None:
    with pytest.raises(NotAMember):
        Desk(store).ask(ELENA)


def test_a_share_posts_only_in_that_teams_joint_channel_and_once(store: Store) -> None:
    desk = Desk(store)
    setup.apply(store, other_team_file(), clock("00:30"))
    report = desk.report(LUCIA)
    desk.sprints.share(LUCIA, report.ref, clock("10:05"))
    told = desk.sprints.share(LUCIA, report.ref, clock("10:06"))
    assert "already" in told.text
    (post, _, shared), (_, chart_row, _), (_, _, detail) = desk.team.owed("shared:")
    assert (post.workspace, post.channel) == ("T0HUAWEI", "C0JOINT")
    assert chart_row.thread_message_id == post.id
    assert isinstance(shared, SprintReport)
    assert detail == SprintDetail(report=shared)
    assert (shared.shared_by, shared.shareable, shared.completed) == ("Lucía Ortega", False, report.completed)
    own = desk.team.owed("report:")[0][2]
    assert isinstance(own, SprintReport)
    assert not own.shareable


@pytest.mark.parametrize(
    "person",
    [
        CHENYU,  # did not ask for it
        STRANGER,  # same company, another operator's joint team
    ],
)
def test_a_ref_is_worth_nothing_in_other_hands(store: Store, person: Person) -> None:
    desk = Desk(store)
    setup.apply(store, other_team_file(), clock("00:30"))
    ref = desk.report(LUCIA).ref
    for sent in (ref, "no such ref"):
        with pytest.raises(NotFound):
            desk.sprints.share(person, sent, clock("10:05"))
    assert desk.team.owed("shared:") == []


def test_a_stakeholder_reads_a_report_and_cannot_share_it(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store)
    report = desk.report(MARTA)
    assert not report.shareable
    with pytest.raises(NotAllowed):
        desk.sprints.share(MARTA, report.ref, clock("10:05"))


def test_who_left_meanwhile_gets_no_report_but_the_reason(store: Store) -> None:
    desk = Desk(store)
    desk.ask(LUCIA)
    file = other_team_file() | {"team": "5G Core", "channel": {"workspace": "T0HUAWEI", "id": "C0JOINT"}}
    file["organisations"][1]["name"] = file["sides"]["operator"]["organisation"] = "Orange"
    setup.apply(store, file, clock("10:00"))
    with pytest.raises(TakesPartNoMore):  # which they are told
        desk.make()
    assert desk.team.owed("report:") == []


@pytest.mark.parametrize("typed", ["Core Sprint 12", "  core   sprint 12 ", "12"])
def test_a_sprint_may_be_asked_for_by_name_or_id(store: Store, typed: str) -> None:
    desk = Desk(store)
    desk.ask(LUCIA, sprint=typed)
    desk.make()
    report = desk.team.owed("report:")[0][2]
    assert isinstance(report, SprintReport)
    assert report.sprint == "Core Sprint 12"


@pytest.mark.parametrize("typed", ["Core Sprint 99", "<!channel> {team} %s"])
def test_a_sprint_that_is_not_there_is_answered_with_those_that_are(store: Store, typed: str) -> None:
    desk = Desk(store)
    desk.ask(LUCIA, sprint=typed)
    desk.make()
    told = desk.team.owed("report:")[0][2]
    assert isinstance(told, Notice)
    assert (told.values["typed"], told.values["newest"]) == (typed, "Core Sprint 12")


def test_a_report_explains_itself_to_its_asker_and_once_shared_to_the_team(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store)
    report = desk.report(LUCIA)
    explaining = Explaining(sqlite_store, Parties(sqlite_store))
    assert report.basis is not None
    assert [(each.company, each.zone) for each in report.basis.calendars] == [
        ("Huawei", "Asia/Shanghai"),
        ("Telefonica", "Europe/Madrid"),
    ]
    assert explaining.report(LUCIA, report.ref, clock("10:02")) == report
    with pytest.raises(NotFound):
        explaining.report(LIWEI, report.ref, clock("10:02"))
    desk.sprints.share(LUCIA, report.ref, clock("10:03"))
    assert explaining.report(LIWEI, report.ref, clock("12:00")) == report  # as it was made
    with pytest.raises(NotAMember):
        explaining.report(STRANGER, report.ref, clock("12:00"))
