"""Rows of whose a Jira project is, and of the sides that accepted it as joint. What the owner keeps is internal."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import OrganisationRow


class JiraProjectRow(Base):
    """A project of a site, or (`key` "") the site itself: what holds for projects of which nothing is said."""

    __tablename__ = "jira_project"
    __table_args__ = (UniqueConstraint("site_id", "jira_project_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id"), index=True)
    key: Mapped[str]  # moves; as it was last read
    jira_project_id: Mapped[str | None] = mapped_column(default=None)  # None: none of its issues was read yet
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)  # None: the site's
    internal_fields: Mapped[list[Any]] = mapped_column(default_factory=list)  # of domain.ownership.FIELDS
    stores_secured: Mapped[bool] = mapped_column(default=False)  # issues with a security level are stored too
    site: Mapped[JiraSiteRow] = relationship(init=False)
    organisation: Mapped[OrganisationRow | None] = relationship(init=False)


class JointAcceptanceRow(Base):
    """A side of a joint team accepts that a project is joint there; joint is what every side accepts."""

    __tablename__ = "joint_acceptance"
    __table_args__ = (UniqueConstraint("project_id", "side_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    project_id: Mapped[int] = mapped_column(ForeignKey("jira_project.id"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), index=True)
    side_id: Mapped[int] = mapped_column(ForeignKey("side.id"))
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)  # None: the team file
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"), default=None)


class WithheldRow(Base):
    """An issue with a security level, as one board shows it: nothing of it is stored but that it is there."""

    __tablename__ = "withheld_issue"
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), primary_key=True)
    jira_issue_id: Mapped[str] = mapped_column(primary_key=True)
    updated: Mapped[datetime]


class SeveralBoardsRow(Base):
    """How a joint team with several boards counts: on which board what stands on two, and how that is known."""

    __tablename__ = "several_boards"
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), primary_key=True)
    record_board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    counterparts: Mapped[dict[str, Any]]  # see domain.counterparts.Rule; {}: nothing stands on two boards


class OwnerAgreementRow(Base):
    """A company agrees that a site or project becomes another's (or its own): done once the owner and that one do."""

    __tablename__ = "owner_agreement"
    __table_args__ = (UniqueConstraint("site_id", "key", "to_id", "by_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id", ondelete="CASCADE"))
    key: Mapped[str]  # of the project; "": the site
    to_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
