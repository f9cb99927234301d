"""When a stand-up asks whom: its schedule, its roster and its calendars put together."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from fmo_bot.db.ceremonies import CeremonyRow, PromptRow, RoundRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import AbsenceRow, MemberRow, ParticipationRow
from fmo_bot.delivery import occurrences
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.domain.calendars import days_between
from fmo_bot.domain.standups import ANSWERED, ASKED, AWAY, RosterMember, Schedule, Turn, closes_at, turns
from fmo_bot.services.calendars import of_team
from fmo_bot.services.parties import roster
from fmo_bot.services.rounds import MISSED
from fmo_bot.services.rounds import PLANNED as NOT_YET

PROMPT, REMINDER, CLOSE = "prompt", "reminder", "close"  # kinds of occurrence
_DAY = timedelta(days=1)


class People:
    """Who takes part in a stand-up, as the domain reads it, for the days from `first` to `last`."""

    def __init__(self, session: Session, ceremony: CeremonyRow, first: date, last: date) -> None:
        self.rows = roster(session, ceremony.team_id)
        self.schedule = _schedule(ceremony)
        self.calendars = of_team(session, ceremony.team_id, first=first, last=last)
        absences = _absences(session, [row.member_id for row in self.rows])
        self.members = [_roster_member(row, absences.get(row.member_id, ())) for row in self.rows]
        self._turns: dict[date, tuple[Turn, ...]] = {}

    @classmethod
    def on(cls, session: Session, ceremony: CeremonyRow, day: date) -> "People":
        """Those of one day, read once in a transaction: it asks many of the same stand-up."""
        read: dict[tuple[int, date], People] = session.info.setdefault("people", {})
        if (ceremony.id, day) not in read:
            read[ceremony.id, day] = cls(session, ceremony, day, day)
        return read[ceremony.id, day]

    def turns(self, day: date) -> tuple[Turn, ...]:
        """Everybody's part in the round of a local date; nobody of a side that does not work that day."""
        if day not in self._turns:
            self._turns[day] = turns(self.schedule, self.members, self.calendars, day)
        return self._turns[day]

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
        spread_minutes=ceremony.spread_minutes,
        where=f"ceremony {ceremony.id}",
    )


def _absences(session: Session, member_ids: Sequence[int]) -> dict[int, tuple[tuple[date, date], ...]]:
    found: dict[int, tuple[tuple[date, date], ...]] = {}
    for row in session.scalars(select(AbsenceRow).where(AbsenceRow.member_id.in_(member_ids))):
        found[row.member_id] = (*found.get(row.member_id, ()), (row.first_day, row.last_day))
    return found


def _roster_member(row: ParticipationRow, absences: tuple[tuple[date, date], ...]) -> RosterMember:
    assert row.side is not None  # else they are in no roster
    return RosterMember(id=row.member_id, side=row.side.name, zone=row.member.zone, role=row.role, absences=absences)


def wanted(session: Session, ceremony: CeremonyRow, at: datetime, until: datetime) -> Iterable[Wanted]:
    """Prompts and reminders due until `until`, those overdue that may still be sent, and the close of every open round.

    Whoever has been asked keeps the deadline they were told, whatever has changed since; of a stand-up that is no
    longer held only the open rounds are left to close.
    """
    # A round whose last deadline lies ahead may belong to a local date that began a day and more ago in the east.
    first, last = (at - 2 * _DAY).date(), (until + _DAY).date()
    begun = {row.local_date: row for row in session.scalars(_begun(ceremony, first))}
    planned = {(row.local_date, row.subject) for row in session.execute(_planned_prompts(ceremony))}
    people = People(session, ceremony, first, last)
    for day in sorted({*days_between(first, last), *begun}):
        turns = [turn for turn in people.turns(day) if turn.state == ASKED] if ceremony.active else []
        subjects = {subject for planned_day, subject in planned if planned_day == day}
        yield from _of_day(_Day(ceremony, day, turns, begun.get(day)), subjects, at, until)


class _Day:
    """A stand-up on one local date: the turns of its schedule, and the round if it has begun."""

    def __init__(self, ceremony: CeremonyRow, day: date, turns: Sequence[Turn], round_: RoundRow | None) -> None:
        self.ceremony, self.day, self.turns, self.round = ceremony, day, turns, round_
        self.known = {prompt.member_id: prompt for prompt in round_.prompts} if round_ else {}

    def told(self, member_id: int) -> PromptRow | None:
        """The prompt of a member who has been asked."""
        prompt = self.known.get(member_id)
        return prompt if prompt is not None and prompt.state in (ASKED, ANSWERED) else None

    def deadlines(self) -> Iterable[tuple[int, datetime]]:
        """(member, deadline) of everybody who may still be reminded."""
        for turn in self.turns:
            prompt = self.known.get(turn.member.id)
            if prompt is None or prompt.state not in (ANSWERED, MISSED):
                told = self.told(turn.member.id)
                yield turn.member.id, told.deadline if told else turn.deadline

    def closes_at(self) -> datetime | None:
        """The last deadline, of those who were asked as they were told it."""
        ahead = closes_at(turn for turn in self.turns if self.told(turn.member.id) is None)
        told = [prompt.deadline for member in self.known if (prompt := self.told(member)) is not None]
        return max((each for each in (ahead, *told) if each is not None), default=None)

    def one(self, kind: str, subject: str, due: datetime) -> Wanted:
        """An occurrence of this day."""
        return Wanted(ceremony_id=self.ceremony.id, kind=kind, subject=subject, local_date=self.day, due=due)


