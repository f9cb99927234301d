"""Issues that a board no longer shows: told apart as far as Jira lets us.

Jira says the same of an issue that was deleted and of one we may not see. What can be told: an issue that is still
shown by its id has left the board's filter; a project that is no longer shown says that a permission was lost. The rest
is "not visible", and said so, until a webhook says that it was deleted.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.ports import BoardSource
from fmo_bot.services.holding import hold_issues


class Unseen(StrEnum):
    """Why an issue is not shown to the bot's account any more, as far as we know."""

    FORBIDDEN = "forbidden"  # nor is its project: it stays on the board as it was last seen
    HIDDEN = "hidden"  # deleted, or hidden from us: it counts no longer
    DELETED = "deleted"  # a webhook said so, and Jira shows it no more


@dataclass(frozen=True)
class Absent:
    """What became of issues that the board's filter no longer finds, by their ids."""

    left: tuple[str, ...]
    hidden: tuple[str, ...]
    forbidden: tuple[str, ...]


def told_apart(source: BoardSource, missing: Mapping[str, str]) -> Absent:
    """Ask Jira about issues by id; `missing` names the project of each ("" where unknown). Raises BoardUnavailable."""
    shut = {project for project in sorted(set(missing.values())) if project and not source.browsable(project)}
    asked = [number for number, project in missing.items() if project not in shut]
    shown = set(source.visible(asked)) if asked else set()
    return Absent(
        left=tuple(number for number in asked if number in shown),
        hidden=tuple(number for number in asked if number not in shown),
        forbidden=tuple(number for number, project in missing.items() if project in shut),
    )


def projects_of(session: Session, board: BoardRow, numbers: Collection[str]) -> dict[str, str]:
    """The project of each of these issues; "" of one of which nothing is stored."""
    found = session.execute(select(IssueRow.jira_issue_id, IssueRow.project).where(_of(board.site_id, numbers)))
    return dict.fromkeys(numbers, "") | {number: project for number, project in found}


def note(session: Session, site_id: int, numbers: Collection[str], why: Unseen, at: datetime) -> None:
    """Remember that these are not shown, and since when that is known."""
    hold_issues(session, _of(site_id, numbers))
    new = or_(IssueRow.unseen.is_(None), IssueRow.unseen != why.value)
    statement = update(IssueRow).where(_of(site_id, numbers), new).values(unseen=why.value, unseen_at=at)
    session.execute(statement, execution_options={"synchronize_session": False})


def forget(session: Session, board: BoardRow, listed: Collection[str]) -> None:
    """What was not shown and is now found by the board's filter is there again."""
    here = BoardIssueRow.board_id == board.id
    marked = select(IssueRow).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    for row in session.scalars(marked.where(here, IssueRow.unseen.is_not(None))):
        if row.jira_issue_id in listed:
            row.unseen = row.unseen_at = None


def _of(site_id: int, numbers: Collection[str]) -> ColumnElement[bool]:
    return (IssueRow.site_id == site_id) & IssueRow.jira_issue_id.in_(numbers)
