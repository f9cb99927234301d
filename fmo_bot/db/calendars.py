"""Rows of how a side's calendar changed. What it was before any change stands in the side's own row."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import SideRow


class CalendarVersionRow(Base):
    """A side's calendar from a date on: in force once confirmed, of several for one date the last one confirmed.

    Rows are added and decided, never changed otherwise: they are the record of who said what when.
    """

    __tablename__ = "calendar_version"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id"), index=True)
    starts: Mapped[date]
    calendar: Mapped[dict[str, Any]]  # as SideRow.calendar
    said_at: Mapped[datetime]
    in_file: Mapped[bool]  # the team file says so; else a member
    said_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    dropped_at: Mapped[datetime | None] = mapped_column(default=None)  # a proposal nobody may confirm any more
    side: Mapped[SideRow] = relationship(init=False)
