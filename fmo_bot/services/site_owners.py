"""Whose a Jira site is, and who of theirs is told about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.ledger import MessageRow
from fmo_bot.db.parties import JointTeamRow, MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import Role

_log = structlog.get_logger(__name__)


def tell(
    session: Session,
    site: JiraSiteRow,
    *,
    name: str,
    text: str,
    values: dict[str, Any],
    at: datetime,
    members: Sequence[MemberRow] | None = None,
) -> None:
    """Owe one line, due `at`, to each scrum master of the owner's side, or to `members`; once by its `name`.

    `text` is a msgid.
    """
    told = masters(session, site) if members is None else members
    if not told and members is None:
        _log.warning("nobody is told about a Jira site", site=site.key, what=text)
    for member in told:
        outbox.owe(
            session,
            name=f"{_names(site, name)}{member.id}",
            message=Notice(text=text, values=values),
            due=at,
            language=member.language,
            person=member.person,
        )


def silence(session: Session, site: JiraSiteRow, *, name: str) -> list[MemberRow]:
    """Owe the line `name` no more to whom it was not sent yet; the others, who have read it or may have."""
    prefix = _names(site, name)
    query = select(MessageRow.name).where(MessageRow.name.startswith(prefix, autoescape=True)).order_by(MessageRow.id)
    names = session.scalars(query).all()
    outbox.hold(session, names)
    told = [int(each.removeprefix(prefix)) for each in names if not outbox.withdraw(session, each)]
    return [member for each in told if (member := session.get(MemberRow, each)) is not None]


def _names(site: JiraSiteRow, name: str) -> str:
    """How the names of a line begin; the number of a member follows."""
    return f"site:{site.id}:{name}:"


def masters(session: Session, site: JiraSiteRow) -> list[MemberRow]:
    """The scrum masters of the owner's side, in every joint team with a board on the site.

    As long as nobody has said whose the site is, it is the host's of each joint team.
    """
    owner = JointTeamRow.host_id if site.organisation_id is None else site.organisation_id
    query = (
        select(MemberRow)
        .join(ParticipationRow, ParticipationRow.member_id == MemberRow.id)
        .join(SideRow, SideRow.id == ParticipationRow.side_id)
        .join(JointTeamRow, JointTeamRow.id == ParticipationRow.team_id)
        .join(BoardRow, BoardRow.team_id == JointTeamRow.id)
        .where(
            takes_part(),
            BoardRow.site_id == site.id,
            SideRow.organisation_id == owner,
            ParticipationRow.role == Role.SCRUM_MASTER,
        )
        .order_by(MemberRow.id)
    )
    return list({member.id: member for member in session.scalars(query)}.values())
