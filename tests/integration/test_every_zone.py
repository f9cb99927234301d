"""One occurrence per local date, at the wall time or the first valid instant after: every zone, every clock change.

Every IANA zone, every change of its clocks from 2024 to 2030, every quarter of an hour of the days around it. What is
right is found a second way: by looking at a clock in that zone, minute by minute. The short profile takes some of the
zones, by the seed that each run prints; `make test-long` takes all of them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, OrganisationRow, ParticipationRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences
from fmo_bot.domain.calendars import WEEKDAYS
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.standups import RosterMember, Schedule, turns
from fmo_bot.services import standup_plan
from tests.profiles import NAME, fewer

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ZONES = sorted(name for name in available_timezones() if not name.startswith(("right/", "posix")))
QUARTERS = [time(*divmod(minutes, 60)) for minutes in range(0, 24 * 60, 15)]
SHARE = 1 if NAME == "long" else 20  # one zone of so many


@cache
def changes(name: str) -> list[date]:
    """The UTC dates of 2024 to 2030 on which a zone's clocks change."""
    tz = ZoneInfo(name)
    days = [datetime(2023, 12, 31, tzinfo=UTC) + number * DAY for number in range(7 * 366)]
    offsets = [day.astimezone(tz).utcoffset() for day in days]
    turned = (before.date() for (before, old), (_, new) in pairwise(zip(days, offsets, strict=True)) if old != new)
    return [day for day in turned if day.year <= 2030]


def watched(name: str, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """(what the clock shows, the instant) for every minute from before `first` begins until after `last` has ended."""
    tz = ZoneInfo(name)
    at = datetime.combine(first, time(), UTC) - DAY
    while at.date() <= last + DAY:
        yield at.astimezone(tz).replace(tzinfo=None), at
        at += MINUTE


def right(name: str, days: list[date]) -> dict[tuple[date, time], datetime]:
    """The instant of every quarter of an hour: when the clock first shows it, or first shows something later."""
    shown: dict[datetime, datetime] = {}
    for wall, at in watched(name, days[0], days[-1]):
        shown.setdefault(wall, at)
    walls = sorted(shown)
    wanted = sorted(datetime.combine(day, wall) for day in days for wall in QUARTERS)
    found, later = {}, iter(walls)
    nearest = next(later)
    for each in wanted:
        while nearest < each:
            nearest = next(later)
        found[each.date(), each.time()] = shown[nearest]
    return found


@cache
def schedule(wall: time) -> Schedule:
    return Schedule(days=frozenset(range(7)), at=wall)


def check(name: str) -> None:
    member = RosterMember(id=1, side="vendor", zone=name)
    for change in changes(name):
        days = [change + number * DAY for number in (-1, 0, 1)]
        for (day, wall), instant in right(name, days).items():
            found = turns(schedule(wall), (member,), {}, day)
            assert [(turn.day, turn.due) for turn in found] == [(day, instant)], (name, day, wall)


def test_every_quarter_hour_around_a_clock_change_is_once_and_right(pytestconfig: pytest.Config) -> None:
    first = int(pytestconfig.getoption("hypothesis_seed")) % SHARE
    seen: set[tuple[object, ...]] = set()
    for name in ZONES[first::SHARE]:
        # Many names stand for one clock; looking at it once is enough.
        alike = tuple((day, _offsets(name, day)) for day in changes(name))
        if alike not in seen:
            seen.add(alike)
            check(name)


def _offsets(name: str, day: date) -> tuple[object, ...]:
    tz = ZoneInfo(name)
    start = datetime.combine(day, time(), UTC) - 2 * DAY
    return tuple((start + number * timedelta(minutes=15)).astimezone(tz).utcoffset() for number in range(6 * 96))


@pytest.fixture
def standup(sqlite_store: Store) -> int:
    """The id of a stand-up on every day, with one member."""
    with sqlite_store.transaction(SYSTEM) as session:

        def new(row: object) -> int:
            session.add(row)
            session.flush()
            number: int = row.id  # type: ignore[attr-defined]
            return number

        company = new(OrganisationRow(name="Huawei"))
        team = new(JointTeamRow(name="5G Core", ref="t", host_id=company))
        every_day = list(WEEKDAYS)
        calendar = {"zone": "UTC", "days": every_day}
        since = datetime(2020, 1, 1, tzinfo=UTC)
        side = SideRow(team_id=team, name="vendor", organisation_id=company, calendar=calendar, accepted_at=since)
        member = new(
            MemberRow(organisation_id=company, home_workspace="T1", slack_user_id="U1", name="Li Wei", zone="UTC")
        )
        new(ParticipationRow(team_id=team, member_id=member, side_id=new(side), since=since))
        return new(CeremonyRow(team_id=team, kind="standup", name="Daily", days=every_day, at="09:00"))


@fewer(8)
@given(data=st.data())
def test_planned_hour_by_hour_through_a_clock_change_there_is_one_prompt_a_day(
    sqlite_store: Store, standup: int, data: st.DataObject
) -> None:
    """The same through the plan and the database, at any quarter of an hour."""
    name = data.draw(st.sampled_from([name for name in ZONES if changes(name)]))
    change, wall = data.draw(st.sampled_from(changes(name))), data.draw(st.sampled_from(QUARTERS))
    expected = right(name, [change + number * DAY for number in (-1, 0, 1)])
    start = datetime.combine(change, time(), UTC) - 2 * DAY
    with sqlite_store.transaction(SYSTEM) as session:
        session.execute(delete(OccurrenceRow))
        session.scalars(select(MemberRow)).one().zone = name
        session.get_one(CeremonyRow, standup).at = f"{wall:%H:%M}"
    for hours in range(0, 96, 4):
        at = start + timedelta(hours=hours)
        with sqlite_store.transaction(SYSTEM) as session:
            ceremony = session.get_one(CeremonyRow, standup)
            wanted = list(standup_plan.wanted(session, ceremony, at, at + 2 * DAY))
            occurrences.plan(session, wanted, at)
            for row in session.scalars(select(OccurrenceRow).where(OccurrenceRow.due <= at)):
                row.state = occurrences.DONE
    with sqlite_store.transaction(SYSTEM) as session:
        rows = session.execute(
            select(OccurrenceRow.local_date, OccurrenceRow.due).where(OccurrenceRow.kind == "prompt")
        ).all()
    assert set(Counter(row.local_date for row in rows).values()) == {1}
    dues = {row.local_date: row.due for row in rows}
    assert {day: due for (day, at), due in expected.items() if at == wall} == {
        day: dues[day] for day, at in expected if at == wall
    }
