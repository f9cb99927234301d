"""What a team file says, as values; every fault in it named at once with its place.

The shape is documented in config/team.example.yaml.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from operator import eq
from typing import Any, NewType
from zoneinfo import available_timezones

import cattrs
import holidays
from cattrs.errors import ForbiddenExtraKeysError

from fmo_bot.domain.calendars import WEEKDAYS, SideCalendar
from fmo_bot.domain.parties import Role, is_side
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import FileWrong

MAX_NODES = 20_000
MAX_MEMBERS = 500  # of one joint team
GUESS = "guess"

Name = NewType("Name", str)
Key = NewType("Key", str)
Zone = NewType("Zone", str)
Language = NewType("Language", str)
WorkspaceId = NewType("WorkspaceId", str)
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
Side = NewType("Side", str)
Weekday = NewType("Weekday", str)
WallTime = NewType("WallTime", str)
Minutes = NewType("Minutes", int)
Number = NewType("Number", int)


@dataclass(frozen=True, kw_only=True)
class WorkspaceSpec:
    """A Slack workspace with the app of the settings that is installed in it."""

    app: Key
    id: WorkspaceId
    name: Name


@dataclass(frozen=True, kw_only=True)
class OrganisationSpec:
    """A company; `workspace` is None where no app is installed."""

    name: Name
    workspace: WorkspaceSpec | None = None


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
class StandupSpec:
    """A stand-up at `at` in each member's own zone."""

    name: Name
    at: WallTime
    days: tuple[Weekday, ...]
    window_minutes: Minutes = Minutes(240)
    late_ok_minutes: Minutes = Minutes(120)


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
    zone: Zone = Zone("UTC")
    language: Language = Language("en")
    standups: tuple[StandupSpec, ...] = ()
    digests: tuple[DigestSpec, ...] = ()

    def home_of(self, side: SideSpec, member: MemberSpec) -> str | None:
        """The home workspace of a member: their own, else that of the side's company."""
        if member.workspace is not None:
            return member.workspace
        return next((o.workspace.id for o in self.organisations if o.name == side.organisation and o.workspace), None)


@dataclass
class _Faults:
    found: list[str] = field(default_factory=list)

    def add(self, place: str, reason: str) -> None:
        self.found.append(f"{place}: {reason}")


def parse(mapping: Mapping[str, Any]) -> TeamSpec:
    """Check a team file's mapping as a whole; raises `FileWrong` with one line per fault, each `place: reason`."""
    if not isinstance(mapping, Mapping):
        raise FileWrong("file: expected `key: value` lines")
    if (size := _nodes(mapping)) > MAX_NODES:
        raise FileWrong(f"the file holds {size:,} or more values, {MAX_NODES:,} are allowed.")
    try:
        spec = _converter.structure(mapping, TeamSpec)
    except cattrs.BaseValidationError as error:
        raise FileWrong("\n".join(_told(error))) from error
    faults = _Faults()
    for check in (_names, _people, _places, _calendars, _schedules):
        check(spec, faults)
    if faults.found:
        raise FileWrong("\n".join(faults.found))
    return spec


def _nodes(value: object) -> int:
    """How many values hang under this one; stops counting soon after the limit."""
    waiting, count = [value], 0
    while waiting and count <= MAX_NODES:
        one = waiting.pop()
        count += 1
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return count


# --- single values -----------------------------------------------------------------------------------------------

