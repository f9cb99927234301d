"""For which side somebody takes part: an admin of its company says so, and each company speaks for itself alone.

Who goes from one company to the other is let go by the one and confirmed by the other. Nothing internal goes with them:
what they said stays with the side they said it for (`services.leaving`).
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.asking import PersonQuestionRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import Person, Scope
from fmo_bot.errors import NotAllowed, NotFound, Refusal
from fmo_bot.services import leaving, participating, person_questions
from fmo_bot.services.agreeing import speaker, team_called
from fmo_bot.services.governance import Action, audit
from fmo_bot.services.leaving import Why
from fmo_bot.services.person_questions import NO, SIDE, YES


class OnlyTheirAdmin(Refusal):
    """Only an admin of {company} says who takes part for {company}. Ask one of them."""


class Sides:
    """For whom people take part, said outside of Slack."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self._store = store

    def confirm(self, by: Person, team: str, person: Person, at: datetime, *, yes: bool = True) -> str:
        """An admin says whether somebody takes part for their company; the side's name.

        Raises NotFound, OnlyTheirAdmin.
        """
        team_id = team_called(self._store, team)
        with self._store.transaction(Scope(team_id=team_id)) as session:
            row, admin = session.get_one(JointTeamRow, team_id), member_of(session, by)
            if admin is None or session.get(AdminRow, admin.id) is None:
                raise OnlyTheirAdmin(company="the company")
            side = next((each for each in row.sides if each.organisation_id == admin.organisation_id), None)
            if side is None:
                raise NotFound
            if yes:
                confirmed(session, row, side, person, admin, at)
            asked = select(PersonQuestionRow).where(
                PersonQuestionRow.kind == SIDE,
                PersonQuestionRow.team_id == team_id,
                PersonQuestionRow.side_id == side.id,
                PersonQuestionRow.workspace == person.workspace,
                PersonQuestionRow.user == person.user,
                PersonQuestionRow.answer.is_(None),
            )
            for question in session.scalars(asked).all():
                person_questions.settle(session, question, YES if yes else NO, at, by=admin)
                if not yes:
                    declined(session, question, admin, at)
            return side.name

    def release(self, by: Person, team: str, person: Person, at: datetime) -> None:
        """Somebody takes part for their company no longer, and stays: another company is asked whether for it.

        A scrum master or admin of their own side says so. Raises NotFound, NotAllowed.
        """
        team_id = team_called(self._store, team)
        with self._store.transaction(Scope(team_id=team_id)) as session:
            found = speaker(session, by, team_id, Action.DECIDE_PEOPLE)
            member = member_of(session, person)
            part = participating.of(session, team_id, member.id) if member is not None else None
            if found is None or member is None or part is None or part.side_id is None:
                raise NotFound
            decider, sides = found
            if part.side_id not in sides:
                raise NotAllowed(team=team)
            row, side = session.get_one(JointTeamRow, team_id), session.get_one(SideRow, part.side_id)
            leaving.leave(session, part, Why.MOVED, at, by=decider.id)
            session.execute(delete(AdminRow).where(AdminRow.member_id == member.id))
            participating.begin(session, team_id, member, side_id=None, role=part.role, at=at)
            person_questions.ask_for_whom(session, row, member, None, at, but=side)


def confirmed(
    session: Session, team: JointTeamRow, side: SideRow, person: Person, admin: MemberRow, at: datetime
) -> None:
    """They take part for this side from now on. Raises NotFound where they have a side, or take no part."""
    member = member_of(session, person)
    part = participating.of(session, team.id, member.id) if member is not None else None
    if member is None or part is None or part.side_id is not None:
        raise NotFound
    member.organisation_id = side.organisation_id
    participating.move(session, part, side.id, at)
    detail = {"who": member.id, "side": side.name}
    audit(session, at=at, action="side_confirmed", team_id=team.id, member_id=admin.id, detail=detail)


def declined(session: Session, row: PersonQuestionRow, by: MemberRow, at: datetime) -> None:
    """It was said no: of somebody who takes part, the next company is asked."""
    detail = {"user": row.user, "kind": row.kind, "side": row.side.name}
    audit(session, at=at, action="person_declined", team_id=row.team_id, member_id=by.id, detail=detail)
    member = member_of(session, row.person)
    part = participating.of(session, row.team_id, member.id) if member is not None else None
    if row.kind == SIDE and member is not None and part is not None and part.side_id is None:
        person_questions.ask_for_whom(session, row.team, member, None, at)


def member_of(session: Session, person: Person) -> MemberRow | None:
    """The member a person is, whatever they take part in."""
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    return session.scalar(select(MemberRow).where(*them))
