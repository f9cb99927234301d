"""What of a board may go into figures, and what may not."""

from dataclasses import replace

from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.delivery import audience
from fmo_bot.domain import ownership
from fmo_bot.domain.ownership import Counted
from fmo_bot.services.boards import BoardView


def counted(
    session: Session, team_id: int, board_id: int, view: BoardView, *, own: int | None = None
) -> Counted | None:
    """What of a board may go into figures: what is joint, the same for every side.

    Where nothing is joint, and only for people of the company `own` (an organisation's id), what is that company's.
    None: nothing may be counted here.
    """
    standpoints = [audience.of_team(session, team_id)]
    if own is not None:
        standpoints.append(audience.of_company(session, team_id, own))
    site = session.get(BoardRow, board_id)
    return ownership.count(site.site.key if site else "", view.issues, standpoints)


def only(view: BoardView, found: Counted) -> BoardView:
    """The board with nothing on it but what may be counted."""
    return replace(view, issues=found.issues)
