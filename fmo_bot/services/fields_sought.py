"""Which fields of a site are read beyond those that every site has: what all its boards' joint teams need together.

Together, because an issue is stored once, however many boards show it: each sync reads what every joint team needs.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.domain.counterparts import FIELD
from fmo_bot.domain.issues import Sought
from fmo_bot.services import workflows


def sought(session: Session, site_id: int, addresses: Callable[[], Mapping[str, str]]) -> Sought:
    """In which fields counterparts are named, with the other sites of the joint teams that say so; and in which
    instants stand that workflows name. `addresses`: where people open each site.
    """
    here = select(BoardRow.team_id).where(BoardRow.site_id == site_id)
    rules = session.scalars(select(SeveralBoardsRow).where(SeveralBoardsRow.team_id.in_(here))).all()
    naming = {row.team_id: str(row.counterparts[FIELD]) for row in rules if FIELD in row.counterparts}
    instants = _instants(session, site_id)
    if not naming:
        return Sought(instants=instants)
    theirs = select(BoardRow.site_id).where(BoardRow.team_id.in_(naming))
    query = select(JiraSiteRow.key).where(JiraSiteRow.id.in_(theirs), JiraSiteRow.id != site_id)
    opened = addresses()
    return Sought(
        fields=tuple(sorted(set(naming.values()))),
        addresses=tuple(
            (site, opened[site]) for site in session.scalars(query.order_by(JiraSiteRow.key)) if site in opened
        ),
        instants=instants,
    )


def _instants(session: Session, site_id: int) -> tuple[str, ...]:
    """The fields in which incidents say when they began."""
    boards = session.scalars(select(BoardRow.id).where(BoardRow.site_id == site_id).order_by(BoardRow.id))
    known = (workflows.of_board(session, number) for number in boards.all())
    named = {workflow.incidents.started_field for workflow in known if workflow is not None}
    return tuple(sorted(filter(None, named)))
