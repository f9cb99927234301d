"""Rows of what is asked about people, and what was answered."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import JointTeamRow, SideRow
from fmo_bot.domain.parties import Person


class PersonQuestionRow(Base):
    """One question about one person in one joint team, put to one side: asked once."""

    __tablename__ = "person_question"
    __table_args__ = (UniqueConstraint("kind", "team_id", "workspace", "user", "side_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # joined: are they part of the team; side: do they take part for this side
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id", ondelete="CASCADE"), index=True)
    workspace: Mapped[str]  # their home
    user: Mapped[str]
    name: Mapped[str]
    zone: Mapped[str]
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id"))  # whose people decide
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(default=None)  # domain.messages.PersonQuestion.answer
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    team: Mapped[JointTeamRow] = relationship(init=False)
    side: Mapped[SideRow] = relationship(init=False)

    @property
    def person(self) -> Person:
        """Whom it is about."""
        return Person(self.workspace, self.user)
