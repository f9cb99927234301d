"""What a report stands on, read in the transaction that counts it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.parties import JointTeamRow, SideRow
from fmo_bot.domain.basis import Basis, BoardUsed, CalendarUsed
from fmo_bot.domain.calendars import local_date
from fmo_bot.domain.facts import RULES
from fmo_bot.domain.mappings import dates
from fmo_bot.domain.workflow import Workflow
from fmo_bot.services import calendars
from fmo_bot.services.boards import BoardView
from fmo_bot.services.facts import mapping_name
from fmo_bot.services.national_days import make_up_gap


def basis(session: Session, team_id: int, boards: Iterable[BoardUsed], *, since: datetime, as_of: datetime) -> Basis:
    """What figures of [since, as_of] on these boards stand on."""
    sides = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id))
    return Basis(
        boards=tuple(boards),
        calendars=tuple(_calendar(session, side, since, as_of) for side in sides),
        zone=session.get_one(JointTeamRow, team_id).zone,
        rules=RULES,
    )


def board_used(view: BoardView) -> BoardUsed:
    """A board as a report of now uses it."""
    _, newest = dates(view.workflow)[-1]
    stages = _told(view, newest)
    return BoardUsed(
        board=view.shape.name,
        synced_at=view.synced_at,
        mapping=mapping_name(view.workflow),
        guessed=view.workflow_guessed,
        mapping_since=view.workflow_since,
        stages=stages,
        commitment=newest.commitment if newest.commitment in stages else "",
    )


def _told(view: BoardView, workflow: Workflow) -> tuple[str, ...]:
    """The names of the stages; of those that were guessed only what stands on the board.

    The others are named after statuses that some issue was in, perhaps one that nobody here may know of.
    """
    shown = {status for column in view.shape.columns for status in column.statuses}
    return tuple(
        stage.name for stage in workflow.stages if not view.workflow_guessed or not shown.isdisjoint(stage.statuses)
    )


def _calendar(session: Session, side: SideRow, since: datetime, as_of: datetime) -> CalendarUsed:
    dated = calendars.as_written(session, side)
    day = local_date(as_of, dated.first.zone)
    used = dated.on(day)
    gap = make_up_gap(used, first=local_date(since, used.zone), last=day, today=day)
    return CalendarUsed(
        company=side.organisation.name,
        zone=used.zone,
        days=tuple(sorted(used.days)),
        opens=used.opens,
        closes=used.closes,
        holidays="-".join(filter(None, (used.country, used.region))),
        off=len(used.off),
        extra=len(used.extra_working),
        since=max((starts for starts, _ in dated.changes if starts <= day), default=None),
        unknown=gap.years if gap is not None else (),
    )
