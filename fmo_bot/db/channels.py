"""Rows of companies that were connected to a joint channel without being a side, and who wants them as a partner."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class StrangerRow(Base):
    """A workspace that is, or was, connected to a joint channel. `side_id`: the partner it has become."""

    __tablename__ = "stranger"
    __table_args__ = (UniqueConstraint("team_id", "slack_team_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id", ondelete="CASCADE"))
    slack_team_id: Mapped[str]
    name: Mapped[str]  # as Slack shows it
    ref: Mapped[str] = mapped_column(unique=True)  # opaque, travels in buttons
    since: Mapped[datetime]  # when it was seen to be connected
    left_at: Mapped[datetime | None] = mapped_column(default=None)
    side_id: Mapped[int | None] = mapped_column(ForeignKey("side.id", ondelete="SET NULL"), default=None)


class PartnerWordRow(Base):
    """A side's word that a stranger is to be a partner of the joint team."""

    __tablename__ = "partner_word"
    stranger_id: Mapped[int] = mapped_column(ForeignKey("stranger.id", ondelete="CASCADE"), primary_key=True)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id", ondelete="CASCADE"), primary_key=True)
    said_at: Mapped[datetime]
    said_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
