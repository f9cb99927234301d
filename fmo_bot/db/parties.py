"""Rows of who takes part: organisations, workspaces, members, joint teams, sides, participation, channels."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, ForeignKey, Index, UniqueConstraint, and_, or_, select, text
from sqlalchemy.orm import Mapped, QueryableAttribute, Session, mapped_column, relationship

from fmo_bot.db.base import Base
from fmo_bot.domain.channels import State
from fmo_bot.domain.parties import Person, Place, Role

_NOW = text("until IS NULL")


class OrganisationRow(Base):
    """A company."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)


class WorkspaceRow(Base):
    """A Slack workspace in which one of our apps is installed."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("app_key", "slack_team_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    app_key: Mapped[str]  # which Slack app of the settings
    slack_team_id: Mapped[str]
    name: Mapped[str]
    organisation: Mapped[OrganisationRow] = relationship(init=False)


class MemberRow(Base):
    """A person of an organisation, known by home workspace and user id."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("home_workspace", "slack_user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    home_workspace: Mapped[str]  # Slack team id
    slack_user_id: Mapped[str]
    name: Mapped[str]
    zone: Mapped[str]  # IANA
    language: Mapped[str] = mapped_column(default="en")
    dm_channel: Mapped[str | None] = mapped_column(default=None)  # learned once, by the app of the home workspace
    dm_tried_at: Mapped[datetime | None] = mapped_column(default=None)  # calendar time; see delivery.directs
    vouched_at: Mapped[datetime | None] = mapped_column(default=None)  # an address in their company's domains was seen
    organisation: Mapped[OrganisationRow] = relationship(init=False)

    @property
    def person(self) -> Person:
        """Who this is in Slack."""
        return Person(self.home_workspace, self.slack_user_id)


class JointTeamRow(Base):
    """People of two or more organisations who deliver together."""

    __tablename__ = "joint_team"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    ref: Mapped[str] = mapped_column(unique=True)  # opaque, travels in buttons
    host_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  # who runs the server
    language: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str] = mapped_column(default="UTC")  # of weeks and digests
    unfurls: Mapped[list[Any]] = mapped_column(default_factory=list)  # what a link in the joint channel may show
    checked_at: Mapped[datetime | None] = mapped_column(default=None)  # the weekly self-check; None: none is due yet
    host: Mapped[OrganisationRow] = relationship(init=False)
    sides: Mapped[list["SideRow"]] = relationship(init=False, back_populates="team", order_by="SideRow.id")


class SideRow(Base):
    """The role of an organisation in one joint team, with its side calendar."""

    __tablename__ = "side"
    __table_args__ = (UniqueConstraint("team_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"))
    name: Mapped[str]  # vendor | operator | partner:<name>
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    calendar: Mapped[dict[str, Any]]  # zone, days, hours, country, region, off, extra_working: see domain.calendars
    # When the company accepted to be in it; before that nobody of it is asked, and its Jira is not read.
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"), default=None)
    team: Mapped[JointTeamRow] = relationship(init=False, back_populates="sides")
    organisation: Mapped[OrganisationRow] = relationship(init=False)


class ParticipationRow(Base):
    """A member in a joint team, on one side, in one role, for a while. Another side is another row, never a change.

    Whoever asks who takes part asks `takes_part`.
    """

    __tablename__ = "participation"
    __table_args__ = (
        Index("uq_participation_now", "team_id", "member_id", unique=True, sqlite_where=_NOW, postgresql_where=_NOW),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    side_id: Mapped[int | None] = mapped_column(ForeignKey("side.id"))  # None: nobody has confirmed one yet
    since: Mapped[datetime]  # included
    until: Mapped[datetime | None] = mapped_column(default=None)  # not included; None: takes part now
    role: Mapped[Role] = mapped_column(default=Role.PARTICIPANT)
    team: Mapped[JointTeamRow] = relationship(init=False)
    member: Mapped[MemberRow] = relationship(init=False)
    side: Mapped[SideRow | None] = relationship(init=False)


def takes_part(at: datetime | QueryableAttribute[datetime] | None = None) -> ColumnElement[bool]:
    """Of a participation: that it is one now, or was one at an instant (which may be a column).

    The one place that says so: a member has as many rows in a joint team as they had sides and times there.
    """
    if at is None:
        return ParticipationRow.until.is_(None)
    ends = or_(ParticipationRow.until.is_(None), ParticipationRow.until > at)
    return and_(ParticipationRow.since <= at, ends)


class ChannelRow(Base):
    """A channel of a joint team. Exactly one installation posts in it: `workspace`."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("team_id", "slack_channel_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("joint_team.id"))
    workspace: Mapped[str]  # Slack team id of the posting installation
    slack_channel_id: Mapped[str]
    kind: Mapped[str] = mapped_column(default="joint")  # joint | internal
    side_id: Mapped[int | None] = mapped_column(ForeignKey("side.id"), default=None)  # whose, if internal
    # As it was last seen in Slack; see services.channels.
    name: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[State] = mapped_column(default=State.ACTIVE, server_default=State.ACTIVE.value)
    since: Mapped[datetime | None] = mapped_column(default=None)  # of the state
    doubts: Mapped[int] = mapped_column(default=1, server_default="1")  # what was heard of it since: nothing is posted
    workspaces: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")  # Slack ids, with `gone`
    strangers: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")  # of them: of no side
    gone: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")  # of sides that left it
    look_after: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")  # machine time
    team: Mapped[JointTeamRow] = relationship(init=False)

    @property
    def place(self) -> Place:
        """Where it is in Slack, as the installation that posts there sees it."""
        return Place(self.workspace, self.slack_channel_id)

    @property
    def is_held(self) -> bool:
        """Whether nothing is said there for now; see delivery.held."""
        return self.state is not State.ACTIVE or self.doubts > 0


class AbsenceRow(Base):
    """Days on which a member is away, both ends included; no reason is asked or stored."""

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]


def language_of(session: Session, person: Person) -> str:
    """The language a member chose; English for anybody else."""
    them = MemberRow.home_workspace == person.workspace, MemberRow.slack_user_id == person.user
    return session.scalar(select(MemberRow.language).where(*them)) or "en"
