"""Telling those who decide what another side proposes, and taking their word by a click.

What is proposed belongs to the service of its subject: that one opens a proposal with it in the same transaction, and
says here how it was decided, by whichever way. Nobody decides for another side.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, SideRow
from fmo_bot.db.proposals import ProposalRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain.messages import Notice, Proposal
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services.agreeing import speaker
from fmo_bot.services.governance import Action, narrow
from fmo_bot.services.parties import scrum_masters

CALENDAR, WORKFLOW, PROJECT, SET_UP = "calendar", "workflow", "project", "set_up"
OPEN, ACCEPTED, DECLINED, WITHDRAWN, REPLACED = "open", "accepted", "declined", "withdrawn", "replaced"
DECIDE, WITHDRAW = "decide", "withdraw"  # what a reader's buttons are for
JOB = "proposal"
NOTED = "Your word is noted. The message above says how it stands as soon as it is worked in."


class OverBy(Refusal):
    """That proposal of {company} is decided already. Propose anew what should be different."""


class Subject(Protocol):
    """The service of what is proposed. Each raises the refusal that fits whoever may not decide."""

    def confirm(self, person: Person, team: str, number: int, at: datetime) -> object:
        """Another side agrees."""

    def withdraw(self, person: Person, team: str, number: int, at: datetime) -> None:
        """Its own side takes it back, or another declines it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is proposed, in one sentence: a msgid with named placeholders and their values."""

    text: str
    values: Mapping[str, str | int]


def opened(
    session: Session,
    *,
    kind: str,
    number: int,
    team: JointTeamRow,
    side: SideRow | None,
    asked: Sequence[SideRow],
    told: Told,
    at: datetime,
    admins_only: bool = False,
) -> None:
    """A side proposes something: owe the question to scrum masters and admins of the sides any of which decides.

    `side` None: the host, which has none in this joint team. `admins_only`: its scrum masters do not decide it.
    """
    row = ProposalRow(
        ref=secrets.token_urlsafe(12),
        team_id=team.id,
        company=side.organisation.name if side is not None else team.host.name,
        kind=kind,
        number=number,
        asked=[each.id for each in asked],
        text=told.text,
        said=dict(told.values),
        at=at,
    )
    row.side_id, row.admins_only = side.id if side is not None else None, admins_only
    session.add(row)
    session.flush()
    _tell(session, row, at)


def is_open(session: Session, *, kind: str, number: int, side: int | None = None) -> bool:
    """Whether it waits for somebody's word; of this side (its id), where one is named."""
    return any(side is None or side in row.asked for row in _open(session, kind, number))


def retold(session: Session, *, kind: str, number: int, told: Told, at: datetime) -> None:
    """More is known of what an open proposal would change."""
    for row in _open(session, kind, number):
        row.text, row.said = told.text, dict(told.values)
        _tell(session, row, at)


def tell_again(session: Session, organisation_id: int, at: datetime) -> None:
    """A company has an admin more: what waits for it is put to them too."""
    theirs = set(session.scalars(select(SideRow.id).where(SideRow.organisation_id == organisation_id)))
    scope = session.info["scope"]
    for row in session.scalars(select(ProposalRow).where(ProposalRow.state == OPEN)).all():
        if theirs & set(row.asked):
            _tell(session, row, at)
    session.info["scope"] = scope  # each was told in that of its joint team


def settled(session: Session, *, kind: str, number: int, state: str, at: datetime, sides: Collection[int] = ()) -> None:
    """An open proposal was decided by somebody who speaks for `sides` (ids).

    Accepted or declined are those that were put to one of these sides.
    """
    for row in _open(session, kind, number):
        if state in (ACCEPTED, DECLINED) and not set(row.asked) & set(sides):
            continue
        row.state, row.decided_at = state, at
        row.decided_by = next((side for side in row.asked if side in sides), None)
        _tell(session, row, at)


