"""Rows of who has which duty on a side of a joint team, and who stands in for them."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.parties import MemberRow


class DutyRow(Base):
    """A member has a duty, or is a deputy for it: whoever has the lowest rank and takes part has it now."""

    __tablename__ = "duty"
    __table_args__ = (UniqueConstraint("side_id", "duty", "member_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id", ondelete="CASCADE"))
    duty: Mapped[str]  # domain.parties.Duty
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int] = mapped_column(default=0)  # 0 has it, 1 and more are deputies, in this order
    member: Mapped[MemberRow] = relationship(init=False)
