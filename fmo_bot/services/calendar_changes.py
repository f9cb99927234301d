"""Changing a side's calendar: from today on its own scrum master alone, in the past with the other side's consent.

A change is a row of its own. Figures made after it use it; a report that was shared is a stored value and stays.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.calendars import CalendarVersionRow
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.parties import MemberRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.calendars import SideCalendar, instant_of, local_date
from fmo_bot.domain.dated_calendars import Difference, difference
from fmo_bot.domain.parties import Actor, Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import calendars, proposals
from fmo_bot.services.agreeing import others, sides_of, speaker, team_called
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.national_days import with_national_days
from fmo_bot.services.parties import Parties
from fmo_bot.services.proposals import Told

_BACK = timedelta(days=5 * 366)
_HOUR_MS = 3_600_000
_PROPOSED = (
    "{company} proposes that its side has worked by another calendar from {starts} on: {calendar}. That concerns "
    "{days} days gone by: {before} h of working time become {after} h. Reports shared since then ({shared}) stay as "
    "they were shared."
)
_OPEN = CalendarVersionRow.confirmed_at.is_(None), CalendarVersionRow.dropped_at.is_(None)
_SHARED = "shared:%", "digest:%"  # names of messages in the joint channel that hold figures


class NothingChanges(Refusal):
    """The calendar of {company} says that already. Change it in the file first."""


class TooFarBack(Refusal):
    """A calendar can be changed back to {first}. Give a later date."""


class NotTheOtherSide(Refusal):
    """A change to the past of {company}'s calendar is for {others} to confirm, by a scrum master or an admin."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A side's calendar from a date on (None: since ever), and for a proposal what it would change."""

    side: str
    company: str
    starts: date | None
    calendar: SideCalendar
    number: int | None = None  # of a proposal, by which it is confirmed or withdrawn
    waits_for: tuple[str, ...] = ()  # companies; empty: it is in force
    changes: Difference | None = None  # in days gone by
    shared: int = 0  # reports shared since it starts; they stay as they are


class CalendarChanges:
    """Showing, proposing, confirming and withdrawing. A member speaks as scrum master for their side, as admin for
    their company's."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self.store = store

    def show(self, person: Person, team: str, at: datetime) -> tuple[Version, ...]:
        """Every version of every side's calendar, then what is proposed. Raises NotFound, NotAMember."""
        actor = Parties(self.store).actor_named(person, team, at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.READ, scope)
        with self.store.reading(scope) as session:
            return tuple(each for side in sides_of(session, actor.team_id) for each in _versions(session, side, at))

    def propose(
        self, person: Person, team: str, calendar: Mapping[str, Any], *, starts: date | None, at: datetime
    ) -> Version:
        """The actor's side works by `calendar` from a date on, None: from today.

        From today on it holds at once. From an earlier date it is a proposal, which takes the place of an open one.
        Raises NotAllowed, NotFound, NotAMember, NothingChanges, TooFarBack, and FileWrong for a calendar that is none.
        """
        actor = Parties(self.store).actor_named(person, team, at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.CHANGE_CALENDAR, scope)
        wanted = SideCalendar.from_mapping(calendar)
        today = local_date(at, wanted.zone)
        begin = today if starts is None else starts
        with_national_days(wanted, first=today, last=today)  # refuses a country nobody knows
        if begin < today - _BACK:
            raise TooFarBack(first=(today - _BACK).isoformat())
        with self.store.transaction(scope) as session:
            side = _side(session, actor)
            if calendars.as_written(session, side).on(begin) == wanted:
                raise NothingChanges(company=side.organisation.name)
            row = CalendarVersionRow(
                side_id=side.id, starts=begin, calendar=wanted.to_mapping(), said_at=at, in_file=False
            )
            row.said_by = actor.member_id
            if begin >= today:
                row.confirmed_at = at
            else:
                _drop_open(session, side, at)
            session.add(row)
            session.flush()
            _note(session, row, actor.member_id, "calendar_changed" if begin >= today else "calendar_proposed", at)
            version = _version(session, row, at)
            if version.number is not None:
                _propose(session, row, version, at)
            return version

    def confirm(self, person: Person, team: str, number: int, at: datetime) -> Version:
        """The other side agrees to a change of the past: it holds in every report that is made from now on.

        Raises NotFound, NotTheOtherSide.
        """
        with self._deciding(person, team, number) as (session, row, member, sides):
            asked = _others(session, row.side)
            if not sides & {side.id for side in asked}:
                names = " or ".join(side.organisation.name for side in asked) or "another company"
                raise NotTheOtherSide(company=row.side.organisation.name, others=names)
            changed = _version(session, row, at)
            row.confirmed_at, row.confirmed_by = at, member.id
            _settled(session, row, proposals.ACCEPTED, sides, at)
            _note(session, row, member.id, "calendar_confirmed", at)
            return replace(changed, number=None, waits_for=())

    def withdraw(self, person: Person, team: str, number: int, at: datetime) -> None:
        """A proposal is one no more: its own side takes it back, or another declines it. Raises NotFound."""
        with self._deciding(person, team, number) as (session, row, member, sides):
            if not sides:
                raise NotFound
            row.dropped_at = at
            _settled(session, row, proposals.WITHDRAWN if row.side_id in sides else proposals.DECLINED, sides, at)
            _note(session, row, member.id, "calendar_withdrawn", at)

    @contextmanager
    def _deciding(
        self, person: Person, team: str, number: int
    ) -> Iterator[tuple[Session, CalendarVersionRow, MemberRow, set[int]]]:
        """An open proposal, who decides, and the sides they speak for; locked, so that it is decided once."""
        team_id = team_called(self.store, team)
        with self.store.transaction(Scope(team_id=team_id)) as session:
            query = (
                select(CalendarVersionRow)
                .join(SideRow, SideRow.id == CalendarVersionRow.side_id)
                .where(CalendarVersionRow.id == number, SideRow.team_id == team_id, *_OPEN)
            )
            row = session.scalar(query.with_for_update())
            them = speaker(session, person, team_id, Action.CHANGE_CALENDAR)
            if row is None or them is None:
                raise NotFound
            yield session, row, *them