class Proposals:
    """What people press."""

    def __init__(self, store: Store, subjects: Mapping[str, Subject]) -> None:
        """`subjects`: by kind."""
        self.store, self.subjects = store, subjects

    def press(self, person: Person, ref: str, *, accept: bool, key: str, at: datetime) -> Notice:
        """Take somebody's word down; `key` names what was pressed, the same twice is one. Raises NotFound."""
        with self.store.reading(SYSTEM) as session:
            team_id = _by_ref(session, ref).team_id
            if speaker(session, person, team_id, Action.READ) is None:
                raise NotFound
        payload = {"workspace": person.workspace, "user": person.user, "ref": ref, "accept": accept}
        with self.store.transaction(Scope(team_id=team_id)) as session:
            inbox.record(session, event_key=f"{JOB}:{key}", kind=JOB, payload=payload, at=at, asker=person)
        return Notice(text=NOTED, values={})

    def decide(self, payload: Mapping[str, Any], at: datetime) -> None:
        """The job: accept a proposal; or decline it, which of one's own side is to withdraw it. Safe to repeat.

        Raises OverBy, and what the subject raises of somebody whose word it does not wait for.
        """
        person, accept = Person(payload["workspace"], payload["user"]), payload["accept"]
        with self.store.reading(SYSTEM) as session:
            row = _by_ref(session, payload["ref"])
            state, company = row.state, row.company
            subject, where = self.subjects[row.kind], (row.team.name, row.number)
        if state != OPEN:
            if accept == (state == ACCEPTED) and state != REPLACED:
                return
            raise OverBy(company=company)
        (subject.confirm if accept else subject.withdraw)(person, *where, at)


# --- who is told what ---------------------------------------------------------------------------------------------


def _tell(session: Session, row: ProposalRow, at: datetime) -> None:
    """Owe each reader the proposal as it stands now."""
    narrow(session, row.team_id)
    session.flush()
    readers = {f"proposal:{row.ref}:{member.id}": (member, what) for member, what in _readers(session, row)}
    outbox.hold(session, readers)
    for name, (member, what) in readers.items():
        message = _message(session, row, what if row.state == OPEN else "")
        if outbox.is_owed(session, name):
            outbox.owe_update(session, name=name, message=message, due=at, language=member.language)
        else:
            outbox.owe(session, name=name, message=message, due=at, language=member.language, person=member.person)


def _readers(session: Session, row: ProposalRow) -> Iterator[tuple[MemberRow, str]]:
    """Who decides, then whoever may withdraw it; each once."""
    seen: set[int] = set()
    own = [(row.side_id, WITHDRAW)] if row.side_id is not None else []
    for side_id, what in (*((side, DECIDE) for side in row.asked), *own):
        side, masters = session.get_one(SideRow, side_id), what != DECIDE or not row.admins_only
        for member in _speakers(session, side, masters=masters):
            if member.id not in seen:
                seen.add(member.id)
                yield member, what


def _speakers(session: Session, side: SideRow, *, masters: bool) -> Sequence[MemberRow]:
    """A side's scrum masters, and its company's admins."""
    admins = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id)
    theirs = admins.where(MemberRow.organisation_id == side.organisation_id).order_by(MemberRow.id)
    own = scrum_masters(session, side.team_id, side.id) if masters else []
    return [*own, *session.scalars(theirs)]


def _message(session: Session, row: ProposalRow, what: str) -> Proposal:
    decided = session.get(SideRow, row.decided_by) if row.decided_by is not None else None
    asked = [session.get_one(SideRow, each).organisation.name for each in row.asked]
    return Proposal(
        ref=row.ref,
        team=row.team.name,
        company=row.company,
        text=row.text,
        values=row.said,
        asked=tuple(dict.fromkeys(asked)),
        state=row.state,
        by=decided.organisation.name if decided is not None else "",
        may=what,
        changes=what == DECIDE and row.kind == SET_UP,
    )


def _open(session: Session, kind: str, number: int) -> Sequence[ProposalRow]:
    query = select(ProposalRow).where(ProposalRow.kind == kind, ProposalRow.number == number, ProposalRow.state == OPEN)
    return session.scalars(query.with_for_update()).all()


def _by_ref(session: Session, ref: str) -> ProposalRow:
    if (row := session.scalar(select(ProposalRow).where(ProposalRow.ref == ref))) is None:
        raise NotFound
    return row
