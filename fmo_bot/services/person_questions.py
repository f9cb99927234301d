"""Questions about people: put to those who decide, once each, and shown answered."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.asking import PersonQuestionRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow, WorkspaceRow
from fmo_bot.delivery import outbox
from fmo_bot.domain.accounts import Known
from fmo_bot.domain.messages import Notice, PersonQuestion
from fmo_bot.domain.parties import Person, Scope
from fmo_bot.services.parties import admins_of, scrum_masters, spokespeople

JOINED, SIDE = "joined", "side"
PARTICIPANT, STAKEHOLDER, YES, NO, OVER = "participant", "stakeholder", "yes", "no", "over"
_NO_ADMIN = (
    "Nobody can confirm that {name} takes part in {team} for {company}: no admin of {company} is known here. Whoever "
    "runs FMO bot can name its first one (FMO_ADMINS). Until then {name} reads what is joint and is asked nothing."
)


def suggested(session: Session, team_id: int, workspace: str) -> SideRow | None:
    """The side a home workspace suggests: that of the company whose workspace it is, or whose people live there."""
    owners = [
        *session.scalars(select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id == workspace)),
        *session.scalars(select(MemberRow.organisation_id).where(MemberRow.home_workspace == workspace).distinct()),
    ]
    sides = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()
    return next((side for owner in owners for side in sides if side.organisation_id == owner), None)


def ask(
    session: Session, kind: str, team: JointTeamRow, side: SideRow, person: Person, known: Known, at: datetime
) -> None:
    """Put it to the side, unless it stands or was declined; what was answered otherwise is asked anew."""
    same = (
        PersonQuestionRow.kind == kind,
        PersonQuestionRow.team_id == team.id,
        PersonQuestionRow.workspace == person.workspace,
        PersonQuestionRow.user == person.user,
        PersonQuestionRow.side_id == side.id,
    )
    before = session.scalar(select(PersonQuestionRow).where(*same).with_for_update())
    if before is not None and before.answer in (None, NO):
        return
    session.execute(delete(PersonQuestionRow).where(*same))
    row = PersonQuestionRow(
        ref=secrets.token_urlsafe(12),
        kind=kind,
        team_id=team.id,
        workspace=person.workspace,
        user=person.user,
        name=known.name,
        zone=known.zone,
        side_id=side.id,
        asked_at=at,
    )
    session.add(row)
    session.flush()
    tell(session, row, at)


def ask_for_whom(
    session: Session,
    team: JointTeamRow,
    member: MemberRow,
    first: SideRow | None,
    at: datetime,
    *,
    but: SideRow | None = None,
) -> None:
    """Ask the admins of the suggested side's company whether a member takes part for it; of another one after a no.

    `but`: the side they have just left.
    """
    theirs = PersonQuestionRow.workspace == member.home_workspace, PersonQuestionRow.user == member.slack_user_id
    query = select(PersonQuestionRow).where(PersonQuestionRow.kind == SIDE, PersonQuestionRow.team_id == team.id)
    refused = {row.side_id for row in session.scalars(query.where(*theirs)) if row.answer == NO}
    candidates = [*([first] if first is not None else []), *team.sides]
    side = next((each for each in candidates if each.id not in refused and each is not but), None)
    if side is not None:
        ask(session, SIDE, team, side, member.person, Known(name=member.name, zone=member.zone), at)


def settle(session: Session, row: PersonQuestionRow, answer: str, at: datetime, *, by: MemberRow | None = None) -> None:
    """It is answered: whoever was asked sees what, and by whom."""
    row.answer, row.answered_at, row.answered_by = answer, at, by.id if by is not None else None
    session.flush()
    tell(session, row, at)


def left(session: Session, team_id: int, person: Person, at: datetime) -> None:
    """They have left the channel again: nothing is asked about them any more."""
    open_ = select(PersonQuestionRow).where(
        PersonQuestionRow.team_id == team_id,
        PersonQuestionRow.workspace == person.workspace,
        PersonQuestionRow.user == person.user,
        PersonQuestionRow.answer.is_(None),
    )
    for row in session.scalars(open_.order_by(PersonQuestionRow.id).with_for_update()).all():
        settle(session, row, OVER, at)


def tell(session: Session, row: PersonQuestionRow, at: datetime) -> None:
    """Owe everybody who decides the question as it stands now."""
    before = session.info["scope"]
    session.info["scope"] = Scope(team_id=row.team_id)
    by = session.get(MemberRow, row.answered_by) if row.answered_by is not None else None
    message = PersonQuestion(
        ref=row.ref,
        kind=row.kind,
        team=row.team.name,
        name=row.name,
        company=row.side.organisation.name,
        answer=row.answer or "",
        by=by.name if by is not None else "",
    )
    readers = _deciders(session, row)
    names = {f"person:{row.ref}:{reader.id}": reader for reader in readers}
    outbox.hold(session, names)
    for name, reader in names.items():
        if outbox.is_owed(session, name):
            outbox.owe_update(session, name=name, message=message, due=at, language=reader.language)
        elif row.answer is None:
            outbox.owe(session, name=name, message=message, due=at, language=reader.language, person=reader.person)
    if not readers and row.kind == SIDE:
        _tell_nobody_decides(session, row, at)
    session.info["scope"] = before


def _deciders(session: Session, row: PersonQuestionRow) -> Sequence[MemberRow]:
    """Of a joiner the side's scrum masters, its company's admins where there are none; of a side the admins alone."""
    return spokespeople(session, row.side) if row.kind == JOINED else admins_of(session, row.side.organisation_id)


def _tell_nobody_decides(session: Session, row: PersonQuestionRow, at: datetime) -> None:
    named = {"name": row.name, "team": row.team.name, "company": row.side.organisation.name}
    for master in scrum_masters(session, row.team_id, row.side_id):
        message, name = Notice(text=_NO_ADMIN, values=named), f"noadmin:{row.ref}:{master.id}"
        outbox.owe(session, name=name, message=message, due=at, language=master.language, person=master.person)
