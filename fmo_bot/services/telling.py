"""Telling scrum masters what could not be delivered: what is new since they were told, bundled."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import DeliveryRow, MessageRow, OccurrenceRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, ParticipationRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences, outbox, settling
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import UndeliveredLine
from fmo_bot.domain.parties import SYSTEM, Role, Scope
from fmo_bot.services import undelivered, undone
from fmo_bot.services.undelivered import Found

EVERY_S = 900  # a joint team's scrum masters are told at most once in so many seconds of calendar time
_TROUBLE = "trouble"  # prefix of the names of our own messages: they are never told about
_log = structlog.get_logger(__name__)


def tell(store: Store, at: datetime) -> None:
    """Tell scrum masters what is new since they were told, bundled; run every few seconds."""
    with store.reading(SYSTEM) as session:
        if not _anything_new(session):
            return
        teams = session.scalars(select(JointTeamRow.id).order_by(JointTeamRow.id)).all()
    for team_id in teams:
        with store.transaction(Scope(team_id=team_id)) as session:
            _tell(session, team_id, at)
    with store.transaction(SYSTEM) as session:
        _give_up(session, at)


def _untold() -> ColumnElement[bool]:
    """Where the app is gone from a workspace, services.installations tells that once, for all it holds up."""
    return and_(settling.needs_person(), DeliveryRow.state != outbox.KEPT, DeliveryRow.told_at.is_(None))


def _lost() -> ColumnElement[bool]:
    """Occurrences that never became a message, and of which nobody has heard."""
    ended = OccurrenceRow.state.in_((occurrences.MISSED, occurrences.FAILED))
    return and_(ended, OccurrenceRow.told_at.is_(None))


def _anything_new(session: Session) -> bool:
    queries = (select(DeliveryRow.id).where(_untold()).limit(1), select(OccurrenceRow.id).where(_lost()).limit(1))
    return any(session.scalar(query) is not None for query in queries) or undone.any_untold(session)


def _tell(session: Session, team_id: int, at: datetime) -> None:
    masters = _masters(session, team_id)
    slot = f"{_TROUBLE}:{team_id}:{int(at.timestamp()) // EVERY_S}"
    names = {part.id: f"{slot}:{part.member_id}" for part in masters}  # whole: a prefix would be looked for in all
    if session.scalar(select(MessageRow.id).where(MessageRow.name.in_(names.values())).limit(1)) is not None:
        return
    team = session.get_one(JointTeamRow, team_id)
    found = [*_new_deliveries(session, team), *_new_losses(session, team), *_new_jobs(session, team)]
    told: set[int] = set()
    for part in masters:
        theirs = [each for each in found if each.side_id in (None, part.side_id)]
        if theirs and _worth_telling(theirs):
            message, member = undelivered.message_of(team, [each.line for each in theirs]), part.member
            name = names[part.id]
            outbox.owe(session, name=name, message=message, due=at, language=member.language, person=member.person)
            told.update(map(id, theirs))
    for each in found:
        _note_told(each, team_id, at)
        if id(each) not in told:
            _log.warning("nobody is told what was not delivered", team=team.name, what=each.line.what)


def _note_told(found: Found, team_id: int, at: datetime) -> None:
    if isinstance(found.row, list):  # jobs may concern several joint teams
        undone.told(found.row, team_id)
    else:
        found.row.told_at = at


def _new_jobs(session: Session, team: JointTeamRow) -> list[Found]:
    rows = undone.untold(undone.of_team(session, team.id, hold=True), team.id)
    return [Found(jobs, line, None) for line, jobs in undone.lines(team, rows)]


def _give_up(session: Session, at: datetime) -> None:
    """What concerns no joint team, or cannot be said to concern one alone, is left to the log."""
    undone.settle_telling(session, at)
    them = and_(MemberRow.home_workspace == MessageRow.workspace, MemberRow.slack_user_id == MessageRow.person)
    teams = select(undelivered.teams_of()).join(MemberRow, ParticipationRow.member_id == MemberRow.id)
    teams = teams.where(undelivered.then_or_now()).correlate(MessageRow, DeliveryRow)
    query = select(DeliveryRow).join(MessageRow, MessageRow.id == DeliveryRow.message_id)
    nobodys = query.where(_untold(), MessageRow.team_id.is_(None), ~undelivered.alone(teams.where(them)))
    for row in session.scalars(nobodys.with_for_update(of=DeliveryRow, skip_locked=True)):
        row.told_at = at
        _log.warning("nobody is told what was not delivered", what=troubles.what(row.value))


def _worth_telling(found: Iterable[Found]) -> bool:
    return any(each.line.what != troubles.WHAT["Undelivered"] for each in found)


def _new_deliveries(session: Session, team: JointTeamRow) -> list[Found]:
    # What another process is telling at this moment is left to it.
    query = undelivered.rows(team.id).where(_untold()).with_for_update(of=DeliveryRow, skip_locked=True)
    return [undelivered.found(session, team, row) for row in session.scalars(query)]


def _new_losses(session: Session, team: JointTeamRow) -> list[Found]:
    query = (
        select(OccurrenceRow)
        .join(CeremonyRow, CeremonyRow.id == OccurrenceRow.ceremony_id)
        .where(_lost(), CeremonyRow.team_id == team.id)
        .order_by(OccurrenceRow.due, OccurrenceRow.id)
        .with_for_update(of=OccurrenceRow, skip_locked=True)
    )
    return [_loss(session, team.id, row) for row in session.scalars(query)]


def _loss(session: Session, team_id: int, row: OccurrenceRow) -> Found:
    kind, _, number = row.subject.partition(":")
    here = ParticipationRow.team_id == team_id, ParticipationRow.member_id == (int(number) if kind == "member" else 0)
    part = session.scalar(select(ParticipationRow).where(takes_part(row.due), *here))
    line = UndeliveredLine(
        ref="",
        what=troubles.PLANNED.get(row.kind, "a message"),
        whom=part.member.name if part else "",
        due=row.due,
        why=troubles.NOT_IN_TIME if row.state == occurrences.MISSED else troubles.WENT_WRONG,
    )
    return Found(row, line, part.side_id if part else None)


def _masters(session: Session, team_id: int) -> Sequence[ParticipationRow]:
    masters = ParticipationRow.role == Role.SCRUM_MASTER, ParticipationRow.side_id.is_not(None)
    query = select(ParticipationRow).where(takes_part(), ParticipationRow.team_id == team_id, *masters)
    return session.scalars(query.order_by(ParticipationRow.id)).all()
