"""What one side proposes and another confirms: who speaks for which side, and whose word is asked for."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import OPERATOR, SYSTEM, VENDOR, Person
from fmo_bot.errors import NotFound
from fmo_bot.services.governance import ALLOWED, Action


def team_called(store: Store, name: str) -> int:
    """The id of a joint team. Raises NotFound."""
    with store.reading(SYSTEM) as session:
        team_id = session.scalar(select(JointTeamRow.id).where(JointTeamRow.name == name))
    if team_id is None:
        raise NotFound
    return team_id


def speaker(session: Session, person: Person, team_id: int, action: Action) -> tuple[MemberRow, set[int]] | None:
    """The member, and the sides of the joint team they speak for; None for somebody who is a stranger to it.

    As scrum master (a role that `action` is allowed to) for their side, as admin for their company's.
    """
    query = select(MemberRow).where(
        MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    )
    if (member := session.scalar(query)) is None:
        return None
    here = ParticipationRow.team_id == team_id, ParticipationRow.member_id == member.id
    participation = session.scalar(select(ParticipationRow).where(takes_part(), *here))
    is_admin = session.get(AdminRow, member.id) is not None
    companies = select(SideRow.id).where(SideRow.team_id == team_id, SideRow.organisation_id == member.organisation_id)
    theirs = set(session.scalars(companies)) if is_admin else set()
    if participation is not None and participation.side_id is not None and action in ALLOWED[participation.role]:
        theirs.add(participation.side_id)
    return (member, theirs) if participation is not None or theirs else None


def sides_of(session: Session, team_id: int) -> Sequence[SideRow]:
    """The sides of a joint team."""
    return session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()


def others(session: Session, team_id: int, organisation_id: int | None) -> Sequence[SideRow]:
    """Who confirms what a company's side proposes: vendor and operator for each other, either of them for a partner.

    Never the company itself, on whatever other side it stands.
    """
    found = [each for each in sides_of(session, team_id) if each.organisation_id != organisation_id]
    return [each for each in found if each.name in (VENDOR, OPERATOR)] or found
