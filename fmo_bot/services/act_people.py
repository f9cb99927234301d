"""Whom a form of an act may name."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.parties import ParticipationRow, takes_part
from fmo_bot.domain.acts import Asked, Kind, Option


def linked(session: Session, team_id: int, site_id: int) -> frozenset[str]:
    """The accounts on a site that are known to be members' of a joint team: account ids, and login names."""
    query = (
        select(JiraAccountRow.account, JiraAccountRow.name)
        .join(ParticipationRow, ParticipationRow.member_id == JiraAccountRow.member_id)
        .where(takes_part(), ParticipationRow.team_id == team_id, JiraAccountRow.site_id == site_id)
    )
    return frozenset(name for row in session.execute(query) for name in row if name)


def with_people(asked: Asked, people: tuple[Option, ...]) -> Asked:
    """A field for a person with those who may be named; without any it is filled in Jira."""
    if asked.kind is not Kind.USER:
        return asked
    return replace(asked, options=people[:100]) if people else replace(asked, kind=Kind.UNSUPPORTED)
