"""Which issue is meant: a choice names site and id, a person types a bare key, which several sites may know."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, FormerKeyRow, IssueRow, JiraSiteRow
from fmo_bot.domain import ownership
from fmo_bot.domain.names import IssueName
from fmo_bot.domain.ownership import KEY, Standpoint

_BETWEEN = ":"  # site and id; no site's key holds one


def value_of(site: str, number: str) -> str:
    """How a choice carries an issue: never by its key, which moves and may stand on two sites."""
    return f"{site}{_BETWEEN}{number}"


def name_of(row: IssueRow, site: str) -> IssueName:
    """A stored issue as messages name it; `site` is the key of its site."""
    return ownership.name_of(site, id=row.jira_issue_id, key=row.key, project_id=row.project, secured=row.secured)


def meant(session: Session, team_id: int, standpoint: Standpoint, words: str) -> Sequence[tuple[IssueRow, str]]:
    """(issue, key of its site) on the joint team's boards that `words` may mean, of those whose keys may be known.

    None: there is no such issue. Several: a bare key that several sites know, of which nobody may guess one. One that
    was moved is found by the key it had, where its site has given that to no other.
    """
    site, _, number = words.partition(_BETWEEN)
    key = words.upper()
    chosen = (JiraSiteRow.key == site, IssueRow.jira_issue_id == number) if number else (_has_or_had(key),)
    query = (
        select(IssueRow, JiraSiteRow.key)
        .join(JiraSiteRow, JiraSiteRow.id == IssueRow.site_id)
        .join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
        .join(BoardRow, BoardRow.id == BoardIssueRow.board_id)
        .where(BoardRow.team_id == team_id, *chosen)
        .order_by(JiraSiteRow.key, IssueRow.id)
    )
    found = {row.id: (row, site_key) for row, site_key in session.execute(query)}
    taken = {site_key for row, site_key in found.values() if row.key == key}
    now = [(row, site_key) for row, site_key in found.values() if number or row.key == key or site_key not in taken]
    return [each for each in now if standpoint.may_know(name_of(*each), KEY)]


def _has_or_had(key: str) -> ColumnElement[bool]:
    former = select(FormerKeyRow.issue_id).where(FormerKeyRow.key == key)
    return or_(IssueRow.key == key, IssueRow.id.in_(former))
