"""Whose a Jira project is: said by its owner, joint once every side accepts.

The first acceptance is the owner's own and is the proposal; the other sides answer it, each for itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.parties import OrganisationRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import proposals
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.parties import Parties

_PROPOSED = (
    "{company} proposes that {project} is joint: people of every company that accepts it may then read its issues and "
    "figures in this joint team, but for the fields {company} keeps internal."
)
_KEY = re.compile(r"(?:[A-Z][A-Z0-9_]{0,79})?")  # of a project; "" is the site


class NotYours(Refusal):
    """{project} belongs to {company}. Only a scrum master of {company} can propose it."""


class NotProposed(Refusal):
    """{company} has not proposed {project} as joint. A scrum master of {company} has to do that first."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A project as a joint team has it: whose it is, and the sides that accept it; joint once `missing` is empty."""

    site: str
    key: str  # "": every project of the site of which nothing else is said
    company: str
    accepted: tuple[str, ...]
    missing: tuple[str, ...]


class Ownership:
    """Proposing, accepting and withdrawing, as scrum masters do it. Each side speaks for itself alone."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self.store = store

    def actor(self, person: Person, team: str, at: datetime) -> Actor:
        """The person in the joint team of that name. Raises NotFound, also where they are not in it; NotAMember."""
        return Parties(self.store).actor_named(person, team, at)

    def propose_joint(self, actor: Actor, site: str, key: str, at: datetime) -> Standing:
        """The owner's side wants a project to be joint; a second time changes nothing.

        `key` "" is the whole site. Of a project nobody has spoken of, the owner of the site may speak first.
        Raises NotAllowed, NotFound (the site is on none of the joint team's boards), NotYours.
        """
        return self._decide(actor, site, key, at, propose=True)

    def accept_joint(self, actor: Actor, site: str, key: str, at: datetime) -> Standing:
        """Another side agrees. Raises NotAllowed, NotFound, NotProposed."""
        return self._decide(actor, site, key, at, propose=False)

    def withdraw_joint(self, actor: Actor, site: str, key: str, at: datetime) -> Standing:
        """From now on the project is not joint any more, for this side wants it so. Raises NotAllowed, NotFound."""
        scope = _scope(actor)
        with self.store.transaction(scope) as session:
            row, side = _project(session, actor, site, key), _side(session, actor)
            mine = _acceptance(session, row.id, side.id)
            if mine is not None and mine.withdrawn_at is None:
                mine.withdrawn_at, mine.withdrawn_by = at, actor.member_id
                proposals.settled(session, kind=proposals.PROJECT, number=mine.id, state=proposals.WITHDRAWN, at=at)
                _note(session, "joint_withdrawn", row, actor, at)
            else:
                _settled(session, row, side, proposals.DECLINED, at)
            return _standing(session, row, actor.team_id)

    def standings(self, actor: Actor) -> tuple[Standing, ...]:
        """Every project of the sites of this joint team's boards of which something was said."""
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.READ, scope)
        with self.store.reading(scope) as session:
            query = select(JiraProjectRow).where(JiraProjectRow.site_id.in_(_sites(actor.team_id)))
            rows = session.scalars(query.order_by(JiraProjectRow.site_id, JiraProjectRow.key)).all()
            return tuple(_standing(session, row, actor.team_id) for row in rows)

    def _decide(self, actor: Actor, site: str, key: str, at: datetime, *, propose: bool) -> Standing:
        scope = _scope(actor)
        with self.store.transaction(scope) as session:
            row, side = _project(session, actor, site, key, new=propose), _side(session, actor)
            owner = row.organisation_id or row.site.organisation_id
            named = {"project": row.key or row.site.key, "company": _company(session, row)}
            if propose and owner != actor.organisation_id:
                raise NotYours(**named)
            if not propose and owner != actor.organisation_id and not _proposed(session, row, actor.team_id, owner):
                raise NotProposed(**named)
            if accept(session, row, side, at, member_id=actor.member_id):
                if propose:
                    _put_to_others(session, row, side, at)
                else:
                    _settled(session, row, side, proposals.ACCEPTED, at)
                _note(session, "joint_proposed" if propose else "joint_accepted", row, actor, at)
            return _standing(session, row, actor.team_id)


