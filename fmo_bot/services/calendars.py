"""The sides' calendars as they are on given days: their dated versions, with the national days of their countries."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.calendars import CalendarVersionRow
from fmo_bot.db.parties import JointTeamRow, SideRow
from fmo_bot.domain.calendars import SideCalendar, local_date
from fmo_bot.domain.dated_calendars import DatedCalendar
from fmo_bot.services.governance import audit
from fmo_bot.services.national_days import MakeUpGap, make_up_gap, with_national_days

_AHEAD, _BEHIND = timedelta(days=30), timedelta(days=90)  # the days in which a missing make-up day matters


def of_team(session: Session, team_id: int, *, first: date, last: date) -> dict[str, DatedCalendar]:
    """Every side's calendar by the side's name, good for the days from `first` to `last`."""
    sides = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()
    changes = _changes(session, [side.id for side in sides])
    read = partial(_national, first=first, last=last)
    return {side.name: _dated(side, changes.get(side.id, {}), read) for side in sides}


def as_written(session: Session, side: SideRow) -> DatedCalendar:
    """A side's calendar without the national days."""
    return _dated(side, _changes(session, [side.id]).get(side.id, {}), SideCalendar.from_mapping)


def says_another(session: Session, side: SideRow, calendar: Mapping[str, Any]) -> bool:
    """Whether a team file says another calendar than one last said."""
    query = select(CalendarVersionRow).where(CalendarVersionRow.side_id == side.id, CalendarVersionRow.in_file)
    said = session.scalars(query.order_by(CalendarVersionRow.id.desc())).first()
    last = said.calendar if said is not None else side.calendar
    return SideCalendar.from_mapping(calendar) != SideCalendar.from_mapping(last)


def changed_in_file(session: Session, side: SideRow, calendar: Mapping[str, Any], at: datetime) -> None:
    """The team file was read again: where it says another calendar than it last said, that one holds from today on.

    What scrum masters changed meanwhile stands, as long as the file says what it said before.
    """
    if says_another(session, side, calendar):
        starts = local_date(at, SideCalendar.from_mapping(calendar).zone)
        session.add(
            CalendarVersionRow(
                side_id=side.id, starts=starts, calendar=dict(calendar), said_at=at, in_file=True, confirmed_at=at
            )
        )
        detail = {"side": side.name, "starts": starts.isoformat()}
        audit(session, at=at, action="calendar_changed", team_id=side.team_id, detail=detail)
        session.flush()


def make_up_gaps(session: Session, at: datetime, *, team_id: int | None = None) -> Iterator[tuple[SideRow, MakeUpGap]]:
    """Sides whose countries' make-up days are not known for days around `at`; of one joint team, or of all."""
    query = (
        select(SideRow).join(JointTeamRow, JointTeamRow.id == SideRow.team_id).order_by(JointTeamRow.name, SideRow.id)
    )
    if team_id is not None:
        query = query.where(SideRow.team_id == team_id)
    first, last = (at - _BEHIND).date(), (at + _AHEAD).date()
    for side in session.scalars(query).all():
        calendar = as_written(session, side).on(at.date())
        if (gap := make_up_gap(calendar, first=first, last=last, today=at.date())) is not None:
            yield side, gap


def _national(stored: Mapping[str, Any], *, first: date, last: date) -> SideCalendar:
    return with_national_days(SideCalendar.from_mapping(stored), first=first, last=last)


def _changes(session: Session, sides: list[int]) -> dict[int, dict[date, Mapping[str, Any]]]:
    """Of each side the calendar that was confirmed last for each date from which one holds."""
    query = select(CalendarVersionRow).where(
        CalendarVersionRow.side_id.in_(sides), CalendarVersionRow.confirmed_at.is_not(None)
    )
    found: dict[int, dict[date, Mapping[str, Any]]] = {}
    for row in session.scalars(query.order_by(CalendarVersionRow.confirmed_at, CalendarVersionRow.id)):
        found.setdefault(row.side_id, {})[row.starts] = row.calendar
    return found


def _dated(
    side: SideRow, changes: Mapping[date, Mapping[str, Any]], read: Callable[[Mapping[str, Any]], SideCalendar]
) -> DatedCalendar:
    return DatedCalendar(read(side.calendar), tuple((starts, read(changes[starts])) for starts in sorted(changes)))
