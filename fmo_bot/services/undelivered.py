"""What could not be delivered in a joint team, as its scrum masters see it: a line each, and whom it concerns.

A scrum master hears of their joint team only: what goes to its joint channel, and what goes to people of their own
side. They are told what it is, to whom, when and why, never what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow, OccurrenceRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow, takes_part
from fmo_bot.delivery import settling
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Undelivered, UndeliveredLine

SHOWN = 15  # lines of one message
NOBODY = -1  # the side of somebody who has left the joint team, or has none yet


@dataclass(frozen=True)
class Found:
    """One trouble: its line, and the side whose scrum masters it concerns (None: all of them)."""

    row: DeliveryRow | OccurrenceRow | list[InboxRow]
    line: UndeliveredLine
    side_id: int | None


def rows(team_id: int) -> Select[DeliveryRow]:
    """Deliveries of one joint team that need a person, each joined to its message and, if it has one, its member."""
    then = takes_part(DeliveryRow.due)  # the side they were on when it was to be said
    here = and_(ParticipationRow.member_id == MemberRow.id, ParticipationRow.team_id == team_id, then)
    # An answer to a click belongs to no joint team: it is shown where it can be about no other one.
    teams = select(teams_of()).where(ParticipationRow.member_id == MemberRow.id, then_or_now())
    teams = teams.correlate(MemberRow, DeliveryRow)
    ours = or_(
        MessageRow.team_id == team_id,
        and_(MessageRow.team_id.is_(None), ParticipationRow.id.is_not(None), alone(teams)),
    )
    member = and_(MemberRow.home_workspace == MessageRow.workspace, MemberRow.slack_user_id == MessageRow.person)
    return (
        select(DeliveryRow)
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .outerjoin(MemberRow, member)
        .outerjoin(ParticipationRow, here)
        .where(settling.needs_person(), ours)
        .order_by(DeliveryRow.due, DeliveryRow.id)
    )


def alone(teams: Select[int]) -> ColumnElement[bool]:
    """Somebody is in one joint team only; `teams` counts theirs."""
    return teams.scalar_subquery() == 1


def then_or_now() -> ColumnElement[bool]:
    """Of a participation: when the delivery was to be sent, or now. It can be about any of these joint teams."""
    return or_(takes_part(), takes_part(DeliveryRow.due))


def teams_of() -> ColumnElement[int]:
    """How many joint teams the participations are of."""
    return func.count(ParticipationRow.team_id.distinct())


def concerns(side_id: int) -> ColumnElement[bool]:
    """What the scrum masters of a side may know of: their own people, and every channel that is not another side's."""
    inside = select(ChannelRow.slack_channel_id).where(ChannelRow.kind == "internal", ChannelRow.side_id != side_id)
    of_channel = and_(MessageRow.person.is_(None), MessageRow.channel.not_in(inside))
    return or_(of_channel, ParticipationRow.side_id == side_id)


def message_of(team: JointTeamRow, lines: Sequence[UndeliveredLine], *, note: str = "") -> Undelivered:
    """The first lines, and how many more there are; `note`: what came of the press that asked for it."""
    return Undelivered(
        team=team.name, team_ref=team.ref, lines=tuple(lines[:SHOWN]), more=max(0, len(lines) - SHOWN), note=note
    )


def found(session: Session, team: JointTeamRow, row: DeliveryRow) -> Found:
    """A delivery as trouble."""
    message = settling.target(session, row)
    why, code = troubles.why(row.state, row.error)
    part = _part_of(session, team.id, message, row.due)
    line = UndeliveredLine(
        ref=f"{team.ref}|{row.op}|{message.key}",
        what=troubles.what(row.value),
        whom=part.member.name if part else "",
        due=row.due,
        why=why,
        code=code,
    )
    side_id = ((part and part.side_id) or NOBODY) if message.person else _inside(session, message)
    return Found(row, line, side_id)


def _part_of(session: Session, team_id: int, message: MessageRow, at: datetime) -> ParticipationRow | None:
    if message.person is None:
        return None
    them = MemberRow.home_workspace == message.workspace, MemberRow.slack_user_id == message.person
    query = select(ParticipationRow).join(MemberRow, MemberRow.id == ParticipationRow.member_id)
    return session.scalar(query.where(takes_part(at), ParticipationRow.team_id == team_id, *them))


def _inside(session: Session, message: MessageRow) -> int | None:
    """The side whose internal channel a message goes to."""
    here = ChannelRow.slack_channel_id == message.channel, ChannelRow.kind == "internal"
    return session.scalar(select(ChannelRow.side_id).where(*here))
