"""Who speaks for a company: its first admin is named by whoever runs the server, every later one by an admin of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.asking import PersonQuestionRow
from fmo_bot.db.parties import OrganisationRow, WorkspaceRow
from fmo_bot.db.store import Store
from fmo_bot.domain.accounts import Known
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import Refusal
from fmo_bot.services import person_questions, proposals
from fmo_bot.services.governance import audit
from fmo_bot.services.joining import member_for
from fmo_bot.services.parties import admins_of
from fmo_bot.services.taking_sides import member_of

NAMED = "{name} is now an admin of {company}."


class OnlyAnAdmin(Refusal):
    """Only an admin of {company} names another one, and only somebody of {company}'s own workspace. Ask one of them."""


class Admins:
    """The admins of all companies."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self._store = store

    def first(self, named: Iterable[Person], at: datetime) -> list[Person]:
        """Make each the admin of the company whose workspace is their home, as long as it has none; who is new.

        What the settings name of a company that has an admin is passed over: its own admins speak for it.
        """
        begun: list[Person] = []
        with self._store.transaction(SYSTEM) as session:
            had = {company.id for company in _companies(session) if admins_of(session, company.id)}
            for person in named:
                company = _company(session, person)
                if company is not None and company.id not in had and _make(session, person, company, at, by=None):
                    begun.append(person)
        return begun

    def another(self, by: Person, person: Person, at: datetime) -> tuple[str, str]:
        """An admin names somebody of their company's workspace; their name and the company's. Raises OnlyAnAdmin."""
        with self._store.transaction(SYSTEM) as session:
            company, admin = _company(session, person), member_of(session, by)
            speaks = admin is not None and session.get(AdminRow, admin.id) is not None
            if company is None or admin is None or not speaks or admin.organisation_id != company.id:
                theirs = admin.organisation.name if admin is not None else "a company"
                raise OnlyAnAdmin(company=company.name if company is not None else theirs)
            _make(session, person, company, at, by=admin.id)
            named = member_of(session, person)
            return named.name if named is not None else person.user, company.name


def _make(session: Session, person: Person, company: OrganisationRow, at: datetime, *, by: int | None) -> bool:
    """Whether they are an admin now and were not; of a member who takes part for another company nobody."""
    member = member_for(session, person, Known(name=person.user, zone="UTC"), company)
    if member.organisation_id != company.id or session.get(AdminRow, member.id) is not None:
        return False
    session.add(AdminRow(member_id=member.id))
    session.flush()
    audit(session, at=at, action="admin_named", team_id=None, member_id=by, detail={"who": member.id})
    proposals.tell_again(session, company.id, at)
    open_ = select(PersonQuestionRow).where(PersonQuestionRow.answer.is_(None)).order_by(PersonQuestionRow.id)
    for question in session.scalars(open_).all():  # what nobody could decide before is put to them
        if question.side.organisation_id == company.id:
            person_questions.tell(session, question, at)
    return True


def _companies(session: Session) -> Iterable[OrganisationRow]:
    return session.scalars(select(OrganisationRow).order_by(OrganisationRow.id)).all()


def _company(session: Session, person: Person) -> OrganisationRow | None:
    """Whose workspace is their home."""
    owner = select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id == person.workspace)
    found = session.scalars(owner).first()
    return session.get(OrganisationRow, found) if found is not None else None
