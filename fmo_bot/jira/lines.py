"""One line of an export: what figures read of the issue, by a quick way where the line is as Jira writes it.

The quick way decodes nothing but what a `Life` is made of, and decides nothing: whatever is unusual about a line (ids
that are numbers, times as epochs, a history twice or before the issue, …) goes the long way, by `jira.parse`. Both end
in the same `Life`; the quick one costs a tenth.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from operator import gt, lt
from typing import Annotated, Any, NamedTuple, cast

import msgspec
from msgspec import Meta, Struct, field

from fmo_bot.domain import lives
from fmo_bot.domain.intervals import ms, ms_many
from fmo_bot.domain.issues import STATUS, BoardShape
from fmo_bot.domain.lives import FOREVER, Life, Present
from fmo_bot.jira import parse, wire

CUT_AT = frozenset({20, 40, 100})  # how many histories Jira expands at most, by version; source: metrics.md
# A year further in than `parse.YEARS`, which are those of an instant's own zone: what is outside goes the long way.
_FIRST, _LAST = (ms(datetime(year, 1, 1, tzinfo=UTC)) for year in (parse.YEARS.start + 1, parse.YEARS.stop - 1))
Instant = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(min_length=1, max_length=18)]  # that it is of digits is looked at later, of all together
Name = Annotated[str, Meta(max_length=parse.LONGEST)]


class _Status(Struct, gc=False):
    id: Id
    name: str | None = None


class _Resolution(Struct, gc=False):
    name: Name | None = None


class _Kind(Struct, gc=False):
    name: Name | None = None
    subtask: bool | None = None


class _Project(Struct, gc=False):
    id: Id


class _Sprint(Struct, gc=False):
    id: int


class _Fields(Struct, kw_only=True, gc=False):
    created: Instant
    updated: Instant
    status: _Status
    issuetype: _Kind | None = None
    project: _Project | None = None
    security: Any = None
    resolution: _Resolution | None = None
    versions: list[Any] | None = field(name="fixVersions", default=None)
    sprint: _Sprint | None = None
    closed_sprints: list[_Sprint] | None = field(name="closedSprints", default=None)
    flag: Any = field(name="flagged", default=None)
    # Under names of each site's own:
    own_sprints: list[_Sprint] | None = None
    own_flag: Any = None
    own_points: Any = None


class _Item(wire.Item, gc=False):
    """As `wire.Item`, of nothing but text."""

    field_id: str | None = field(name="fieldId", default=None)
    before: str | None = field(name="from", default=None)
    before_text: str | None = field(name="fromString", default=None)
    after: str | None = field(name="to", default=None)
    after_text: str | None = field(name="toString", default=None)


class _History(Struct, gc=False):
    id: Id
    created: Instant
    items: list[_Item]


class _Changelog(Struct, gc=False):
    histories: list[_History]
    total: int | None = None


class _Issue(Struct, gc=False):
    id: Id
    key: Annotated[str, Meta(min_length=1, max_length=parse.LONGEST)]
    changelog: _Changelog
    fields: _Fields


class Line(NamedTuple):
    """What one line says. Instants in epoch milliseconds."""

    life: Life
    updated: int
    latest: int  # the latest instant in it


class Reader:
    """Reads lines of one site."""

    def __init__(self, site: str, shape: BoardShape, known: Iterable[str] = ()) -> None:
        """`shape`: the site's ids of sprint, flag and estimate. `known`: statuses whose names nobody will ask for."""
        self.names: dict[str, tuple[int, str]] = {}  # status id -> when it was last called what
        self._site, self._shape, self._known = site, shape, frozenset(known)
        self._kept = {known: kept for known, kept in parse.kept_ids(shape).items() if kept in lives.FIELDS}
        self._decoder = msgspec.json.Decoder(_issue_of(shape))

    def read(self, line: bytes) -> Line:
        """What a line says. Raises `parse.Malformed`, or another ValueError or RecursionError where it is no JSON."""
        # To look for one byte costs a tenth of looking for six, and most lines have no backslash at all.
        issue = None if b"\\" in line and b"\\u0000" in line else self._decoded(line)
        told = None if issue is None else self._quickly(issue)
        return self._at_length(line) if told is None else told

    def _decoded(self, line: bytes) -> _Issue | None:
        try:
            return self._decoder.decode(line)
        except (ValueError, RecursionError):
            return None  # unusual, or no issue at all: the long way finds out and says so

    def _quickly(self, issue: _Issue) -> Line | None:
        """None: something is unusual."""
        fields, histories = issue.fields, issue.changelog.histories
        if not _is_usual(issue):
            return None
        created, updated = ms(fields.created), ms(fields.updated)
        items, latest = self._items(histories)
        latest = max(created, updated, latest)
        kind, status, resolution = fields.issuetype, fields.status, fields.resolution
        points = None if fields.own_points is None else parse.points(fields.own_points)
        present = Present(
            status.id,
            resolution.name if resolution else None,
            fields.flag is True or bool(fields.own_flag),
            _sprints(fields),
            lives.points_of(None, repr(points)) if points is not None else None,
        )
        life = lives.lived(
            site=self._site,
            id=issue.id,
            key=issue.key,
            issue_type=(kind.name if kind else None) or "",
            subtask=kind is not None and kind.subtask is True,
            project=fields.project.id if fields.project else None,
            secured=fields.security is not None,
            created=created,
            complete=whole(issue.changelog),
            versions=parse.versions(fields.versions) if fields.versions else (),
            present=present,
            items=items,
        )
        if life.created < _FIRST or updated < _FIRST or latest > _LAST:
            return None
        known, changed = self._known, items.get(STATUS, ())
        # Where nothing is missing and no history has two items, all statuses that the items name are on the path.
        if life.gaps or len(life.path) <= len(changed) or not known.issuperset(life.path):
            for at, _, change in changed:
                self._call(at, (change.before, change.before_text), (change.after, change.after_text))
        if status.id not in known:
            self._call(FOREVER, (status.id, status.name))
        return Line(life, updated, latest)

    def _items(self, histories: list[_History]) -> tuple[dict[str, list[lives.Item]], int]:
        """The items of each field that figures read, in order, and the latest instant of the histories."""
        found: dict[str, list[lives.Item]] = defaultdict(list)
        field_of, own = self._kept.get, self._shape
        times, histories = _in_order(histories)
        told = [(at, each.id, item) for at, each in zip(times, histories, strict=True) for item in each.items]
        for item in told:
            known = item[2].field_id
            kept = field_of(known) if known else parse.kept_field(item[2], own)
            if kept is not None and (known or kept in lives.FIELDS):
                found[kept].append(item)
        return found, times[-1] if times else 0

    def _at_length(self, line: bytes) -> Line:
        """The same by `jira.parse`, which makes the best of whatever Jira says, or says what it is that it cannot."""
        raw = wire.issue(self._shape).decode(line)
        histories = raw.changelog.histories if raw.changelog else []
        issue = parse.issue(raw, histories, site=self._site, shape=self._shape, complete=whole(raw.changelog))
        for change in issue.changes:
            if change.field == STATUS:
                self._call(ms(change.at), (change.before, change.before_text), (change.after, change.after_text))
        self._call(FOREVER, (issue.status, issue.status_name))  # that is what it is called now
        at = [parse.instant(history.created, f"the time of a history of issue {issue.id}") for history in histories]
        return Line(lives.of(issue), ms(issue.updated), ms(max([issue.created, issue.updated, *at])))

    def _call(self, at: int, *called: tuple[str | None, str | None]) -> None:
        """Remember what statuses were called at an instant, where nobody knows a later name."""
        for status, name in called:
            if status and name and status not in self._known and self.names.get(status, (at, ""))[0] <= at:
                self.names[status] = at, name


