"""Derived facts: what a report would otherwise find out of every issue's history again (services.facts).

What follows from an issue alone stands in `life`; what also takes the board's workflow, once for each board that shows
it, in `fact`. Instants are epoch milliseconds. All of it goes with the issue, or when its board shows it no longer.
"""

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base

_Ms = BigInteger


def _few(name: str, *columns: str, of: str) -> Index:
    """An index of the rows that have such a column."""
    some = text(f"{of} IS NOT NULL")
    return Index(name, *columns, sqlite_where=some, postgresql_where=some)


class LifeRow(Base):
    """An issue's tracks (domain.lives.Life), and what it says of counterparts (domain.counterparts.Signs), packed."""

    __tablename__ = "life"
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True)
    rules: Mapped[int]  # domain.facts.RULES that made it
    packed: Mapped[bytes]
    signs: Mapped[bytes]


class LifeSprintRow(Base):
    """Which issues were ever in a sprint, by Jira's id of it (which is unique on one site)."""

    __tablename__ = "life_sprint"
    sprint: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True, index=True)


class OriginRow(Base):
    """Where issues of a board come from, as far as it decides who may count them (domain.ownership.Origin)."""

    __tablename__ = "origin"
    __table_args__ = (UniqueConstraint("board_id", "project", "key", "secured"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    project: Mapped[str]  # Jira's id; "": not told
    key: Mapped[str]
    secured: Mapped[bool]


class FactRow(Base):
    """What a report looks issues up by. Made by the rules and the workflow that `board.facts_by` names."""

    __tablename__ = "fact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["board_id", "issue_id"], ["board_issue.board_id", "board_issue.issue_id"], ondelete="CASCADE"
        ),
        Index(None, "board_id", "ended", "started"),  # finished or abandoned in a window; in progress
        Index(None, "board_id", "changed"),
        Index(None, "board_id", "origin_id"),
        # What data quality counts, and incidents, are looked up in their index alone; most issues are in neither.
        _few("ix_fact_doubts", "board_id", "doubts_id", "origin_id", "changed", of="doubts_id"),
        _few("ix_fact_incidents", "board_id", "restored", "began", "origin_id", "changed", of="began"),
    )
    board_id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(primary_key=True)
    origin_id: Mapped[int]
    changed: Mapped[int] = mapped_column(_Ms)  # the newest event: from then on the rest of this row is true
    started: Mapped[int | None] = mapped_column(_Ms, default=None)
    ended: Mapped[int | None] = mapped_column(_Ms, default=None)  # finished or abandoned
    ages: Mapped[bytes | None] = mapped_column(default=None)  # domain.facts.Fact.ages, packed
    in_no_stage: Mapped[bytes | None] = mapped_column(default=None)  # domain.facts.Fact.in_no_stage, packed
    doubts_id: Mapped[int | None] = mapped_column(default=None)
    began: Mapped[int | None] = mapped_column(_Ms, default=None)  # of an incident, and only of one
    restored: Mapped[int | None] = mapped_column(_Ms, default=None)  # None: still open; FOREVER: it was given up


class DoubtsRow(Base):
    """What data quality counts of one issue, which it counts of many: written once, so that facts are counted by it."""

    __tablename__ = "doubts"
    __table_args__ = (UniqueConstraint("board_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    name: Mapped[str]  # a digest of what is packed
    packed: Mapped[bytes]  # domain.facts.Fact.doubts


class FactDueRow(Base):
    """Facts that are to be made anew: what stands in `fact` beside this row, if anything, counts no longer."""

    __tablename__ = "fact_due"
    __table_args__ = (
        ForeignKeyConstraint(
            ["board_id", "issue_id"], ["board_issue.board_id", "board_issue.issue_id"], ondelete="CASCADE"
        ),
    )
    board_id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(primary_key=True)
