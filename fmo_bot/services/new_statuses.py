"""Statuses that are first seen after the workflow was set: put to both sides the day they are seen, with a guess.

What is told is what both sides may know: a status in which a joint issue was, or one in a column of a board that shows
nothing but joint issues. Until both sides want the same, figures go by the guess, and reports say so.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.db.workflows import BoardStatusRow, StatusChoiceRow, WorkflowVersionRow
from fmo_bot.delivery import outbox
from fmo_bot.domain.calendars import instant_of
from fmo_bot.domain.facts import unmapped
from fmo_bot.domain.issues import BoardShape, Status
from fmo_bot.domain.lives import FOREVER
from fmo_bot.domain.messages import NewStatus, Notice
from fmo_bot.domain.new_statuses import guess_stage
from fmo_bot.domain.parties import OPERATOR, SYSTEM, VENDOR, Actor, Person, Scope
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import workflows
from fmo_bot.services.counting import counted_of
from fmo_bot.services.fact_reading import StoredFacts
from fmo_bot.services.governance import Action, audit, may, narrow
from fmo_bot.services.parties import actor_in, scrum_masters

BOTH = (VENDOR, OPERATOR)
NOTED = "{company} wants {status} in {stage}. {missing} has yet to say the same."
LEFT_OUT_SO_FAR = "{company} wants {status} in no stage. {missing} has yet to say the same."
SETTLED = "{status} belongs to {stage}: both sides have said so."
SETTLED_OUT = "{status} belongs to no stage: both sides have said so."


class OverBy(Refusal):
    """{status} is settled already: both sides have said the same, or a newer workflow says where it belongs."""


class NotOneOfBoth(Refusal):
    """What a status means is for scrum masters of {companies} to say."""


class NewStatuses:
    """Finding them, and taking what scrum masters say."""

    def __init__(self, store: Store, *, token: Callable[[int], str] = secrets.token_urlsafe) -> None:
        """`token` makes opaque references."""
        self.store, self.token = store, token

    def look(self, board_id: int, at: datetime) -> None:
        """After a board was read: note what is there. The first time everything was known when the workflow was set."""
        with self.store.reading(SYSTEM) as session:
            board = session.get_one(BoardRow, board_id)
            if not _is_set(session, board) or (board.statuses_at is not None and not _unmapped(session, board)):
                return
        with self.store.transaction(SYSTEM) as session:
            board = session.get_one(BoardRow, board_id)
            narrow(session, board.team_id)
            workflows.hold_to_change(session, board_id)
            session.refresh(board)
            for status in _unmapped(session, board):
                self._note(session, board, status, at, known=board.statuses_at is None)
            board.statuses_at = board.statuses_at or at

    def choose(self, person: Person, ref: str, stage: str, at: datetime) -> Notice:
        """A scrum master says for their side in which stage a status belongs; "" in none. The last word counts.

        Raises NotFound, NotAllowed, NotOneOfBoth, OverBy.
        """
        actor = self._actor(person, ref)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.CHANGE_WORKFLOW, scope)
        with self.store.transaction(scope) as session:
            row = _by_ref(session, ref)
            workflows.hold_to_change(session, row.board_id)
            session.refresh(row)
            known, newest = workflows.of_board(session, row.board_id), _newest(session, row.board_id)
            if known is None or not workflows.is_open(row, newest):
                raise OverBy(status=row.name)
            if stage and stage not in _names(known.newest):
                raise NotFound
            sides = _both(session, actor.team_id)
            mine = next((side for side in sides if side.name == actor.side), None)
            if mine is None:
                raise NotOneOfBoth(companies=", ".join(side.organisation.name for side in sides))
            _say(session, row, mine, stage or None, actor, at)
            missing = _settle(session, row, sides, actor, at)
            self._tell_all(session, row, known.newest, at)
            told = {"status": row.name, "stage": stage, "company": mine.organisation.name, "missing": missing}
            if missing:
                return Notice(text=NOTED if stage else LEFT_OUT_SO_FAR, values=told)
            return Notice(text=SETTLED if stage else SETTLED_OUT, values=told)

    def _actor(self, person: Person, ref: str) -> Actor:
        with self.store.reading(SYSTEM) as session:
            query = select(BoardRow.team_id).join(BoardStatusRow, BoardStatusRow.board_id == BoardRow.id)
            return actor_in(session, person, session.scalar(query.where(BoardStatusRow.ref == ref)))

    def _note(self, session: Session, board: BoardRow, status: str, at: datetime, *, known: bool) -> None:
        if known:
            session.add(BoardStatusRow(board_id=board.id, status=status, seen_at=at))
            return
        mapping = workflows.of_board(session, board.id)
        assert mapping is not None
        shape, team = values.from_json(BoardShape, board.shape), session.get_one(JointTeamRow, board.team_id)
        told = next((each for each in shape.statuses if each.id == status), Status(status, status, "undefined"))
        row = BoardStatusRow(board_id=board.id, status=status, seen_at=at, ref=self.token(12), name=told.name)
        row.starts = instant_of(at.astimezone(ZoneInfo(team.zone)).date(), time(), team.zone)
        row.category, row.stage = told.category, guess_stage(mapping.newest, shape, status)
        session.add(row)
        session.flush()
        detail = {"board": board.id, "status": status}
        audit(session, at=at, action="status_proposed", team_id=board.team_id, detail=detail)
        self._tell_all(session, row, mapping.newest, at)

    def _tell_all(self, session: Session, row: BoardStatusRow, workflow: Workflow, at: datetime) -> None:
        """Owe the question to each scrum master of both sides, as it stands now."""
        session.flush()
        board = session.get_one(BoardRow, row.board_id)
        message, masters = _message(session, row, board, workflow), _masters(session, board.team_id)
        named = {f"status:{row.ref}:{master.id}": master for master in masters}
        outbox.hold(session, named)
        for name, master in named.items():
            if outbox.is_owed(session, name):
                outbox.owe_update(session, name=name, message=message, due=at, language=master.language)
            else:
                outbox.owe(session, name=name, message=message, due=at, language=master.language, person=master.person)


# --- what is there ------------------------------------------------------------------------------------------------


def _is_set(session: Session, board: BoardRow) -> bool:
    """Whether somebody has set its workflow, and it was read."""
    known = workflows.of_board(session, board.id)
    return board.synced_at is not None and known is not None and not known.guessed


def _unmapped(session: Session, board: BoardRow) -> tuple[str, ...]:
    """Statuses both sides may know of that are in no stage, and not known yet."""
    known = workflows.of_board(session, board.id)
    if known is None:
        return ()
    facts = StoredFacts(session, board, known.workflow)
    if (found := counted_of(session, board.team_id, board.id, facts)) is None:
        return ()
    shape = values.from_json(BoardShape, board.shape)
    shown = [status for column in shape.columns for status in column.statuses] if not found.left_out else []
    met = (status for site, status in unmapped(facts.doubts(FOREVER, found.origins)) if site == facts.site)
    there = dict.fromkeys([*shown, *met])
    left = _known(session, board.id) | _once_mapped(session, board.id)
    return tuple(status for status in there if status not in left and known.newest.stage_of(status) is None)


def _known(session: Session, board_id: int) -> set[str]:
    return set(session.scalars(select(BoardStatusRow.status).where(BoardStatusRow.board_id == board_id)))


def _once_mapped(session: Session, board_id: int) -> set[str]:
    """In a stage of some version that held: whoever took them out did it on purpose."""
    rows = workflows.in_force(session, board_id)
    return {status for row in rows for stage in row.workflow["stages"] for status in stage["statuses"]}


# --- what is said -------------------------------------------------------------------------------------------------


def _by_ref(session: Session, ref: str) -> BoardStatusRow:
    return session.scalars(select(BoardStatusRow).where(BoardStatusRow.ref == ref)).one()


def _newest(session: Session, board_id: int) -> WorkflowVersionRow:
    return workflows.in_force(session, board_id)[-1]


def _both(session: Session, team_id: int) -> Sequence[SideRow]:
    query = select(SideRow).where(SideRow.team_id == team_id, SideRow.name.in_(BOTH))
    return session.scalars(query.order_by(SideRow.id)).all()


def _masters(session: Session, team_id: int) -> list[MemberRow]:
    return [master for side in _both(session, team_id) for master in scrum_masters(session, team_id, side.id)]


def _choices(session: Session, row: BoardStatusRow) -> dict[int, str | None]:
    """Side -> the stage it wants."""
    here = StatusChoiceRow.board_id == row.board_id, StatusChoiceRow.status == row.status
    return {each.side_id: each.stage for each in session.scalars(select(StatusChoiceRow).where(*here))}


def _say(session: Session, row: BoardStatusRow, side: SideRow, stage: str | None, actor: Actor, at: datetime) -> None:
    key = {"board_id": row.board_id, "status": row.status, "side_id": side.id}
    said = session.get(StatusChoiceRow, key)
    if said is None:
        said = StatusChoiceRow(board_id=row.board_id, status=row.status, side_id=side.id, said_at=at)
        session.add(said)
    said.stage, said.said_by, said.said_at = stage, actor.member_id, at
    session.flush()
    detail = {"board": row.board_id, "status": row.status, "side": side.name}
    audit(session, at=at, action="status_said", team_id=actor.team_id, member_id=actor.member_id, detail=detail)


def _settle(session: Session, row: BoardStatusRow, sides: Sequence[SideRow], actor: Actor, at: datetime) -> str:
    """Where every side wants the same that is what holds; else the companies that want something else, or nothing."""
    said = _choices(session, row)
    mine = next(said[side.id] for side in sides if side.name == actor.side)
    missing = [side.organisation.name for side in sides if side.id not in said or said[side.id] != mine]
    if not missing:
        row.stage, row.settled_at = mine, at
        detail = {"board": row.board_id, "status": row.status}
        audit(session, at=at, action="status_settled", team_id=actor.team_id, member_id=actor.member_id, detail=detail)
    return ", ".join(missing)


def _message(session: Session, row: BoardStatusRow, board: BoardRow, workflow: Workflow) -> NewStatus:
    said = _choices(session, row)
    sides = [side for side in _both(session, board.team_id) if side.id in said]
    return NewStatus(
        ref=row.ref or "",
        team=session.get_one(JointTeamRow, board.team_id).name,
        board=board.name,
        status=row.name,
        since=row.starts or row.seen_at,
        guess=row.stage or "",
        stages=tuple(_names(workflow)),
        wanted=tuple((side.organisation.name, said[side.id] or "") for side in sides),
        settled=row.settled_at is not None,
    )


def _names(workflow: Workflow) -> Iterator[str]:
    return (stage.name for stage in workflow.stages)
