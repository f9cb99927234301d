"""Rows about the webhooks of Jira sites: the secret address of those that sign nothing, and who knocked in vain.

When the newest genuine one came stands on the site itself (`JiraSiteRow.webhook_at`).
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class JiraHookRow(Base):
    """The webhook of one Jira site. Of its address only a digest is kept: it is shown once, when it is made."""

    __tablename__ = "jira_hook"
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id"), primary_key=True)
    refused_at: Mapped[datetime | None] = mapped_column(default=None)  # one with a wrong signature, to the minute
    digest: Mapped[str | None] = mapped_column(default=None)  # SHA-256 of the address's secret
    former: Mapped[str | None] = mapped_column(default=None)  # the one before, which goes on for a while
    former_until: Mapped[datetime | None] = mapped_column(default=None)
