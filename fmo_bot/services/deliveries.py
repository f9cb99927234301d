"""What could not be delivered: told to scrum masters, and settled by them.

A scrum master hears of their joint team only: what goes to its joint channel, and what goes to people of their own
side. They are told what it is, to whom, when and why, never what it says. Jobs that failed stand in the same list; see
`services.undone`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow, OccurrenceRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, ParticipationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences, outbox, settling
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Undelivered, UndeliveredLine
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Role, Scope
from fmo_bot.errors import NotFound
from fmo_bot.services import undone
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import Parties

SHOWN = 15  # lines of one message
EVERY_S = 900  # a joint team's scrum masters are told at most once in so many seconds of calendar time
AGAIN = "It is on its way again."
DROPPED = "Dropped: it will not be sent."
SETTLED = "That one has been settled already."
_TROUBLE = "trouble"  # prefix of the names of our own messages: they are never told about
_NOBODY = -1  # the side of somebody who has left the joint team
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Found:
    """One trouble: its line, and the side whose scrum masters it concerns (None: all of them)."""

    row: DeliveryRow | OccurrenceRow | list[InboxRow]
    line: UndeliveredLine
    side_id: int | None


@dataclass(frozen=True)
class _Way:
    """What a button does with a delivery, and with jobs, and what is said of it."""

    delivery: Callable[[Session, DeliveryRow], None]
    said: str
    jobs: Callable[[Session, list[InboxRow]], None]
    said_of_jobs: str


class Deliveries:
    """What could not be delivered, in all joint teams."""

    def __init__(self, store: Store, parties: Parties) -> None:
        """`parties` finds out who asks, and for which joint team."""
        self.store, self.parties = store, parties

    def shown(
        self, person: Person, *, channel: str | None = None, team_ref: str | None = None, at: datetime
    ) -> Undelivered:
        """What waits for this scrum master. Raises NotAllowed, and what `Parties.actor` raises."""
        actor = self.parties.actor(person, channel=channel, team_ref=team_ref, at=at)
        may(actor, Action.SETTLE_DELIVERIES, Scope(team_id=actor.team_id))
        with self.store.reading(Scope(team_id=actor.team_id)) as session:
            return _list(session, actor)

    def send_again(self, person: Person, ref: str, at: datetime) -> Undelivered:
        """Have one sent after all; what is left then. Raises NotFound or NotAllowed."""
        return self._settle(person, ref, at, _Way(settling.send_again, AGAIN, undone.again, undone.AGAIN))

    def drop(self, person: Person, ref: str, at: datetime) -> Undelivered:
        """Have one never sent; what is left then. Raises NotFound or NotAllowed."""
        return self._settle(person, ref, at, _Way(settling.drop, DROPPED, undone.drop, undone.DROPPED))

    def _settle(self, person: Person, ref: str, at: datetime, way: _Way) -> Undelivered:
        team_ref, op, key = _parts(ref)
        actor = self.parties.actor(person, team_ref=team_ref, at=at)
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.SETTLE_DELIVERIES, scope)
        with self.store.transaction(scope) as session:
            settle = _settle_jobs if op == undone.JOB else _settle_delivery
            detail = settle(session, actor, (op, key), way)
            if detail is None:
                return _list(session, actor, note=SETTLED)
            who = {"team_id": actor.team_id, "member_id": actor.member_id}
            audit(session, at=at, action="delivery_settled", detail=detail, **who)
            session.flush()
            return _list(session, actor, note=detail["to"])

    def tell(self, at: datetime) -> None:
        """Tell scrum masters what is new since they were told, bundled; run every few seconds."""
        with self.store.reading(SYSTEM) as session:
            if not _anything_new(session):
                return
            teams = session.scalars(select(JointTeamRow.id).order_by(JointTeamRow.id)).all()
        for team_id in teams:
            with self.store.transaction(Scope(team_id=team_id)) as session:
                _tell(session, team_id, at)
        with self.store.transaction(SYSTEM) as session:
            _give_up(session, at)


def _parts(ref: str) -> tuple[str, str, str]:
    parts = ref.split("|")
    if len(parts) != 3:
        raise NotFound
    return parts[0], parts[1], parts[2]


def _settle_delivery(session: Session, actor: Actor, one: tuple[str, str], way: _Way) -> dict[str, Any] | None:
    """What the audit log says of it; None where somebody has settled it before."""
    op, key = one
    theirs = _rows(actor.team_id).where(_concerns(_side_of(session, actor)))
    mine = theirs.where(DeliveryRow.op == op, MessageRow.key == key).with_for_update(of=DeliveryRow)
    row = session.scalars(mine).first()
    if row is None:
        return None
    way.delivery(session, row)
    return {"delivery": row.id, "to": way.said}


def _settle_jobs(session: Session, actor: Actor, one: tuple[str, str], way: _Way) -> dict[str, Any] | None:
    _, kind = one
    rows = undone.of_team(session, actor.team_id, kind=kind, hold=True)
    if not rows:
        return None
    way.jobs(session, rows)
    return {"jobs": len(rows), "kind": kind, "to": way.said_of_jobs}


# --- which -------------------------------------------------------------------------------------------------------


def _rows(team_id: int) -> Select[DeliveryRow]:
    """Deliveries of one joint team that need a person, each joined to its message and, if it has one, its member."""
    here = and_(ParticipationRow.member_id == MemberRow.id, ParticipationRow.team_id == team_id)
    # An answer to a click belongs to no joint team: it is shown where it can be about no other one.
    teams = select(func.count()).where(ParticipationRow.member_id == MemberRow.id).correlate(MemberRow)
    ours = or_(
        MessageRow.team_id == team_id,
        and_(MessageRow.team_id.is_(None), ParticipationRow.id.is_not(None), _alone(teams)),
    )
    member = and_(MemberRow.home_workspace == MessageRow.workspace, MemberRow.slack_user_id == MessageRow.person)
    return (
        select(DeliveryRow)
        .join(MessageRow, MessageRow.id == DeliveryRow.message_id)
        .outerjoin(MemberRow, member)
        .outerjoin(ParticipationRow, here)
        .where(settling.needs_person(), ours)
        .order_by(DeliveryRow.due, DeliveryRow.id)
    )


def _alone(teams: Select[int]) -> ColumnElement[bool]:
    return teams.scalar_subquery() == 1


def _concerns(side_id: int) -> ColumnElement[bool]:
    """What the scrum masters of a side may know of: their own people, and every channel that is not another side's."""
    inside = select(ChannelRow.slack_channel_id).where(ChannelRow.kind == "internal", ChannelRow.side_id != side_id)
    of_channel = and_(MessageRow.person.is_(None), MessageRow.channel.not_in(inside))
    return or_(of_channel, ParticipationRow.side_id == side_id)


