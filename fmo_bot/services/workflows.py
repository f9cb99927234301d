"""The workflow of a board as its versions say it: read by everything that counts, and written by what nobody decides.

Whoever writes a version holds the board's row to change it, so that facts are never made by one that is just leaving.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.workflows import BoardStatusRow, WorkflowVersionRow
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.mappings import AnyWorkflow, Said, StatusSaid, newest, replayed
from fmo_bot.domain.workflow import Workflow, guess
from fmo_bot.domain.workflow_file import Incidents, Value, WorkflowFile
from fmo_bot.services import proposals

log = logging.getLogger(__name__)
_KEPT = ("incidents", "value")  # of a workflow file, beside the stages: what figures need and the board does not tell


@dataclass(frozen=True, kw_only=True)
class BoardWorkflow:
    """What a board's statuses mean. `since`: from when the newest version holds, None: since ever.

    `guesses`: names of statuses that were first seen lately and count as guessed, until both sides have confirmed it.
    """

    workflow: AnyWorkflow
    guessed: bool  # whole: nobody has set it
    since: datetime | None = None
    guesses: tuple[str, ...] = ()
    incidents: Incidents = field(default_factory=Incidents)
    value: Value = Value.FINISHED

    @property
    def newest(self) -> Workflow:
        """The last version."""
        return newest(self.workflow)


def of_board(session: Session, board_id: int) -> BoardWorkflow | None:
    """What holds now; None where neither anybody has set it nor the board could be guessed from."""
    rows = in_force(session, board_id)
    workflow = replayed(_said(session, board_id))
    if workflow is None:
        return None
    seen = _statuses(session, board_id)
    last = rows[-1]
    file = _file(last)
    joined = [starts for row, starts, _ in seen if row.seen_at >= last.said_at]
    return BoardWorkflow(
        workflow=workflow,
        guessed=last.guessed,
        since=max([*([last.starts] if last.starts else []), *joined], default=None),
        guesses=tuple(row.name for row, _, _ in seen if is_open(row, last)),
        incidents=file.incidents,
        value=file.value,
    )


def _said(session: Session, board_id: int) -> list[Said | StatusSaid]:
    """All that was said of a board's statuses, in the order in which it was."""
    rows = in_force(session, board_id)
    found: list[tuple[datetime, Said | StatusSaid]] = [
        (row.said_at, Said(ms(row.starts) if row.starts else 0, _file(row).workflow)) for row in rows
    ]
    seen = _statuses(session, board_id)
    found += [(row.seen_at, StatusSaid(ms(starts), row.status, stage)) for row, starts, stage in seen]
    return [each for _, each in sorted(found, key=itemgetter(0))]


def _file(row: WorkflowVersionRow) -> WorkflowFile:
    return WorkflowFile.from_mapping(row.workflow, where=f"workflow of board {row.board_id}")


def is_open(row: BoardStatusRow, newest: WorkflowVersionRow) -> bool:
    """Whether a status waits for both sides: a whole version that was said after it was seen has settled it too."""
    mapped = any(row.status in stage["statuses"] for stage in newest.workflow["stages"])
    return row.starts is not None and row.settled_at is None and row.seen_at >= newest.said_at and not mapped


def _statuses(session: Session, board_id: int) -> list[tuple[BoardStatusRow, datetime, str]]:
    """Statuses that were added to what versions say: since when, and to which stage."""
    rows = session.scalars(select(BoardStatusRow).where(BoardStatusRow.board_id == board_id))
    return [(row, row.starts, row.stage) for row in rows if row.starts is not None and row.stage is not None]


def in_force(session: Session, board_id: int) -> Sequence[WorkflowVersionRow]:
    """The versions that hold, in the order in which they were said."""
    here = WorkflowVersionRow.board_id == board_id, WorkflowVersionRow.confirmed_at.is_not(None)
    order = WorkflowVersionRow.said_at, WorkflowVersionRow.id
    return session.scalars(select(WorkflowVersionRow).where(*here).order_by(*order)).all()


def as_stored(session: Session, board_id: int, known: BoardWorkflow) -> dict[str, Any]:
    """The newest version with the statuses that were added to it, as a version keeps it."""
    rest = in_force(session, board_id)[-1].workflow
    return known.newest.to_mapping() | {key: rest[key] for key in _KEPT if key in rest}


def replayed_with(session: Session, board_id: int, extra: Said) -> AnyWorkflow | None:
    """What would hold if this were said now."""
    return replayed([*_said(session, board_id), extra])