def whole(changelog: wire.Changelog | _Changelog | None) -> bool:
    """Whether an expanded changelog shows all histories, as far as one can see."""
    if changelog is None:
        return False
    shown = len(changelog.histories)
    return shown not in CUT_AT if changelog.total is None else changelog.total <= shown


def _is_usual(issue: _Issue) -> bool:
    """Whether what stands in an issue needs no second look: ids are of digits, and each history is there once."""
    ids = [history.id for history in issue.changelog.histories]
    once = len(set(ids)) == len(ids)
    ids += (issue.id, issue.fields.status.id)
    if issue.fields.project:
        ids.append(issue.fields.project.id)
    # Of all digits at once: asking each id costs as much as decoding the line does.
    together = "".join(ids)
    return once and together.isascii() and together.isdigit()


def _in_order(histories: list[_History]) -> tuple[list[int], list[_History]]:
    """Histories ordered by (instant, numeric id), and their instants in epoch milliseconds."""
    times = ms_many([history.created for history in histories])
    if all(map(gt, times, times[1:])):  # the newest first, as Cloud tells them, no two at once
        return times[::-1], histories[::-1]
    if not all(map(lt, times, times[1:])):
        together = sorted(zip(times, histories, strict=True), key=lambda each: (each[0], int(each[1].id)))
        return [at for at, _ in together], [history for _, history in together]
    return times, histories


def _sprints(fields: _Fields) -> frozenset[int]:
    inside = [*(fields.own_sprints or ()), *(fields.closed_sprints or ()), *((fields.sprint,) if fields.sprint else ())]
    return frozenset([sprint.id for sprint in inside])


@lru_cache(maxsize=64)
def _fields_of(*own: str | None) -> type[_Fields]:
    """The fields under the site's own names of three of them, as far as it has them."""
    kinds: dict[str, Any] = {"own_sprints": list[_Sprint] | None, "own_flag": Any, "own_points": Any}
    pairs = zip(kinds.items(), own, strict=True)
    named = [(name, kind, field(name=known, default=None)) for (name, kind), known in pairs if known]
    return cast("type[_Fields]", msgspec.defstruct("SiteFields", named, bases=(_Fields,), kw_only=True, gc=False))


def _issue_of(shape: BoardShape) -> type[_Issue]:
    fields = _fields_of(shape.sprint_field, shape.flagged_field, shape.points_field)
    return cast("type[_Issue]", msgspec.defstruct("SiteIssue", [("fields", fields)], bases=(_Issue,), gc=False))