_PATTERNS: dict[Any, tuple[str, str]] = {
    Name: (r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,78}[^\s\x00-\x1f\x7f])?", "a name of 1 to 80 characters"),
    Key: (r"[A-Za-z][A-Za-z0-9_]{0,39}", "a key of letters, digits and _"),
    Language: (r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?", "a language such as en, zh or pt_BR"),
    WorkspaceId: (r"[TE][A-Z0-9]{2,20}", "a Slack workspace id such as T0123ABCD"),
    ChannelId: (r"[CG][A-Z0-9]{2,20}", "a Slack channel id such as C0123ABCD"),
    UserId: (r"[UW][A-Z0-9]{2,20}", "a Slack user id such as U0123ABCD"),
    WallTime: (r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", "a time such as 09:00"),
}


def _matching(pattern: str, wanted: str) -> Callable[[Any, Any], str]:
    compiled = re.compile(pattern)

    def check(value: Any, _type: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"{_shown(value)} is not {wanted}")
        return value

    return check


def _zone(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError(f"{_shown(value)} is not a time zone such as Europe/Madrid")
    return value


def _side(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or not is_side(value):
        raise ValueError(f"{_shown(value)} is not a side: vendor, operator or partner:<name>")
    return value


def _weekday(value: Any, _type: Any) -> str:
    if value not in WEEKDAYS:
        raise ValueError(f"{_shown(value)} is not one of {' '.join(WEEKDAYS)}")
    return str(value)


def _day(value: Any, _type: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{_shown(value)} is not a day such as 2026-11-20") from None


def _whole(least: int, most: int) -> Callable[[Any, Any], int]:
    def check(value: Any, _type: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"{_shown(value)} is not a whole number from {least:,} to {most:,}")
        return value

    return check


def _role(value: Any, _type: Any) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise ValueError(f"{_shown(value)} is not one of {', '.join(Role)}") from None


def _text(value: Any, _type: Any) -> str:
    if not isinstance(value, str) or len(value) > 80:
        raise ValueError(f"{_shown(value)} is not a text of at most 80 characters")
    return value


def _away(value: Any, _type: Any) -> AwaySpec:
    if not isinstance(value, dict) or set(value) != {"from", "until"}:
        raise ValueError("expected {from: day, until: day}")
    first, last = _day(value["from"], date), _day(value["until"], date)
    if last < first:
        raise ValueError(f"ends on {last}, before it begins on {first}")
    return AwaySpec(first=first, last=last)


def _workflow(value: Any, _type: Any) -> dict[str, Any] | None:
    if value is None or value == GUESS:
        return None
    if not isinstance(value, dict):
        raise ValueError("expected `guess`, {file: …} or a workflow with `commitment` and `stages`")
    if set(value) == {"file"}:
        raise ValueError("a workflow file is read with the team file, by `fmo-bot setup`")
    return value


def _shown(value: object) -> str:
    """A value as a fault quotes it: never long, never with line breaks."""
    text = str(value) if isinstance(value, str | int | float) else type(value).__name__
    return f"`{text[:60]!s}`".replace("\n", " ")


def _is_list(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def check(value: Any, kind: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValueError("expected a list")
        return hook(value, kind)

    return check


def _converter_made() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    hooks: dict[Any, Callable[[Any, Any], Any]] = {
        **{kind: _matching(*pattern) for kind, pattern in _PATTERNS.items()},
        Zone: _zone,
        Side: _side,
        Weekday: _weekday,
        Minutes: _whole(1, 1440),
        Number: _whole(1, 2**31 - 1),
        AwaySpec: _away,
        date: _day,
        str: _text,
        dict[str, Any] | None: _workflow,
    }
    converter.register_structure_hook(Role, _role)
    for kind, hook in hooks.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    for one in (OrganisationSpec, Weekday, date, str, MemberSpec, StandupSpec, DigestSpec, AwaySpec):
        many = tuple.__class_getitem__((one, ...))
        converter.register_structure_hook_func(partial(eq, many), _is_list(converter.get_structure_hook(many)))
    return converter


_converter = _converter_made()


def _told(error: cattrs.BaseValidationError) -> list[str]:
    """`place: reason` per fault."""
    lines = cattrs.transform_error(error, path="file", format_exception=_reason)
    return [_turned(line) for line in lines]


def _turned(line: str) -> str:
    reason, _, place = line.rpartition(" @ ")
    place = re.sub(r"\['([^']*)'\]", r".\1", place).removeprefix("file").removeprefix(".")
    return f"{place or 'file'}: {reason}"


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return "unknown key " + ", ".join(_shown(key) for key in sorted(map(str, error.extra_fields)))
    if isinstance(error, ValueError | FileWrong):
        return str(error)
    return "expected `key: value` lines"


# --- what only the whole file shows ---------------------------------------------------------------------------------


def _names(spec: TeamSpec, faults: _Faults) -> None:
    companies = [organisation.name for organisation in spec.organisations]
    for name in _twice(companies):
        faults.add("organisations", f"{_shown(name)} stands here twice")
    if spec.host not in companies:
        faults.add("host", f"{_shown(spec.host)} is not among the organisations")
    if len(spec.sides) < 2:
        faults.add("sides", "a joint team has two sides or more")
    for name, side in spec.sides.items():
        if side.organisation not in companies:
            faults.add(f"sides.{name}.organisation", f"{_shown(side.organisation)} is not among the organisations")
    for name in _twice([side.organisation for side in spec.sides.values()]):
        faults.add("sides", f"{_shown(name)} has two sides")
    for place, ceremonies in (("standups", spec.standups), ("digests", spec.digests)):
        for name in _twice([ceremony.name for ceremony in ceremonies]):
            faults.add(place, f"{_shown(name)} stands here twice")


def _people(spec: TeamSpec, faults: _Faults) -> None:
    homes: list[tuple[str, str]] = []
    for place, side, member in _members(spec):
        home = spec.home_of(side, member)
        if home is None:
            faults.add(f"{place}.workspace", f"missing: {_shown(side.organisation)} has no workspace of its own")
        else:
            homes.append((home, member.user))
    for home, user in _twice(homes):
        faults.add("sides", f"member `{user}` of workspace `{home}` stands here twice")
    if len(homes) > MAX_MEMBERS:
        faults.add("sides", f"{len(homes):,} members, {MAX_MEMBERS} are allowed")


def _members(spec: TeamSpec) -> Iterator[tuple[str, SideSpec, MemberSpec]]:
    for name, side in spec.sides.items():
        for index, member in enumerate(side.members):
            yield f"sides.{name}.members[{index}]", side, member


def _places(spec: TeamSpec, faults: _Faults) -> None:
    workspaces = [organisation.workspace.id for organisation in spec.organisations if organisation.workspace]
    for workspace in _twice(workspaces):
        faults.add("organisations", f"workspace `{workspace}` stands here twice")
    if spec.channel.workspace not in workspaces:
        faults.add("channel.workspace", f"`{spec.channel.workspace}` is no workspace of the organisations")


def _calendars(spec: TeamSpec, faults: _Faults) -> None:
    supported = holidays.list_supported_countries()
    for name, side in spec.sides.items():
        place, calendar = f"sides.{name}.calendar", side.calendar
        if calendar.country is not None and calendar.country not in supported:
            faults.add(f"{place}.country", f"{_shown(calendar.country)} is not a country code such as CN or ES")
        elif calendar.region is not None and calendar.region not in supported.get(calendar.country or "", ()):
            faults.add(
                f"{place}.region", f"{_shown(calendar.region)} is no region of {calendar.country or 'no country'}"
            )
        try:
            SideCalendar.from_mapping(calendar.mapping(), where=place)
        except FileWrong as error:
            faults.found.append(str(error))


def _schedules(spec: TeamSpec, faults: _Faults) -> None:
    days = [(f"standups[{index}].days", each.days) for index, each in enumerate(spec.standups)]
    days += [(f"digests[{index}].days", each.days) for index, each in enumerate(spec.digests)]
    for place, listed in days:
        if not listed:
            faults.add(place, "a list of days such as [mon, tue] is needed")
    if spec.board.workflow is not None:
        try:
            Workflow.from_mapping(spec.board.workflow, where="board.workflow")
        except FileWrong as error:
            faults.found.append(str(error))


def _twice(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
