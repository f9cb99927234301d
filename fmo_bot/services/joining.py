"""Taking part begins: of somebody new in the joint channel a scrum master of the suggested side is asked.

Where somebody is at home only suggests a side. An address that their company's own Slack shows in a domain the company
has verified stands for its word; of everybody else an admin of the company says whether they take part for it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow, VerifiedDomainRow
from fmo_bot.db.asking import PersonQuestionRow
from fmo_bot.db.parties import ChannelRow, JointTeamRow, MemberRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain.accounts import Known, domain_of, normal
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Role, Scope
from fmo_bot.errors import NotAllowed, NotFound
from fmo_bot.ports import Directory
from fmo_bot.services import participating, person_questions, taking_sides
from fmo_bot.services.agreeing import speaker
from fmo_bot.services.governance import Action, audit
from fmo_bot.services.person_questions import JOINED, NO, PARTICIPANT, SIDE, STAKEHOLDER, YES
from fmo_bot.services.taking_sides import OnlyTheirAdmin, member_of

JOB = "person_answer"
NOTED = "Your word is noted. The message above says how it stands as soon as it is worked in."
_ROLES = {PARTICIPANT: Role.PARTICIPANT, STAKEHOLDER: Role.STAKEHOLDER}


class Joining:
    """Who joins, in all joint teams."""

    def __init__(self, store: Store, directory: Directory) -> None:
        """`directory`: what Slack says of people."""
        self._store, self._directory = store, directory

    def joined(self, person: Person, channel: str, seen_in: str, at: datetime) -> None:
        """Somebody joined a channel: where it is a joint one, ask once whether they are part of the team.

        Of a company that has no side there nobody is asked. Raises a SendOutcome where Slack does not answer.
        """
        with self._store.reading(SYSTEM) as session:
            joint = ChannelRow.slack_channel_id == channel, ChannelRow.kind == "joint"
            team_id = session.scalar(select(ChannelRow.team_id).where(*joint))
            if team_id is None or _takes_part(session, team_id, person):
                return
        known = self._directory.known(person, seen_in)
        if known is None:
            return
        with self._store.transaction(Scope(team_id=team_id)) as session:
            team = session.get_one(JointTeamRow, team_id)
            side = person_questions.suggested(session, team_id, person.workspace)
            if side is None:
                audit(session, at=at, action="joined_from_elsewhere", team_id=team_id, detail={"user": person.user})
            elif not _takes_part(session, team_id, person):
                person_questions.ask(session, JOINED, team, side, person, known, at)

    def press(self, person: Person, ref: str, answer: str, *, key: str, at: datetime) -> Notice:
        """Take down what somebody answers; `key` names the press. Raises NotFound, NotAllowed, OnlyTheirAdmin."""
        with self._store.transaction(SYSTEM) as session:
            row = _by_ref(session, ref)
            _decider(session, person, row)
            payload = {"workspace": person.workspace, "user": person.user, "ref": ref, "answer": answer}
            inbox.record(session, event_key=f"{JOB}:{key}", kind=JOB, payload=payload, at=at, asker=person)
        return Notice(text=NOTED, values={})

    def answer(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: do what was answered. Safe to repeat; raises what `press` raises, and a SendOutcome."""
        by, ref, answer = Person(payload["workspace"], payload["user"]), payload["ref"], payload["answer"]
        with self._store.reading(SYSTEM) as session:
            row = _by_ref(session, ref)
            about, joined = row.person, row.kind == JOINED
        domain = self._domain(about) if joined and answer in _ROLES else None
        with self._store.transaction(SYSTEM) as session:
            row = _by_ref(session, ref, lock=True)
            decider = _decider(session, by, row)
            if row.answer is not None:
                return
            if answer in _ROLES and row.kind == JOINED:
                _take_in(session, row, decider, _ROLES[answer], domain, at)
            elif answer == YES and row.kind == SIDE:
                taking_sides.confirmed(session, row.team, row.side, row.person, decider, at)
            elif answer != NO:
                raise NotFound
            person_questions.settle(session, row, answer, at, by=decider)
            if answer == NO:
                taking_sides.declined(session, row, decider, at)

    def _domain(self, person: Person) -> str | None:
        """The domain of the address their own company's Slack shows of a full member."""
        contact = self._directory.contact(person)
        email = normal(contact.email) if contact is not None and not contact.is_guest else None
        return domain_of(email) if email else None


def vouched(session: Session, domain: str | None, organisation_id: int) -> bool:
    """Whether the company has verified the domain."""
    row = session.get(VerifiedDomainRow, domain) if domain else None
    return row is not None and row.organisation_id == organisation_id


def member_for(session: Session, person: Person, known: Known, organisation: OrganisationRow) -> MemberRow:
    """The member this person is; made where nobody knew them, of the company that is suggested."""
    if (row := member_of(session, person)) is not None:
        return row
    row = MemberRow(
        organisation_id=organisation.id,
        home_workspace=person.workspace,
        slack_user_id=person.user,
        name=known.name,
        zone=known.zone,
    )
    session.add(row)
    session.flush()
    return row


def _take_in(
    session: Session, row: PersonQuestionRow, decider: MemberRow, role: Role, domain: str | None, at: datetime
) -> None:
    """They are of the team; on the side where that is vouched for, or an admin of its company says so."""
    known = Known(name=row.name, zone=row.zone)
    member, company = member_for(session, row.person, known, row.side.organisation), row.side.organisation_id
    if participating.of(session, row.team_id, member.id) is not None:
        return
    is_admin = session.get(AdminRow, decider.id) is not None and decider.organisation_id == company
    sure = is_admin or (vouched(session, domain, company) and member.organisation_id == company)
    side_id = row.side_id if sure else None
    if sure:
        member.organisation_id = company
        member.vouched_at = at if vouched(session, domain, company) else None
    participating.begin(session, row.team_id, member, side_id=side_id, role=role, at=at)
    detail = {"who": member.id, "role": role.value, "side": row.side.name if sure else ""}
    audit(session, at=at, action="participation_begun", team_id=row.team_id, member_id=decider.id, detail=detail)
    if not sure:
        person_questions.ask_for_whom(session, row.team, member, row.side, at)


def _decider(session: Session, person: Person, row: PersonQuestionRow) -> MemberRow:
    """Who answers: of a joiner a scrum master or admin of the side, of a side an admin of its company."""
    found = speaker(session, person, row.team_id, Action.DECIDE_PEOPLE)
    if found is None:
        raise NotFound
    member, sides = found
    if row.kind == SIDE:
        if session.get(AdminRow, member.id) is None or member.organisation_id != row.side.organisation_id:
            raise OnlyTheirAdmin(company=row.side.organisation.name)
    elif row.side_id not in sides:
        raise NotAllowed(team=row.team.name)
    return member


def _by_ref(session: Session, ref: str, *, lock: bool = False) -> PersonQuestionRow:
    query = select(PersonQuestionRow).where(PersonQuestionRow.ref == ref)
    if (row := session.scalar(query.with_for_update() if lock else query)) is None:
        raise NotFound
    return row


def _takes_part(session: Session, team_id: int, person: Person) -> bool:
    member = member_of(session, person)
    return member is not None and participating.of(session, team_id, member.id) is not None
