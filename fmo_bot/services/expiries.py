"""Tokens of Jira sites that end soon: the owner's scrum masters hear 30, 7 and 1 days before, once each."""

from datetime import datetime, timedelta

from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import site_owners

DAYS = (1, 7, 30)  # before the end; nearest first
WARNING = (
    "The token with which FMO bot reads Jira site {site} ends on {date}. Make a new one, and have it set before that"
    " day (docs/jira.md says how): afterwards its boards are not read any more."
)


def warn(store: Store, at: datetime) -> None:
    """Warn of every token that ends soon and has not been warned of at this distance; run as often as one likes."""
    with store.reading(SYSTEM) as session:
        ending = JiraSiteRow.expires_at > at, JiraSiteRow.expires_at <= at + timedelta(days=max(DAYS))
        found = session.scalars(select(JiraSiteRow.id).where(*ending).order_by(JiraSiteRow.id)).all()
    for site_id in found:
        with store.transaction(SYSTEM) as session:
            site = session.get_one(JiraSiteRow, site_id)
            if site.expires_at is None:
                continue
            days = nearest(site.expires_at, at)
            name = f"ends:{site.expires_at.timestamp()}:{days}"  # the outbox lets each name in once
            values = {"site": site.key, "date": site.expires_at.date()}
            site_owners.tell(session, site, name=name, text=WARNING, values=values, at=at)


def nearest(expires_at: datetime, at: datetime) -> int:
    """At which of the distances a token stands that ends within the farthest."""
    return next((days for days in DAYS if expires_at - at <= timedelta(days=days)), max(DAYS))
