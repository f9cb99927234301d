"""Rows of the waits-on ledger."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class BlockerRow(Base):
    """Something that stops work: which side waits on which, since when, until when."""

    __tablename__ = "blocker"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), index=True)
    ref: Mapped[str] = mapped_column(unique=True)  # opaque, travels in buttons
    what: Mapped[str]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("jira_site.id"))
    jira_issue_id: Mapped[str | None]  # with the site: which issue; its key moves, and is read with it
    waiting_side: Mapped[str]
    waited_side: Mapped[str]  # a side, `external` or `unknown`
    raised_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    since: Mapped[datetime]
    # One open blocker per (issue, side that waits, side waited on); without an issue, per click. None once resolved.
    open_key: Mapped[str | None] = mapped_column(unique=True)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)
