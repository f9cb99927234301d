"""The rows behind a board: issues, which of them it shows, and its sprints."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, literal, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, FormerKeyRow, IssueRow, SprintRow
from fmo_bot.db.once import insert_from, insert_once, upsert
from fmo_bot.domain.issues import KEY, Issue, Sprint, merged
from fmo_bot.domain.parties import Scope
from fmo_bot.errors import NotFound
from fmo_bot.services import facts, withheld
from fmo_bot.services.holding import hold_issues

AGAIN_AFTER = timedelta(minutes=2)  # until a history that is not whole is read again; twice as long after each try
MOST_TRIES = 9  # counted so far: the longest pause is eight and a half hours


@dataclass(frozen=True, slots=True)
class Packed:
    """An issue as it was read, and as it is stored."""

    issue: Issue
    value: str

    @classmethod
    def of(cls, issue: Issue) -> "Packed":
        """Packed outside a transaction, because others wait for that."""
        return cls(issue, values.pack(issue))


@dataclass(frozen=True, slots=True)
class _Held:
    """What the database has of an issue already."""

    id: int
    key: str
    updated: datetime
    tries: int
    value: str


def find(session: Session, board_id: int, *, lock: bool = False) -> BoardRow:
    """The board, locked where it is about to be written. Raises NotFound outside the session's scope."""
    board = session.get(BoardRow, board_id, with_for_update=lock)
    scope: Scope = session.info["scope"]
    if board is None or not (scope.system or board.team_id == scope.team_id):
        raise NotFound
    return board


def keep(session: Session, board: BoardRow, read: Sequence[Packed], at: datetime) -> None:
    """Upsert issues by (site, issue id), never over a newer state, and put them on the board.

    A history that is not proved whole takes nothing away from what is known, and is due to be read again later. Of what
    is withheld nothing is stored (services.withheld).
    """
    workflow = facts.hold(session, board.id)
    hold_issues(session, *_on_site(board.site_id, [each.issue.id for each in read]))
    hidden = withheld.sift(session, board, [each.issue for each in read])
    read = [each for each in read if each.issue.id not in hidden]
    held = _held(session, board, [each.issue.id for each in read])
    now = [_merged(each, held.get(each.issue.id)) for each in read]
    rows = [_issue_row(board.site_id, each, held.get(each.issue.id), at) for each in now]
    upsert(session, IssueRow, rows, key=("site_id", "jira_issue_id"), newest="updated")
    here = _ids(board, [row["jira_issue_id"] for row in rows]).add_columns(literal(board.id)).order_by(IssueRow.id)
    insert_from(session, BoardIssueRow, ["issue_id", "board_id"], here)
    _keep_former_keys(session, board, read, held)
    facts.keep(session, board, [each.issue for each in now], workflow)


def let_go(session: Session, board: BoardRow, numbers: Collection[str]) -> None:
    """Take issues off the board; what is known of them stays, for they may be on another one."""
    hold_issues(session, *_on_site(board.site_id, numbers))
    gone = BoardIssueRow.issue_id.in_(_ids(board, numbers))
    session.execute(delete(BoardIssueRow).where(BoardIssueRow.board_id == board.id, gone))
    withheld.release(session, board, numbers)


def let_go_everywhere(session: Session, site_id: int, numbers: Collection[str]) -> None:
    """Take issues that are no longer on the site off all its boards."""
    hold_issues(session, *_on_site(site_id, numbers))
    gone = select(IssueRow.id).where(*_on_site(site_id, numbers))
    session.execute(delete(BoardIssueRow).where(BoardIssueRow.issue_id.in_(gone)))
    withheld.release_everywhere(session, site_id, numbers)


def held(session: Session, board_id: int, *, between: tuple[datetime, datetime] | None = None) -> dict[str, datetime]:
    """When each issue on the board was last updated, as far as we know, by Jira's issue id.

    `between`: only of those that were updated between these two.
    """
    here = select(IssueRow.jira_issue_id, IssueRow.updated).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    here = here.where(BoardIssueRow.board_id == board_id)
    if between is not None:
        here = here.where(IssueRow.updated.between(*between))
    stored = {number: updated for number, updated in session.execute(here)}
    return stored if between is not None else stored | withheld.held(session, board_id)


def doubtful(session: Session, board_id: int, at: datetime, *, most: int) -> list[str]:
    """Issues whose histories are to be read again by now, those that wait longest first."""
    here = select(IssueRow.jira_issue_id).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    due = here.where(BoardIssueRow.board_id == board_id, IssueRow.again_at <= at).order_by(IssueRow.again_at)
    return list(session.scalars(due.limit(most)))


