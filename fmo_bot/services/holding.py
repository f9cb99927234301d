"""Issues held, so that several processes at once never wait for each other in a circle, nor undo what another one did.

The one order in which rows are held: first the board's (services.facts), then the issues', by our ids of them. Whoever
writes or takes away what hangs on an issue, its life, its facts, its place on a board, holds that issue.
"""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import IssueRow


def hold_issues(session: Session, *which: ColumnElement[bool]) -> None:
    """Wait for these issues, as far as they are stored, and keep them until this transaction ends."""
    session.execute(select(IssueRow.id).where(*which).order_by(IssueRow.id).with_for_update(key_share=True)).all()
