"""One pretend Jira site: its issues, sprints, board, people and settings, seen at the sandbox's clock."""

import uuid
import zlib
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from fmo_bot.sandbox.jira import boards, fields, statuses, times
from fmo_bot.sandbox.jira.access import Access
from fmo_bot.sandbox.jira.boards import Boards, done_statuses
from fmo_bot.sandbox.jira.export import Export, Json, check_sprint
from fmo_bot.sandbox.jira.histories import History, Items, OnceEach
from fmo_bot.sandbox.jira.issue import Issue, sprints_named
from fmo_bot.sandbox.jira.keys import Keys
from fmo_bot.sandbox.jira.people import People
from fmo_bot.sandbox.jira.projects import Projects
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.screens import Screens
from fmo_bot.sandbox.jira.sprints import Sprint, Sprints
from fmo_bot.sandbox.jira.troubles import Troubles
from fmo_bot.sandbox.jira.versions import Versions

CLOUD, DATA_CENTER = "cloud", "dc"
MOST_PER_PAGE = 100  # Data Center's `jira.search.views.default.max`; control may change it
FIRST_MORNING = timedelta(minutes=30)  # the clock starts at 00:30 UTC, before the first stand-up of the day


class Clock(Protocol):
    """What a site needs of the sandbox's clock."""

    def now(self) -> datetime:
        """The present calendar instant."""
        ...

    def busy(self, what: str) -> AbstractContextManager[None]:
        """While open, the world is not quiet."""
        ...


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a site answers."""

    flavour: str = CLOUD
    zone: str = "UTC"  # the API account's profile zone: how instants are written and JQL dates read
    faults: Callable[[], Mapping[str, Any]] = dict  # those switched on just now, by the names of docs/sandbox.md
    denied: frozenset[str] = frozenset()  # operations this account may not do: see `Site.permit`
    on_change: Callable[..., None] | None = None  # told (kind, **what) of every change, for the page


@dataclass
class Happening:
    """Something the history brought: an issue created or changed, or a sprint started or closed."""

    at: datetime
    kind: str
    issue: Issue | None = None
    history: History | None = None
    sprint: Sprint | None = None


class Site:
    """The state of one site. Everything runs on the server's event loop; nothing here blocks."""

    def __init__(self, key: str, clock: Clock, export: Export, settings: Settings) -> None:
        """`export`: what the site holds, to the end of its known history."""
        self.key = key
        self.clock = clock
        self.settings = settings
        self.problems = export.problems
        self.ids = fields.find(export.issues)
        self.statuses = {one.id: one for one in export.statuses} or statuses.find(export.issues)
        self.people = People(key, export.issues)
        self.keys = Keys(key, self.people.bot, cloud=self.is_cloud)
        self.sprints = Sprints([*export.sprints, *_embedded(export.issues, self.ids.sprint)])
        self.issues = {raw["id"]: Issue(raw, self.ids) for raw in export.issues}
        self.by_key = {issue.key: issue for issue in self.issues.values()}
        self.projects = Projects(export.issues)
        self.versions = Versions(export.issues, self.projects)
        self.access = Access(denied=set(settings.denied))
        self.screens = Screens()
        self.version = "1001.0.0-SNAPSHOT" if self.is_cloud else "10.3.2"
        self.busiest = self._busiest()
        self.boards = Boards(boards.configured(export.board, self) if export.board else boards.made_up(self))
        if self.board["type"] == "kanban":
            self.busiest = None  # its sprints, if there are any, are another board's
        self.statuses |= boards.named_only_there(self.board, self.statuses)
        self.comment_number = 10_000
        self._foreseen = max((h.number for i in self.issues.values() for h in i.histories), default=0)
        self._numbers = self._foreseen
        self.troubles = Troubles(key, settings.faults, cloud=self.is_cloud)
        self._agenda = self._planned()
        self.most_per_page = MOST_PER_PAGE
        self.requests: Counter[tuple[str, int]] = Counter()  # (endpoint, status) -> how often
        self._acts: list[datetime] = []
        self.looks: dict[Hashable, Any] = {}  # parts of answers that many issues share, until something changes

    @property
    def is_cloud(self) -> bool:
        """Whether it answers as Jira Cloud; else as Data Center."""
        return self.settings.flavour == CLOUD

    @property
    def board(self) -> Json:
        """The configuration of the first board."""
        return self.boards.first.shape

    @property
    def email(self) -> str:
        """The account the bot uses."""
        return f"bot@{self.key}.example"

    @property
    def token(self) -> str:
        """Its API token (Cloud) or personal access token (Data Center)."""
        return f"jira-sandbox-{self.key}"

    @property
    def cloud_id(self) -> str:
        """By which the gateway knows the site."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.key}.sandbox.example"))

    @property
    def zone(self) -> ZoneInfo:
        """The account's profile zone."""
        return ZoneInfo(self.settings.zone)

    def now(self) -> datetime:
        """The sandbox's present."""
        return self.clock.now()

    def lag_of(self, issue: Issue) -> timedelta:
        """By how much the search index is behind with this issue; an uneven index knows every fourth at once."""
        share = min(2, zlib.crc32(issue.id.encode()) % 4) / 2 if self.fault("index_lag_uneven") else 1
        return timedelta(seconds=float(self.fault("index_lag_s") or 0) * share)

    def fault(self, name: str) -> Any:
        """A fault's present setting; false where it is off."""
        return self.troubles.get(name)

    def present(self, at: datetime, me: Json | None = None) -> Iterator[Issue]:
        """The issues that had been created, and that `me` may see (None: all)."""
        sees = self.access.eyes(me)
        there = (issue for issue in self.issues.values() if issue.created <= at)
        return there if sees is None else filter(sees, there)

    def known(self, id_or_key: str, me: Json | None = None) -> Issue | None:
        """The issue, by a key it once had too; None where it is not there, or `me` may not see it."""
        issue = self.issues.get(id_or_key) or self.by_key.get(id_or_key.upper())
        there = issue is not None and issue.is_there(self.now()) and self.access.sees(issue, me)
        return issue if there else None

    def find(self, id_or_key: str, me: Json | None = None) -> Issue:
        """The issue, or Jira's 404, which also means forbidden."""
        issue = self.known(id_or_key, me)
        if issue is None:
            cloud = "Issue does not exist or you do not have permission to see it."
            raise Refused(404, cloud if self.is_cloud else "Issue Does Not Exist")
        return issue

    def permit(self, operation: str) -> None:
        """403 where `operation` (comment, webhook, report, users, …) is denied to the account."""
        self.access.permit(operation)

    def forget(self, issue: Issue) -> None:
        """The issue is deleted, under every key it ever had."""
        del self.issues[issue.id]
        self.by_key = {key: one for key, one in self.by_key.items() if one is not issue}
        self.changed()

    def changed(self) -> None:
        """Something is different now: forget what was worked out."""
        self._acts.append(self.now())
        self.looks.clear()

    def same(self, since: datetime, until: datetime) -> bool:
        """Whether nothing happened in (since, until], neither of the known history nor by anybody's hand."""
        by_hand = bisect_right(self._acts, since) == bisect_right(self._acts, until)
        return by_hand and self._place(since) == self._place(until)

    def number(self) -> int:
        """The next history id."""
        self._numbers += 1
        return self._numbers

    def add(self, raw: Json) -> Issue:
        """A new issue, created just now."""
        issue = Issue(raw, self.ids)
        self.issues[issue.id] = self.by_key[issue.key] = issue
        self.changed()
        return issue

    def sprint(self, number: str) -> Sprint:
        """The sprint, or Jira's 404."""
        found = self.sprints.by_id.get(int(number)) if number.isdigit() else None
        if found is None:
            raise Refused(404, "Sprint does not exist or you do not have permission to view it.")
        return found

    def done_statuses(self) -> set[str]:
        """What the first board calls done."""
        return done_statuses(self.board)

    def last_change(self) -> datetime | None:
        """The last instant of the whole known history."""
        return _instant(self._agenda[-1]) if self._agenda else None

    def next_after(self, at: datetime) -> datetime | None:
        """The first instant after `at` that brings something."""
        place = self._place(at)
        return _instant(self._agenda[place]) + _A_MILLISECOND if place < len(self._agenda) else None

    def between(self, after: datetime, until: datetime) -> list[Happening]:
        """What the known history brought in (after, until], in order."""
        whose = dict.fromkeys(entry & _MOST for entry in self._agenda[self._place(after) : self._place(until)])
        listed = [self._listed[number - 1] for number in whose if number]
        found = [one for issue in listed if issue.id in self.issues for one in _of(issue, after, until)]
        found = [one for one in found if one.history is None or one.history.number <= self._foreseen]
        found += [Happening(at, kind, sprint=one) for at, kind, one in self.sprints.instants() if after < at <= until]
        return sorted(found, key=lambda one: one.at)

    def _place(self, at: datetime) -> int:
        return bisect_right(self._agenda, times.millis(at) << _BITS | _MOST)

    def suggested_start(self) -> datetime:
        """00:30 UTC of the last working day before the busiest sprint ends, else of the last change's day."""
        if self.busiest is not None and self.busiest.closes is not None:
            return _working_day(self.busiest.closes - timedelta(days=1))
        last = self.last_change()
        return _working_day(last or self.now())

    def _busiest(self) -> Sprint | None:
        named: OnceEach[Items, set[int]] = OnceEach(lambda items: sprints_named(items, self.ids))
        count = Counter(number for issue in self.issues.values() for number in issue.ever_in(named))
        known = [one for one in self.sprints.by_id.values() if one.closes and count[one.id]]
        return max(known, key=lambda one: count[one.id], default=None)

    def _planned(self) -> "array[int]":
        """Every instant of the known history in order, each in one number: milliseconds, then whose (0: a sprint's)."""
        self._listed = list(self.issues.values())
        found = [times.millis(at) << _BITS for at, _, _ in self.sprints.instants()]
        for number, issue in enumerate(self._listed, 1):
            found.extend(times.millis(at) << _BITS | number for at in (issue.created, *issue.instants))
        found.sort()
        return array("q", found)


