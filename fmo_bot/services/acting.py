"""Acting in Jira: as whom a person may do something, who allowed it, and the line that says who did it for whom.

Off until the owner says otherwise: an admin of the company that owns the project allows another company (or its own)
single acts. Every act is in the audit log with the person; in Jira the service account's acts carry their name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow, JiraAccountRow
from fmo_bot.db.acting import ApprovalRow, JiraGrantRow, JiraPermissionRow
from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.ownership import JiraProjectRow
from fmo_bot.db.parties import MemberRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience
from fmo_bot.domain.acting import Act, Allowed, Approval, Denial, Via, Wish, decide, is_same, signature
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.errors import ActNotAllowed, ApprovalIsTheirs, NotAnAdmin, NotFound, ProjectUnread
from fmo_bot.services.governance import Action, audit, may


@dataclass(frozen=True, kw_only=True)
class Grant:
    """As whom an act may be done. `account`: the person's own, where it is theirs to act."""

    via: Via
    act: Act
    site: str
    project: ProjectName
    link_id: int | None  # of the person's own grant
    account: str | None  # Jira's id of the person's linked account, if it is known
    signature: str  # "": nothing to add, Jira shows the person themselves


class Acting:
    """Rights to act, of everybody on every site."""

    def __init__(self, store: Store) -> None:
        """`store`: the database."""
        self._store = store

    def grant_for(
        self, actor: Actor, project: ProjectName, act: Act, *, transition: str | None = None, at: datetime
    ) -> Grant:
        """As whom the actor may do this now. Nothing is done yet; see `noted`.

        Raises NotAllowed (their role), NotFound (a project that they may not know of, or of no board of theirs),
        ApprovalIsTheirs, ActNotAllowed.
        """
        scope = Scope(team_id=actor.team_id)
        may(actor, Action.ACT_IN_JIRA, scope)
        with self._store.reading(scope) as session:
            site = _site_of(session, actor, project)
            own = session.scalar(_own_grant(actor, site))
            if not project.id:  # a key alone may have been another project's when something was allowed
                project = replace(project, id=_id_of(session, site, project.key))
            wish = Wish(act=act, company=actor.organisation_id, project=project, transition=transition)
            found = decide(
                wish,
                has_own_grant=own is not None,
                allowed=_allowed(session, site),
                approvals=_approvals(session, site),
            )
            if isinstance(found, Denial):
                raise _refusal(found, session, site, project)
            company = session.get_one(OrganisationRow, actor.organisation_id).name
            return Grant(
                via=found,
                act=act,
                site=site.key,
                project=project,
                link_id=own.link_id if own is not None else None,
                account=session.scalar(_account(actor, site)),
                signature="" if found is Via.OWN else signature(actor.name, company),
            )

    def noted(self, session: Session, actor: Actor, grant: Grant, *, issue: str, outcome: str, at: datetime) -> None:
        """A line in the audit log: who did what, where, as whom, and how it ended. Before and after each act.

        `issue`: Jira's id of it, or "" for one that is being created; `outcome`: `tried`, `done`, `failed`, `unknown`.
        """
        detail = {
            "act": grant.act.value,
            "site": grant.site,
            "project": grant.project.id or grant.project.key,
            "issue": issue,
            "via": grant.via.value,
            "side": actor.side,
            "outcome": outcome,
        }
        audit(session, at=at, action="jira_act", team_id=actor.team_id, member_id=actor.member_id, detail=detail)

    # --- what an owner's admin says ----------------------------------------------------------------------------------

    def allow(
        self, admin: Person, site: str, project: str, company: str, acts: Iterable[Act], *, yes: bool, at: datetime
    ) -> frozenset[Act]:
        """Let a company's people have the service account do these acts in a project, or no more (`yes` False).

        What they may do there now. Raises NotAnAdmin, ProjectUnread, NotFound (no such site or company).
        """
        with self._store.transaction(SYSTEM) as session:
            row, member = _owned(session, admin, site, project)
            whose = session.scalar(select(OrganisationRow).where(OrganisationRow.name == company))
            if whose is None:
                raise NotFound
            listed = sorted({act.value for act in acts})
            about = _is_about(session, JiraPermissionRow, row, project)
            mine = JiraPermissionRow.site_id == row.id, about, JiraPermissionRow.organisation_id == whose.id
            # Said anew either way: what was allowed for a project that had this key before goes.
            session.execute(delete(JiraPermissionRow).where(*mine, JiraPermissionRow.act.in_(listed)))
            if yes:
                named = _about(session, row, project)
                said = {"organisation_id": whose.id, "allowed_at": at, "allowed_by": member.id}
                insert_once(session, JiraPermissionRow, [named | said | {"act": act} for act in listed])
            detail = {"site": site, "project": project, "organisation": whose.id, "acts": listed}
            action = "jira_acts_allowed" if yes else "jira_acts_forbidden"
            audit(session, at=at, action=action, team_id=None, member_id=member.id, detail=detail)
            left = session.scalars(select(JiraPermissionRow.act).where(*mine))
            return frozenset(Act(each) for each in left)

    def mark_approval(
        self, admin: Person, site: str, project: str, transition: str, *, yes: bool, at: datetime
    ) -> frozenset[str]:
        """Mark a transition, by its id, as an approval, or no more; the ids of all of them. Raises like `allow`."""
        with self._store.transaction(SYSTEM) as session:
            row, member = _owned(session, admin, site, project)
            mine = ApprovalRow.site_id == row.id, _is_about(session, ApprovalRow, row, project)
            session.execute(delete(ApprovalRow).where(*mine, ApprovalRow.transition == transition))
            if yes:
                about = _about(session, row, project)
                said = {"transition": transition, "marked_at": at, "marked_by": member.id}
                insert_once(session, ApprovalRow, [about | said])
            detail = {"site": site, "project": project, "transition": transition}
            action = "jira_approval_marked" if yes else "jira_approval_unmarked"
            audit(session, at=at, action=action, team_id=None, member_id=member.id, detail=detail)
            return frozenset(session.scalars(select(ApprovalRow.transition).where(*mine)))


