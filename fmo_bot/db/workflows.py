"""Rows of what a board's statuses mean: its workflow in dated versions, and statuses that were first seen later."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import SideRow


class WorkflowVersionRow(Base):
    """A board's workflow from an instant on (None: since ever), over all that was said of that time before.

    In force once confirmed. Rows are added and decided, never changed otherwise, but for the bot's own guess, which is
    one row as long as nobody has set the workflow: it follows the board.
    """

    __tablename__ = "workflow_version"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"), index=True)
    workflow: Mapped[dict[str, Any]]  # domain.workflow_file, without calendars and fields
    said_at: Mapped[datetime]  # 1970: before versions were kept
    starts: Mapped[datetime | None] = mapped_column(default=None)  # of a proposal from today on: once it is confirmed
    back: Mapped[bool] = mapped_column(default=False)  # it is applied to the past
    guessed: Mapped[bool] = mapped_column(default=False)
    in_file: Mapped[bool] = mapped_column(default=False)  # the team file says so; else a member, or the guess
    side_id: Mapped[int | None] = mapped_column(ForeignKey("side.id"), default=None)  # which proposed it
    said_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    dropped_at: Mapped[datetime | None] = mapped_column(default=None)  # a proposal nobody may confirm any more
    side: Mapped[SideRow | None] = relationship(init=False)


class BoardStatusRow(Base):
    """A status of a board that is known to be there: left out of the mapping on purpose, or asked about.

    `stage` of one that was asked about: the guess, by which figures are counted, and once settled what was agreed; None
    leaves it in no stage. It holds from `starts` on. Known before, or mapped by a whole version since: `starts` None.
    """

    __tablename__ = "board_status"
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)  # Jira's id
    seen_at: Mapped[datetime]
    starts: Mapped[datetime | None] = mapped_column(default=None)
    ref: Mapped[str | None] = mapped_column(unique=True, default=None)
    name: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    stage: Mapped[str | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class StatusChoiceRow(Base):
    """Which stage a side wants a new status in; None: in none. Settled once both want the same."""

    __tablename__ = "status_choice"
    __table_args__ = (
        ForeignKeyConstraint(
            ["board_id", "status"], ["board_status.board_id", "board_status.status"], ondelete="CASCADE"
        ),
    )
    board_id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id"), primary_key=True)
    said_at: Mapped[datetime]
    stage: Mapped[str | None] = mapped_column(default=None)
    said_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
