"""What a team file says, as values. The shape is documented in config/team.example.yaml."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NewType

from fmo_bot.domain.parties import Duty, Role

Name = NewType("Name", str)
Key = NewType("Key", str)
Zone = NewType("Zone", str)
Language = NewType("Language", str)
WorkspaceId = NewType("WorkspaceId", str)
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
Side = NewType("Side", str)
Weekday = NewType("Weekday", str)
Domain = NewType("Domain", str)
WallTime = NewType("WallTime", str)
Minutes = NewType("Minutes", int)
Spread = NewType("Spread", int)
Number = NewType("Number", int)
ProjectKey = NewType("ProjectKey", str)
Field = NewType("Field", str)
Unfurled = NewType("Unfurled", str)


@dataclass(frozen=True, kw_only=True)
class WorkspaceSpec:
    """A Slack workspace with the app of the settings that is installed in it."""

    app: Key
    id: WorkspaceId
    name: Name


@dataclass(frozen=True, kw_only=True)
class OrganisationSpec:
    """A company; `workspace` is None where no app is installed. None leaves what was recorded alone.

    `domains`: of e-mails that say who somebody is; `admins`: members who speak for it.
    """

    name: Name
    workspace: WorkspaceSpec | None = None
    domains: tuple[Domain, ...] | None = None
    admins: tuple[UserId, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CalendarSpec:
    """A side calendar without the national holidays, which are added when days are planned."""

    zone: Zone
    days: tuple[Weekday, ...]
    hours: tuple[str, ...] = ("09:00", "18:00")
    country: str | None = None
    region: str | None = None
    off: tuple[date, ...] = ()
    extra_working: tuple[date, ...] = ()

    def mapping(self) -> dict[str, Any]:
        """As it is stored, and as `SideCalendar.from_mapping` reads it."""
        return {
            "zone": self.zone,
            "days": list(self.days),
            "hours": list(self.hours),
            "country": self.country,
            "region": self.region,
            "off": [day.isoformat() for day in self.off],
            "extra_working": [day.isoformat() for day in self.extra_working],
        }


@dataclass(frozen=True, kw_only=True)
class AwaySpec:
    """Days away, both included."""

    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class MemberSpec:
    """A member; `workspace` None means the company's own; `away` None leaves recorded absences alone."""

    user: UserId
    name: Name
    zone: Zone
    language: Language = Language("en")
    role: Role = Role.PARTICIPANT
    workspace: WorkspaceId | None = None
    away: tuple[AwaySpec, ...] | None = None
    duties: tuple[Duty, ...] = ()
    deputy: tuple[Duty, ...] = ()  # for these duties, after whoever is named before


@dataclass(frozen=True, kw_only=True)
class SideSpec:
    """A company's role in the joint team, with its people."""

    organisation: Name
    calendar: CalendarSpec
    members: tuple[MemberSpec, ...]


@dataclass(frozen=True, kw_only=True)
class ChannelSpec:
    """The joint channel and the workspace whose app posts in it."""

    workspace: WorkspaceId
    id: ChannelId


@dataclass(frozen=True, kw_only=True)
class BoardSpec:
    """A Jira board; `workflow` None means guessed at the first sync."""

    site: Key
    id: Number
    workflow: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class CounterpartsSpec:
    """How issues of several boards are named as one piece of work; see domain.counterparts.Rule."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ProjectSpec:
    """Whose a Jira project is; joint where every side of the team is in `accepted_by`. `owner` None: as the site."""

    key: ProjectKey
    owner: Name | None = None
    accepted_by: tuple[Side, ...] = ()
    internal_fields: tuple[Field, ...] = ()
    store_secured: bool = False


@dataclass(frozen=True, kw_only=True)
class JiraSpec:
    """Whose a Jira site is. What is said beside it holds for its projects that are not in `projects`."""

    site: Key
    owner: Name
    accepted_by: tuple[Side, ...] = ()
    internal_fields: tuple[Field, ...] = ()
    store_secured: bool = False
    acting: bool = False  # whether people may change issues there from Slack at all
    projects: tuple[ProjectSpec, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StandupSpec:
    """A stand-up at `at` in each member's own zone."""

    name: Name
    at: WallTime
    days: tuple[Weekday, ...]
    window_minutes: Minutes = Minutes(240)
    late_ok_minutes: Minutes = Minutes(120)
    reminder_minutes: Minutes | None = None
    spread_minutes: Spread = Spread(0)


@dataclass(frozen=True, kw_only=True)
class DigestSpec:
    """A digest at `at` in `zone` (None: the joint team's)."""

    name: Name
    at: WallTime
    days: tuple[Weekday, ...]
    zone: Zone | None = None
    late_ok_minutes: Minutes = Minutes(720)


@dataclass(frozen=True, kw_only=True)
class TeamSpec:
    """A whole team file."""

    team: Name
    host: Name
    organisations: tuple[OrganisationSpec, ...]
    sides: dict[Side, SideSpec]
    channel: ChannelSpec
    board: BoardSpec
    other_boards: tuple[BoardSpec, ...] = ()
    counterparts: CounterpartsSpec | None = None
    jira: tuple[JiraSpec, ...] = ()
    zone: Zone = Zone("UTC")
    language: Language = Language("en")
    standups: tuple[StandupSpec, ...] = ()
    digests: tuple[DigestSpec, ...] = ()
    unfurls: tuple[Unfurled, ...] = ()  # what a link to Jira may show in the joint channel

    def home_of(self, side: SideSpec, member: MemberSpec) -> str | None:
        """The home workspace of a member: their own, else that of the side's company."""
        if member.workspace is not None:
            return member.workspace
        return next((o.workspace.id for o in self.organisations if o.name == side.organisation and o.workspace), None)