# --- rows ----------------------------------------------------------------------------------------------------------


def _site_of(session: Session, actor: Actor, project: ProjectName) -> JiraSiteRow:
    """The site, if the actor's joint team has a board on it and the actor may know of the project."""
    query = (
        select(JiraSiteRow)
        .join(BoardRow, BoardRow.site_id == JiraSiteRow.id)
        .where(BoardRow.team_id == actor.team_id, JiraSiteRow.key == project.site)
    )
    site = session.scalars(query.limit(1)).first()
    standpoint = audience.of_company(session, actor.team_id, actor.organisation_id)
    owned = standpoint.of(project)
    if site is None or not (owned.joint or standpoint.is_inside(owned.company)):
        raise NotFound
    return site


def _own_grant(actor: Actor, site: JiraSiteRow) -> Select[JiraGrantRow]:
    query = select(JiraGrantRow).join(JiraAccountRow, JiraAccountRow.id == JiraGrantRow.link_id)
    mine = JiraAccountRow.member_id == actor.member_id, JiraAccountRow.site_id == site.id
    return query.where(*mine, JiraAccountRow.account.is_not(None))


def _account(actor: Actor, site: JiraSiteRow) -> Select[str | None]:
    mine = JiraAccountRow.member_id == actor.member_id, JiraAccountRow.site_id == site.id
    return select(JiraAccountRow.account).where(*mine)


def _allowed(session: Session, site: JiraSiteRow) -> list[Allowed]:
    rows = session.scalars(select(JiraPermissionRow).where(JiraPermissionRow.site_id == site.id))
    return [
        Allowed(act=Act(row.act), company=row.organisation_id, project=_name(site, row.project, row.jira_project_id))
        for row in rows
    ]


def _approvals(session: Session, site: JiraSiteRow) -> list[Approval]:
    rows = session.scalars(select(ApprovalRow).where(ApprovalRow.site_id == site.id))
    return [Approval(transition=row.transition, project=_name(site, row.project, row.jira_project_id)) for row in rows]


def _name(site: JiraSiteRow, key: str, number: str) -> ProjectName:
    return ProjectName(site=site.key, id=number, key=key)


def _owned(session: Session, admin: Person, site: str, project: str) -> tuple[JiraSiteRow, MemberRow]:
    """The site, and the admin if they are one of the project's owner. Raises NotFound, NotAnAdmin."""
    row = session.scalar(select(JiraSiteRow).where(JiraSiteRow.key == site))
    if row is None or not project:
        raise NotFound
    owner = _owner(session, row, project)
    here = MemberRow.home_workspace == admin.workspace, MemberRow.slack_user_id == admin.user
    query = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id).where(*here)
    member = session.scalar(query.where(MemberRow.organisation_id == owner))
    if member is None:
        company = session.get(OrganisationRow, owner or 0)
        raise NotAnAdmin(project=project, company=company.name if company else "?")
    return row, member


def _owner(session: Session, site: JiraSiteRow, project: str) -> int | None:
    """Whose the project is: as was said of it, else of its site."""
    asked = _name(site, project, _id_of(session, site, project))
    rows = session.scalars(select(JiraProjectRow).where(JiraProjectRow.site_id == site.id, JiraProjectRow.key != ""))
    known = next((row for row in rows if is_same(_name(site, row.key, row.jira_project_id or ""), asked)), None)
    return (known.organisation_id if known is not None else None) or site.organisation_id


def _about(session: Session, site: JiraSiteRow, project: str) -> dict[str, object]:
    """What is said about a project holds for its id: a key can be given to another one. Raises ProjectUnread."""
    number = _id_of(session, site, project)
    if not number:
        raise ProjectUnread(project=project, site=site.key)
    return {"site_id": site.id, "project": project, "jira_project_id": number}


def _is_about(
    session: Session, row: type[JiraPermissionRow | ApprovalRow], site: JiraSiteRow, project: str
) -> ColumnElement[bool]:
    """What was said of the project that has this key now, also when it had another, or of one that had it before."""
    number = _id_of(session, site, project)
    named = row.project == project
    return or_(named, row.jira_project_id == number) if number else named


def _id_of(session: Session, site: JiraSiteRow, project: str) -> str:
    """Jira's id of the project that has this key now, as far as an issue of it was read."""
    told = IssueRow.site_id == site.id, IssueRow.project != ""
    mine = IssueRow.key.startswith(f"{project}-", autoescape=True)
    newest = select(IssueRow.project).where(*told, mine).order_by(IssueRow.updated.desc(), IssueRow.id).limit(1)
    return session.scalar(newest) or ""


def _refusal(why: Denial, session: Session, site: JiraSiteRow, project: ProjectName) -> Exception:
    owner = session.get(OrganisationRow, _owner(session, site, project.key) or 0)
    named = {"company": owner.name if owner else "?", "project": project.key or site.key}
    return ActNotAllowed(**named) if why is Denial.NOT_ALLOWED else ApprovalIsTheirs(**named)
