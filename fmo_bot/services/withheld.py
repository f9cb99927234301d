"""What is not stored of Jira, and what reading tells of projects: asked for each batch of issues before it is kept.

An issue with a security level is not for everybody, not even on its owner's own side. Unless the owner says so,
nothing of it is stored but its id on the board and when it was updated: by these the board's list can still be
compared as a whole, and the issue is not read again and again. Comments are never read at all.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, FormerKeyRow, IssueRow
from fmo_bot.db.once import upsert
from fmo_bot.db.ownership import JiraProjectRow, WithheldRow
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.names import project_key
from fmo_bot.services.holding import hold_issues


def sift(session: Session, board: BoardRow, issues: Sequence[Issue]) -> set[str]:
    """The ids of these issues that are not to be stored; what was stored of them before is deleted.

    What these issues tell of their projects is noted on the way.
    """
    rows = _projects(session, board.site_id)
    _learn(rows, issues)
    said = _Said(rows)
    withheld = [issue for issue in issues if issue.security is not None and not said.stores(issue.project, issue.key)]
    if withheld:
        _forget(session, board.site_id, {issue.id: issue.updated for issue in withheld}, shown_by=board.id)
    hidden = {issue.id for issue in withheld}
    release(session, board, [issue.id for issue in issues if issue.id not in hidden])
    return hidden


def release(session: Session, board: BoardRow, numbers: Collection[str]) -> None:
    """These are withheld no more: they lost their level, are stored now, or left the board."""
    ours = WithheldRow.board_id == board.id
    if session.scalar(select(WithheldRow.board_id).where(ours).limit(1)) is not None:  # most boards have none
        session.execute(delete(WithheldRow).where(ours, WithheldRow.jira_issue_id.in_(numbers)))


def release_everywhere(session: Session, site_id: int, numbers: Collection[str]) -> None:
    """These are no longer on the site."""
    here = WithheldRow.board_id.in_(_boards(site_id)), WithheldRow.jira_issue_id.in_(numbers)
    session.execute(delete(WithheldRow).where(*here))


def held(session: Session, board_id: int) -> dict[str, datetime]:
    """When each withheld issue of a board was last updated, by Jira's issue id."""
    query = select(WithheldRow.jira_issue_id, WithheldRow.updated).where(WithheldRow.board_id == board_id)
    return {number: updated for number, updated in session.execute(query)}


def reconsider(session: Session, site_id: int) -> None:
    """An owner has changed what is stored: delete what is not to be any more, have the rest read with the next sync."""
    said = _Said(_projects(session, site_id))
    secured = session.scalars(select(IssueRow).where(IssueRow.site_id == site_id, IssueRow.secured)).all()
    gone = {row.jira_issue_id: row.updated for row in secured if not said.stores(row.project, row.key)}
    _forget(session, site_id, gone)
    session.execute(delete(WithheldRow).where(WithheldRow.board_id.in_(_boards(site_id))))
    session.execute(update(BoardRow).where(BoardRow.site_id == site_id).values(swept_at=None))


class _Said:
    """What the owners of one site's projects say about issues with a security level."""

    def __init__(self, rows: Sequence[JiraProjectRow]) -> None:
        self._by_id = {row.jira_project_id: row.stores_secured for row in rows if row.jira_project_id}
        self._by_key = {row.key: row.stores_secured for row in rows if row.key and not row.jira_project_id}
        self._of_site = next((row.stores_secured for row in rows if not row.key), False)

    def stores(self, project_id: str | None, key: str) -> bool:
        """Whether they are stored of a project; of one nobody has spoken of, what holds for the site."""
        return self._by_id.get(project_id or "", self._by_key.get(project_key(key), self._of_site))


def _projects(session: Session, site_id: int) -> Sequence[JiraProjectRow]:
    query = select(JiraProjectRow).where(JiraProjectRow.site_id == site_id)
    return session.scalars(query.order_by(JiraProjectRow.id)).all()


def _learn(rows: Sequence[JiraProjectRow], issues: Sequence[Issue]) -> None:
    """From the first issue of it that is read, a project somebody has spoken of is known by its id.

    Its key may move from then on, and another project may be given it.
    """
    by_id = {row.jira_project_id: row for row in rows if row.jira_project_id}
    by_key = {row.key: row for row in rows if row.key and not row.jira_project_id}
    for number, key in {(issue.project, project_key(issue.key)) for issue in issues if issue.project}:
        if (known := by_id.get(number)) is not None:
            known.key = key
        elif (known := by_key.pop(key, None)) is not None:
            known.jira_project_id = number


def _forget(session: Session, site_id: int, issues: Mapping[str, datetime], *, shown_by: int | None = None) -> None:
    """Store no more of issues (id and when updated) than that boards show them: those that did, and `shown_by`."""
    ours = IssueRow.site_id == site_id, IssueRow.jira_issue_id.in_(issues)
    hold_issues(session, *ours)
    known = select(IssueRow.id).where(*ours)
    shown = select(BoardIssueRow.board_id, IssueRow.jira_issue_id).join(IssueRow, IssueRow.id == BoardIssueRow.issue_id)
    places = {(board_id, number) for board_id, number in session.execute(shown.where(IssueRow.id.in_(known)))}
    if shown_by is not None:
        places |= {(shown_by, number) for number in issues}
    rows = [{"board_id": board_id, "jira_issue_id": n, "updated": issues[n]} for board_id, n in sorted(places)]
    upsert(session, WithheldRow, rows, key=("board_id", "jira_issue_id"), newest="updated")
    for row in (BoardIssueRow, FormerKeyRow):
        session.execute(delete(row).where(row.issue_id.in_(known)))
    session.execute(delete(IssueRow).where(*ours))


def _boards(site_id: int) -> Select[int]:
    return select(BoardRow.id).where(BoardRow.site_id == site_id)
