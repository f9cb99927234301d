"""A side's calendar as it is on given days: its own rules, and the national days of its country and region."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import JointTeamRow, SideRow
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.services.national_days import MakeUpGap, make_up_gap, with_national_days

_AHEAD, _BEHIND = timedelta(days=30), timedelta(days=90)  # the days in which a missing make-up day matters


def side_calendar(stored: Mapping[str, Any], *, first: date, last: date) -> SideCalendar:
    """The calendar of `SideRow.calendar`, good for the days from `first` to `last`."""
    return with_national_days(SideCalendar.from_mapping(stored), first=first, last=last)


def make_up_gaps(session: Session, at: datetime, *, team_id: int | None = None) -> Iterator[tuple[SideRow, MakeUpGap]]:
    """Sides whose countries' make-up days are not known for days around `at`; of one joint team, or of all."""
    query = (
        select(SideRow).join(JointTeamRow, JointTeamRow.id == SideRow.team_id).order_by(JointTeamRow.name, SideRow.id)
    )
    if team_id is not None:
        query = query.where(SideRow.team_id == team_id)
    first, last = (at - _BEHIND).date(), (at + _AHEAD).date()
    for side in session.scalars(query):
        gap = make_up_gap(SideCalendar.from_mapping(side.calendar), first=first, last=last, today=at.date())
        if gap is not None:
            yield side, gap
