"""What people hear of installations: that one ended, that it is back, that its token could not be renewed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fmo_bot.db.installations import InstallationRow
from fmo_bot.db.parties import ChannelRow, MemberRow, ParticipationRow, SideRow, WorkspaceRow, takes_part
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.services.parties import admins_of, spokespeople

ENDED = (
    "FMO bot is no longer installed in {workspace}: {why}. What it owes to people and channels there waits, and goes "
    "out when the app is installed there again, as far as it is of use then. Whoever may install apps there can do so."
)
RETURNED = "FMO bot is installed in {workspace} again. What waited there and is still of use goes out now."
NOT_RENEWED = (
    "Slack does not renew the token of FMO bot in {workspace}. It works until {until} UTC: install the app there again "
    "before that."
)


def ended(session: Session, row: InstallationRow, at: datetime) -> None:
    """Tell every side of the joint teams that have people or channels there, as far as somebody can be reached."""
    here = workspaces(row)
    masters = [each for each in _masters(session, here) if each.home_workspace not in here]
    values = {"workspace": row.team_name, "why": row.ended_why}
    _tell(session, masters, name=f"install:{row.id}:ended:{row.version}", text=ENDED, values=values, at=at)


def returned(session: Session, row: InstallationRow, at: datetime) -> None:
    """Tell all of them, those who are there too."""
    masters = _masters(session, workspaces(row))
    values = {"workspace": row.team_name}
    _tell(session, masters, name=f"install:{row.id}:back:{row.version}", text=RETURNED, values=values, at=at)


def not_renewed(session: Session, row: InstallationRow, at: datetime) -> None:
    """Tell the company's admins once for each token, while it still opens anything."""
    owners = select(WorkspaceRow.organisation_id).where(WorkspaceRow.slack_team_id.in_(workspaces(row)))
    admins = [admin for owner in session.scalars(owners.distinct()) for admin in admins_of(session, owner)]
    until = datetime.fromtimestamp(row.expires_at or 0.0, UTC)
    values = {"workspace": row.team_name, "until": f"{until:%Y-%m-%d %H:%M}"}
    name = f"install:{row.id}:renewal:{int(row.expires_at or 0)}"
    _tell(session, admins, name=name, text=NOT_RENEWED, values=values, at=at)


def _masters(session: Session, workspaces: Iterable[str]) -> list[MemberRow]:
    """Who hears it on each side of the joint teams with anybody, or a channel, in these workspaces."""
    people = select(ParticipationRow.team_id).join(MemberRow, MemberRow.id == ParticipationRow.member_id)
    theirs = people.where(MemberRow.home_workspace.in_(workspaces), takes_part())
    posted = select(ChannelRow.team_id).where(ChannelRow.workspace.in_(workspaces))
    sides = select(SideRow).where(or_(SideRow.team_id.in_(theirs), SideRow.team_id.in_(posted))).order_by(SideRow.id)
    found = (member for side in session.scalars(sides) for member in spokespeople(session, side))
    return list({member.id: member for member in found}.values())


def _tell(
    session: Session, members: Iterable[MemberRow], *, name: str, text: str, values: dict[str, Any], at: datetime
) -> None:
    for member in members:
        outbox.owe(
            session,
            name=f"{name}:{member.id}",
            message=Notice(text=text, values=values),
            due=at,
            language=member.language,
            person=member.person,
        )


def workspaces(row: InstallationRow) -> tuple[str, ...]:
    """Where an installation speaks, or spoke."""
    return tuple(row.teams) if row.team_id is None else (row.team_id,)
