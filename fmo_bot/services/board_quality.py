"""The data-quality ledger of a board: what is known to be missing, until it is there.

Histories that are not proved whole are named with the issues a report counts (`domain.quality.QUALITY`); here is the
rest, which no issue that is counted can show.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.quality import Unmapped
from fmo_bot.domain.shown import StatusInNoStage
from fmo_bot.services import workflows
from fmo_bot.services.absences import Unseen
from fmo_bot.services.calendars import make_up_gaps

Found = tuple[tuple[str, int], ...]
FORBIDDEN, HIDDEN = "forbidden_issues", "hidden_issues"
NO_POINTS, NO_FLAG, UNMAPPED = "no_points_field", "no_flagged_field", "columns_of_no_stage"
UNPROVED = "truncated_changelogs"  # the name reports give it
NO_MAKE_UP_DAYS = "years_without_make_up_days"  # of all sides' calendars
NAMES = (FORBIDDEN, HIDDEN, NO_POINTS, NO_FLAG, UNMAPPED, NO_MAKE_UP_DAYS)
OF_TEAM = frozenset({NO_MAKE_UP_DAYS})  # the same for each board of a joint team
OF_ISSUES = frozenset({FORBIDDEN, HIDDEN})  # counted over every issue of the board, internal ones among them
HIDDEN_FOR = timedelta(days=30)  # so long an issue that is deleted, or hidden from us, is spoken of


def found(session: Session, board: BoardRow) -> Found:
    """What a reader of the board's figures has to know beside what its issues show, only what is not 0."""
    shape = values.from_json(BoardShape, board.shape) if board.shape else None
    counts = (
        (FORBIDDEN, _on_board(session, board, IssueRow.unseen == Unseen.FORBIDDEN.value)),
        (HIDDEN, _hidden(session, board)),
        (NO_POINTS, int(shape is not None and shape.kind == "scrum" and shape.points_field is None)),
        (NO_FLAG, int(shape is not None and shape.flagged_field is None)),
        (UNMAPPED, _unmapped(session, board, shape)),
        (NO_MAKE_UP_DAYS, _without_make_up_days(session, board)),
    )
    return tuple((name, count) for name, count in counts if count)


def told(quality: Found, *, mixed: bool) -> Found:
    """What may stand beside joint figures: of a board with internal issues nothing that counts those too."""
    return tuple((name, count) for name, count in quality if not (mixed and name in OF_ISSUES))


def ledger(session: Session, board: BoardRow) -> Found:
    """The whole ledger: with the histories that are not proved whole."""
    unproved = _on_board(session, board, IssueRow.whole.is_(False))
    return (*(((UNPROVED, unproved),) if unproved else ()), *found(session, board))


def in_no_stage(shape: BoardShape, found: Iterable[Unmapped]) -> tuple[StatusInNoStage, ...]:
    """The same statuses as people call them."""
    names = {status.id: status.name for status in shape.statuses}
    return tuple(StatusInNoStage(names.get(each.status, each.status), each.issues, each.seconds) for each in found)


def _on_board(session: Session, board: BoardRow, which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(IssueRow)
    here = query.join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id).where(BoardIssueRow.board_id == board.id)
    return session.execute(here.where(which)).scalar_one()


def _hidden(session: Session, board: BoardRow) -> int:
    """Issues of the board's projects that vanished lately; they are on no board any more.

    Not those with a security level: nothing on the board would tell that such ones are in the number.
    """
    if board.synced_at is None:
        return 0
    mine = select(IssueRow.project).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    mine = mine.where(BoardIssueRow.board_id == board.id, IssueRow.project != "").distinct()
    query = select(func.count()).select_from(IssueRow)
    query = query.where(IssueRow.site_id == board.site_id, IssueRow.unseen == Unseen.HIDDEN.value, ~IssueRow.secured)
    recent = query.where(IssueRow.unseen_at >= board.synced_at - HIDDEN_FOR, IssueRow.project.in_(mine))
    return session.execute(recent).scalar_one()


def _without_make_up_days(session: Session, board: BoardRow) -> int:
    """Years of a side's calendar for which its country's make-up working days are not known yet."""
    if board.synced_at is None:
        return 0
    return sum(len(gap.years) for _, gap in make_up_gaps(session, board.synced_at, team_id=board.team_id))


def _unmapped(session: Session, board: BoardRow, shape: BoardShape | None) -> int:
    """Statuses that a column of the board shows and no stage holds."""
    known = workflows.of_board(session, board.id)
    if shape is None or known is None:
        return 0
    shown = {status for column in shape.columns for status in column.statuses}
    return sum(known.newest.stage_of(status) is None for status in shown)
