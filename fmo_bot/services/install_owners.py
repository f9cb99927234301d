"""Whose a workspace is in which our app was installed, and who speaks first for that company."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.ledger import MessageRow
from fmo_bot.db.parties import MemberRow, OrganisationRow, WorkspaceRow
from fmo_bot.domain.installs import Granted, Installation
from fmo_bot.services import proposals
from fmo_bot.services.governance import audit


def of(session: Session, install: Installation, *, may_make: bool = True) -> OrganisationRow | None:
    """The company of the installation's workspaces; one that nobody knows becomes a company of its own name.

    None where none is known and (`may_make` False) none is to be made. In a Grid that several companies share, a
    workspace that nobody knows stays nobody's: whose it is, a team file or the settings have to say.
    """
    query = select(WorkspaceRow).where(WorkspaceRow.slack_team_id.in_(install.workspaces))
    known = session.scalars(query.order_by(WorkspaceRow.id)).all()
    owner = known[0].organisation if known else _expected(session, install)
    if owner is None and not may_make:
        return None
    owner = owner or _made(session, install)
    if len({row.organisation_id for row in known}) > 1:
        return owner
    for workspace in sorted(set(install.workspaces) - {row.slack_team_id for row in known}):
        session.add(
            WorkspaceRow(
                organisation_id=owner.id, app_key=install.app_key, slack_team_id=workspace, name=install.team_name
            )
        )
    session.flush()
    return owner


def known(session: Session) -> set[str]:
    """The workspaces of which it is known whose they are."""
    return set(session.scalars(select(WorkspaceRow.slack_team_id)))


def of_workspace(session: Session, workspace: str) -> OrganisationRow | None:
    """The company whose workspace this is; None where nobody knows."""
    query = select(WorkspaceRow).where(WorkspaceRow.slack_team_id == workspace)
    row = session.scalar(query.order_by(WorkspaceRow.id))
    return row.organisation if row is not None else None


def first_admin(session: Session, organisation: OrganisationRow, granted: Granted, *, at: datetime) -> bool:
    """Make whoever installed the app the admin of their company, if it has none; whether they became that.

    Only in their own workspace: a guest, or somebody who belongs to another company here, speaks for nobody.
    """
    if granted.home is None or granted.home not in granted.installation.workspaces:
        return False
    at_home = of_workspace(session, granted.home)
    if at_home is None or at_home.id != organisation.id:  # another company of the same Grid
        return False
    admins = select(AdminRow.member_id).join(MemberRow, MemberRow.id == AdminRow.member_id)
    if session.scalar(admins.where(MemberRow.organisation_id == organisation.id).limit(1)) is not None:
        return False
    them = MemberRow.home_workspace == granted.home, MemberRow.slack_user_id == granted.installed_by
    member = session.scalar(select(MemberRow).where(*them))
    if member is None:
        member = MemberRow(
            organisation_id=organisation.id,
            home_workspace=granted.home,
            slack_user_id=granted.installed_by,
            name=granted.name or granted.installed_by,
            zone=granted.zone,
        )
        session.add(member)
        session.flush()
    if member.organisation_id != organisation.id:
        return False
    session.add(AdminRow(member_id=member.id))
    session.flush()
    proposals.tell_again(session, organisation.id, at)
    detail = {"organisation": organisation.id, "member": member.id, "by": "install"}
    audit(session, at=at, action="first_admin", team_id=None, member_id=member.id, detail=detail)
    return True


def forget_directs(session: Session, workspaces: Collection[str]) -> None:
    """Another bot user speaks there now: direct conversations with the former one are not its own."""
    theirs = MemberRow.home_workspace.in_(workspaces), MemberRow.dm_channel.is_not(None)
    session.execute(update(MemberRow).where(*theirs).values(dm_channel=None, dm_tried_at=None))
    unsent = MessageRow.workspace.in_(workspaces), MessageRow.person.is_not(None), MessageRow.ts.is_(None)
    session.execute(update(MessageRow).where(*unsent).values(channel=None))


def _expected(session: Session, install: Installation) -> OrganisationRow | None:
    """The company that was named for a workspace before the app was installed there, by who is at home in it.

    A joint team may begin before one of its companies has the app. One that has a workspace already is another one.
    """
    homes = select(MemberRow.organisation_id).where(MemberRow.home_workspace.in_(install.workspaces))
    without = OrganisationRow.id.not_in(select(WorkspaceRow.organisation_id))
    query = select(OrganisationRow).where(OrganisationRow.id.in_(homes), without)
    return session.scalars(query.order_by(OrganisationRow.id)).first()


def _made(session: Session, install: Installation) -> OrganisationRow:
    """A name that somebody else has already gives no rights over what is theirs: it is told apart by the id."""
    taken = session.scalar(select(OrganisationRow.id).where(OrganisationRow.name == install.team_name)) is not None
    name = f"{install.team_name} ({install.team_id or install.enterprise_id})" if taken else install.team_name
    row = OrganisationRow(name=name)
    session.add(row)
    session.flush()
    return row
