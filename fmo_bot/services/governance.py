"""Who may do what: one table, one function; and the audit log of what was done.

Reading is for every member of the joint team. Stakeholders read and never act.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from fmo_bot.db.audit import AuditRow
from fmo_bot.domain.parties import Actor, Role, Scope
from fmo_bot.errors import NoSideYet, NotAllowed


class Action(StrEnum):
    """What can be done in a joint team."""

    READ = "read"  # the joint team's figures, answers and blockers
    ANSWER = "answer"  # one's own prompt
    ASK_REPORT = "ask_report"  # a report to oneself
    SHARE_REPORT = "share_report"  # a report to the joint channel
    RAISE_BLOCKER = "raise_blocker"
    RESOLVE_OWN_BLOCKER = "resolve_own_blocker"  # of the actor's own side, the one that waits
    RESOLVE_ANY_BLOCKER = "resolve_any_blocker"  # of whichever side
    PROPOSE_TEAM = "propose_team"  # to the other companies, as the side that sets it up
    DECIDE_JOINT = "decide_joint"  # for one's own side: whether a Jira project is joint
    CHANGE_CALENDAR = "change_calendar"  # of one's own side; of its past, agree for the other side
    CHANGE_WORKFLOW = "change_workflow"  # what a board's statuses mean: propose, or agree for one's own side
    DECIDE_PEOPLE = "decide_people"  # of one's own side: whether somebody is part of the team
    ACT_IN_JIRA = "act_in_jira"  # as far as the project's owner allows it; see services.acting
    CHECK = "check"  # how the joint team stands in Slack
    ADMIT_PARTNER = "admit_partner"  # say for one's own side that a company in the joint channel is a partner
    SETTLE_DELIVERIES = "settle_deliveries"  # to the joint channel and to one's own side's people


_READER = frozenset({Action.READ, Action.ASK_REPORT})
_PARTICIPANT = _READER | {
    Action.ANSWER,
    Action.SHARE_REPORT,
    Action.RAISE_BLOCKER,
    Action.RESOLVE_OWN_BLOCKER,
    Action.ACT_IN_JIRA,
}
_SCRUM_MASTER = _PARTICIPANT | {
    Action.RESOLVE_ANY_BLOCKER,
    Action.SETTLE_DELIVERIES,
    Action.PROPOSE_TEAM,
    Action.DECIDE_JOINT,
    Action.DECIDE_PEOPLE,
    Action.CHANGE_CALENDAR,
    Action.CHANGE_WORKFLOW,
    Action.ADMIT_PARTNER,
    Action.CHECK,
}

# What an admin decides for their company's side, whatever their role in the joint team.
_ADMIN = frozenset(
    {
        Action.PROPOSE_TEAM,
        Action.DECIDE_JOINT,
        Action.DECIDE_PEOPLE,
        Action.CHANGE_CALENDAR,
        Action.CHANGE_WORKFLOW,
        Action.ADMIT_PARTNER,
        Action.CHECK,
    }
)

ALLOWED: dict[Role, frozenset[Action]] = {
    Role.STAKEHOLDER: _READER,
    Role.PARTICIPANT: _PARTICIPANT,
    Role.SCRUM_MASTER: _SCRUM_MASTER,
}


def allowed(actor: Actor) -> frozenset[Action]:
    """What somebody may do in their joint team."""
    return ALLOWED[actor.role] | (_ADMIN if actor.is_admin else frozenset())


def may(actor: Actor, action: Action, scope: Scope) -> None:
    """Raise `NotAllowed` unless the actor's role, or that they are an admin, permits the action within `scope`.

    A joint team's scope has to be the actor's own joint team, an organisation's scope the actor's own organisation;
    `system` is for no person. Whose side nobody has confirmed reads what is joint, whatever their role
    (`NoSideYet`).
    """
    own = scope.team_id == actor.team_id or (
        scope.organisation_id is not None and scope.organisation_id == actor.organisation_id
    )
    if scope.system or not own or action not in allowed(actor):
        raise NotAllowed(team=actor.team)
    if not actor.side and action not in _READER:
        raise NoSideYet(team=actor.team)


def narrow(session: Session, team_id: int) -> None:
    """From here on this transaction, begun by `system`, works for one joint team only."""
    session.info["scope"] = Scope(team_id=team_id)


def audit(
    session: Session,
    *,
    at: datetime,
    action: str,
    team_id: int | None,
    member_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one line to the audit log. `detail` holds ids, keys, sides and counts, never the text of an answer.

    `member_id` None is the bot itself.
    """
    session.add(AuditRow(at=at, action=action, team_id=team_id, member_id=member_id, detail=detail or {}))
