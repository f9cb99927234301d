"""Reading a whole board from a command: no Slack, no engine; what is told goes into the same outbox."""

import time
from contextlib import closing

from sqlalchemy import or_, select

from config.settings import Settings
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.opening import clock_of, open_store
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable
from fmo_bot.services import board_quality
from fmo_bot.services.backfill_news import BackfillNews
from fmo_bot.services.backfills import Progress
from fmo_bot.services.board_quality import Found
from fmo_bot.services.boards import Boards, Synced

_WHICH = "Which board? Give its number in Jira, its name, or its joint team's name. There are: {boards}."


def backfill(settings: Settings, named: str, progress: Progress) -> tuple[Synced, Found]:
    """Read all issues of a board, or go on where that was stopped; and what is then known to be missing.

    Raises BoardUnavailable, SettingsWrong.
    """
    clock, store = clock_of(settings), open_store(settings)
    try:
        board_id = _board(store, named)
        news = BackfillNews(store, now=clock.now, machine=time.monotonic)
        with closing(JiraSites(settings, store)) as jira:
            boards = Boards(store, jira, addresses=jira.addresses, progress=news)
            done = boards.sync(board_id, clock.now(), look=True, everything=True, progress=progress)
        with store.reading(SYSTEM) as session:
            return done, board_quality.ledger(session, session.get_one(BoardRow, board_id))
    finally:
        store.close()


def _board(store: Store, named: str) -> int:
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 10 else None
    known = select(BoardRow.id, BoardRow.jira_board_id, BoardRow.name, JointTeamRow.name.label("team"))
    known = known.join(JointTeamRow, JointTeamRow.id == BoardRow.team_id).order_by(BoardRow.id)
    meant = or_(BoardRow.jira_board_id == number, BoardRow.name == named, JointTeamRow.name == named)
    with store.reading(SYSTEM) as session:
        found = session.execute(known.where(meant)).all()
        every = session.execute(known).all()
    if len(found) == 1:
        return int(found[0].id)
    boards = ", ".join(f"{row.jira_board_id} {row.name} ({row.team})".replace("  ", " ") for row in every)
    raise BoardUnavailable(_WHICH.format(boards=boards or "none; set up a joint team first"))