_BITS = 21  # of an entry of the agenda tell whose it is: two million issues, and milliseconds until the year 2109
_MOST = (1 << _BITS) - 1
_A_MILLISECOND = timedelta(milliseconds=1)  # instants are kept in whole milliseconds; be there after, not before


def _instant(entry: int) -> datetime:
    return datetime.fromtimestamp((entry >> _BITS) / 1000, UTC)


def _of(issue: Issue, after: datetime, until: datetime) -> Iterator[Happening]:
    if after < issue.created <= until:
        yield Happening(issue.created, "jira:issue_created", issue=issue)
    for place in range(issue.past(after), issue.past(until)):
        yield Happening(issue.instants[place], "jira:issue_updated", issue=issue, history=issue.histories[place])


def _working_day(at: datetime) -> datetime:
    """00:30 UTC of the day of `at`, or of the Friday before a weekend."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=max(0, day.weekday() - 4)) + FIRST_MORNING


def _embedded(issues: list[Json], sprint_field: str) -> Iterator[Json]:
    """Sprints told only inside issues."""
    for issue in issues:
        held = issue["fields"]
        listed = held.get(sprint_field) or []
        for one in [
            *(held.get("closedSprints") or []),
            held.get("sprint"),
            *(listed if isinstance(listed, list) else []),
        ]:
            if isinstance(one, dict):
                try:
                    check_sprint(one)
                except ValueError:
                    continue  # an issue stays usable without it
                yield one
