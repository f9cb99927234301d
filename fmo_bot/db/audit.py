"""Rows of the audit log: append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class AuditRow(Base):
    """Who did what, in which joint team, when. Never the text of an answer."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime]
    action: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("joint_team.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))  # None: the bot itself
    detail: Mapped[dict[str, Any]]
