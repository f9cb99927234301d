"""Side calendars change in dated versions: from today on by one's own word, in the past with the other side's."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.audit import AuditRow
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.domain.dated_calendars import DatedCalendar
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import FileWrong, NotAllowed, NotAMember, NotFound
from fmo_bot.services import calendars, setup
from fmo_bot.services.calendar_changes import CalendarChanges, NothingChanges, NotTheOtherSide, TooFarBack
from fmo_bot.services.sprints import Sprints
from fmo_bot.services.standup_plan import People
from tests.integration.test_ownership import report_to
from tests.joint_team import (
    CHENYU,
    DOING,
    LIWEI,
    LUCIA,
    MARTA,
    FakeBoards,
    JointTeam,
    board_view,
    clock,
    issue,
    other_team_file,
    team_file,
)

TEAM, AT, HOUR = "5G Core", clock("03:00"), 3_600_000  # Thursday, 19 November 2026, 11:00 in Shanghai
WEEK = ["mon", "tue", "wed", "thu", "fri"]
SHORTER = {"zone": "Asia/Shanghai", "days": WEEK, "hours": ["09:00", "17:00"], "country": "CN"}
BACK = date(2026, 11, 16)


def of_vendor(store: Store) -> DatedCalendar:
    """The vendor's calendar as figures made now would use it."""
    with store.reading(SYSTEM) as session:
        team = session.scalars(select(JointTeamRow.id).where(JointTeamRow.name == TEAM)).one()
        return calendars.of_team(session, team, first=date(2026, 1, 1), last=date(2026, 12, 31))["vendor"]


def hours(store: Store, first: str, last: str) -> float:
    """The vendor's working hours between two dates."""
    start, end = (ms(datetime.fromisoformat(day).replace(tzinfo=UTC)) for day in (first, last))
    return of_vendor(store).working_ms(start, end) / HOUR


def audited(store: Store) -> list[tuple[str, int | None, Mapping[str, Any]]]:
    with store.reading(SYSTEM) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("calendar%")).order_by(AuditRow.id))
        return [(row.action, row.member_id, row.detail) for row in rows]


def test_from_today_on_a_side_changes_its_calendar_by_itself(store: Store) -> None:
    JointTeam(store)
    changes = CalendarChanges(store)
    changed = changes.propose(LIWEI, TEAM, SHORTER, starts=None, at=AT)
    assert (changed.starts, changed.waits_for, changed.number) == (date(2026, 11, 19), (), None)
    assert hours(store, "2026-11-18", "2026-11-21") == 9 + 8 + 8
    changes.propose(LIWEI, TEAM, SHORTER | {"days": WEEK[:4]}, starts=date(2026, 11, 20), at=AT)
    assert hours(store, "2026-11-18", "2026-11-21") == 9 + 8
    assert [version.starts for version in changes.show(MARTA, TEAM, AT) if version.side == "vendor"] == [
        None,
        date(2026, 11, 19),
        date(2026, 11, 20),
    ]
    assert [(action, detail["starts"]) for action, _, detail in audited(store)] == [
        ("calendar_changed", "2026-11-19"),
        ("calendar_changed", "2026-11-20"),
    ]
    with pytest.raises(NothingChanges):
        changes.propose(LIWEI, TEAM, SHORTER, starts=date(2026, 11, 19), at=AT)


def test_a_side_is_asked_by_the_version_of_the_day(sqlite_store: Store) -> None:
    JointTeam(sqlite_store)
    CalendarChanges(sqlite_store).propose(LIWEI, TEAM, SHORTER | {"off": ["2026-11-20"]}, starts=None, at=AT)
    with sqlite_store.reading(SYSTEM) as session:
        daily = session.scalars(select(CeremonyRow).where(CeremonyRow.kind == "standup")).one()
        days = [date(2026, 11, day) for day in (19, 20, 23)]
        asked = [{turn.member.side for turn in People.on(session, daily, day).turns(day)} for day in days]
    assert asked == [{"vendor", "operator"}, {"operator"}, {"vendor", "operator"}]


def test_a_change_to_the_past_waits_for_the_other_side_and_says_what_it_changes(store: Store) -> None:
    JointTeam(store)
    changes = CalendarChanges(store)
    proposed = changes.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT)
    assert proposed.waits_for == ("Telefonica",)
    assert proposed.changes is not None
    assert (proposed.changes.days, proposed.changes.first, proposed.changes.last) == (4, BACK, date(2026, 11, 19))
    assert (proposed.changes.before_ms, proposed.changes.after_ms) == (36 * HOUR, 32 * HOUR)
    assert hours(store, "2026-11-16", "2026-11-19") == 27
    assert proposed.number is not None
    for person, refusal in ((LIWEI, NotTheOtherSide), (CHENYU, NotTheOtherSide), (MARTA, NotTheOtherSide)):
        with pytest.raises(refusal):
            changes.confirm(person, TEAM, proposed.number, AT)
    assert changes.confirm(LUCIA, TEAM, proposed.number, AT).waits_for == ()
    assert hours(store, "2026-11-16", "2026-11-19") == 24
    assert hours(store, "2026-11-09", "2026-11-13") == 36  # before its date nothing changed
    (proposal, confirmation) = audited(store)
    assert (proposal[0], confirmation[0]) == ("calendar_proposed", "calendar_confirmed")
    assert proposal[1] != confirmation[1]
    with pytest.raises(NotFound):  # it is decided
        changes.confirm(LUCIA, TEAM, proposed.number, AT)