def _side_of(session: Session, actor: Actor) -> int:
    query = select(ParticipationRow.side_id).where(
        ParticipationRow.team_id == actor.team_id, ParticipationRow.member_id == actor.member_id
    )
    return session.scalars(query).one()


def _list(session: Session, actor: Actor, *, note: str = "") -> Undelivered:
    team = session.get_one(JointTeamRow, actor.team_id)
    rows = session.scalars(_rows(team.id).where(_concerns(_side_of(session, actor)))).all()
    jobs = [line for line, _ in undone.lines(team, undone.of_team(session, team.id))]
    return _message(team, [*(_found(session, team, row).line for row in rows), *jobs], note=note)


def _message(team: JointTeamRow, lines: Sequence[UndeliveredLine], *, note: str = "") -> Undelivered:
    return Undelivered(
        team=team.name, team_ref=team.ref, lines=tuple(lines[:SHOWN]), more=max(0, len(lines) - SHOWN), note=note
    )


def _found(session: Session, team: JointTeamRow, row: DeliveryRow) -> _Found:
    message = settling.target(session, row)
    why, code = troubles.why(row.state, row.error)
    part = _part_of(session, team.id, message)
    line = UndeliveredLine(
        ref=f"{team.ref}|{row.op}|{message.key}",
        what=troubles.what(row.value),
        whom=part.member.name if part else "",
        due=row.due,
        why=why,
        code=code,
    )
    side_id = part.side_id if part else _NOBODY if message.person else _inside(session, message)
    return _Found(row, line, side_id)


def _part_of(session: Session, team_id: int, message: MessageRow) -> ParticipationRow | None:
    if message.person is None:
        return None
    them = MemberRow.home_workspace == message.workspace, MemberRow.slack_user_id == message.person
    query = select(ParticipationRow).join(MemberRow, MemberRow.id == ParticipationRow.member_id)
    return session.scalar(query.where(ParticipationRow.team_id == team_id, *them))


def _inside(session: Session, message: MessageRow) -> int | None:
    """The side whose internal channel a message goes to."""
    here = ChannelRow.slack_channel_id == message.channel, ChannelRow.kind == "internal"
    return session.scalar(select(ChannelRow.side_id).where(*here))


# --- telling -----------------------------------------------------------------------------------------------------


def _untold() -> ColumnElement[bool]:
    return and_(settling.needs_person(), DeliveryRow.told_at.is_(None))


