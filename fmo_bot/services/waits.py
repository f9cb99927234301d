"""The waits-on ledger as rows: raising, resolving, and how both sides read one blocker."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.blockers import BlockerRow
from fmo_bot.db.boards import IssueRow, JiraSiteRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.parties import SideRow
from fmo_bot.domain.blockers import Blocker, open_key
from fmo_bot.domain.messages import BlockerLine
from fmo_bot.domain.names import IssueName, ProjectName
from fmo_bot.domain.parties import EXTERNAL, UNKNOWN, Actor
from fmo_bot.domain.week_flow import Recorded
from fmo_bot.services.governance import audit
from fmo_bot.services.issues_named import name_of

# msgids of those who are waited on and are no company
NOBODYS = {EXTERNAL: "somebody outside the team", UNKNOWN: "not chosen yet"}


def companies(session: Session, team_id: int) -> dict[str, str]:
    """Side -> company of a joint team, in the order of its sides."""
    rows = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id))
    return {row.name: row.organisation.name for row in rows}


def raise_blocker(
    session: Session,
    actor: Actor,
    *,
    waited_side: str,
    issue: IssueRow | None,
    what: str,
    click: str,
    at: datetime,
    token: Callable[[int], str],
) -> BlockerRow:
    """The open blocker of (issue, side that waits, side waited on), raised now unless it is open already.

    Without an issue there is one per `click`, a name of what was pressed.
    """
    named = f"{issue.site_id}/{issue.jira_issue_id}" if issue is not None else None  # not its key, which moves
    key = f"{actor.team_id}|{open_key(named, actor.side, waited_side, click=click)}"
    values = {
        "team_id": actor.team_id,
        "ref": token(12),
        "what": what,
        "site_id": issue.site_id if issue is not None else None,
        "jira_issue_id": issue.jira_issue_id if issue is not None else None,
        "waiting_side": actor.side,
        "waited_side": waited_side,
        "raised_by": actor.member_id,
        "since": at,
        "open_key": key,
    }
    new = insert_once(session, BlockerRow, [values])
    row = session.scalars(select(BlockerRow).where(BlockerRow.open_key == key)).one()
    if new:
        _note(session, "blocker_raised", row, actor, at)
    return row


def resolve(session: Session, row: BlockerRow, actor: Actor, at: datetime) -> bool:
    """Note that work goes on; False where that was known already."""
    if row.resolved_at is not None:
        return False
    row.resolved_at, row.resolved_by, row.open_key = at, actor.member_id, None
    _note(session, "blocker_resolved", row, actor, at)
    return True


def line(session: Session, row: BlockerRow) -> BlockerLine:
    """One blocker; what of its issue a reader may know is decided when it is on its way to them."""
    names = companies(session, row.team_id) | NOBODYS
    return BlockerLine(
        ref=row.ref,
        what=row.what,
        issue=_issue(session, row),
        waiting=names[row.waiting_side],
        waited_on=names[row.waited_side],
        since=row.since,
        resolved=row.resolved_at,
    )


def _issue(session: Session, row: BlockerRow) -> IssueName | None:
    """The issue of a blocker by its present key; without one where nothing of it is stored any more."""
    if row.site_id is None or row.jira_issue_id is None:
        return None
    site = session.get_one(JiraSiteRow, row.site_id)
    here = IssueRow.site_id == row.site_id, IssueRow.jira_issue_id == row.jira_issue_id
    if (stored := session.scalar(select(IssueRow).where(*here))) is not None:
        return name_of(stored, site.key)
    return IssueName(project=ProjectName(site=site.key), id=row.jira_issue_id, key=None)


def open_rows(session: Session, team_id: int) -> list[BlockerRow]:
    """The open blockers of a joint team, oldest first."""
    query = select(BlockerRow).where(BlockerRow.team_id == team_id, BlockerRow.resolved_at.is_(None))
    return list(session.scalars(query.order_by(BlockerRow.since, BlockerRow.id)))


def recorded(session: Session, team_id: int, *, since: datetime, until: datetime) -> Recorded:
    """The blockers of a joint team that stood at some instant of [since, until], by issue and without one."""
    query = (
        select(BlockerRow, JiraSiteRow.key)
        .join(JiraSiteRow, JiraSiteRow.id == BlockerRow.site_id, isouter=True)
        .where(
            BlockerRow.team_id == team_id,
            BlockerRow.since <= until,
            or_(BlockerRow.resolved_at.is_(None), BlockerRow.resolved_at > since),
        )
        .order_by(BlockerRow.since, BlockerRow.id)
    )
    by_issue: dict[tuple[str, str], list[Blocker]] = {}
    loose: list[Blocker] = []
    for row, site in session.execute(query):
        found = Blocker(waiting=row.waiting_side, waited_on=row.waited_side, since=row.since, resolved=row.resolved_at)
        here = by_issue.setdefault((site, row.jira_issue_id), []) if site and row.jira_issue_id else loose
        here.append(found)
    return Recorded(by_issue=by_issue, loose=loose)


def open_lines(session: Session, team_id: int) -> tuple[BlockerLine, ...]:
    """The open blockers of a joint team as both sides read them, oldest first."""
    return tuple(line(session, row) for row in open_rows(session, team_id))


def _note(session: Session, action: str, row: BlockerRow, actor: Actor, at: datetime) -> None:
    detail = {
        "blocker": row.id,
        "site": row.site_id,
        "issue": row.jira_issue_id,
        "waiting": row.waiting_side,
        "waited_on": row.waited_side,
    }
    audit(session, at=at, action=action, team_id=row.team_id, member_id=actor.member_id, detail=detail)
