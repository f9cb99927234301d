"""Rows of the ledger: what is owed when, what was sent where, what came in, and the lanes of Slack's limits."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base
from fmo_bot.domain.parties import Person


def _partial(rows: str) -> dict[str, Any]:
    return {f"{database}_where": text(rows) for database in ("sqlite", "postgresql")}


class OccurrenceRow(Base):
    """Something due once: unique on (ceremony, kind, subject, local date, ordinal), none of them null."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("ceremony_id", "kind", "subject", "local_date", "ordinal"),
        Index("ix_occurrence_state_due", "state", "due"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ceremony_id: Mapped[int] = mapped_column(ForeignKey("ceremony.id"))
    kind: Mapped[str]  # prompt | reminder | close | digest
    subject: Mapped[str]  # `member:<id>`, `side:<name>` or `all`
    local_date: Mapped[date]
    due: Mapped[datetime]
    ordinal: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="planned")  # planned | done | missed | cancelled | failed
    attempt: Mapped[int] = mapped_column(default=0)  # how often its handler has failed
    not_before: Mapped[float] = mapped_column(Float, default=0.0)  # machine time
    error: Mapped[str | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)  # when a scrum master heard that it was missed


class MessageRow(Base):
    """A message that exists, or shall exist, in Slack: one row per logical message, named by `name`."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_workspace_person", "workspace", "person"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)  # such as `round:12`, `prompt:7`
    key: Mapped[str] = mapped_column(unique=True)  # opaque; travels in Slack's message metadata, kept by every update
    workspace: Mapped[str]  # of the posting installation
    channel: Mapped[str | None]  # None until a direct conversation is opened
    person: Mapped[str | None]  # the user id, for a direct message
    team_id: Mapped[int | None] = mapped_column(ForeignKey("joint_team.id"), default=None)  # None: an answer to a click
    ts: Mapped[str | None] = mapped_column(default=None)  # None until posted


class DeliveryRow(Base):
    """One thing owed to Slack. Claim, talk, note; see delivery.outbox."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due", "state", "due", "id"),
        Index("ix_delivery_thread", "thread_message_id", **_partial("thread_message_id IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    dedup_key: Mapped[str] = mapped_column(unique=True)  # `<op>:<name of the message>`
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    op: Mapped[str]  # post | update | home
    value: Mapped[dict[str, Any]]  # the message value, tagged with its kind
    language: Mapped[str]
    due: Mapped[datetime]  # calendar time
    version: Mapped[int] = mapped_column(default=1)  # an update owed again before it was sent: the latest wins
    thread_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), default=None)
    useful_until: Mapped[datetime | None] = mapped_column(default=None)  # later than this it is `missed`
    policy: Mapped[str] = mapped_column(default="reconcile")  # reconcile | at_most_once | at_least_once
    state: Mapped[str] = mapped_column(default="ready")  # of delivery.outbox
    owner: Mapped[str | None] = mapped_column(default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    # Machine time, Unix seconds: leases and retries never follow the calendar clock.
    lease_until: Mapped[float | None] = mapped_column(Float, default=None)
    not_before: Mapped[float] = mapped_column(Float, default=0.0)
    searches: Mapped[int] = mapped_column(default=0)  # running ones without a result; see delivery.claims
    claimed_at: Mapped[datetime | None] = mapped_column(default=None)  # calendar time of the first attempt
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)  # when a scrum master heard of it, not sent since


class LaneRow(Base):
    """A rate limit as a row: nothing on this lane before `next_at` (machine time, Unix seconds)."""

    __tablename__ = "lane"
    key: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[float] = mapped_column(Float)


class InboxRow(Base):
    """Something that came in, recorded once before it is worked; also the jobs that follow an acknowledgement."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state_due", "state", "not_before"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    event_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]  # the few fields the job needs; emptied when done
    received_at: Mapped[datetime]
    workspace: Mapped[str | None] = mapped_column(default=None)  # with `person`: who asked for it, if anybody did
    person: Mapped[str | None] = mapped_column(default=None)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("joint_team.id"), default=None)  # None: of no one joint team
    bundle: Mapped[str | None] = mapped_column(default=None)  # what bears the same name is worked as one
    state: Mapped[str] = mapped_column(default="ready")  # ready | working | done | failed | dropped
    owner: Mapped[str | None] = mapped_column(default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[float | None] = mapped_column(Float, default=None)  # machine time
    not_before: Mapped[float] = mapped_column(Float, default=0.0)  # machine time
    error: Mapped[str | None] = mapped_column(default=None)
    # Of one that failed and that nobody asked for: the joint teams whose scrum masters heard of it, and when all had.
    told_teams: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")
    told_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def asker(self) -> Person | None:
        """Who hears what came of it."""
        return Person(self.workspace, self.person) if self.workspace and self.person else None


class LeaseRow(Base):
    """A job that one of all processes runs, and whose turn it is until when (machine time, Unix seconds)."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str | None] = mapped_column(default=None)  # None: nobody runs it; it rests until its next turn
    until: Mapped[float] = mapped_column(Float, default=0.0)
