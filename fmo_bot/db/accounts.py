"""Rows of who is who: verified e-mail domains, a company's admins, and which Jira account is a member's.

Everything about a member goes with the member.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import MemberRow


class VerifiedDomainRow(Base):
    """An e-mail domain of one company: an address in it says who somebody is, if that company's Slack says it."""

    __tablename__ = "verified_domain"
    domain: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)


class AdminRow(Base):
    """A member who speaks for their company: confirms accounts on its Jira sites, decides what others may do there."""

    __tablename__ = "organisation_admin"
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), primary_key=True)
    member: Mapped[MemberRow] = relationship(init=False)


class JiraAccountRow(Base):
    """A member on a Jira site: their account, once that is known, and when it was last looked for."""

    __tablename__ = "jira_account"
    __table_args__ = (UniqueConstraint("member_id", "site_id"), UniqueConstraint("site_id", "account"))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ref: Mapped[str] = mapped_column(unique=True)  # opaque, travels in buttons
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("jira_site.id", ondelete="CASCADE"))
    account: Mapped[str | None] = mapped_column(default=None)  # Cloud: account id; Data Center: key; None: not known
    name: Mapped[str] = mapped_column(default="")  # Data Center: login name
    shown: Mapped[str] = mapped_column(default="")  # display name, for the member and the site's admins to read
    how: Mapped[str | None] = mapped_column(default=None)  # domain.accounts.How
    linked_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)  # when their e-mail was last looked for there
    declined: Mapped[bool] = mapped_column(default=False)  # unlinked by the member: no e-mail links it again
    member: Mapped[MemberRow] = relationship(init=False, foreign_keys=[member_id])
    site: Mapped[JiraSiteRow] = relationship(init=False)


class LinkCodeRow(Base):
    """A word that a member is to write on an issue, once."""

    __tablename__ = "jira_link_code"
    link_id: Mapped[int] = mapped_column(ForeignKey("jira_account.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]  # SHA-256 of the word
    jira_issue_id: Mapped[str]
    until: Mapped[datetime]
    checks: Mapped[int] = mapped_column(default=0)


class LinkRequestRow(Base):
    """An account that a member says is theirs, until an admin of the site's owner decides."""

    __tablename__ = "jira_link_request"
    link_id: Mapped[int] = mapped_column(ForeignKey("jira_account.id", ondelete="CASCADE"), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    account: Mapped[str]
    name: Mapped[str]
    shown: Mapped[str]
    asked_at: Mapped[datetime]
