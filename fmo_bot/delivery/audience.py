"""Who reads where a message goes, and what they may know: every message is fitted to them before it becomes a row."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.parties import ChannelRow, MemberRow, OrganisationRow, ParticipationRow, SideRow, takes_part
from fmo_bot.domain.channels import State
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.ownership import Owned, Standpoint
from fmo_bot.domain.parties import Person, Place
from fmo_bot.domain.visibility import tells_of_jira, visible

T = TypeVar("T")
NOBODY = Standpoint(companies=frozenset())  # may know nothing


def fitted(session: Session, message: T, reader: Person | Place) -> T:
    """The message as the people there may read it; see `domain.visibility`."""
    if not tells_of_jira(message):
        return message
    standpoint = of_person(session, reader) if isinstance(reader, Person) else of_place(session, reader)
    return visible(message, standpoint)  # type: ignore[return-value]  # figures may become a notice: also a message


def of_person(session: Session, person: Person) -> Standpoint:
    """One member, who reads for the companies whose sides they are on now, in all their joint teams.

    An admin reads for their company wherever they are. Whose side nobody has confirmed knows what is joint in their
    joint teams; a stranger, and whoever takes part no longer, may know nothing.
    """
    query = select(MemberRow).where(
        MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    )
    if (member := session.scalar(query)) is None:
        return NOBODY
    theirs = select(ParticipationRow).where(takes_part(), ParticipationRow.member_id == member.id)
    parts = session.scalars(theirs.options(joinedload(ParticipationRow.side).joinedload(SideRow.organisation))).all()
    companies = [part.side.organisation for part in parts if part.side is not None]
    if session.get(AdminRow, member.id) is not None:
        companies.append(member.organisation)
    return _standpoint(session, companies, {part.team_id for part in parts})


def of_place(session: Session, place: Place) -> Standpoint:
    """A channel: everybody of its joint team, or of the one side whose internal channel it is."""
    channel = session.scalar(select(ChannelRow).where(ChannelRow.slack_channel_id == place.channel))
    if channel is None or channel.state is State.EXPOSED:
        return NOBODY
    sides = _sides(session, {channel.team_id})
    readers = [side.organisation for side in sides if channel.side_id in (None, side.id)]
    return _standpoint(session, readers, {channel.team_id})


def of_team(session: Session, team_id: int) -> Standpoint:
    """Everybody of a joint team: what they may know is what is joint."""
    return _standpoint(session, [side.organisation for side in _sides(session, {team_id})], {team_id})


def of_company(session: Session, team_id: int, organisation_id: int) -> Standpoint:
    """The people of one company in one joint team: what an export for it, or its own figures, may hold.

    Of no company (of whoever has no side yet): what is joint.
    """
    company = session.get(OrganisationRow, organisation_id)
    return _standpoint(session, [company] if company else [], {team_id})


def _standpoint(session: Session, readers: Iterable[OrganisationRow], teams: Collection[int]) -> Standpoint:
    joint = _joint(session, teams)
    query = select(JiraProjectRow).options(joinedload(JiraProjectRow.site)).order_by(JiraProjectRow.id)
    names = {row.id: row.name for row in session.scalars(select(OrganisationRow))}
    owned = [_owned(row, names, joint=row.id in joint) for row in session.scalars(query)]
    spoken_of = {each.project.site for each in owned if not each.project.key}
    owned += [
        Owned(project=ProjectName(site=site.key), company=names.get(site.organisation_id or 0, ""))
        for site in session.scalars(select(JiraSiteRow).order_by(JiraSiteRow.id))
        if site.key not in spoken_of
    ]
    return Standpoint(companies=frozenset(reader.name for reader in readers), owned=tuple(owned))


def _owned(row: JiraProjectRow, names: dict[int, str], *, joint: bool) -> Owned:
    return Owned(
        project=ProjectName(site=row.site.key, id=row.jira_project_id or "", key=row.key),
        company=names.get(row.organisation_id or row.site.organisation_id or 0, ""),
        joint=joint,
        internal_fields=frozenset(row.internal_fields),
    )


def _joint(session: Session, teams: Collection[int]) -> set[int]:
    """The projects that every side of one of these joint teams accepts."""
    sides: dict[int, set[int]] = {}
    for side in _sides(session, teams):
        sides.setdefault(side.team_id, set()).add(side.id)
    accepted: dict[tuple[int, int], set[int]] = {}
    query = select(JointAcceptanceRow).where(
        JointAcceptanceRow.team_id.in_(teams), JointAcceptanceRow.withdrawn_at.is_(None)
    )
    for row in session.scalars(query):
        accepted.setdefault((row.project_id, row.team_id), set()).add(row.side_id)
    return {project for (project, team), by in accepted.items() if by >= sides[team]}


def _sides(session: Session, teams: Collection[int]) -> list[SideRow]:
    query = select(SideRow).where(SideRow.team_id.in_(teams)).options(joinedload(SideRow.organisation))
    return list(session.scalars(query.order_by(SideRow.id)))