def _lost() -> ColumnElement[bool]:
    """Occurrences that never became a message, and of which nobody has heard."""
    ended = OccurrenceRow.state.in_((occurrences.MISSED, occurrences.FAILED))
    return and_(ended, OccurrenceRow.told_at.is_(None))


def _anything_new(session: Session) -> bool:
    queries = (select(DeliveryRow.id).where(_untold()).limit(1), select(OccurrenceRow.id).where(_lost()).limit(1))
    return any(session.scalar(query) is not None for query in queries) or undone.any_untold(session)


def _tell(session: Session, team_id: int, at: datetime) -> None:
    slot = f"{_TROUBLE}:{team_id}:{int(at.timestamp()) // EVERY_S}:"
    if session.scalar(select(MessageRow.id).where(MessageRow.name.startswith(slot)).limit(1)) is not None:
        return
    team = session.get_one(JointTeamRow, team_id)
    found = [*_new_deliveries(session, team), *_new_losses(session, team), *_new_jobs(session, team)]
    told: set[int] = set()
    for part in _masters(session, team_id):
        theirs = [each for each in found if each.side_id in (None, part.side_id)]
        if theirs and _worth_telling(theirs):
            message, member = _message(team, [each.line for each in theirs]), part.member
            name = f"{slot}{member.id}"
            outbox.owe(session, name=name, message=message, due=at, language=member.language, person=member.person)
            told.update(map(id, theirs))
    for each in found:
        _note_told(each, team_id, at)
        if id(each) not in told:
            _log.warning("nobody is told what was not delivered", team=team.name, what=each.line.what)


def _note_told(found: _Found, team_id: int, at: datetime) -> None:
    if isinstance(found.row, list):  # jobs may concern several joint teams
        undone.told(found.row, team_id)
    else:
        found.row.told_at = at


def _new_jobs(session: Session, team: JointTeamRow) -> list[_Found]:
    rows = undone.untold(undone.of_team(session, team.id, hold=True), team.id)
    return [_Found(jobs, line, None) for line, jobs in undone.lines(team, rows)]


def _give_up(session: Session, at: datetime) -> None:
    """What concerns no joint team, or cannot be said to concern one alone, is left to the log."""
    undone.settle_telling(session, at)
    them = and_(MemberRow.home_workspace == MessageRow.workspace, MemberRow.slack_user_id == MessageRow.person)
    teams = select(func.count(ParticipationRow.id)).join(MemberRow, ParticipationRow.member_id == MemberRow.id)
    query = select(DeliveryRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
    nobodys = query.where(_untold(), MessageRow.team_id.is_(None), ~_alone(teams.where(them).correlate(MessageRow)))
    for row in session.scalars(nobodys.with_for_update(of=DeliveryRow, skip_locked=True)):
        row.told_at = at
        _log.warning("nobody is told what was not delivered", what=troubles.what(row.value))


def _worth_telling(found: Iterable[_Found]) -> bool:
    return any(each.line.what != troubles.WHAT["Undelivered"] for each in found)


def _new_deliveries(session: Session, team: JointTeamRow) -> list[_Found]:
    # What another process is telling at this moment is left to it.
    query = _rows(team.id).where(_untold()).with_for_update(of=DeliveryRow, skip_locked=True)
    return [_found(session, team, row) for row in session.scalars(query)]


def _new_losses(session: Session, team: JointTeamRow) -> list[_Found]:
    query = (
        select(OccurrenceRow)
        .join(CeremonyRow, CeremonyRow.id == OccurrenceRow.ceremony_id)
        .where(_lost(), CeremonyRow.team_id == team.id)
        .order_by(OccurrenceRow.due, OccurrenceRow.id)
        .with_for_update(of=OccurrenceRow, skip_locked=True)
    )
    return [_loss(session, team.id, row) for row in session.scalars(query)]


def _loss(session: Session, team_id: int, row: OccurrenceRow) -> _Found:
    kind, _, number = row.subject.partition(":")
    here = ParticipationRow.team_id == team_id, ParticipationRow.member_id == (int(number) if kind == "member" else 0)
    part = session.scalar(select(ParticipationRow).where(*here))
    line = UndeliveredLine(
        ref="",
        what=troubles.PLANNED.get(row.kind, "a message"),
        whom=part.member.name if part else "",
        due=row.due,
        why=troubles.NOT_IN_TIME if row.state == occurrences.MISSED else troubles.WENT_WRONG,
    )
    return _Found(row, line, part.side_id if part else None)


def _masters(session: Session, team_id: int) -> Sequence[ParticipationRow]:
    query = select(ParticipationRow).where(
        ParticipationRow.team_id == team_id, ParticipationRow.role == Role.SCRUM_MASTER
    )
    return session.scalars(query.order_by(ParticipationRow.id)).all()
