"""When a stand-up asks whom: its schedule, its roster and its calendars put together."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow, RoundRow
from fmo_bot.db.parties import AbsenceRow, MemberRow, ParticipationRow
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.domain.calendars import instant_of
from fmo_bot.domain.standups import ASKED, RosterMember, Schedule, Turn, closes_at, turns
from fmo_bot.services.calendars import side_calendar
from fmo_bot.services.parties import roster

PROMPT, CLOSE = "prompt", "close"  # kinds of occurrence
_DAY = timedelta(days=1)


class People:
    """Who takes part in a stand-up, as the domain reads it, for the days from `first` to `last`."""

    def __init__(self, session: Session, ceremony: CeremonyRow, first: date, last: date) -> None:
        self.rows = roster(session, ceremony.team_id)
        self.schedule = _schedule(ceremony)
        self.calendars = {
            side.name: side_calendar(side.calendar, first=first, last=last) for side in ceremony.team.sides
        }
        absences = _absences(session, [row.member_id for row in self.rows])
        self.members = [_roster_member(row, absences.get(row.member_id, ())) for row in self.rows]

    def turns(self, day: date) -> tuple[Turn, ...]:
        """Everybody's part in the round of a local date; nobody of a side that does not work that day."""
        return turns(self.schedule, self.members, self.calendars, day)

    def part_of(self, member_id: int, day: date) -> tuple[Turn | None, ParticipationRow | None]:
        """One member's turn on a day and their participation; None where their side does not work, or they left."""
        turn = next((turn for turn in self.turns(day) if turn.member.id == member_id), None)
        return turn, next((row for row in self.rows if row.member_id == member_id), None)


def _schedule(ceremony: CeremonyRow) -> Schedule:
    return Schedule.parse(
        days=ceremony.days,
        at=ceremony.at,
        zone=ceremony.zone,
        window_minutes=ceremony.window_minutes,
        where=f"ceremony {ceremony.id}",
    )


def _absences(session: Session, member_ids: Sequence[int]) -> dict[int, tuple[tuple[date, date], ...]]:
    found: dict[int, tuple[tuple[date, date], ...]] = {}
    for row in session.scalars(select(AbsenceRow).where(AbsenceRow.member_id.in_(member_ids))):
        found[row.member_id] = (*found.get(row.member_id, ()), (row.first_day, row.last_day))
    return found


def _roster_member(row: ParticipationRow, absences: tuple[tuple[date, date], ...]) -> RosterMember:
    return RosterMember(id=row.member_id, side=row.side.name, zone=row.member.zone, role=row.role, absences=absences)


def wanted(session: Session, ceremony: CeremonyRow, at: datetime, until: datetime) -> Iterable[Wanted]:
    """Prompts due until `until`, those overdue that may still be sent, and the close of every round, however late."""
    # A round whose last deadline lies ahead may belong to a local date that began a day and more ago in the east.
    first, last = (at - 2 * _DAY).date(), (until + _DAY).date()
    people = People(session, ceremony, first, last)
    oldest = at - timedelta(minutes=ceremony.late_ok_minutes)
    closes = _open_rounds(session, ceremony)
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        asked = [turn for turn in people.turns(day) if turn.state == ASKED]
        for turn in asked:
            if oldest < turn.due <= until:
                yield _one(ceremony, PROMPT, f"member:{turn.member.id}", day, turn.due)
        closing = closes_at(asked)
        if closing is not None and (at < closing <= until or day in closes):
            closes[day] = closing
    for day, due in closes.items():
        yield _one(ceremony, CLOSE, "all", day, due)


def closings(session: Session, ceremony: CeremonyRow) -> Iterable[Wanted]:
    """The close of every round that began and has not closed."""
    for day, due in _open_rounds(session, ceremony).items():
        yield _one(ceremony, CLOSE, "all", day, due)


def _open_rounds(session: Session, ceremony: CeremonyRow) -> dict[date, datetime]:
    """Local date -> when it closes, of rounds that began and have not closed."""
    query = select(RoundRow).where(RoundRow.ceremony_id == ceremony.id, RoundRow.closed_at.is_(None))
    return {row.local_date: row.closes_at for row in session.scalars(query)}


def _one(ceremony: CeremonyRow, kind: str, subject: str, day: date, due: datetime) -> Wanted:
    return Wanted(ceremony_id=ceremony.id, kind=kind, subject=subject, local_date=day, due=due)


def due_of(ceremony: CeremonyRow, member: MemberRow, day: date) -> datetime:
    """When a member would be asked on a local date."""
    schedule = _schedule(ceremony)
    return instant_of(day, schedule.at, schedule.zone or member.zone)
