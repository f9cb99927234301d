"""Rows of subscriptions: a channel of a joint team follows a board, or a saved filter of its site."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.parties import ChannelRow


class FollowRow(Base):
    """What a channel follows, how far it has been told, and the message that is still being added to."""

    __tablename__ = "follow"
    __table_args__ = (UniqueConstraint("channel_id", "board_id", "filter_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id", ondelete="CASCADE"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    since: Mapped[datetime]  # nothing older is told; goes up as the board is read
    filter_id: Mapped[str] = mapped_column(default="")  # "": everything the board shows
    events: Mapped[list[Any]] = mapped_column(default_factory=list)  # of domain.follows.EVENTS
    bundle: Mapped[int] = mapped_column(default=0)  # the number of the message; a new one after a quiet while
    begun_at: Mapped[datetime | None] = mapped_column(default=None)  # when the message was begun; None: none is open
    added_at: Mapped[datetime | None] = mapped_column(default=None)
    told: Mapped[list[Any]] = mapped_column(
        default_factory=list
    )  # domain.follows.News as JSON, as far as they could be met again
    board: Mapped[BoardRow] = relationship(init=False)
    channel: Mapped[ChannelRow] = relationship(init=False)
