"""Acts as rows: whose they are, where they act, who may, and how they ended."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.boards import IssueRow, JiraSiteRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.domain import act_forms
from fmo_bot.domain.act_forms import Filled
from fmo_bot.domain.acting import Act
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.parties import SYSTEM, Actor, Person, Scope
from fmo_bot.errors import NotFound, Refusal
from fmo_bot.services import issues, issues_named
from fmo_bot.services.acting import Acting, Grant

OPEN = ("form", "asked", "tried", "naming")  # states in which something may still be done
FORGOTTEN = timedelta(days=1)  # what a form offered and what was typed, if it came to no end
KNOWN_FOR = timedelta(days=30)  # that there was an act
_WHAT = {
    act_forms.ASSIGN: Act.ASSIGN,
    act_forms.MOVE: Act.TRANSITION,
    act_forms.COMMENT: Act.COMMENT,
    act_forms.FLAG: Act.FLAG,
    act_forms.UNFLAG: Act.FLAG,
    act_forms.CREATE: Act.CREATE,
}
_ANY = "0"  # no transition has this id: asks whether any may be taken at all


class ActingIsOff(Refusal):
    """Changing issues of Jira site {site} from here is off. Its owner's host can switch it on in the team file."""


class ActRows:
    """The acts of all people."""

    def __init__(self, store: Store, rights: Acting) -> None:
        """`rights` says who may."""
        self.store, self.rights = store, rights

    def mine(self, session: Session, person: Person, ref: str) -> JiraActRow:
        """The person's own act. Raises NotFound for anybody else's too."""
        row = session.scalar(select(JiraActRow).where(JiraActRow.ref == ref))
        member = session.get(MemberRow, row.member_id) if row is not None else None
        if row is None or member is None or member.person != person:
            raise NotFound
        return row

    def grant(
        self, actor: Actor, project: ProjectName, kind: str, at: datetime, *, transition: str | None = None
    ) -> Grant:
        """The right to do this here. Raises what `Acting.grant_for` raises."""
        act = _WHAT[kind]
        wanted = (transition or _ANY) if act is Act.TRANSITION else None
        return self.rights.grant_for(actor, project, act, transition=wanted, at=at)

    def where(self, row: JiraActRow, filled: Filled) -> tuple[ProjectName, int]:
        """The project the act is in, and the row id of its site; of a switched off site, a refusal."""
        with self.store.reading(SYSTEM) as session:
            if row.kind == act_forms.CREATE:
                key, project, _ = filled.choice.split("|")
                site = session.scalars(select(JiraSiteRow).where(JiraSiteRow.key == key)).one()
                name = ProjectName(site=key, key=project)
            else:
                site = session.get_one(JiraSiteRow, row.site_id)
                name = project_of(stored_issue(session, row), site)
            if not site.acting:
                raise ActingIsOff(site=site.key)
            return name, site.id

    def shape(self, team_id: int, site_id: int) -> BoardShape | None:
        """What the site's board is; None where no board of it was read."""
        with self.store.reading(SYSTEM) as session:
            return issues.shape_of(session, team_id, site_id)

    def note(
        self, row: JiraActRow, actor: Actor, grant: Grant, outcome: str, at: datetime, *, state: str | None = None
    ) -> None:
        """Put it into the audit log; `state`: what becomes of the act."""
        with self.store.transaction(Scope(team_id=row.team_id)) as session:
            self.rights.noted(session, actor, grant, issue=row.jira_issue_id or "", outcome=outcome, at=at)
            if state is not None:
                session.get_one(JiraActRow, row.id).state = state

    def end(self, row: JiraActRow, state: str) -> None:
        """It has come to its end: what was offered and typed is forgotten."""
        with self.store.transaction(SYSTEM) as session:
            kept = session.get_one(JiraActRow, row.id)
            kept.state, kept.offer, kept.wanted = state, {}, {}


def forget_old(store: Store, at: datetime) -> None:
    """Forms that were never sent, and acts that were given up, are forgotten after a day; all rows go after thirty."""
    old = JiraActRow.asked_at < at - FORGOTTEN, JiraActRow.state.in_(OPEN)
    nothing: dict[str, Any] = {"state": "forgotten", "offer": {}, "wanted": {}, "source": {}}
    with store.transaction(SYSTEM) as session:
        session.execute(update(JiraActRow).where(*old).values(nothing))
        session.execute(delete(JiraActRow).where(JiraActRow.asked_at < at - KNOWN_FOR))


def stored(session: Session, row: JiraActRow) -> IssueRow | None:
    """The issue it is about; None where it is to be created, or is no longer stored."""
    query = select(IssueRow).where(IssueRow.site_id == row.site_id, IssueRow.jira_issue_id == row.jira_issue_id)
    return session.scalar(query)


def stored_issue(session: Session, row: JiraActRow) -> IssueRow:
    """The issue it is about. Raises NotFound."""
    if (found := stored(session, row)) is None:
        raise NotFound
    return found


def project_of(row: IssueRow, site: JiraSiteRow) -> ProjectName:
    """The project an issue is in."""
    return issues_named.name_of(row, site.key).project
