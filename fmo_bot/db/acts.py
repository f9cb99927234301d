"""Rows of what people have done to issues from Slack, each sent to Jira at most once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class JiraActRow(Base):
    """One act, from the form on. What was put in is forgotten with its end."""

    __tablename__ = "jira_act"
    __table_args__ = (Index(None, "asked_at"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ref: Mapped[str] = mapped_column(unique=True)  # letters and digits; travels in forms, and is the mark in Jira
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    kind: Mapped[str]  # assign | move | comment | flag | create
    site_id: Mapped[int | None] = mapped_column(
        ForeignKey("jira_site.id", ondelete="CASCADE"), default=None
    )  # create: chosen in the form
    jira_issue_id: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default="form")  # as in services.acts
    offer: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # what the form offers, as services.acts has it
    wanted: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # what was put in
    source: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # of a message: workspace, channel, ts, thread
