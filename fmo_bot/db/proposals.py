"""Rows of what one side proposes and another has to agree to, whatever it is about."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import JointTeamRow, SideRow


class ProposalRow(Base):
    """One proposal, as those are told who decide it. What is proposed stands in a row of its own: `kind`, `number`.

    `text` and `said` are the sentence that tells it (a msgid and its values); `asked` are ids of the sides any of which
    decides it, for each side that decides for itself there is a row of its own.
    """

    __tablename__ = "proposal"
    __table_args__ = (Index("ix_proposal_kind_number", "kind", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ref: Mapped[str] = mapped_column(unique=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id", ondelete="CASCADE"), index=True)
    company: Mapped[str]  # which proposes it
    kind: Mapped[str]
    number: Mapped[int]
    asked: Mapped[list[Any]]
    text: Mapped[str]
    said: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    side_id: Mapped[int | None] = mapped_column(ForeignKey("side.id"), default=None)  # its side, if it has one here
    state: Mapped[str] = mapped_column(default="open")  # open | accepted | declined | withdrawn | replaced
    admins_only: Mapped[bool] = mapped_column(default=False)  # scrum masters do not decide it
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("side.id"), default=None)  # the side whose word it was
    team: Mapped[JointTeamRow] = relationship(init=False)
    side: Mapped[SideRow | None] = relationship(init=False, foreign_keys=[side_id])
