"""A joint team as a team file: what `setup` would make the same of, on this server or another."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow, VerifiedDomainRow
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.duties import DutyRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow, SeveralBoardsRow
from fmo_bot.db.parties import (
    AbsenceRow,
    ChannelRow,
    JointTeamRow,
    MemberRow,
    OrganisationRow,
    ParticipationRow,
    SideRow,
    WorkspaceRow,
    takes_part,
)
from fmo_bot.db.store import Store
from fmo_bot.domain.calendars import local_date
from fmo_bot.domain.parties import Duty, Role, Scope
from fmo_bot.services import calendars, workflows
from fmo_bot.services.agreeing import sides_of, team_called
from fmo_bot.services.counting import record_board
from fmo_bot.services.team_values import GUESS

Exported = dict[str, Any]
Value = TypeVar("Value")


def exported(store: Store, team: str, at: datetime) -> Exported:
    """The mapping of a joint team's file, in the order in which a person would write it. Raises NotFound.

    Calendars and workflows are those that hold today; what is proposed, and what held before, is not in a file. A
    workflow that nobody has set is `guess`. Secrets are not in it; apps and sites are named by their keys.
    """
    team_id = team_called(store, team)
    with store.reading(Scope(team_id=team_id)) as session:
        return _team(session, session.get_one(JointTeamRow, team_id), at)


def _team(session: Session, team: JointTeamRow, at: datetime) -> Exported:
    sides, boards = sides_of(session, team.id), _boards(session, team)
    several = session.get(SeveralBoardsRow, team.id)
    return _without_nothing(
        {
            "team": team.name,
            "host": team.host.name,
            "zone": team.zone,
            "language": team.language,
            "organisations": [_organisation(session, each) for each in _companies(session, team, sides)],
            "sides": {side.name: _side(session, side, at) for side in sides},
            "channel": _channel(session, team),
            "board": _board(session, boards[0]),
            "other_boards": [_board(session, each) for each in boards[1:]],
            "counterparts": dict(several.counterparts) if several is not None else {},
            "jira": _jira(session, team, boards),
            "unfurls": list(team.unfurls),
            "standups": [_standup(each) for each in _ceremonies(session, team, "standup")],
            "digests": [_digest(each) for each in _ceremonies(session, team, "digest")],
        }
    )


def _of(rows: type[Value], column: Any, value: int) -> Select[Value]:
    """The rows that name this one."""
    return select(rows).where(column == value)


def _without_nothing(mapping: Mapping[str, Any]) -> Exported:
    """What is left out says nothing anyway."""
    return {key: value for key, value in mapping.items() if value not in (None, [], {}, "")}


# --- companies and people -----------------------------------------------------------------------------------------


def _companies(session: Session, team: JointTeamRow, sides: Sequence[SideRow]) -> list[OrganisationRow]:
    """The host, and whoever has a side; and whose a Jira site or project is."""
    owners = [session.get(OrganisationRow, row.organisation_id or 0) for row in _projects(session, team)]
    sites = [session.get(OrganisationRow, site.organisation_id or 0) for site in _sites(session, team)]
    named = [*(side.organisation for side in sides), team.host, *sites, *owners]
    return list({row.id: row for row in named if row is not None}.values())


def _organisation(session: Session, company: OrganisationRow) -> Exported:
    workspace = session.scalars(_of(WorkspaceRow, WorkspaceRow.organisation_id, company.id)).first()
    domains = session.scalars(_of(VerifiedDomainRow, VerifiedDomainRow.organisation_id, company.id))
    admins = select(MemberRow.slack_user_id).join(AdminRow, AdminRow.member_id == MemberRow.id)
    theirs = admins.where(MemberRow.organisation_id == company.id).order_by(MemberRow.slack_user_id)
    where = {"app": workspace.app_key, "id": workspace.slack_team_id, "name": workspace.name} if workspace else None
    return _without_nothing(
        {
            "name": company.name,
            "workspace": where,
            "domains": sorted(row.domain for row in domains),
            "admins": list(session.scalars(theirs)),
        }
    )


def _side(session: Session, side: SideRow, at: datetime) -> Exported:
    calendar = calendars.as_written(session, side)
    held = calendar.on(local_date(at, side.calendar["zone"]))
    query = _of(ParticipationRow, ParticipationRow.side_id, side.id).where(takes_part()).order_by(ParticipationRow.id)
    own = session.scalar(select(WorkspaceRow.slack_team_id).where(WorkspaceRow.organisation_id == side.organisation_id))
    return {
        "organisation": side.organisation.name,
        "calendar": _without_nothing(held.to_mapping()),
        "members": [_member(session, row, own, at) for row in session.scalars(query)],
    }


def _member(session: Session, row: ParticipationRow, own: str | None, at: datetime) -> Exported:
    member = row.member
    away = session.scalars(_of(AbsenceRow, AbsenceRow.member_id, member.id).order_by(AbsenceRow.first_day))
    today = local_date(at, member.zone)
    named = _of(DutyRow, DutyRow.side_id, row.side_id or 0).where(DutyRow.member_id == member.id)
    ranks = {duty.duty: duty.rank for duty in session.scalars(named)}
    return _without_nothing(
        {
            "user": member.slack_user_id,
            "name": member.name,
            "zone": member.zone,
            "language": member.language,
            "role": row.role.value if row.role is not Role.PARTICIPANT else None,
            "workspace": member.home_workspace if member.home_workspace != own else None,
            "duties": [duty.value for duty in Duty if ranks.get(duty.value) == 0],
            "deputy": [duty.value for duty in Duty if ranks.get(duty.value, 0) > 0],
            "away": [_days(each) for each in away if each.last_day >= today],
        }
    )


def _days(row: AbsenceRow) -> Exported:
    return {"from": row.first_day.isoformat(), "until": row.last_day.isoformat()}


# --- where and when -----------------------------------------------------------------------------------------------


def _channel(session: Session, team: JointTeamRow) -> Exported:
    query = _of(ChannelRow, ChannelRow.team_id, team.id).where(ChannelRow.kind == "joint")
    row = session.scalars(query).one()
    return {"workspace": row.workspace, "id": row.slack_channel_id}


def _ceremonies(session: Session, team: JointTeamRow, kind: str) -> Iterable[CeremonyRow]:
    query = _of(CeremonyRow, CeremonyRow.team_id, team.id).where(CeremonyRow.kind == kind, CeremonyRow.active)
    return session.scalars(query.order_by(CeremonyRow.id))


def _standup(row: CeremonyRow) -> Exported:
    return _without_nothing(
        {
            "name": row.name,
            "at": row.at,
            "days": list(row.days),
            "window_minutes": row.window_minutes,
            "late_ok_minutes": row.late_ok_minutes,
            "reminder_minutes": row.reminder_minutes,
            "spread_minutes": row.spread_minutes,
        }
    )


def _digest(row: CeremonyRow) -> Exported:
    return _without_nothing(
        {
            "name": row.name,
            "at": row.at,
            "zone": row.zone,
            "days": list(row.days),
            "late_ok_minutes": row.late_ok_minutes,
        }
    )


# --- Jira ---------------------------------------------------------------------------------------------------------


def _boards(session: Session, team: JointTeamRow) -> list[BoardRow]:
    """The board of record first."""
    record = record_board(session, team.id)
    rows = session.scalars(_of(BoardRow, BoardRow.team_id, team.id).order_by(BoardRow.id))
    return sorted(rows, key=lambda row: row.id != record)


def _board(session: Session, row: BoardRow) -> Exported:
    known = workflows.of_board(session, row.id)
    told = GUESS if known is None or known.guessed else workflows.as_stored(session, row.id, known)
    return {"site": session.get_one(JiraSiteRow, row.site_id).key, "id": row.jira_board_id, "workflow": told}


def _sites(session: Session, team: JointTeamRow) -> Sequence[JiraSiteRow]:
    boards = select(BoardRow.site_id).where(BoardRow.team_id == team.id)
    return session.scalars(select(JiraSiteRow).where(JiraSiteRow.id.in_(boards)).order_by(JiraSiteRow.id)).all()


def _projects(session: Session, team: JointTeamRow) -> Sequence[JiraProjectRow]:
    here = JiraProjectRow.site_id.in_([site.id for site in _sites(session, team)])
    return session.scalars(select(JiraProjectRow).where(here).order_by(JiraProjectRow.id)).all()


def _jira(session: Session, team: JointTeamRow, boards: Sequence[BoardRow]) -> list[Exported]:
    """Whose the sites of this joint team's boards are; of one that nobody owns there is nothing to say."""
    projects = _projects(session, team)
    found = []
    for site in _sites(session, team):
        if (owner := session.get(OrganisationRow, site.organisation_id or 0)) is None:
            continue
        whole = next((each for each in projects if each.site_id == site.id and each.key == ""), None)
        rest = [
            each for each in projects if each.site_id == site.id and each.key != "" and _is_said(session, team, each)
        ]
        said = {"site": site.key, "owner": owner.name, "acting": site.acting or None}
        listed = [_without_nothing(_project(session, team, each)) for each in rest]
        found.append(_without_nothing(said | (_standing(session, team, whole) if whole else {}) | {"projects": listed}))
    return found


def _is_said(session: Session, team: JointTeamRow, row: JiraProjectRow) -> bool:
    """Whether anything was said of a project, beyond that it is there."""
    return row.organisation_id is not None or any(_standing(session, team, row).values())


def _project(session: Session, team: JointTeamRow, row: JiraProjectRow) -> Exported:
    owner = row.organisation.name if row.organisation is not None else None
    return {"key": row.key, "owner": owner} | _standing(session, team, row)


def _standing(session: Session, team: JointTeamRow, row: JiraProjectRow) -> Exported:
    query = (
        select(SideRow.name)
        .join(JointAcceptanceRow, JointAcceptanceRow.side_id == SideRow.id)
        .where(JointAcceptanceRow.project_id == row.id, JointAcceptanceRow.team_id == team.id)
        .where(JointAcceptanceRow.withdrawn_at.is_(None))
    )
    return {
        "accepted_by": sorted(session.scalars(query), reverse=True),
        "internal_fields": list(row.internal_fields),
        "store_secured": row.stores_secured or None,
    }
