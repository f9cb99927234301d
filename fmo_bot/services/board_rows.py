"""The rows behind a board: issues, which of them it shows, its sprints, and its workflow while that is a guess."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, SprintRow
from fmo_bot.db.once import insert_once, upsert
from fmo_bot.domain.issues import BoardShape, Issue, Sprint
from fmo_bot.domain.parties import Scope
from fmo_bot.domain.workflow import Workflow, guess
from fmo_bot.errors import NotFound

log = logging.getLogger(__name__)


def find(session: Session, board_id: int, *, lock: bool = False) -> BoardRow:
    """The board, locked where it is about to be written. Raises NotFound outside the session's scope."""
    board = session.get(BoardRow, board_id, with_for_update=lock)
    scope: Scope = session.info["scope"]
    if board is None or not (scope.system or board.team_id == scope.team_id):
        raise NotFound
    return board


def of_issues(board: BoardRow, issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """What `keep` stores of these issues."""
    return [_issue_row(board.site_id, issue) for issue in issues]


def keep(session: Session, board: BoardRow, rows: Sequence[Mapping[str, Any]]) -> None:
    """Upsert issues by (site, issue id), never over a newer state, and put them on the board."""
    upsert(session, IssueRow, rows, key=("site_id", "jira_issue_id"), newest="updated")
    here = session.scalars(_ids(board, [row["jira_issue_id"] for row in rows]))
    insert_once(session, BoardIssueRow, [{"board_id": board.id, "issue_id": number} for number in sorted(here)])


def let_go(session: Session, board: BoardRow, numbers: Collection[str]) -> None:
    """Take issues off the board; what is known of them stays, for they may be on another one."""
    gone = BoardIssueRow.issue_id.in_(_ids(board, numbers))
    session.execute(delete(BoardIssueRow).where(BoardIssueRow.board_id == board.id, gone))


def let_go_everywhere(session: Session, site_id: int, numbers: Collection[str]) -> None:
    """Take issues that are no longer on the site off all its boards."""
    gone = select(IssueRow.id).where(IssueRow.site_id == site_id, IssueRow.jira_issue_id.in_(numbers))
    session.execute(delete(BoardIssueRow).where(BoardIssueRow.issue_id.in_(gone)))


def held(session: Session, board_id: int) -> dict[str, datetime]:
    """When each issue on the board was last updated, as far as we know, by Jira's issue id."""
    here = select(IssueRow.jira_issue_id, IssueRow.updated).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    return {number: updated for number, updated in session.execute(here.where(BoardIssueRow.board_id == board_id))}


def issues(session: Session, board_id: int) -> tuple[Issue, ...]:
    """The issues the board shows, in the order in which they were first seen."""
    here = select(IssueRow.value).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    stored = session.scalars(here.where(BoardIssueRow.board_id == board_id).order_by(IssueRow.id))
    return tuple(values.from_json(Issue, value) for value in stored)


def sprints(session: Session, board_id: int) -> tuple[Sprint, ...]:
    """The board's sprints, by Jira's id."""
    return tuple(values.from_json(Sprint, row.value) for row in session.scalars(_sprint_rows(board_id)))


def keep_sprints(session: Session, board: BoardRow, found: Sequence[Sprint]) -> None:
    """Make the board's sprints these."""
    left = {row.jira_sprint_id: row for row in session.scalars(_sprint_rows(board.id))}
    for sprint in found:
        row = left.pop(sprint.id, None)
        if row is None:
            row = SprintRow(board_id=board.id, jira_sprint_id=sprint.id, state=sprint.state, value={})
            session.add(row)
        row.state, row.value = sprint.state, values.to_json(sprint)
    for deleted in left.values():
        session.delete(deleted)


def guess_workflow(board: BoardRow, shape: BoardShape, seen: Collection[str]) -> Workflow | None:
    """Guess the workflow while nobody has set it; None where it was set, or the guess is the same as before.

    A site has statuses of every project it holds: only those count that the board or its issues (`seen`) know.
    """
    if not board.workflow_guessed:
        return None
    mapped = (status for stage in board.workflow.get("stages", ()) for status in stage["statuses"])
    ours = {*mapped, *seen, *(status for column in shape.columns for status in column.statuses)}
    workflow = guess(replace(shape, statuses=tuple(status for status in shape.statuses if status.id in ours)))
    if not workflow.stages or workflow.to_mapping() == board.workflow:
        return None
    board.workflow = workflow.to_mapping()
    stages = ", ".join(f"{stage.name} ({stage.part})" for stage in workflow.stages)
    log.info("workflow of board %s guessed: %s; work starts at %s", shape.name, stages, workflow.commitment)
    return workflow


def _issue_row(site_id: int, issue: Issue) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "jira_issue_id": issue.id,
        "key": issue.key,
        "summary": issue.summary,
        "updated": issue.updated,
        "project": issue.project or "",
        "secured": issue.security is not None,
        "value": values.to_json(issue),
    }


def _ids(board: BoardRow, numbers: Collection[str]) -> Select[int]:
    return select(IssueRow.id).where(IssueRow.site_id == board.site_id, IssueRow.jira_issue_id.in_(numbers))


def _sprint_rows(board_id: int) -> Select[SprintRow]:
    return select(SprintRow).where(SprintRow.board_id == board_id).order_by(SprintRow.jira_sprint_id)