# --- rows ----------------------------------------------------------------------------------------------------------


def _side(session: Session, actor: Actor) -> SideRow:
    """The actor's own, locked."""
    query = select(SideRow).where(SideRow.team_id == actor.team_id, SideRow.name == actor.side)
    return session.scalars(query.with_for_update()).one()


def _others(session: Session, side: SideRow) -> Sequence[SideRow]:
    return others(session, side.team_id, side.organisation_id)


def _drop_open(session: Session, side: SideRow, at: datetime) -> None:
    for row in session.scalars(select(CalendarVersionRow).where(CalendarVersionRow.side_id == side.id, *_OPEN)):
        row.dropped_at = at
        _settled(session, row, proposals.REPLACED, (), at)


def _propose(session: Session, row: CalendarVersionRow, version: Version, at: datetime) -> None:
    """Put it to those who decide."""
    assert version.changes is not None
    told = Told(
        text=_PROPOSED,
        values={
            "starts": row.starts.isoformat(),
            "calendar": version.calendar.described(),
            "days": version.changes.days,
            "before": f"{version.changes.before_ms / _HOUR_MS:.1f}",
            "after": f"{version.changes.after_ms / _HOUR_MS:.1f}",
            "shared": version.shared,
        },
    )
    side, asked = row.side, _others(session, row.side)
    proposals.opened(
        session, kind=proposals.CALENDAR, number=row.id, team=side.team, side=side, asked=asked, told=told, at=at
    )


def _settled(session: Session, row: CalendarVersionRow, state: str, sides: Collection[int], at: datetime) -> None:
    proposals.settled(session, kind=proposals.CALENDAR, number=row.id, state=state, sides=sides, at=at)


def _versions(session: Session, side: SideRow, at: datetime) -> Iterator[Version]:
    company, written = side.organisation.name, calendars.as_written(session, side)
    yield Version(side=side.name, company=company, starts=None, calendar=written.first)
    for starts, calendar in written.changes:
        yield Version(side=side.name, company=company, starts=starts, calendar=calendar)
    for row in session.scalars(select(CalendarVersionRow).where(CalendarVersionRow.side_id == side.id, *_OPEN)):
        yield _version(session, row, at)


def _version(session: Session, row: CalendarVersionRow, at: datetime) -> Version:
    """A change as it stands; of a proposal with what it would change."""
    side, calendar = row.side, SideCalendar.from_mapping(row.calendar)
    changed = Version(side=side.name, company=side.organisation.name, starts=row.starts, calendar=calendar)
    if row.confirmed_at is not None:
        return changed
    return replace(
        changed,
        number=row.id,
        waits_for=tuple(each.organisation.name for each in _others(session, side)),
        changes=_difference(session, row, calendar, local_date(at, calendar.zone)),
        shared=_shared(session, side.team_id, instant_of(row.starts, time(), calendar.zone)),
    )


def _difference(session: Session, row: CalendarVersionRow, calendar: SideCalendar, today: date) -> Difference:
    """In the days from its date up to today, or to the next version."""
    before = calendars.of_team(session, row.side.team_id, first=row.starts, last=today)[row.side.name]
    after = before.changed(row.starts, with_national_days(calendar, first=row.starts, last=today))
    ends = before.next_change(row.starts)
    last = today if ends is None else min(today, ends - timedelta(days=1))
    return difference(before, after, first=row.starts, last=last)


def _shared(session: Session, team_id: int, since: datetime) -> int:
    """Reports and digests that were posted in the joint channel since an instant."""
    query = (
        select(func.count())
        .select_from(DeliveryRow)
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .where(MessageRow.team_id == team_id, or_(*(MessageRow.name.like(name) for name in _SHARED)))
        .where(DeliveryRow.op == "post", DeliveryRow.sent_at >= since, DeliveryRow.thread_message_id.is_(None))
    )
    return session.scalars(query).one()


def _note(session: Session, row: CalendarVersionRow, member_id: int, action: str, at: datetime) -> None:
    detail = {"side": row.side.name, "starts": row.starts.isoformat(), "version": row.id}
    audit(session, at=at, action=action, team_id=row.side.team_id, member_id=member_id, detail=detail)