def accept(session: Session, row: JiraProjectRow, side: SideRow, at: datetime, *, member_id: int | None) -> bool:
    """Note that a side accepts; False where it did already. A person's withdrawal is overruled by a person only."""
    held = _acceptance(session, row.id, side.id)
    if held is None:
        session.add(
            JointAcceptanceRow(
                project_id=row.id, team_id=side.team_id, side_id=side.id, accepted_at=at, accepted_by=member_id
            )
        )
        session.flush()
        return True
    if held.withdrawn_at is None or member_id is None:
        return False
    held.accepted_at, held.accepted_by, held.withdrawn_at, held.withdrawn_by = at, member_id, None, None
    return True


def offer(session: Session, side: SideRow, site: str, key: str, at: datetime, *, member_id: int) -> None:
    """A side that sets a joint team up means a project of its own to be joint; each other side is asked as it accepts.

    Of a project that is somebody else's nothing is said.
    """
    row = session.scalar(
        select(JiraProjectRow)
        .join(JiraSiteRow, JiraSiteRow.id == JiraProjectRow.site_id)
        .where(JiraSiteRow.key == site, JiraProjectRow.key == key)
    )
    if row is None:
        where = select(JiraSiteRow.id).where(
            JiraSiteRow.key == site, JiraSiteRow.organisation_id == side.organisation_id
        )
        if not _KEY.fullmatch(key) or (site_id := session.scalar(where)) is None:
            return
        row = JiraProjectRow(site_id=site_id, key=key)
        session.add(row)
        session.flush()
    if (row.organisation_id or row.site.organisation_id) == side.organisation_id:
        accept(session, row, side, at, member_id=member_id)
        detail = {"project": row.id, "side": side.name}
        audit(session, at=at, action="joint_proposed", team_id=side.team_id, member_id=member_id, detail=detail)


def put_to(session: Session, side: SideRow, at: datetime) -> None:
    """A side has accepted the joint team: what others mean to be joint in it is put to it."""
    meant = select(JointAcceptanceRow.project_id).where(
        JointAcceptanceRow.team_id == side.team_id, JointAcceptanceRow.withdrawn_at.is_(None)
    )
    for row in session.scalars(select(JiraProjectRow).where(JiraProjectRow.id.in_(meant)).order_by(JiraProjectRow.id)):
        owner = row.organisation_id or row.site.organisation_id
        for theirs in _accepting(session, row, side.team_id):
            if theirs.organisation_id == owner:
                _put_to_others(session, row, theirs, at, only=side)


class Projects:
    """What is proposed as joint, decided by a click."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self._store, self._ownership = store, Ownership(store)

    def confirm(self, person: Person, team: str, number: int, at: datetime) -> None:
        """The actor's side accepts. Refusals as in `Ownership.accept_joint`."""
        self._ownership.accept_joint(self._ownership.actor(person, team, at), *self._project(number), at)

    def withdraw(self, person: Person, team: str, number: int, at: datetime) -> None:
        """The actor's side does not want it to be joint. Refusals as in `Ownership.withdraw_joint`."""
        self._ownership.withdraw_joint(self._ownership.actor(person, team, at), *self._project(number), at)

    def _project(self, number: int) -> tuple[str, str]:
        """Site and project, by the acceptance that proposed it."""
        with self._store.reading(SYSTEM) as session:
            if (row := session.get(JointAcceptanceRow, number)) is None:
                raise NotFound
            project = session.get_one(JiraProjectRow, row.project_id)
            return project.site.key, project.key


def _put_to_others(
    session: Session, row: JiraProjectRow, side: SideRow, at: datetime, *, only: SideRow | None = None
) -> None:
    """Ask every other side (or `only` this one) of which nothing is known yet, each for itself and once."""
    mine = _acceptance(session, row.id, side.id)
    assert mine is not None
    project = f"{row.key} ({row.site.key})" if row.key else f"the Jira site {row.site.key}"
    accepting = _accepting(session, row, side.team_id)
    for other in side.team.sides:
        asked = proposals.is_open(session, kind=proposals.PROJECT, number=mine.id, side=other.id)
        if other in accepting or other.organisation_id == side.organisation_id or asked:
            continue
        if only in (None, other):
            proposals.opened(
                session,
                kind=proposals.PROJECT,
                number=mine.id,
                team=side.team,
                side=side,
                asked=[other],
                told=proposals.Told(text=_PROPOSED, values={"project": project}),
                at=at,
            )