def versioned(session: Session, board_id: int) -> tuple[Issue, ...]:
    """The board's issues that are to be released with a version."""
    here = select(IssueRow.value).join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
    named = here.where(BoardIssueRow.board_id == board_id, IssueRow.value.contains('"versions":[{'))
    return tuple(values.unpack(Issue, value) for value in session.scalars(named))


def issue_by_key(session: Session, site_id: int, key: str) -> IssueRow | None:
    """The issue with this key, or that had it before it was moved; None where nobody has seen it."""
    now = session.scalar(select(IssueRow).where(IssueRow.site_id == site_id, IssueRow.key == key).limit(1))
    former = session.get(FormerKeyRow, (site_id, key)) if now is None else None
    return session.get(IssueRow, former.issue_id) if former else now


def sprints(session: Session, board_id: int) -> tuple[Sprint, ...]:
    """The board's sprints, by Jira's id."""
    return tuple(values.from_json(Sprint, row.value) for row in session.scalars(_sprint_rows(board_id)))


def keep_sprints(session: Session, board: BoardRow, found: Sequence[Sprint], *, whole: bool) -> None:
    """Make the board's sprints these; with `whole=False` those that are not closed, for no others were read."""
    left = {
        row.jira_sprint_id: row for row in session.scalars(_sprint_rows(board.id)) if whole or row.state != "closed"
    }
    for sprint in found:
        row = left.pop(sprint.id, None)
        if row is None:
            row = SprintRow(board_id=board.id, jira_sprint_id=sprint.id, state=sprint.state, value={})
            session.add(row)
        row.state, row.value = sprint.state, values.to_json(sprint)
    for deleted in left.values():
        session.delete(deleted)


def open_sprints(session: Session, board_id: int) -> set[int]:
    """Jira's ids of the sprints that were not closed when they were last read."""
    return {row.jira_sprint_id for row in session.scalars(_sprint_rows(board_id)) if row.state != "closed"}


def _held(session: Session, board: BoardRow, numbers: Sequence[str]) -> dict[str, "_Held"]:
    here = _on_site(board.site_id, numbers)
    columns = IssueRow.id, IssueRow.jira_issue_id, IssueRow.key, IssueRow.updated, IssueRow.tries, IssueRow.value
    return {
        row.jira_issue_id: _Held(row.id, row.key, row.updated, row.tries, row.value)
        for row in session.execute(select(*columns).where(*here))
    }


def _merged(read: Packed, held: "_Held | None") -> Packed:
    """What is to be stored of an issue that was read: with what is known of it already."""
    if held is None or held.updated > read.issue.updated:
        return read
    issue = merged(values.unpack(Issue, held.value), read.issue)
    return read if issue is read.issue else Packed.of(issue)


def _issue_row(site_id: int, now: Packed, held: "_Held | None", at: datetime) -> dict[str, Any]:
    issue, value = now.issue, now.value
    tries = 0 if issue.complete else min((held.tries if held else 0) + 1, MOST_TRIES)
    return {
        "site_id": site_id,
        "jira_issue_id": issue.id,
        "key": issue.key,
        "summary": issue.summary,
        "updated": issue.updated,
        "project": issue.project or "",
        "secured": issue.security is not None,
        "status": issue.status,
        "status_category": issue.status_category,
        "value": value,
        "whole": issue.complete,
        "tries": tries,
        "again_at": at + AGAIN_AFTER * 2 ** (tries - 1) if tries else None,
        "unseen_at": None,
        "unseen": None,
    }


def _keep_former_keys(session: Session, board: BoardRow, read: Sequence[Packed], held: Mapping[str, "_Held"]) -> None:
    """What an issue was called before: as we knew it, and as its own history tells."""
    former = {(key, each.issue.id) for each in read for key in _former(each.issue, held.get(each.issue.id))}
    if not former:
        return
    here = select(IssueRow.jira_issue_id, IssueRow.id).where(
        IssueRow.site_id == board.site_id, IssueRow.jira_issue_id.in_({number for _, number in former})
    )
    ids = {number: found for number, found in session.execute(here)}
    rows = [{"site_id": board.site_id, "key": key, "issue_id": ids[number]} for key, number in sorted(former)]
    insert_once(session, FormerKeyRow, rows)


def _former(issue: Issue, held: "_Held | None") -> Iterator[str]:
    keys = [change.before_text or "" for change in issue.changes if change.field == KEY]
    yield from (key for key in (*keys, held.key if held else "") if key and key != issue.key)


def _ids(board: BoardRow, numbers: Collection[str]) -> Select[int]:
    return select(IssueRow.id).where(*_on_site(board.site_id, numbers))


def _on_site(site_id: int, numbers: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return IssueRow.site_id == site_id, IssueRow.jira_issue_id.in_(numbers)


def _sprint_rows(board_id: int) -> Select[SprintRow]:
    return select(SprintRow).where(SprintRow.board_id == board_id).order_by(SprintRow.jira_sprint_id)