def stored(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a workflow file. Raises FileWrong where it is none."""
    file = WorkflowFile.from_mapping(mapping)
    return file.workflow.to_mapping() | {key: mapping[key] for key in _KEPT if mapping.get(key) is not None}


# --- what nobody has to decide ------------------------------------------------------------------------------------


def said_in_file(
    session: Session, board: BoardRow, mapping: Mapping[str, Any] | None, side_id: int | None, at: datetime
) -> WorkflowVersionRow | None:
    """The team file was read: what it says of the workflow (None: guess it); the proposal that this became, if any.

    Before any figure was published it holds since ever. After that another workflow than it last said is a proposal of
    the host's side, and nothing at all proposes nothing.
    """
    hold_to_change(session, board.id)
    rows = _rows(session, board.id)
    wanted = None if mapping is None else stored(mapping)
    said = next((row.workflow for row in reversed(rows) if row.in_file), None)
    if wanted == said:
        return None
    if not _published(session, board.team_id):
        forget(session, board.id)
        if wanted is not None:
            session.add(
                WorkflowVersionRow(board_id=board.id, workflow=wanted, said_at=at, in_file=True, confirmed_at=at)
            )
        session.flush()
        return None
    if wanted is None:
        return None
    drop_open(session, board.id, at)
    row = WorkflowVersionRow(board_id=board.id, workflow=wanted, said_at=at, in_file=True, side_id=side_id)
    session.add(row)
    session.flush()
    return row


def guess_anew(
    session: Session, board: BoardRow, shape: BoardShape, seen: Collection[str], at: datetime
) -> Workflow | None:
    """Guess the workflow while nobody has set it; None where it was set, or the guess is the same as before.

    A site has statuses of every project it holds: only those count that the board or its issues (`seen`) know.
    """
    rows = in_force(session, board.id)
    if rows and not rows[-1].guessed:
        return None
    before = Workflow.from_mapping(rows[-1].workflow) if rows else None
    mapped = (status for stage in (before.stages if before else ()) for status in stage.statuses)
    ours = {*mapped, *seen, *(status for column in shape.columns for status in column.statuses)}
    workflow = guess(replace(shape, statuses=tuple(status for status in shape.statuses if status.id in ours)))
    if not workflow.stages or workflow == before:
        return None
    if rows:
        rows[-1].workflow = workflow.to_mapping()
    else:
        guessed = WorkflowVersionRow(board_id=board.id, workflow=workflow.to_mapping(), said_at=at, guessed=True)
        guessed.confirmed_at = at
        session.add(guessed)
    session.flush()
    stages = ", ".join(f"{stage.name} ({stage.part})" for stage in workflow.stages)
    log.info("workflow of board %s guessed: %s; work starts at %s", board.id, stages, workflow.commitment)
    return workflow


def hold_to_change(session: Session, board_id: int) -> None:
    """Until this transaction ends nobody else makes facts of the board, or changes its workflow."""
    session.execute(select(BoardRow.id).where(BoardRow.id == board_id).with_for_update())


def forget(session: Session, board_id: int) -> None:
    """The board has no workflow any more, and no status is known."""
    session.execute(delete(BoardStatusRow).where(BoardStatusRow.board_id == board_id))
    session.execute(update(BoardRow).where(BoardRow.id == board_id).values(statuses_at=None))
    session.execute(delete(WorkflowVersionRow).where(WorkflowVersionRow.board_id == board_id))


def drop_open(session: Session, board_id: int, at: datetime) -> None:
    """Proposals that are not decided are none any more."""
    for row in _rows(session, board_id):
        if row.confirmed_at is None and row.dropped_at is None:
            row.dropped_at = at
            proposals.settled(session, kind=proposals.WORKFLOW, number=row.id, state=proposals.REPLACED, at=at)


def _rows(session: Session, board_id: int) -> Sequence[WorkflowVersionRow]:
    query = select(WorkflowVersionRow).where(WorkflowVersionRow.board_id == board_id)
    return session.scalars(query.order_by(WorkflowVersionRow.id)).all()


def _published(session: Session, team_id: int) -> bool:
    """Whether both companies have seen figures of a joint team."""
    shared = ReportRow.team_id == team_id, ReportRow.shared_at.is_not(None)
    return session.scalar(select(ReportRow.id).where(*shared).limit(1)) is not None