def _of_day(day: _Day, planned: Collection[str], at: datetime, until: datetime) -> Iterable[Wanted]:
    oldest = at - timedelta(minutes=day.ceremony.late_ok_minutes)
    for turn in day.turns:
        subject = _subject(turn.member.id)
        # One that was planned and, after a change, should have been hours ago is moved there: it is missed, and told.
        if turn.due <= until and (turn.due > oldest or subject in planned):
            yield day.one(PROMPT, subject, turn.due)
    if day.ceremony.reminder_minutes is not None:
        before = timedelta(minutes=day.ceremony.reminder_minutes)
        for member_id, deadline in day.deadlines():
            if at < deadline and deadline - before <= until:
                yield day.one(REMINDER, _subject(member_id), deadline - before)
    closing, is_open = day.closes_at(), day.round is not None and day.round.closed_at is None
    if day.round is not None and is_open:
        yield day.one(CLOSE, "all", closing or day.round.closes_at)
    elif closing is not None and at < closing <= until:
        yield day.one(CLOSE, "all", closing)


def _planned_prompts(ceremony: CeremonyRow) -> Select[date, str]:
    query = select(OccurrenceRow.local_date, OccurrenceRow.subject)
    mine = OccurrenceRow.ceremony_id == ceremony.id, OccurrenceRow.kind == PROMPT
    return query.where(*mine, OccurrenceRow.state == occurrences.PLANNED)


def _begun(ceremony: CeremonyRow, first: date) -> Select[RoundRow]:
    """Rounds that are open, and those since `first`, with their prompts."""
    query = select(RoundRow).where(RoundRow.ceremony_id == ceremony.id)
    recent = or_(RoundRow.closed_at.is_(None), RoundRow.local_date >= first)
    return query.where(recent).options(selectinload(RoundRow.prompts))


def ceremonies(session: Session) -> Iterable[CeremonyRow]:
    """Every stand-up that is held, or has a round to close."""
    is_open = exists().where(RoundRow.ceremony_id == CeremonyRow.id, RoundRow.closed_at.is_(None))
    query = select(CeremonyRow).where(CeremonyRow.kind == "standup", or_(CeremonyRow.active, is_open))
    return session.scalars(query.order_by(CeremonyRow.id))


def open_rounds(session: Session) -> Sequence[int]:
    """The ids of all rounds that have begun and not closed."""
    return session.scalars(select(RoundRow.id).where(RoundRow.closed_at.is_(None)).order_by(RoundRow.id)).all()


def follow(session: Session, round_: RoundRow) -> bool:
    """Make an open round say what the plan says of it: when it closes, who is away; whether anything changed."""
    planned = {(row.kind, row.subject): row for row in session.scalars(_of_round(round_))}
    close = planned.get((CLOSE, "all"))
    moved = close is not None and close.state == occurrences.PLANNED and close.due != round_.closes_at
    if moved and close is not None:
        round_.closes_at = close.due
    # Who was not asked yet and will not be any more counts as away, and as open again when they will be.
    turned = [prompt for prompt in round_.prompts if _turned(prompt, planned.get((PROMPT, _subject(prompt.member_id))))]
    for prompt in turned:
        prompt.state = AWAY if prompt.state == NOT_YET else NOT_YET
    return moved or bool(turned)


def _of_round(round_: RoundRow) -> Select[OccurrenceRow]:
    return select(OccurrenceRow).where(
        OccurrenceRow.ceremony_id == round_.ceremony_id,
        OccurrenceRow.local_date == round_.local_date,
        OccurrenceRow.kind.in_((PROMPT, CLOSE)),
        OccurrenceRow.ordinal == 0,
    )


def _turned(prompt: PromptRow, occurrence: OccurrenceRow | None) -> bool:
    gone = prompt.state == NOT_YET and occurrence is not None and occurrence.state == occurrences.CANCELLED
    back = prompt.state == AWAY and occurrence is not None and occurrence.state == occurrences.PLANNED
    return gone or back


def _subject(member_id: int) -> str:
    return f"member:{member_id}"


def due_of(ceremony: CeremonyRow, member: MemberRow, day: date) -> datetime:
    """When a member would be asked on a local date."""
    return _schedule(ceremony).due(day, member_id=member.id, zone=member.zone)
