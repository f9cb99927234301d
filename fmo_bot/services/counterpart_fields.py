"""In which fields of a site counterparts are named: what the team files of all its boards say together.

Together, because an issue is stored once, however many boards show it: each sync reads what every joint team needs.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.domain.counterparts import FIELD
from fmo_bot.domain.issues import NOTHING_SOUGHT, Sought


def sought(session: Session, site_id: int, addresses: Callable[[], Mapping[str, str]]) -> Sought:
    """The fields, and the other sites of the joint teams that name them. `addresses`: where people open each site."""
    here = select(BoardRow.team_id).where(BoardRow.site_id == site_id)
    rules = session.scalars(select(SeveralBoardsRow).where(SeveralBoardsRow.team_id.in_(here))).all()
    naming = {row.team_id: str(row.counterparts[FIELD]) for row in rules if FIELD in row.counterparts}
    if not naming:
        return NOTHING_SOUGHT
    theirs = select(BoardRow.site_id).where(BoardRow.team_id.in_(naming))
    query = select(JiraSiteRow.key).where(JiraSiteRow.id.in_(theirs), JiraSiteRow.id != site_id)
    opened = addresses()
    return Sought(
        fields=tuple(sorted(set(naming.values()))),
        addresses=tuple(
            (site, opened[site]) for site in session.scalars(query.order_by(JiraSiteRow.key)) if site in opened
        ),
    )
