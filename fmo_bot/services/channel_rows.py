"""What the database knows of channels: whose workspaces may be connected, what is stored under an id, who is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import AdminRow
from fmo_bot.db.acts import JiraActRow
from fmo_bot.db.channels import StrangerRow
from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.ledger import InboxRow, MessageRow
from fmo_bot.db.parties import ChannelRow, MemberRow, ParticipationRow, SideRow, WorkspaceRow, takes_part
from fmo_bot.delivery import inbox, outbox
from fmo_bot.domain.channels import State
from fmo_bot.domain.messages import Notice
from fmo_bot.services.parties import scrum_masters


def workspaces_of_sides(session: Session, team_id: int) -> dict[str, frozenset[str]]:
    """Side -> the Slack workspaces of its company.

    Those in which one of our apps is installed, and the Grid organisation they belong to, by whose id Slack may name
    them; of a company without an app, where its people in this joint team are at home, unless that is another
    company's; and those that became a partner from within the channel.
    """
    owners = {row.slack_team_id: row.organisation_id for row in session.scalars(select(WorkspaceRow))}
    sides = session.scalars(select(SideRow).where(SideRow.team_id == team_id).order_by(SideRow.id)).all()
    admitted = select(StrangerRow).where(StrangerRow.team_id == team_id, StrangerRow.side_id.is_not(None))
    partners, grids = session.scalars(admitted).all(), _grids(session, owners)
    found: dict[str, frozenset[str]] = {}
    for side in sides:
        own = {workspace for workspace, owner in owners.items() if owner == side.organisation_id}
        own |= own or _homes(session, side) - set(owners)
        own |= {grid for grid, owner in grids.items() if owner == side.organisation_id}
        found[side.name] = frozenset(own | {each.slack_team_id for each in partners if each.side_id == side.id})
    return found


def _grids(session: Session, owners: Mapping[str, int]) -> dict[str, int]:
    """Grid organisation (`E…`) -> the company whose workspaces are in it; one shared by several is nobody's."""
    found: dict[str, set[int]] = {}
    for row in session.scalars(select(InstallationRow).where(InstallationRow.enterprise_id.is_not(None))):
        here = row.teams if row.team_id is None else (row.team_id,)
        found.setdefault(row.enterprise_id or "", set()).update(owners[each] for each in here if each in owners)
    return {grid: min(companies) for grid, companies in found.items() if len(companies) == 1}


def _homes(session: Session, side: SideRow) -> set[str]:
    here = select(MemberRow.home_workspace).join(ParticipationRow, ParticipationRow.member_id == MemberRow.id)
    return set(session.scalars(here.where(ParticipationRow.side_id == side.id, takes_part()).distinct()))


def company_of(session: Session, team_id: int, workspace: str) -> str:
    """The company of a joint team to which a workspace belongs; the workspace's id where it is none's."""
    for name, workspaces in workspaces_of_sides(session, team_id).items():
        if workspace in workspaces:
            query = select(SideRow).where(SideRow.team_id == team_id, SideRow.name == name)
            return session.scalars(query).one().organisation.name
    return workspace


def users_of_others(session: Session, team_id: int, side_id: int) -> frozenset[str]:
    """The Slack users of a joint team who are on another side than this one, or on none yet."""
    elsewhere = or_(ParticipationRow.side_id.is_(None), ParticipationRow.side_id != side_id)
    users = select(MemberRow.slack_user_id).join(ParticipationRow, ParticipationRow.member_id == MemberRow.id)
    return frozenset(session.scalars(users.where(ParticipationRow.team_id == team_id, takes_part(), elsewhere)))


def forget_look(row: ChannelRow) -> None:
    """Nothing is known of the channel: nothing is said there before it was looked at."""
    row.state, row.since, row.name = State.ACTIVE, None, ""
    row.workspaces, row.strangers, row.gone = [], [], []
    row.doubts, row.look_after = row.doubts + 1, 0.0


def doubt_in(session: Session, workspaces: Collection[str]) -> None:
    """What became of channels there may have gone unheard: nothing is said in any before it was looked at."""
    rows = select(ChannelRow).where(ChannelRow.workspace.in_(workspaces)).order_by(ChannelRow.id).with_for_update()
    for row in session.scalars(rows):
        row.doubts, row.look_after = row.doubts + 1, 0.0


def renumber(session: Session, row: ChannelRow, new: str) -> None:
    """Everything stored under the channel's id follows it to its new one; what is looked up by row does so anyway."""
    old, row.slack_channel_id = row.slack_channel_id, new
    session.flush()
    session.execute(update(MessageRow).where(MessageRow.channel == old).values(channel=new))
    for act in session.scalars(select(JiraActRow).where(JiraActRow.team_id == row.team_id)):
        if act.source.get("channel") == old:
            act.source = {**act.source, "channel": new}
    waiting = select(InboxRow).where(InboxRow.state.in_((inbox.READY, inbox.WORKING)))
    for job in session.scalars(waiting.order_by(InboxRow.id).with_for_update()):
        if job.payload.get("channel") == old:
            job.payload = {**job.payload, "channel": new}


def concerned(session: Session, row: ChannelRow) -> list[MemberRow]:
    """Who hears of a channel: scrum masters of every side of a joint one; of an internal one its side's, and admins."""
    sides = session.scalars(select(SideRow).where(SideRow.team_id == row.team_id).order_by(SideRow.id)).all()
    theirs = [side for side in sides if row.side_id in (None, side.id)]
    found = [master for side in theirs for master in scrum_masters(session, row.team_id, side.id)]
    if row.side_id is not None:
        company = {side.organisation_id for side in theirs}
        admins = select(MemberRow).join(AdminRow, AdminRow.member_id == MemberRow.id)
        found += session.scalars(admins.where(MemberRow.organisation_id.in_(company)).order_by(MemberRow.id))
    return list({member.id: member for member in found}.values())


def tell(
    session: Session,
    row: ChannelRow,
    *,
    what: str,
    text: str,
    values: dict[str, Any],
    at: datetime,
    members: Iterable[MemberRow] | None = None,
) -> None:
    """Owe one line to whom the channel concerns (or `members`), once by what it is about and its instant."""
    told: Sequence[MemberRow] = concerned(session, row) if members is None else list(members)
    for member in told:
        outbox.owe(
            session,
            name=f"channel:{row.id}:{what}:{at.timestamp()}:{member.id}",
            message=Notice(text=text, values={"team": row.team.name, "channel": row.name, **values}),
            due=at,
            language=member.language,
            person=member.person,
        )
