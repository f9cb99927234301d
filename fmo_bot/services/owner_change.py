"""Giving a Jira site or project to another company: done once its owner and that company have both agreed.

What the former owner said of it ends with that: nothing of it is joint any more, nobody may act in it, and its issues
with a security level are stored no longer. The fields they kept internal stay so until the new owner says otherwise.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.acting import JiraPermissionRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow, OwnerAgreementRow
from fmo_bot.db.parties import OrganisationRow, SideRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import Actor, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services.governance import Action, audit, may
from fmo_bot.services.withheld import reconsider

_KEY = re.compile(r"(?:[A-Z][A-Z0-9_]{0,79})?")  # of a project; "" is the site


class NotYoursToGive(Refusal):
    """{project} belongs to {company}. Only a scrum master of {company}, or of the company it goes to, can agree."""


@dataclass(frozen=True, kw_only=True)
class Handover:
    """How far it is: whose it is now, whose it is to be, and who has yet to agree; `missing` empty: it is done."""

    site: str
    key: str
    company: str
    to: str
    missing: tuple[str, ...]


def agree(store: Store, actor: Actor, site: str, key: str, to: str, at: datetime) -> Handover:
    """The actor's company agrees that a site (`key` "") or project is to belong to the company `to`.

    To the company whose it is already: takes back what the actor's company agreed to. A second time changes nothing.
    Raises NotAllowed, NotFound (site, project or company are none of this joint team's), NotYoursToGive.
    """
    scope = Scope(team_id=actor.team_id)
    may(actor, Action.DECIDE_JOINT, scope)
    with store.transaction(scope) as session:
        row, whom = _site(session, actor, site, key), _side_company(session, actor, to)
        owner = session.get(OrganisationRow, _owner(session, row, key) or 0)
        if owner is not None and whom.id == owner.id:
            _take_back(session, actor, row, key, at)
            return Handover(site=site, key=key, company=owner.name, to=to, missing=())
        if owner is None or actor.organisation_id not in (owner.id, whom.id):
            raise NotYoursToGive(project=key or site, company=owner.name if owner else "")
        agreed = _agreed(session, actor, row, key, whom, at)
        missing = tuple(each.name for each in (owner, whom) if each.id not in agreed)
        if not missing:
            _change(session, actor, row, key, whom, at)
        return Handover(site=site, key=key, company=owner.name if missing else whom.name, to=to, missing=missing)


def _site(session: Session, actor: Actor, site: str, key: str) -> JiraSiteRow:
    """Locked, so that two who agree at once are told apart."""
    boards = select(BoardRow.site_id).where(BoardRow.team_id == actor.team_id)
    query = select(JiraSiteRow).where(JiraSiteRow.key == site, JiraSiteRow.id.in_(boards))
    row = session.scalar(query.with_for_update())
    if row is None or not _KEY.fullmatch(key):
        raise NotFound
    return row


def _side_company(session: Session, actor: Actor, name: str) -> OrganisationRow:
    sides = select(SideRow.organisation_id).where(SideRow.team_id == actor.team_id)
    found = session.scalar(select(OrganisationRow).where(OrganisationRow.name == name, OrganisationRow.id.in_(sides)))
    if found is None:
        raise NotFound
    return found


def _project(session: Session, site: JiraSiteRow, key: str) -> JiraProjectRow | None:
    query = select(JiraProjectRow).where(JiraProjectRow.site_id == site.id, JiraProjectRow.key == key)
    return session.scalars(query.order_by(JiraProjectRow.id)).first()


def _owner(session: Session, site: JiraSiteRow, key: str) -> int | None:
    project = _project(session, site, key) if key else None
    return (project.organisation_id if project else None) or site.organisation_id


def _agreed(
    session: Session, actor: Actor, site: JiraSiteRow, key: str, whom: OrganisationRow, at: datetime
) -> set[int]:
    """The companies that agree, the actor's among them from now on."""
    here = _here(site, key), OwnerAgreementRow.to_id == whom.id
    agreed = set(session.scalars(select(OwnerAgreementRow.by_id).where(*here)))
    if actor.organisation_id not in agreed:
        row = OwnerAgreementRow(
            site_id=site.id,
            key=key,
            to_id=whom.id,
            by_id=actor.organisation_id,
            agreed_at=at,
            agreed_by=actor.member_id,
        )
        session.add(row)
        _note(session, "owner_agreed", actor, site, key, at, to=whom.id)
    return agreed | {actor.organisation_id}


def _take_back(session: Session, actor: Actor, site: JiraSiteRow, key: str, at: datetime) -> None:
    mine = _here(site, key), OwnerAgreementRow.by_id == actor.organisation_id
    if session.scalars(select(OwnerAgreementRow.id).where(*mine)).first() is not None:
        session.execute(delete(OwnerAgreementRow).where(*mine))
        _note(session, "owner_kept", actor, site, key, at)


def _change(session: Session, actor: Actor, site: JiraSiteRow, key: str, whom: OrganisationRow, at: datetime) -> None:
    if not key:
        site.organisation_id = whom.id
    elif (project := _project(session, site, key)) is not None:
        project.organisation_id = whom.id
    else:
        session.add(JiraProjectRow(site_id=site.id, key=key, organisation_id=whom.id))
    session.flush()
    changed = _changed(site, key)
    _end_what_was_said(session, actor, site, key, changed, at)
    # What was agreed about it, or about a project that went with its site, was agreed with the former owner.
    old = OwnerAgreementRow.site_id == site.id if not key else _here(site, key)
    session.execute(delete(OwnerAgreementRow).where(old))
    _note(session, "owner_changed", actor, site, key, at, to=whom.id)


def _changed(site: JiraSiteRow, key: str) -> ColumnElement[bool]:
    """With a site go its projects that have no owner of their own."""
    here = JiraProjectRow.site_id == site.id
    return and_(here, JiraProjectRow.key == key if key else JiraProjectRow.organisation_id.is_(None))


def _end_what_was_said(
    session: Session, actor: Actor, site: JiraSiteRow, key: str, changed: ColumnElement[bool], at: datetime
) -> None:
    """In every joint team. Withdrawn by a person, so that no team file brings an acceptance back."""
    accepted = JointAcceptanceRow.project_id.in_(select(JiraProjectRow.id).where(changed))
    standing = update(JointAcceptanceRow).where(accepted, JointAcceptanceRow.withdrawn_at.is_(None))
    session.execute(standing.values(withdrawn_at=at, withdrawn_by=actor.member_id))
    own = select(JiraProjectRow.key).where(
        JiraProjectRow.site_id == site.id, JiraProjectRow.organisation_id.is_not(None), JiraProjectRow.key != key
    )
    theirs = JiraPermissionRow.project == key if key else JiraPermissionRow.project.not_in(own)
    session.execute(delete(JiraPermissionRow).where(JiraPermissionRow.site_id == site.id, theirs))
    session.execute(update(JiraProjectRow).where(changed).values(stores_secured=False))
    session.expire_all()
    reconsider(session, site.id)


def _here(site: JiraSiteRow, key: str) -> ColumnElement[bool]:
    return and_(OwnerAgreementRow.site_id == site.id, OwnerAgreementRow.key == key)


def _note(session: Session, action: str, actor: Actor, site: JiraSiteRow, key: str, at: datetime, **more: int) -> None:
    detail = {"site": site.key, "project": key, "side": actor.side, **more}
    audit(session, at=at, action=action, team_id=actor.team_id, member_id=actor.member_id, detail=detail)
