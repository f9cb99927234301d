"""Rows of what Jira said: sites, boards issues with their kept history, sprints."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.secrets import Sealed, SealedText


class JiraSiteRow(Base):
    """A Jira site. Its address and token stand here, or (`url` None) in the settings under `key`."""

    __tablename__ = "jira_site"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)  # whose it is
    url: Mapped[str | None] = mapped_column(default=None)  # where people open it
    api_url: Mapped[str | None] = mapped_column(default=None)  # where programs reach it, if not there
    flavour: Mapped[str | None] = mapped_column(default=None)  # jira.client.Flavour
    auth: Mapped[str | None] = mapped_column(default=None)  # services.sites.Auth
    account: Mapped[str | None] = mapped_column(default=None)  # Jira's id of the account that reads
    credentials: Mapped[Sealed | None] = mapped_column(SealedText, default=None)  # services.sites.Credentials
    webhook_secret: Mapped[Sealed | None] = mapped_column(SealedText, default=None)
    webhook_at: Mapped[datetime | None] = mapped_column(default=None)  # when its newest genuine webhook came
    expires_at: Mapped[datetime | None] = mapped_column(default=None)  # of the token, where known
    ca_bundle: Mapped[str | None] = mapped_column(default=None)  # a file with the certificates of its own authority
    version: Mapped[int] = mapped_column(default=1)  # goes up when how to reach it changes
    # Machine time, Unix seconds: who renews the token now, and until when nobody asks the site.
    renewing: Mapped[str | None] = mapped_column(default=None)
    renewing_until: Mapped[float] = mapped_column(Float, default=0.0)
    paused_until: Mapped[float | None] = mapped_column(Float, default=None)  # None: not paused
    paused_since: Mapped[datetime | None] = mapped_column(default=None)
    pause_reason: Mapped[str | None] = mapped_column(default=None)  # safe to show
    acting: Mapped[bool] = mapped_column(default=False)  # people may change issues there from Slack
    pauses: Mapped[int] = mapped_column(default=0)  # in a row, without a success between


class BoardRow(Base):
    """A board of a joint team: its shape, how far it is synced. Its workflow: db.workflows."""

    __tablename__ = "board"
    __table_args__ = (UniqueConstraint("team_id", "site_id", "jira_board_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id"))
    jira_board_id: Mapped[int]
    name: Mapped[str] = mapped_column(default="")
    shape: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # see domain.issues.BoardShape
    described_at: Mapped[datetime | None] = mapped_column(default=None)  # when its shape was last read
    # The next sync reads what was updated since, with an overlap: never later than the beginning of the last one.
    cursor: Mapped[datetime | None] = mapped_column(default=None)
    backfill: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # services.backfills; empty: none under way
    synced_at: Mapped[datetime | None] = mapped_column(default=None)
    swept_at: Mapped[datetime | None] = mapped_column(default=None)  # when its whole list of issues was last compared
    sync_error: Mapped[str | None] = mapped_column(default=None)
    statuses_at: Mapped[datetime | None] = mapped_column(default=None)  # since when new statuses are asked about
    facts_by: Mapped[str] = mapped_column(default="")  # what made its facts (services.facts)
    site: Mapped[JiraSiteRow] = relationship(init=False)


class IssueRow(Base):
    """An issue of a site with its kept history: its numeric id stays, its key may change."""

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("site_id", "jira_issue_id"),
        Index(None, "site_id", "updated"),
        Index(None, "again_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id"))
    jira_issue_id: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    summary: Mapped[str]
    updated: Mapped[datetime]
    status: Mapped[str]
    status_category: Mapped[str]
    value: Mapped[str] = mapped_column(Text)  # domain.issues.Issue, packed by db.values
    project: Mapped[str] = mapped_column(default="")  # Jira's id; "": not told
    secured: Mapped[bool] = mapped_column(default=False)  # it has a security level
    # A history that is not proved whole is read again at `again_at`, after ever longer pauses.
    whole: Mapped[bool] = mapped_column(default=True)
    tries: Mapped[int] = mapped_column(default=0)
    again_at: Mapped[datetime | None] = mapped_column(default=None)
    # Jira no longer shows it to the bot's account: since when, and how far that is understood (services.absences).
    unseen_at: Mapped[datetime | None] = mapped_column(default=None)
    unseen: Mapped[str | None] = mapped_column(default=None)


class FormerKeyRow(Base):
    """A key that an issue had before it was moved to another project: still found under it."""

    __tablename__ = "former_key"
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)


class BoardIssueRow(Base):
    """Which issues a board shows."""

    __tablename__ = "board_issue"
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), primary_key=True)


class SprintRow(Base):
    """A sprint of a board, as domain.issues.Sprint in JSON."""

    __tablename__ = "sprint"
    __table_args__ = (UniqueConstraint("board_id", "jira_sprint_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    jira_sprint_id: Mapped[int]
    state: Mapped[str]
    value: Mapped[dict[str, Any]]
