"""Rows of ceremonies: their schedules, rounds, prompts, answers; and reports that were made."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import JointTeamRow, MemberRow


class CeremonyRow(Base):
    """A stand-up, a review or a digest, with its schedule."""

    __tablename__ = "ceremony"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), index=True)
    kind: Mapped[str]  # standup | digest
    name: Mapped[str]
    days: Mapped[list[Any]]  # of mon tue wed thu fri sat sun
    at: Mapped[str]  # local wall time "09:00": each member's own for a stand-up, `zone`'s for a digest
    zone: Mapped[str | None] = mapped_column(default=None)  # None: each member's own
    window_minutes: Mapped[int] = mapped_column(default=240)  # a prompt may be answered for so long
    late_ok_minutes: Mapped[int] = mapped_column(default=120)  # a prompt or digest later than this is `missed`
    reminder_minutes: Mapped[int | None] = mapped_column(default=None)  # before a member's deadline; None: no reminder
    spread_minutes: Mapped[int] = mapped_column(default=0)  # each member is asked up to so long after `at`
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"), default=None)
    active: Mapped[bool] = mapped_column(default=True)
    team: Mapped[JointTeamRow] = relationship(init=False)


class RoundRow(Base):
    """One run of a stand-up: a local date, unique for its ceremony."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("ceremony_id", "local_date"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ceremony_id: Mapped[int] = mapped_column(ForeignKey("ceremony.id"))
    local_date: Mapped[date]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    ceremony: Mapped[CeremonyRow] = relationship(init=False)
    prompts: Mapped[list["PromptRow"]] = relationship(init=False, back_populates="round")


class PromptRow(Base):
    """The question put to one member in one round; the roster as it was that day is the round's prompts."""

    __tablename__ = "prompt"
    __table_args__ = (UniqueConstraint("round_id", "member_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id"))
    ref: Mapped[str] = mapped_column(unique=True)  # opaque, travels in buttons
    due: Mapped[datetime]
    deadline: Mapped[datetime]
    state: Mapped[str]  # planned (not due yet) | asked | answered | away | missed
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    edits: Mapped[int] = mapped_column(default=0)
    blocker_id: Mapped[int | None] = mapped_column(ForeignKey("blocker.id"), default=None)  # chosen with the answer
    round: Mapped[RoundRow] = relationship(init=False, back_populates="prompts")
    member: Mapped[MemberRow] = relationship(init=False)
    answers: Mapped[list["AnswerRow"]] = relationship(
        init=False, back_populates="prompt", cascade="all, delete-orphan", order_by="AnswerRow.id"
    )


class AnswerRow(Base):
    """What a member said to one question, in the words it was given."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("prompt_id", "question"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id"))
    question: Mapped[str]
    text: Mapped[str]
    visibility: Mapped[str] = mapped_column(default="joint")  # joint | internal
    prompt: Mapped[PromptRow] = relationship(init=False, back_populates="answers")


class ReportRow(Base):
    """A report as it was made; what was shared is kept as it was shared."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), index=True)
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # sprint | digest
    made_at: Mapped[datetime]
    value: Mapped[dict[str, Any]]  # the message value
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)
    shared_at: Mapped[datetime | None] = mapped_column(default=None)
