"""A member's time in a joint team: begun, moved to another side, ended. What was is kept, and never changed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import MemberRow, ParticipationRow, takes_part
from fmo_bot.domain.parties import Role


def of(session: Session, team_id: int, member_id: int, at: datetime | None = None) -> ParticipationRow | None:
    """How a member takes part in a joint team now, or did at an instant."""
    here = ParticipationRow.team_id == team_id, ParticipationRow.member_id == member_id
    return session.scalar(select(ParticipationRow).where(takes_part(at), *here))


def begin(
    session: Session, team_id: int, member: MemberRow, *, side_id: int | None, role: Role, at: datetime
) -> ParticipationRow:
    """From now on the member takes part; on no side where nobody has confirmed one yet."""
    row = ParticipationRow(team_id=team_id, member_id=member.id, side_id=side_id, role=role, since=at)
    session.add(row)
    session.flush()
    return row


def move(session: Session, row: ParticipationRow, side_id: int | None, at: datetime) -> ParticipationRow:
    """From now on they stand on another side: a new row, beside the one of before."""
    if row.side_id == side_id:
        return row
    end(session, row, at)
    return begin(session, row.team_id, row.member, side_id=side_id, role=row.role, at=at)


def end(session: Session, row: ParticipationRow, at: datetime) -> None:
    """From now on they take part no longer; of one that was begun at this very instant nothing is left."""
    if row.since >= at:
        session.delete(row)
    else:
        row.until = at
    session.flush()
