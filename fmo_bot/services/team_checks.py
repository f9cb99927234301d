"""A team file as a whole: its size, its single values, and what only shows where several of them meet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import holidays

from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.workflow_file import WorkflowFile
from fmo_bot.errors import FileWrong
from fmo_bot.services.team_spec import JiraSpec, MemberSpec, ProjectSpec, SideSpec, TeamSpec
from fmo_bot.services.team_values import shown, structure

MAX_NODES = 20_000
MAX_MEMBERS = 500  # of one joint team


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
    spec = structure(mapping)
    faults = _Faults()
    for check in (_names, _people, _places, _boards, _jira, _calendars, _schedules):
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


def _names(spec: TeamSpec, faults: _Faults) -> None:
    companies = [organisation.name for organisation in spec.organisations]
    for name in _twice(companies):
        faults.add("organisations", f"{shown(name)} stands here twice")
    if spec.host not in companies:
        faults.add("host", f"{shown(spec.host)} is not among the organisations")
    if len(spec.sides) < 2:
        faults.add("sides", "a joint team has two sides or more")
    for name, side in spec.sides.items():
        if side.organisation not in companies:
            faults.add(f"sides.{name}.organisation", f"{shown(side.organisation)} is not among the organisations")
    for name in _twice([side.organisation for side in spec.sides.values()]):
        faults.add("sides", f"{shown(name)} has two sides")
    for place, ceremonies in (("standups", spec.standups), ("digests", spec.digests)):
        for name in _twice([ceremony.name for ceremony in ceremonies]):
            faults.add(place, f"{shown(name)} stands here twice")


def _people(spec: TeamSpec, faults: _Faults) -> None:
    homes: list[tuple[str, str]] = []
    for place, side, member in _members(spec):
        home = spec.home_of(side, member)
        if home is None:
            faults.add(f"{place}.workspace", f"missing: {shown(side.organisation)} has no workspace of its own")
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


def _boards(spec: TeamSpec, faults: _Faults) -> None:
    boards = [("board", spec.board), *((f"other_boards[{n}]", each) for n, each in enumerate(spec.other_boards))]
    for site, number in _twice([(board.site, board.id) for _, board in boards]):
        faults.add("other_boards", f"board {number} of site {shown(site)} stands here twice")
    for place, board in boards:
        if board.workflow is not None:
            try:
                WorkflowFile.from_mapping(board.workflow, where=f"{place}.workflow")
            except FileWrong as error:
                faults.found.append(str(error))


def _jira(spec: TeamSpec, faults: _Faults) -> None:
    for key in _twice([each.site for each in spec.jira]):
        faults.add("jira", f"site {shown(key)} stands here twice")
    for index, site in enumerate(spec.jira):
        _owned(spec, f"jira[{index}]", site, faults)
        for key in _twice([project.key for project in site.projects]):
            faults.add(f"jira[{index}].projects", f"{shown(key)} stands here twice")
        for number, project in enumerate(site.projects):
            _owned(spec, f"jira[{index}].projects[{number}]", project, faults)


def _owned(spec: TeamSpec, place: str, said: JiraSpec | ProjectSpec, faults: _Faults) -> None:
    if said.owner is not None and said.owner not in {organisation.name for organisation in spec.organisations}:
        faults.add(f"{place}.owner", f"{shown(said.owner)} is not among the organisations")
    for side in said.accepted_by:
        if side not in spec.sides:
            faults.add(f"{place}.accepted_by", f"{shown(side)} is not a side of this team")


def _calendars(spec: TeamSpec, faults: _Faults) -> None:
    supported = holidays.list_supported_countries()
    for name, side in spec.sides.items():
        place, calendar = f"sides.{name}.calendar", side.calendar
        if calendar.country is not None and calendar.country not in supported:
            faults.add(f"{place}.country", f"{shown(calendar.country)} is not a country code such as CN or ES")
        elif calendar.region is not None and calendar.region not in supported.get(calendar.country or "", ()):
            faults.add(
                f"{place}.region", f"{shown(calendar.region)} is no region of {calendar.country or 'no country'}"
            )
        try:
            SideCalendar.from_mapping(calendar.mapping(), where=place)
        except FileWrong as error:
            faults.found.append(str(error))


def _schedules(spec: TeamSpec, faults: _Faults) -> None:
    days = [(f"standups[{index}].days", each.days) for index, each in enumerate(spec.standups)]
    days += [(f"digests[{index}].days", each.days) for index, each in enumerate(spec.digests)]
    for index, each in enumerate(spec.standups):
        if each.reminder_minutes is not None and each.reminder_minutes >= each.window_minutes:
            place = f"standups[{index}].reminder_minutes"
            faults.add(place, f"a reminder comes within the {each.window_minutes} minutes in which one may answer")
    for place, listed in days:
        if not listed:
            faults.add(place, "a list of days such as [mon, tue] is needed")


def _twice(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
