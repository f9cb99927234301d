"""Telling scrum masters how a long read of a board goes on: one message to each, updated in place.

Of the side whose the Jira site is, for how much there is on a board is its owner's affair. A board that is read in one
part needs no message.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import JointTeamRow, MemberRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services.backfills import Backfill, Pace
from fmo_bot.services.governance import narrow
from fmo_bot.services.parties import scrum_masters

BEGUN = "FMO bot is reading the board of {team} from Jira: {done} issues so far."
UNDER_WAY = (
    "FMO bot is reading the board of {team} from Jira: {done} of about {total} issues, {rate} a second, "
    "about {minutes} min left."
)
DONE = "FMO bot has read the board of {team} from Jira: {done} issues."
EVERY_S = 5.0  # machine time between two states of one message


class BackfillNews:
    """A `Progress` that owes messages."""

    def __init__(self, store: Store, *, now: Callable[[], datetime], machine: Callable[[], float]) -> None:
        """`now` is calendar time, at which messages are due; `machine` tells seconds."""
        self._store, self._now, self._machine = store, now, machine
        self._paces: dict[tuple[int, datetime], Pace] = {}
        self._told_at: dict[tuple[int, datetime], float] = {}

    def __call__(self, board_id: int, backfill: Backfill) -> None:
        """Tell the newest state, unless one was told a moment ago and the read goes on."""
        which, now = (board_id, backfill.began), self._machine()
        pace = self._paces.setdefault(which, Pace(backfill, now))
        if not backfill.is_done and now < self._told_at.get(which, now - EVERY_S) + EVERY_S:
            return
        self._told_at[which] = now
        text, values = _words(backfill, pace, now)
        with self._store.transaction(SYSTEM) as session:
            self._tell(session, board_id, backfill, text, values)
        if backfill.is_done:
            del self._paces[which], self._told_at[which]

    def _tell(self, session: Session, board_id: int, backfill: Backfill, text: str, values: dict[str, Any]) -> None:
        board = session.get_one(BoardRow, board_id)
        team = session.get_one(JointTeamRow, board.team_id)
        narrow(session, team.id)
        notice = Notice(text=text, values={"team": team.name, **values})
        began = f"backfill:{board_id}:{backfill.began:%Y%m%dT%H%M%S}"
        named = {f"{began}:{master.id}": master for master in _masters(session, board, team)}
        outbox.hold(session, named)
        for name, master in named.items():
            language = master.language
            if outbox.is_owed(session, name):
                outbox.owe_update(session, name=name, message=notice, due=self._now(), language=language)
            elif not backfill.is_done:
                outbox.owe(session, name=name, message=notice, due=self._now(), language=language, person=master.person)


def _masters(session: Session, board: BoardRow, team: JointTeamRow) -> list[MemberRow]:
    owner = board.site.organisation_id or team.host_id
    sides = [side for side in team.sides if side.organisation_id == owner]
    return [master for side in sides for master in scrum_masters(session, team.id, side.id)]


def _words(backfill: Backfill, pace: Pace, now: float) -> tuple[str, dict[str, Any]]:
    if backfill.is_done:
        return DONE, {"done": backfill.done}
    left = pace.left(backfill, now)
    if left is None:
        return BEGUN, {"done": backfill.done}
    rate, minutes = round(pace.rate(backfill, now)), max(1, round(left / 60))
    return UNDER_WAY, {"done": backfill.done, "total": backfill.total, "rate": rate, "minutes": minutes}