def test_a_shared_report_stays_as_it_was_shared(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    boards = FakeBoards(board_view(issue(1, (clock("01:00"), DOING))))
    report_to(team, boards, LIWEI, "mine")
    Sprints(sqlite_store, boards).share(LIWEI, "mine", clock("02:10"))

    def shared() -> list[Any]:
        with sqlite_store.transaction(SYSTEM) as session:
            query = select(DeliveryRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
            rows = session.scalars(query.where(MessageRow.name.startswith("shared:")).order_by(DeliveryRow.id)).all()
            for row in rows:
                row.sent_at = clock("02:11")
            return [row.value for row in rows]

    before = shared()
    changes = CalendarChanges(sqlite_store)
    proposed = changes.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT)
    assert (proposed.shared, len(before)) == (1, 3)  # the report, and what stands in its thread
    changes.confirm(LUCIA, TEAM, proposed.number or 0, AT)
    assert shared() == before


def test_an_admin_of_the_other_company_confirms_and_strangers_find_nothing(sqlite_store: Store) -> None:
    file = team_file()
    file["organisations"][1] |= {"admins": ["U0MARTA"]}
    JointTeam(sqlite_store, file)
    JointTeam(sqlite_store, other_team_file())
    changes = CalendarChanges(sqlite_store)
    number = changes.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT).number or 0
    paul = Person("T0ORANGE", "U0PAUL")
    for person in (paul, Person("T0HUAWEI", "U0OTHER"), Person("T0X", "U0X")):
        for act in (changes.confirm, changes.withdraw):
            with pytest.raises(NotFound):
                act(person, TEAM, number, AT)
    with pytest.raises(NotFound):
        changes.show(paul, TEAM, AT)
    with pytest.raises(NotFound):  # of another joint team
        changes.confirm(paul, "Orange RAN", number, AT)
    assert changes.confirm(MARTA, TEAM, number, AT).starts == BACK


def test_one_proposal_of_a_side_is_open_and_either_side_ends_it(sqlite_store: Store) -> None:
    JointTeam(sqlite_store)
    changes = CalendarChanges(sqlite_store)
    first = changes.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT).number or 0
    second = changes.propose(LIWEI, TEAM, SHORTER, starts=date(2026, 11, 17), at=AT).number or 0
    with pytest.raises(NotFound):
        changes.confirm(LUCIA, TEAM, first, AT)
    with pytest.raises(NotFound):
        changes.withdraw(CHENYU, TEAM, second, AT)
    changes.withdraw(LUCIA, TEAM, second, AT)
    assert [version.starts for version in changes.show(LUCIA, TEAM, AT)] == [None, None]
    assert hours(sqlite_store, "2026-11-16", "2026-11-19") == 27
    assert audited(sqlite_store)[-1][0] == "calendar_withdrawn"


def test_who_may_not_and_what_is_no_calendar(sqlite_store: Store) -> None:
    JointTeam(sqlite_store)
    changes = CalendarChanges(sqlite_store)
    for person, refusal in ((CHENYU, NotAllowed), (MARTA, NotAllowed), (Person("T0X", "U0X"), NotAMember)):
        with pytest.raises(refusal):
            changes.propose(person, TEAM, SHORTER, starts=None, at=AT)
    for wrong in ({"zone": "Mars/Base"}, SHORTER | {"country": "XX"}):
        with pytest.raises(FileWrong):
            changes.propose(LIWEI, TEAM, wrong, starts=None, at=AT)
    with pytest.raises(TooFarBack):
        changes.propose(LIWEI, TEAM, SHORTER, starts=date(2006, 1, 1), at=AT)
    assert audited(sqlite_store) == []


def test_a_team_file_that_is_read_again_changes_no_day_gone_by(store: Store) -> None:
    file = team_file()
    JointTeam(store, file)
    later, latest = datetime(2026, 11, 23, 1, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC)
    file["sides"]["vendor"]["calendar"] = SHORTER
    setup.apply(store, file, later)
    assert (hours(store, "2026-11-16", "2026-11-20"), hours(store, "2026-11-23", "2026-11-27")) == (36, 32)
    # read again unchanged it overrules nobody
    longer = SHORTER | {"hours": ["09:00", "19:00"]}
    CalendarChanges(store).propose(LIWEI, TEAM, longer, starts=None, at=later)
    setup.apply(store, file, latest)
    assert hours(store, "2026-11-23", "2026-11-27") == 40
    # what it says anew holds from that day on
    file["sides"]["vendor"]["calendar"] = SHORTER | {"hours": ["10:00", "15:00"]}
    setup.apply(store, file, latest)
    assert hours(store, "2026-11-23", "2026-11-27") == 10 + 10 + 5 + 5
    assert [(action, member) for action, member, _ in audited(store) if member is None] == [
        ("calendar_changed", None),
        ("calendar_changed", None),
    ]
