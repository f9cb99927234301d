"""What figures of a joint team are counted with: its sides' calendars, its recorded blockers, its zone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from fmo_bot.db.parties import JointTeamRow
from fmo_bot.domain.forecast import REACH
from fmo_bot.domain.week_flow import Recorded, Setting
from fmo_bot.services import calendars, waits
from fmo_bot.services.team_boards import Together

_AHEAD = timedelta(days=3 * 366)  # as far as national holidays are looked up for a forecast


def setting(session: Session, team: JointTeamRow, found: Together, as_of: datetime) -> tuple[Setting, Recorded]:
    """The setting of a joint team's figures at `as_of`, and the blockers that touch what they look back on."""
    first = as_of - REACH
    where = Setting(
        zone=team.zone,
        as_of=as_of,
        board=found.record,
        calendars=calendars.of_team(session, team.id, first=first.date(), last=(as_of + _AHEAD).date()),
        companies=waits.companies(session, team.id),
    )
    return where, waits.recorded(session, team.id, since=first, until=as_of)
