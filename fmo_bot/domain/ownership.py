"""Whose a Jira project is, and what of it is joint.

A project is internal to its owner until every side of a joint team has accepted that it is joint there. The owner may
keep single fields of a joint project internal. What is known of a whole site (a project without a key) holds for
those of its projects of which nothing is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fmo_bot.domain.issues import Issue
from fmo_bot.domain.names import IssueName, ProjectName, project_key

KEY, SUMMARY, STATUS, SPRINT, POINTS, FLAGS = "key", "summary", "status", "sprint", "points", "flags"
ASSIGNEE, PRIORITY, LINKS, LABELS = "assignee", "priority", "links", "labels"
FIELDS = frozenset({KEY, SUMMARY, STATUS, SPRINT, POINTS, FLAGS, ASSIGNEE, PRIORITY, LINKS, LABELS})
UNFURLED = frozenset({KEY, SUMMARY, STATUS, ASSIGNEE, PRIORITY, POINTS, SPRINT})  # what a link may show of an issue
COUNTED = frozenset({KEY, STATUS, SPRINT, POINTS, FLAGS})  # what figures are made of, and what can be read out of them


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A project as one reader stands to it. `joint`: wherever this reader is, every side has accepted it."""

    project: ProjectName
    company: str  # "": nobody has said whose it is
    joint: bool = False
    internal_fields: frozenset[str] = frozenset()

    def names(self, asked: ProjectName) -> bool:
        """Whether this is the project asked for: by id where both know it, since keys move, else by key."""
        if asked.site != self.project.site:
            return False
        if asked.id and self.project.id:
            return asked.id == self.project.id
        return bool(asked.key) and asked.key == self.project.key


@dataclass(frozen=True, kw_only=True)
class Standpoint:
    """Whoever can read where a message goes, by company, and what is known of whose the projects are."""

    companies: frozenset[str]
    owned: tuple[Owned, ...] = ()
    _found: dict[ProjectName, Owned] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, project: ProjectName) -> Owned:
        """What is known of a project; of one nobody has spoken of, what is known of its site."""
        if project not in self._found:
            here = self._by_site.get(project.site, ())
            of_site = next((each for each in here if not each.project.key), Owned(project=project, company=""))
            self._found[project] = next((each for each in here if each.names(project)), of_site)
        return self._found[project]

    def is_inside(self, company: str) -> bool:
        """Whether only people of that company read here."""
        return bool(company) and self.companies == {company}

    def may_know(self, issue: IssueName, wanted: str) -> bool:
        """Whether a field of an issue may be read here. `wanted`: one of FIELDS."""
        owned = self.of(issue.project)
        if self.is_inside(owned.company):
            return True
        # A security level is for some people of the owner's: whoever they are, they are not on the other side.
        return owned.joint and not issue.secured and wanted not in owned.internal_fields

    def may_count(self, project: ProjectName) -> bool:
        """Whether figures made of a project's issues may be read here."""
        owned = self.of(project)
        return self.is_inside(owned.company) or (owned.joint and not COUNTED & owned.internal_fields)

    def may_speak_of(self, project: ProjectName) -> bool:
        """Whether it may be read here that there is a project, whatever of it is internal."""
        owned = self.of(project)
        return owned.joint or self.is_inside(owned.company)

    @cached_property
    def _by_site(self) -> Mapping[str, tuple[Owned, ...]]:
        sites: dict[str, list[Owned]] = {}
        for each in self.owned:
            sites.setdefault(each.project.site, []).append(each)
        return {site: tuple(found) for site, found in sites.items()}


def name_of(site: str, *, id: str, key: str, project_id: str = "", secured: bool = False) -> IssueName:
    """An issue's name as messages carry it."""
    project = ProjectName(site=site, id=project_id, key=project_key(key))
    return IssueName(project=project, id=id, key=key, secured=secured)


def name_in(issue: Issue) -> IssueName:
    """An issue of a board as messages name it."""
    secured = issue.security is not None
    return name_of(issue.site, id=issue.id, key=issue.key, project_id=issue.project or "", secured=secured)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an issue comes from, as far as it decides who may count it: issues of one origin are counted alike."""

    project: ProjectName
    secured: bool

    @classmethod
    def of(cls, site: str, *, project: str, key: str, secured: bool) -> "Origin":
        """That of an issue. `project`: Jira's id of it, "" where it is not told; `key`: the issue's."""
        return cls(ProjectName(site=site, id=project, key=project_key(key)), secured)


@dataclass(frozen=True)
class Counted:
    """What of a board goes into figures. `projects`: of the issues in it (of an empty board, the site); never none.

    `left_out`: companies whose internal issues are not in it; `joint`: every side may read figures made of it.
    """

    origins: frozenset[Origin]
    projects: tuple[ProjectName, ...]
    left_out: tuple[str, ...]
    joint: bool


def count(site: str, origins: Sequence[Origin], standpoints: Iterable[Standpoint]) -> Counted | None:
    """What the first of these standpoints from which anything may be counted may count; the first is the joint one.

    `origins`: of the board's issues, in the order in which they were first seen.
    """
    for index, standpoint in enumerate(standpoints):
        if (found := _count(site, origins, standpoint, joint=index == 0)) is not None:
            return found
    return None


def _count(site: str, origins: Sequence[Origin], standpoint: Standpoint, *, joint: bool) -> Counted | None:
    if not origins:
        whole = ProjectName(site=site)
        return Counted(frozenset(), (whole,), (), joint) if standpoint.may_count(whole) else None
    kept = [origin for origin in origins if _may_count(origin, standpoint)]
    left_out = {standpoint.of(origin.project).company for origin in origins if origin not in kept}
    projects = tuple(dict.fromkeys(origin.project for origin in kept))
    return Counted(frozenset(kept), projects, tuple(sorted(left_out)), joint) if kept else None


def _may_count(origin: Origin, standpoint: Standpoint) -> bool:
    inside = standpoint.is_inside(standpoint.of(origin.project).company)
    return standpoint.may_count(origin.project) and (inside or not origin.secured)
