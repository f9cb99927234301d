"""What Jira's answers look like on the wire, as far as we read them: decoded in one go, straight into these.

A part that is named here with a type is refused where it is something else; `Any` is a part that sites fill in oddly,
and `jira.parse` makes the best of it. What is not named (descriptions, comments, authors, pictures) is skipped by the
decoder and never becomes an object of ours.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct, field

from fmo_bot.domain.issues import BoardShape

T = TypeVar("T")
F = TypeVar("F")


class Unreadable(ValueError):
    """An answer is not what Jira's documents promise; the message names the place, never its content."""


class Item(Struct):
    """One changed field of a history."""

    name: Any = field(name="field", default=None)
    kind: Any = field(name="fieldtype", default=None)
    field_id: Any = field(name="fieldId", default=None)
    before: Any = field(name="from", default=None)
    before_text: Any = field(name="fromString", default=None)
    after: Any = field(name="to", default=None)
    after_text: Any = field(name="toString", default=None)


class History(Struct):
    """What was changed at one instant."""

    id: str | int
    created: str | int | float
    items: list[Item] | None = None


class Changelog(Struct):
    """An expanded changelog; `total` is how many histories there are, wherever it was cut."""

    histories: list[History]
    total: int | None = None


class StatusField(Struct):
    """The status of an issue."""

    id: str | int
    name: Any = None
    category: Any = field(name="statusCategory", default=None)


class Fields(Struct, kw_only=True):
    """The fields of an issue that every site has; a site's own are added by `fields_of`."""

    created: str | int | float
    updated: str | int | float
    status: StatusField
    summary: Any = None
    issuetype: Mapping[str, Any] | None = None
    project: Any = None
    security: Any = None
    resolution: Any = None
    assignee: Any = None
    labels: list[Any] | None = None
    versions: Any = field(name="fixVersions", default=None)
    sprint: Any = None
    closed_sprints: Any = field(name="closedSprints", default=None)
    flag: Any = field(name="flagged", default=None)
    # Under names of each site's own:
    own_sprints: Any = None
    own_flag: Any = None
    own_points: Any = None


class Issue(Struct, Generic[F]):
    """An issue, with its changelog where that was asked for."""

    id: str | int
    key: str
    fields: F
    changelog: Changelog | None = None


class Page(Struct, Generic[F]):
    """A page of a search: by token on Cloud, by offset on Data Center."""

    issues: list[Issue[F]]
    token: Any = field(name="nextPageToken", default=None)
    last: Any = field(name="isLast", default=None)
    total: int | None = None


class UpdateFields(Struct):
    """Of an issue, nothing but when it was updated."""

    updated: str | int | float


class Slim(Struct):
    """An issue of which nothing but its last update was asked."""

    id: str | int
    fields: UpdateFields


class SlimPage(Struct):
    """A page of those."""

    issues: list[Slim]
    token: Any = field(name="nextPageToken", default=None)
    last: Any = field(name="isLast", default=None)
    total: int | None = None


class Named(Struct):
    """An issue of which nothing but its id was asked."""

    id: str | int


class Names(Struct):
    """A page of those."""

    issues: list[Named]
    token: Any = field(name="nextPageToken", default=None)
    last: Any = field(name="isLast", default=None)
    total: int | None = None


class Expanded(Struct):
    """One issue, of which nothing but its history was asked."""

    changelog: Changelog | None = None


class Log(Struct):
    """Histories of one issue, or some of them: it may go on on the next page."""

    issue: str | int = field(name="issueId")
    histories: list[History] = field(name="changeHistories")


class Logs(Struct):
    """A page of the histories of many issues."""

    logs: list[Log] = field(name="issueChangeLogs")
    token: Any = field(name="nextPageToken", default=None)
    last: Any = field(name="isLast", default=None)


class OwnLog(Struct):
    """A page of one issue's histories."""

    values: list[History]
    total: int | None = None
    last: Any = field(name="isLast", default=None)


class Reading(Generic[T]):
    """How to decode one kind of answer."""

    def __init__(self, kind: Any) -> None:
        """`kind` is a type as msgspec understands it."""
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)

    def decode(self, content: bytes) -> T:
        """The value. Raises Unreadable where it is of another kind, ValueError where it is no JSON at all."""
        try:
            return self._decoder.decode(content)
        except msgspec.ValidationError as error:
            raise Unreadable(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Half of a surrogate pair, which Java may write, is refused by the fast way.
            return self.convert(json.loads(content))

    def convert(self, told: Any) -> T:
        """The value, from JSON that is decoded already. Raises Unreadable."""
        try:
            value: T = msgspec.convert(told, self._kind)
        except (msgspec.ValidationError, RecursionError) as error:
            raise Unreadable(str(error)) from None
        return value


ANYTHING: Reading[Any] = Reading(Any)
SLIM: Reading[SlimPage] = Reading(SlimPage)
IDS: Reading[Names] = Reading(Names)
EXPANDED: Reading[Expanded] = Reading(Expanded)
LOGS: Reading[Logs] = Reading(Logs)
OWN_LOG: Reading[OwnLog] = Reading(OwnLog)
HISTORY: Reading[History] = Reading(History)


def page(shape: BoardShape) -> Reading[Page[Fields]]:
    """How to decode a page of issues of this board's site."""
    return _page(shape.sought_ids, shape.sprint_field, shape.flagged_field, shape.points_field)


def issue(shape: BoardShape) -> Reading[Issue[Fields]]:
    """How to decode one issue of this board's site."""
    return _issue(shape.sought_ids, shape.sprint_field, shape.flagged_field, shape.points_field)


@lru_cache(maxsize=64)
def _page(sought: tuple[str, ...], *own: str | None) -> Reading[Page[Fields]]:
    return Reading(Page[_fields(sought, *own)])  # type: ignore[misc]  # a type made for this site


@lru_cache(maxsize=64)
def _issue(sought: tuple[str, ...], *own: str | None) -> Reading[Issue[Fields]]:
    return Reading(Issue[_fields(sought, *own)])  # type: ignore[misc]  # a type made for this site


@lru_cache(maxsize=64)
def _fields(sought: tuple[str, ...], sprints: str | None, flag: str | None, points: str | None) -> type[Fields]:
    """The fields with the site's own names of three of them, as far as it has them, and those in `sought` by id."""
    names = {"own_sprints": sprints, "own_flag": flag, "own_points": points}
    own = [(name, Any, field(name=known, default=None)) for name, known in names.items() if known]
    own += [(known, Any, field(default=None)) for known in sought]
    return cast("type[Fields]", msgspec.defstruct("SiteFields", own, bases=(Fields,), kw_only=True))
