"""Changing what a board's statuses mean: proposed by one side, confirmed by the other, in force from that moment on.

Applying the present workflow to the past is an act of its own, which lists the published figures it changes. A report
that was shared is a stored value and stays.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fmo_bot.db import values
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.db.workflows import WorkflowVersionRow
from fmo_bot.domain.calendars import instant_of, local_date
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.mappings import Said
from fmo_bot.domain.parties import Actor, Person, Scope
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import proposals, workflows
from fmo_bot.services.agreeing import others, sides_of, speaker, team_called
from fmo_bot.services.counting import record_board
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import Parties
from fmo_bot.services.proposals import Told
from fmo_bot.services.published import Changed, changed_by
from fmo_bot.services.sprints import BoardReader

_LISTED = 5  # figures of shared reports that a proposal names; the rest is counted
_PROPOSED = "{company} proposes what the statuses of {board} mean from its acceptance on: {stages}."
_BACK = (
    "{company} proposes that the workflow of {board} holds from {starts} on too. Reports stay as they were shared; "
    "made anew they would differ in {changes} figures{listed}."
)
_BACK_COUNTING = (
    "{company} proposes that the workflow of {board} holds from {starts} on too. Reports stay as they were shared. "
    "Which figures would differ in reports made anew is being counted."
)
_OPEN = WorkflowVersionRow.confirmed_at.is_(None), WorkflowVersionRow.dropped_at.is_(None)


class NothingChanges(Refusal):
    """That is what the workflow of {board} says already. Change it in the file first."""


class NotPast(Refusal):
    """The workflow of {board} is applied to the past: give a date before {today}."""


class NothingSet(Refusal):
    """The workflow of {board} is not set yet. Propose one first."""


class FirstTheNew(Refusal):
    """First both sides have to say what the new statuses of {board} mean: {statuses}."""


class NotTheOtherSide(Refusal):
    """A change to the workflow of {board} that {company} proposes is for {others} to confirm."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A board's workflow from an instant on (None: since ever); of a proposal its number and who has to confirm it.

    `changes`: figures of shared reports that applying it to the past changes.
    """

    board: str
    starts: datetime | None
    workflow: Workflow
    guessed: bool = False
    guesses: tuple[str, ...] = ()  # of the newest: statuses that count as guessed
    number: int | None = None
    company: str = ""  # which proposes it
    back: bool = False
    waits_for: tuple[str, ...] = ()
    changes: tuple[Changed, ...] = ()


class WorkflowChanges:
    """Of the board of record of a joint team, or of another by its number in Jira (`board`)."""

    def __init__(self, store: Store, boards: BoardReader) -> None:
        """`boards` reads what figures are made of."""
        self.store, self.boards = store, boards

    def show(self, person: Person, team: str, at: datetime, board: int | None = None) -> tuple[Version, ...]:
        """Every version that holds, then what is proposed. Raises NotFound, NotAMember."""
        actor = self._actor(person, team, at, Action.READ)
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            row = _board(session, actor.team_id, board)
            known = workflows.of_board(session, row.id)
            held = [_version(session, row, each) for each in workflows.in_force(session, row.id)]
            if held and known is not None:
                held[-1] = replace(held[-1], workflow=known.newest, guesses=known.guesses)
            query = select(WorkflowVersionRow).where(WorkflowVersionRow.board_id == row.id, *_OPEN)
            return (*held, *(self._proposal(session, row, each) for each in session.scalars(query)))

    def propose(
        self, person: Person, team: str, mapping: Mapping[str, Any], at: datetime, board: int | None = None
    ) -> Version:
        """The actor's side wants this workflow from its confirmation on; it takes the place of an open proposal.

        One that is a guess may be proposed as it is: confirmed, it is a guess no longer.
        Raises NotAllowed, NotFound, NotAMember, NothingChanges, and FileWrong for a workflow that is none.
        """
        actor, wanted = self._actor(person, team, at, Action.CHANGE_WORKFLOW), workflows.stored(mapping)
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            row = _board(session, actor.team_id, board)
            workflows.hold_to_change(session, row.id)
            known = workflows.of_board(session, row.id)
            if known is not None and not known.guessed and workflows.as_stored(session, row.id, known) == wanted:
                raise NothingChanges(board=row.name)
            proposal = WorkflowVersionRow(board_id=row.id, workflow=wanted, said_at=at)
            number = _put(session, row, proposal, actor)
        return self._proposed(actor.team_id, number)

    def apply_backwards(
        self, person: Person, team: str, starts: date, at: datetime, board: int | None = None
    ) -> Version:
        """The actor's side wants the present workflow to hold from an earlier date of the joint team's zone on.

        Raises NotAllowed, NotFound, NotAMember, NotPast, NothingSet, FirstTheNew, NothingChanges.
        """
        actor = self._actor(person, team, at, Action.CHANGE_WORKFLOW)
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            row = _board(session, actor.team_id, board)
            workflows.hold_to_change(session, row.id)
            zone = session.get_one(JointTeamRow, actor.team_id).zone
            if starts >= (today := local_date(at, zone)):
                raise NotPast(board=row.name, today=today.isoformat())
            known = workflows.of_board(session, row.id)
            if known is None or known.guessed:
                raise NothingSet(board=row.name)
            if known.guesses:
                raise FirstTheNew(board=row.name, statuses=", ".join(known.guesses))
            since = instant_of(starts, time(), zone)
            if workflows.replayed_with(session, row.id, Said(ms(since), known.newest)) == known.workflow:
                raise NothingChanges(board=row.name)
            wanted = workflows.as_stored(session, row.id, known)
            proposal = WorkflowVersionRow(board_id=row.id, workflow=wanted, said_at=at, starts=since, back=True)
            number = _put(session, row, proposal, actor)
        proposed = self._proposed(actor.team_id, number)
        with self.store.transaction(Scope(team_id=actor.team_id)) as session:
            told = _told_back(proposed)
            proposals.retold(session, kind=proposals.WORKFLOW, number=number, told=told, at=at)
        return proposed

    def confirm(self, person: Person, team: str, number: int, at: datetime) -> Version:
        """The other side agrees: from now on, or of the past, every report that is made anew uses it.

        Raises NotFound, NotTheOtherSide.
        """
        proposed = self._proposed(team_called(self.store, team), number, by=person)
        with self._deciding(person, team, number) as (session, board, row, member, sides):
            if not sides & {side.id for side in _asked(session, board, row)}:
                raise NotTheOtherSide(
                    board=board.name, company=proposed.company, others=" or ".join(proposed.waits_for)
                )
            held = workflows.of_board(session, board.id)
            if not row.back:
                as_guessed = held is not None and held.guessed and held.newest == proposed.workflow
                row.starts = None if as_guessed or held is None else at
            row.confirmed_at, row.confirmed_by = at, member.id
            _settled(session, row, proposals.ACCEPTED, sides, at)
            _note(session, board, row, member.id, "workflow_confirmed", at, changes=len(proposed.changes))
            return replace(proposed, starts=row.starts, number=None, waits_for=())

    def withdraw(self, person: Person, team: str, number: int, at: datetime) -> None:
        """A proposal is one no more: its own side takes it back, or another declines it. Raises NotFound."""
        with self._deciding(person, team, number) as (session, board, row, member, sides):
            if not sides:
                raise NotFound
            row.dropped_at = at
            mine = row.side_id in sides
            _settled(session, row, proposals.WITHDRAWN if mine else proposals.DECLINED, sides, at)
            _note(session, board, row, member.id, "workflow_withdrawn", at)

    def _actor(self, person: Person, team: str, at: datetime, action: Action) -> Actor:
        actor = Parties(self.store).actor_named(person, team, at)
        may(actor, action, Scope(team_id=actor.team_id))
        return actor

    def _proposed(self, team_id: int, number: int, by: Person | None = None) -> Version:
        """An open proposal. Figures are counted in a transaction that only reads: that takes its time.

        Raises NotFound, also for a stranger to the joint team.
        """
        with self.store.reading(Scope(team_id=team_id)) as session:
            row = session.scalar(_open(team_id, number))
            if row is None or (by is not None and speaker(session, by, team_id, Action.CHANGE_WORKFLOW) is None):
                raise NotFound
            return self._proposal(session, session.get_one(BoardRow, row.board_id), row)

    def _proposal(self, session: Session, board: BoardRow, row: WorkflowVersionRow) -> Version:
        """A proposal as it stands, with what it would change in published figures."""
        version = replace(
            _version(session, board, row),
            number=row.id,
            waits_for=tuple(side.organisation.name for side in _asked(session, board, row)),
        )
        if not row.back or row.starts is None:
            return version
        workflow = workflows.replayed_with(session, board.id, Said(ms(row.starts), version.workflow))
        assert workflow is not None
        return replace(version, changes=changed_by(session, self.boards, board, workflow, row.starts))

    @contextmanager
    def _deciding(
        self, person: Person, team: str, number: int
    ) -> Iterator[tuple[Session, BoardRow, WorkflowVersionRow, MemberRow, set[int]]]:
        """An open proposal, who decides, and the sides they speak for; locked, so that it is decided once."""
        team_id = team_called(self.store, team)
        with self.store.transaction(Scope(team_id=team_id)) as session:
            them = speaker(session, person, team_id, Action.CHANGE_WORKFLOW)
            row = session.scalar(_open(team_id, number).with_for_update())
            if row is None or them is None:
                raise NotFound
            workflows.hold_to_change(session, row.board_id)
            yield session, session.get_one(BoardRow, row.board_id), row, *them


# --- rows ---------------------------------------------------------------------------------------------------------


def _open(team_id: int, number: int) -> Select[WorkflowVersionRow]:
    boards = select(BoardRow.id).where(BoardRow.team_id == team_id)
    here = WorkflowVersionRow.id == number, WorkflowVersionRow.board_id.in_(boards)
    return select(WorkflowVersionRow).where(*here, *_OPEN)


def _put(session: Session, board: BoardRow, row: WorkflowVersionRow, actor: Actor) -> int:
    """Store a proposal in the place of an open one; its number."""
    side = next(each for each in sides_of(session, actor.team_id) if each.name == actor.side)
    row.side_id, row.said_by = side.id, actor.member_id
    workflows.drop_open(session, board.id, row.said_at)
    session.add(row)
    session.flush()
    put_to_others(session, board, row, side, row.said_at)
    _note(session, board, row, actor.member_id, "workflow_proposed", row.said_at)
    return row.id


def put_to_others(
    session: Session, board: BoardRow, row: WorkflowVersionRow, side: SideRow | None, at: datetime
) -> None:
    """Put a proposal of a side to those whose word it waits for."""
    version = _version(session, board, row)
    if row.back and row.starts is not None:
        told = Told(text=_BACK_COUNTING, values={"board": version.board, "starts": row.starts.isoformat()})
    else:
        told = Told(text=_PROPOSED, values={"board": version.board, "stages": _stages(board, version.workflow)})
    team, asked = session.get_one(JointTeamRow, board.team_id), _asked(session, board, row)
    proposals.opened(
        session, kind=proposals.WORKFLOW, number=row.id, team=team, side=side, asked=asked, told=told, at=at
    )


def _stages(board: BoardRow, workflow: Workflow) -> str:
    """Each stage with its statuses, by the names Jira gives them."""
    shape = values.from_json(BoardShape, board.shape) if board.shape else None
    names = {status.id: status.name for status in (shape.statuses if shape is not None else ())}
    told = (
        f"{stage.name} ({stage.part}): {', '.join(names.get(each, each) for each in stage.statuses)}"
        for stage in workflow.stages
    )
    return "; ".join([*told, f"work starts at {workflow.commitment}"])


def _told_back(proposed: Version) -> Told:
    """A proposal of the past with what it would change."""
    assert proposed.starts is not None
    named = [f"{each.report}: {each.figure} {each.before} -> {each.after}" for each in proposed.changes[:_LISTED]]
    said: dict[str, str | int] = {
        "board": proposed.board,
        "starts": proposed.starts.date().isoformat(),
        "changes": len(proposed.changes),
        "listed": f" ({'; '.join(named)}{' ...' if len(proposed.changes) > _LISTED else ''})" if named else "",
    }
    return Told(text=_BACK, values=said)


def _settled(session: Session, row: WorkflowVersionRow, state: str, sides: Collection[int], at: datetime) -> None:
    proposals.settled(session, kind=proposals.WORKFLOW, number=row.id, state=state, sides=sides, at=at)


def _board(session: Session, team_id: int, number: int | None) -> BoardRow:
    mine = BoardRow.team_id == team_id
    which = BoardRow.id == record_board(session, team_id) if number is None else BoardRow.jira_board_id == number
    row = session.scalars(select(BoardRow).where(mine, which).order_by(BoardRow.id)).first()
    if row is None:
        raise NotFound
    return row


def _asked(session: Session, board: BoardRow, row: WorkflowVersionRow) -> list[SideRow]:
    """The sides whose word it waits for; what the team file says is the host's."""
    proposer = session.get(SideRow, row.side_id) if row.side_id is not None else None
    host = session.get_one(JointTeamRow, board.team_id).host_id
    return list(others(session, board.team_id, proposer.organisation_id if proposer is not None else host))


def _version(session: Session, board: BoardRow, row: WorkflowVersionRow) -> Version:
    side = session.get(SideRow, row.side_id) if row.side_id is not None else None
    return Version(
        board=board.name or f"board {board.jira_board_id}",
        starts=row.starts,
        workflow=Workflow.from_mapping(row.workflow),
        guessed=row.guessed,
        company=side.organisation.name if side is not None else "",
        back=row.back,
    )


def _note(
    session: Session, board: BoardRow, row: WorkflowVersionRow, member_id: int, action: str, at: datetime, **more: int
) -> None:
    detail = {"board": board.id, "version": row.id, "back": row.back, **more}
    audit(session, at=at, action=action, team_id=board.team_id, member_id=member_id, detail=detail)