def _settled(session: Session, row: JiraProjectRow, side: SideRow, state: str, at: datetime) -> None:
    """A side has answered what another proposed."""
    for other in _accepting(session, row, side.team_id):
        if other.id != side.id and (theirs := _acceptance(session, row.id, other.id)) is not None:
            proposals.settled(session, kind=proposals.PROJECT, number=theirs.id, state=state, sides={side.id}, at=at)


# --- rows ----------------------------------------------------------------------------------------------------------


def _scope(actor: Actor) -> Scope:
    scope = Scope(team_id=actor.team_id)
    may(actor, Action.DECIDE_JOINT, scope)
    return scope


def _sites(team_id: int) -> Select[int]:
    """The sites a joint team has a board on."""
    return select(BoardRow.site_id).where(BoardRow.team_id == team_id)


def _project(session: Session, actor: Actor, site: str, key: str, *, new: bool = False) -> JiraProjectRow:
    """A project of a site that this joint team has a board on; any other is as if it were not there.

    `new`: one that the owner of the site speaks of for the first time is made.
    """
    query = (
        select(JiraProjectRow)
        .join(JiraSiteRow, JiraSiteRow.id == JiraProjectRow.site_id)
        .where(JiraSiteRow.key == site, JiraProjectRow.key == key)
        .where(JiraProjectRow.site_id.in_(_sites(actor.team_id)))
    )
    if (row := session.scalars(query.order_by(JiraProjectRow.id).with_for_update()).first()) is not None:
        return row
    ours = JiraSiteRow.key == site, JiraSiteRow.organisation_id == actor.organisation_id
    owned = select(JiraSiteRow.id).where(*ours, JiraSiteRow.id.in_(_sites(actor.team_id)))
    if not new or not _KEY.fullmatch(key) or (site_id := session.scalar(owned)) is None:
        raise NotFound
    row = JiraProjectRow(site_id=site_id, key=key)
    session.add(row)
    session.flush()
    return row


def _side(session: Session, actor: Actor) -> SideRow:
    return session.scalars(select(SideRow).where(SideRow.team_id == actor.team_id, SideRow.name == actor.side)).one()


def _acceptance(session: Session, project_id: int, side_id: int) -> JointAcceptanceRow | None:
    query = select(JointAcceptanceRow).where(
        JointAcceptanceRow.project_id == project_id, JointAcceptanceRow.side_id == side_id
    )
    return session.scalar(query)


def _proposed(session: Session, row: JiraProjectRow, team_id: int, owner: int | None) -> bool:
    return any(side.organisation_id == owner for side in _accepting(session, row, team_id))


def _accepting(session: Session, row: JiraProjectRow, team_id: int) -> Collection[SideRow]:
    query = (
        select(SideRow)
        .join(JointAcceptanceRow, JointAcceptanceRow.side_id == SideRow.id)
        .where(JointAcceptanceRow.project_id == row.id, JointAcceptanceRow.withdrawn_at.is_(None))
        .where(SideRow.team_id == team_id)
    )
    return session.scalars(query.order_by(SideRow.id)).all()


def _standing(session: Session, row: JiraProjectRow, team_id: int) -> Standing:
    session.flush()
    sides = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()
    accepting = _accepting(session, row, team_id)
    return Standing(
        site=row.site.key,
        key=row.key,
        company=_company(session, row),
        accepted=tuple(side.organisation.name for side in accepting),
        missing=tuple(side.organisation.name for side in sides if side not in accepting),
    )


def _company(session: Session, row: JiraProjectRow) -> str:
    owner = session.get(OrganisationRow, row.organisation_id or row.site.organisation_id or 0)
    return owner.name if owner else ""


def _note(session: Session, action: str, row: JiraProjectRow, actor: Actor, at: datetime) -> None:
    detail = {"project": row.id, "side": actor.side}
    audit(session, at=at, action=action, team_id=actor.team_id, member_id=actor.member_id, detail=detail)
