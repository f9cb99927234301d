"""Duties of a side's people: who has which one now, and to whom one goes when its holder leaves."""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.duties import DutyRow
from fmo_bot.db.parties import MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.domain.parties import Duty


def holder(session: Session, side_id: int, duty: Duty) -> MemberRow | None:
    """Who has the duty now: the first of those named for it who takes part on that side."""
    here = and_(ParticipationRow.member_id == DutyRow.member_id, ParticipationRow.side_id == DutyRow.side_id)
    query = select(MemberRow).join(DutyRow, DutyRow.member_id == MemberRow.id).join(ParticipationRow, here)
    named = DutyRow.side_id == side_id, DutyRow.duty == duty.value
    return session.scalars(query.where(takes_part(), *named).order_by(DutyRow.rank, DutyRow.id)).first()


def held(session: Session, side_id: int, member_id: int) -> list[Duty]:
    """What a member has now on a side."""
    return [duty for duty in Duty if (who := holder(session, side_id, duty)) is not None and who.id == member_id]


def name(session: Session, side: SideRow, duty: Duty, members: Iterable[int]) -> None:
    """These have the duty, the first of them; the others are deputies, in this order."""
    session.execute(delete(DutyRow).where(DutyRow.side_id == side.id, DutyRow.duty == duty.value))
    for rank, member in enumerate(members):
        session.add(DutyRow(side_id=side.id, duty=duty.value, member_id=member, rank=rank))
    session.flush()


def pass_on(session: Session, side_id: int, member_id: int, duties: Sequence[Duty]) -> dict[Duty, MemberRow | None]:
    """A member has no duty on the side any more; who has each of `duties` now, if anybody."""
    session.execute(delete(DutyRow).where(DutyRow.side_id == side_id, DutyRow.member_id == member_id))
    session.flush()
    return {duty: holder(session, side_id, duty) for duty in duties}
