"""Rows of who may act in Jira from here: what owners allow others, which transitions are approvals, own grants."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.accounts import JiraAccountRow
from fmo_bot.db.base import Base
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.secrets import Sealed, SealedText


class JiraPermissionRow(Base):
    """A company may have a site's service account do one act in one project."""

    __tablename__ = "jira_permission"
    __table_args__ = (UniqueConstraint("site_id", "project", "organisation_id", "act"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id", ondelete="CASCADE"))
    project: Mapped[str]  # its key when it was said
    jira_project_id: Mapped[str]  # "": none of its issues was read yet
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  # who may
    act: Mapped[str]  # domain.acting.Act
    allowed_at: Mapped[datetime]
    allowed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    site: Mapped[JiraSiteRow] = relationship(init=False)


class ApprovalRow(Base):
    """A transition of a project that is an approval: never done by the service account."""

    __tablename__ = "jira_approval"
    __table_args__ = (UniqueConstraint("site_id", "project", "transition"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id", ondelete="CASCADE"))
    project: Mapped[str]
    jira_project_id: Mapped[str]
    transition: Mapped[str]  # Jira's id of it
    marked_at: Mapped[datetime]
    marked_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    site: Mapped[JiraSiteRow] = relationship(init=False)


class JiraGrantRow(Base):
    """What a person allowed the bot to do as themselves. It goes with the link to their account."""

    __tablename__ = "jira_grant"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    link_id: Mapped[int] = mapped_column(ForeignKey("jira_account.id", ondelete="CASCADE"), unique=True)
    credentials: Mapped[Sealed] = mapped_column(SealedText)  # services.sites.Credentials
    api_url: Mapped[str]
    granted_at: Mapped[datetime]
    # As on a site: who renews the token now; machine time.
    renewing: Mapped[str | None] = mapped_column(default=None)
    renewing_until: Mapped[float] = mapped_column(Float, default=0.0)
    link: Mapped[JiraAccountRow] = relationship(init=False)


class SignInRow(Base):
    """Somebody signed in to Atlassian for a member; until that member says the word that they were shown there."""

    __tablename__ = "jira_sign_in"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    link_id: Mapped[int] = mapped_column(ForeignKey("jira_account.id", ondelete="CASCADE"), unique=True)
    digest: Mapped[str]  # SHA-256 of the word
    account: Mapped[str]
    shown: Mapped[str]
    credentials: Mapped[Sealed | None] = mapped_column(SealedText)  # None: it proves the account, and opens nothing
    api_url: Mapped[str]
    until: Mapped[datetime]
    checks: Mapped[int] = mapped_column(default=0)
