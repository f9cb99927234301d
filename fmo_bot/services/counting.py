"""What of a board may go into figures, and what may not."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ownership import SeveralBoardsRow
from fmo_bot.delivery import audience
from fmo_bot.domain import ownership
from fmo_bot.domain.ownership import Counted
from fmo_bot.services.board_facts import BoardFacts
from fmo_bot.services.boards import BoardView


def record_board(session: Session, team_id: int) -> int:
    """The board on which a joint team's work is counted; 0 where it has none."""
    if (row := session.get(SeveralBoardsRow, team_id)) is not None:
        return row.record_board_id
    query = select(BoardRow.id).where(BoardRow.team_id == team_id).order_by(BoardRow.id)
    return session.scalars(query).first() or 0


def counted(
    session: Session, team_id: int, board_id: int, view: BoardView, *, own: int | None = None
) -> Counted | None:
    """What of a board may go into figures: what is joint, the same for every side.

    Where nothing is joint, and only for people of the company `own` (an organisation's id), what is that company's.
    None: nothing may be counted here.
    """
    return counted_of(session, team_id, board_id, view.facts, own=own)


def counted_of(
    session: Session, team_id: int, board_id: int, facts: BoardFacts, *, own: int | None = None
) -> Counted | None:
    """The same by the board's facts alone."""
    standpoints = [audience.of_team(session, team_id)]
    if own is not None:
        standpoints.append(audience.of_company(session, team_id, own))
    site = session.get(BoardRow, board_id)
    return ownership.count(site.site.key if site else "", facts.origins(), standpoints)
