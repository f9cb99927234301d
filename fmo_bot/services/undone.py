"""Jobs that failed for good and that nobody asked for: shown to scrum masters, who have them tried again or dropped.

A job concerns the joint team it was recorded for; one that a Jira site caused concerns every joint team with a board on
that site, both sides of it, until that board has been read after all. Many of one kind are one line: they end together.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.parties import JointTeamRow
from fmo_bot.db.wakes import INBOX, want
from fmo_bot.delivery import inbox
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import UndeliveredLine

JOB = "job"  # stands in a line's ref where a delivery's has its operation
AGAIN = "It is being tried again."
DROPPED = "Dropped: it will not be tried again."
_log = structlog.get_logger(__name__)


def of_team(session: Session, team_id: int, *, kind: str | None = None, hold: bool = False) -> list[InboxRow]:
    """What failed and concerns this joint team, oldest first; `hold`: locked, and without what others hold."""
    query = select(InboxRow).where(_given_up(), _concerns(team_id)).order_by(InboxRow.id)
    if kind is not None:
        query = query.where(InboxRow.kind == kind)
    return list(session.scalars(query.with_for_update(of=InboxRow, skip_locked=True) if hold else query))


def untold(rows: Sequence[InboxRow], team_id: int) -> list[InboxRow]:
    """Those of which the scrum masters of this joint team have not heard."""
    return [row for row in rows if team_id not in row.told_teams]


def told(rows: Sequence[InboxRow], team_id: int) -> None:
    """The scrum masters of this joint team have heard of these."""
    for row in rows:
        row.told_teams = [*row.told_teams, team_id]


def lines(team: JointTeamRow, rows: Sequence[InboxRow]) -> list[tuple[UndeliveredLine, list[InboxRow]]]:
    """A line for each kind, with what it stands for."""
    kinds: dict[str, list[InboxRow]] = defaultdict(list)
    for row in rows:
        kinds[row.kind].append(row)
    return [(_line(team, each), each) for each in kinds.values()]


def again(session: Session, rows: Sequence[InboxRow]) -> None:
    """Have them tried again, from the first attempt."""
    for row in rows:
        row.state, row.error, row.attempt, row.not_before = inbox.READY, None, 0, 0.0
        row.told_teams, row.told_at = [], None
    want(session, INBOX)


def drop(session: Session, rows: Sequence[InboxRow]) -> None:
    """Nobody wants them any more; what they held goes at once."""
    for row in rows:
        row.state, row.payload = inbox.DROPPED, {}


def any_untold(session: Session) -> bool:
    """Whether there are some of which somebody may still have to hear."""
    return session.scalar(select(InboxRow.id).where(_given_up(), InboxRow.told_at.is_(None)).limit(1)) is not None


def settle_telling(session: Session, at: datetime) -> None:
    """Look no more at those of which everybody concerned has heard; what concerns nobody is left to the log."""
    query = select(InboxRow).where(_given_up(), InboxRow.told_at.is_(None))
    rows = session.scalars(query.with_for_update(of=InboxRow, skip_locked=True)).all()
    boards = _boards(session) if rows else {}
    for row in rows:
        teams = _teams(row, boards)
        if teams <= set(row.told_teams):
            row.told_at = at
        if not teams and not row.told_teams:
            _log.warning("nobody is told what was not done", kind=row.kind, job=row.id, id=inbox.quoted(row))


def _given_up() -> ColumnElement[bool]:
    return and_(InboxRow.state == inbox.FAILED, InboxRow.person.is_(None))


def _concerns(team_id: int) -> ColumnElement[bool]:
    # Correlated: the boards on the site of each job.
    unread = select(BoardRow.id).join(JiraSiteRow, JiraSiteRow.id == BoardRow.site_id)
    here = BoardRow.team_id == team_id, JiraSiteRow.key == InboxRow.payload["site"].as_string()
    not_since = or_(BoardRow.synced_at.is_(None), BoardRow.synced_at <= InboxRow.received_at)
    return or_(InboxRow.team_id == team_id, unread.where(*here, not_since).correlate(InboxRow).exists())


def _boards(session: Session) -> dict[str, list[BoardRow]]:
    """Every board, by the key of its site."""
    boards: dict[str, list[BoardRow]] = defaultdict(list)
    for key, board in session.execute(select(JiraSiteRow.key, BoardRow).join(BoardRow)):
        boards[key].append(board)
    return boards


def _teams(row: InboxRow, boards: Mapping[str, Sequence[BoardRow]]) -> set[int]:
    """The joint teams a job concerns: as `_concerns`, for many at once."""
    if row.team_id is not None:
        return {row.team_id}
    of_site = boards.get(str(row.payload.get("site")), ())
    return {each.team_id for each in of_site if each.synced_at is None or each.synced_at <= row.received_at}


def _line(team: JointTeamRow, rows: Sequence[InboxRow]) -> UndeliveredLine:
    kind = rows[0].kind
    return UndeliveredLine(
        ref=f"{team.ref}|{JOB}|{kind}",
        what=troubles.job(kind),
        whom="",
        due=rows[0].received_at,
        why=troubles.GIVEN_UP,
        code=inbox.quoted(rows[0]),
        jobs=len(rows),
    )
