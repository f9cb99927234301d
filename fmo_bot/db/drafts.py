"""Rows of joint teams that are being set up in Slack: so that each can be left, and gone on with another day."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import MemberRow, OrganisationRow

_OPEN = text("state = 'open'")


class SetUpDraftRow(Base):
    """One set-up of one company in one channel. Nobody of another company ever sees anything of it.

    `seen`: what Slack and Jira showed; `file`: the part of a team file that was chosen so far; together a
    domain.drafts.Draft. Both are emptied when it ends.
    """

    __tablename__ = "setup_draft"
    __table_args__ = (
        Index(
            "uq_setup_draft_open",
            "organisation_id",
            "channel",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ref: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    channel: Mapped[str]  # Slack's id
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)  # who sets up now
    step: Mapped[str]
    seen: Mapped[dict[str, Any]]
    file: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(default=1)  # goes up with each change: a window of an older one is told so
    state: Mapped[str] = mapped_column(default="open")  # open | applied | discarded
    team_id: Mapped[int | None] = mapped_column(ForeignKey("joint_team.id", ondelete="SET NULL"), default=None)
    # Another company that was asked for a board of its own, and by which name it answers.
    asked_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)
    asked_ref: Mapped[str | None] = mapped_column(unique=True, default=None)
    organisation: Mapped[OrganisationRow] = relationship(init=False, foreign_keys=[organisation_id])
    member: Mapped[MemberRow] = relationship(init=False)
