"""From Jira's JSON to our own values. All of it is hostile: a value comes out, or a `Malformed` that names the place.

Only the fields named in `domain.issues.KEPT_FIELDS` come through, and of people only their account ids: descriptions,
comments, authors and display names stay behind here.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from fmo_bot.domain.issues import (
    ASSIGNEE,
    FIX_VERSION,
    FLAGGED,
    KEY,
    LINK,
    NOTHING_SOUGHT,
    POINTS,
    PROJECT,
    RESOLUTION,
    SPRINT,
    STATUS,
    BoardShape,
    Change,
    Column,
    Issue,
    Named,
    Sought,
    Sprint,
    Status,
    Version,
)
from fmo_bot.jira import naming, wire

T = TypeVar("T")
Json = Mapping[str, Any]
YEARS = range(1900, 2500)  # others stand in no Jira, and their neighbours may be no dates any more
SPRINT_SCHEMA = "com.pyxis.greenhopper.jira:gh-sprint"
CATEGORIES = frozenset({"new", "indeterminate", "done"})
CREATING_TAKES = timedelta(seconds=1)
LARGEST_SPRINT = 2**31 - 1
UNREADABLE = "?"  # a security level without an id: in doubt the issue has one
LONGEST = 255  # characters; Jira's own limit for a summary
_BY_ID = {
    "status": STATUS,
    "resolution": RESOLUTION,
    "assignee": ASSIGNEE,
    "fixVersions": FIX_VERSION,
    "project": PROJECT,
    "issuekey": KEY,
}
_REMOTE_LINKS = frozenset({"remoteissuelink", "remoteworkitemlink"})  # out of the site, perhaps to another Jira
# Data Center's items carry no fieldId, and neither do Cloud's links: (fieldtype, name) decides. A custom field that
# somebody named "status" is therefore not the status.
_BY_NAME = {
    ("jira", "status"): STATUS,
    ("jira", "resolution"): RESOLUTION,
    ("jira", "assignee"): ASSIGNEE,
    ("jira", "fix version"): FIX_VERSION,
    ("jira", "project"): PROJECT,
    ("jira", "key"): KEY,
    ("jira", "link"): LINK,
    **{("jira", name): LINK for name in _REMOTE_LINKS},
    ("custom", "sprint"): SPRINT,
    ("custom", "flagged"): FLAGGED,
}
# `[id=42,rapidViewId=4,state=CLOSED,name=…]`: keys in any order, and a name may hold commas and `=`.
_GREENHOPPER_ID = re.compile(r"[\[,]id=(\d{1,18})(?=[,\]])")
_ISSUE_KEY = re.compile(r"(?<![A-Z0-9_-])[A-Z][A-Z0-9_]{1,79}-[1-9][0-9]{0,17}(?![0-9])")


class Malformed(ValueError):
    """A piece of JSON is not what Jira's documents promise; the message names the piece, never its content."""


def issue(raw: Any, histories: Iterable[Any], *, site: str, shape: BoardShape, complete: bool = True) -> Issue:
    """An issue with its kept changes. `complete`: the histories are proved to be all there are."""
    told: wire.Issue[wire.Fields] = raw if isinstance(raw, wire.Issue) else _converted(wire.issue(shape), raw)
    number = numeric(told.id, "the id of an issue")
    place = f"issue {number}"  # not its key, which is not for everybody who hears that a board cannot be read
    fields, kind = told.fields, told.fields.issuetype or {}
    return Issue(
        site=site,
        id=number,
        key=text(told.key, f"the key of {place}"),
        summary=_words(fields.summary),
        issue_type=_words(kind.get("name")),
        subtask=kind.get("subtask") is True,
        created=instant(fields.created, f"the creation time of {place}"),
        updated=instant(fields.updated, f"the update time of {place}"),
        status=numeric(fields.status.id, f"the status of {place}"),
        status_name=_words(fields.status.name),
        status_category=_category(fields.status.category),
        resolution=_name(fields.resolution),
        points=points(fields.own_points),
        sprints=_sprint_ids(fields),
        flagged=fields.flag is True or bool(fields.own_flag),
        assignee=_person(fields.assignee),
        labels=tuple(_words(label) for label in fields.labels or ()),
        project=_id(fields.project),
        security=None if fields.security is None else _id(fields.security) or UNREADABLE,
        versions=versions(fields.versions),
        named=_named(fields, shape) if shape.naming_fields else (),
        instants=_instants(fields, shape) if shape.instant_fields else (),
        changes=changes(histories, shape, place),
        complete=complete,
    )


def update(raw: wire.Slim) -> tuple[str, datetime]:
    """The id of an issue and when it was updated."""
    number = numeric(raw.id, "the id of an issue")
    return number, instant(raw.fields.updated, f"the update time of issue {number}")


def untouched(raw: wire.Issue[wire.Fields]) -> bool:
    """Whether an issue has not been updated since it was created, and so has no history."""
    try:
        created, updated = (instant(at, "it") for at in (raw.fields.created, raw.fields.updated))
    except Malformed:
        return False
    return updated - created <= CREATING_TAKES


def changes(histories: Iterable[Any], shape: BoardShape, place: str) -> tuple[Change, ...]:
    """The kept items of these histories, each history once, oldest first (by time, then history id)."""
    told = (raw if isinstance(raw, wire.History) else _converted(wire.HISTORY, raw) for raw in histories)
    once = {int(numeric(raw.id, f"a history of {place}")): raw for raw in told}
    kept = [change for number, raw in once.items() for change in _kept_items(number, raw, shape, place)]
    kept.sort(key=_order)
    return tuple(kept)


def _order(change: Change) -> tuple[datetime, int]:
    return change.at, change.history


def cut_short(changelog: wire.Changelog | None) -> bool:
    """Whether an expanded changelog holds fewer histories than it says there are (Cloud and proxies cut at some)."""
    return changelog is None or changelog.total is None or changelog.total > len(changelog.histories)


def sprint(raw: Any) -> Sprint:
    """A sprint of the Agile API."""
    number = int(numeric(mapping(raw, "a sprint").get("id"), "the id of a sprint"))
    if number > LARGEST_SPRINT:
        raise Malformed("the id of a sprint is too large")
    place = f"sprint {number}"
    return Sprint(
        id=number,
        name=text(raw.get("name"), f"the name of {place}"),
        state=text(raw.get("state"), f"the state of {place}").lower(),
        goal=_words(raw.get("goal")),
        starts=_instant_or_none(raw.get("startDate"), place),
        activated=_instant_or_none(raw.get("activatedDate"), place),
        ends=_instant_or_none(raw.get("endDate"), place),
        completed=_instant_or_none(raw.get("completeDate"), place),
        board=int(numeric(raw["originBoardId"], place)) if raw.get("originBoardId") is not None else None,
    )


def shape(board: Any, configuration: Any, statuses: Any, fields: Any, sought: Sought = NOTHING_SOUGHT) -> BoardShape:
    """A board from its four answers: itself, its configuration, the site's statuses and fields."""
    config = mapping(configuration, "the board's configuration")
    columns = mapping(config.get("columnConfig"), "the board's columns").get("columns")
    known = [mapping(one, "a field") for one in sequence(fields, "the list of fields")]
    estimation = mapping(config.get("estimation") or {}, "the board's estimation")
    points = mapping(estimation.get("field") or {}, "the board's estimation").get("fieldId")
    points = points if estimation.get("type") == "field" and isinstance(points, str) else None
    sprints = _field_id(known, lambda one: _schema(one) == SPRINT_SCHEMA)
    flag = _field_id(known, lambda one: one.get("name") == "Flagged" and one.get("custom") is not False)
    own = {sprints, flag, points}
    return BoardShape(
        id=int(numeric(mapping(board, "the board").get("id"), "the id of the board")),
        name=_words(board.get("name")),
        kind=text(board.get("type"), "the type of the board"),
        columns=tuple(_column(one) for one in sequence(columns, "the board's columns")),
        statuses=tuple(_status(one) for one in sequence(statuses, "the list of statuses")),
        sprint_field=sprints,
        flagged_field=flag,
        points_field=points,
        points_name=next((_words(one.get("name")) for one in known if points and one.get("id") == points), None),
        naming_fields=naming.fields(known, sought.fields, beside=own),
        addresses=sought.addresses,
        instant_fields=tuple(number for _, number in naming.fields(known, sought.instants, beside=own)),
        filter_id=numeric(mapping(config.get("filter"), "the board's filter").get("id"), "the board's filter"),
    )


def instant(value: Any, place: str) -> datetime:
    """UTC from `2022-04-24T20:30:51.748+0000`, an RFC 3339 string, or an epoch number (from 1e11 on: milliseconds).

    Raises Malformed, also where the year is none of YEARS.
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None and moment.year in YEARS:
                return moment.astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value / 1000 if abs(value) >= 1e11 else value, UTC)
            if moment.year in YEARS:
                return moment
    except (ValueError, OverflowError, OSError):
        pass  # said below, like every other value that is no instant
    raise Malformed(f"{place} is not a time with a zone")


def mapping(value: Any, place: str) -> Json:
    """`value` as an object. Raises Malformed."""
    if not isinstance(value, Mapping):
        raise Malformed(f"{place} is not an object")
    return value


def sequence(value: Any, place: str) -> list[Any]:
    """`value` as a list; null is an empty one. Raises Malformed."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{place} is not a list")
    return value


def text(value: Any, place: str) -> str:
    """`value` as a string that says something. Raises Malformed."""
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise Malformed(f"{place} is missing")
    return _words(value)


def numeric(value: Any, place: str) -> str:
    """An id as its digits, from a string or a number. Raises Malformed."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Malformed(f"{place} is not a number")
    return digits


def _converted(reading: wire.Reading[T], raw: Any) -> T:
    try:
        return reading.convert(raw)
    except wire.Unreadable as unreadable:
        raise Malformed(str(unreadable)) from None


def _kept_items(number: int, raw: wire.History, shape: BoardShape, place: str) -> Iterator[Change]:
    at = instant(raw.created, f"the time of history {number} of {place}")
    for item in raw.items or ():
        kept = kept_field(item, shape)
        if kept is None or (kept == LINK and not tells_of_an_issue(item)):
            continue
        named = kept != ASSIGNEE  # whose name stands there is nobody's business; the account id says enough
        shown = _keys_linked if kept == LINK and _is_remote(item) else _optional
        texts = [shown(text) if named else None for text in (item.before_text, item.after_text)]
        yield Change(at, number, kept, _optional(item.before), _optional(item.after), *texts)


def tells_of_an_issue(link: wire.Item) -> bool:
    """Whether a changed link is kept: one out of the site only where it names issues."""
    return not _is_remote(link) or any(_keys_linked(text) for text in (link.before_text, link.after_text))


def _is_remote(link: wire.Item) -> bool:
    return str(link.name).lower() in _REMOTE_LINKS


def _keys_linked(value: Any) -> str | None:
    """Of a link that leads out of the site the keys of issues only: the rest is the title of somebody's page."""
    keys = _ISSUE_KEY.findall(value) if isinstance(value, str) else []
    return "links to " + " ".join(dict.fromkeys(keys))[:LONGEST] if keys else None


def kept_field(item: wire.Item, shape: BoardShape) -> str | None:
    """Which kept field an item changes: by field id where there is one, else by name."""
    known = item.field_id
    if isinstance(known, str) and known:
        return kept_ids(shape).get(known)
    name, kind = str(item.name), str(item.kind)
    if shape.points_name is not None and name == shape.points_name:
        return POINTS
    return _BY_NAME.get((kind, name.lower()))


def kept_ids(shape: BoardShape) -> Mapping[str, str]:
    """The ids by which a site's changelogs name the kept fields."""
    return _kept_ids(shape.sprint_field, shape.flagged_field, shape.points_field)


@lru_cache(maxsize=64)
def _kept_ids(sprints: str | None, flag: str | None, points: str | None) -> dict[str, str]:
    own = {sprints: SPRINT, flag: FLAGGED, points: POINTS}
    return {known: kept for known, kept in own.items() if known} | _BY_ID


def _sprint_ids(fields: wire.Fields) -> tuple[int, ...]:
    """Union of the Agile API's `sprint` and `closedSprints` and of the sprint field, in ascending order."""
    found = [fields.sprint, *_listed(fields.closed_sprints), *_listed(fields.own_sprints)]
    return tuple(sorted({number for one in found for number in _sprint_id(one)}))


def _sprint_id(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        yield int(numeric(value.get("id"), "the id of a sprint"))
    elif isinstance(value, str):
        ids = _GREENHOPPER_ID.findall(value)
        if not ids:
            raise Malformed("a sprint field holds something that names no sprint")
        # A name may pretend to hold an id; the real one usually stands first, else after the name.
        yield int(ids[0] if "[id=" in value else ids[-1])


def _named(fields: wire.Fields, shape: BoardShape) -> tuple[Named, ...]:
    """What the fields say in which counterparts are named."""
    return tuple(
        Named(said, site, issue)
        for said, known in shape.naming_fields
        for site, issue in naming.issues(getattr(fields, known), shape.addresses)
    )


def _instants(fields: wire.Fields, shape: BoardShape) -> tuple[tuple[str, datetime], ...]:
    """What stands in the fields that hold instants; what is none is left out."""
    told = ((number, instant_or_none(getattr(fields, number))) for number in shape.instant_fields)
    return tuple((number, at) for number, at in told if at is not None)


def instant_or_none(value: Any) -> datetime | None:
    """What stands in a field of a site's own, where it is an instant."""
    try:
        return instant(value, "the field")
    except Malformed:
        return None


def versions(listed: Any) -> tuple[Version, ...]:
    """The fixVersions of an issue, or the versions of a project.

    What names no version we can read is left out, a date we cannot read is none.
    """
    found = ((one, _id(one)) for one in _listed(listed))
    return tuple(
        Version(number, _words(one.get("name")), one.get("released") is True, _day(one.get("releaseDate")))
        for one, number in found
        if number is not None
    )


def _day(value: Any) -> date | None:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day is not None and day.year in YEARS else None


def points(value: Any) -> float | None:
    """An estimate as a field holds it; None: none, or nothing that can be counted."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number too large for a float
        return None


def _person(value: Any) -> str | None:
    """Cloud's account id; Data Center has `name` and `key` instead."""
    if not isinstance(value, Mapping):
        return None
    return next(
        (_words(value[known]) for known in ("accountId", "name", "key") if isinstance(value.get(known), str)), None
    )


def _category(category: Any) -> str:
    key = category.get("key") if isinstance(category, Mapping) else None
    return key if isinstance(key, str) and key in CATEGORIES else "undefined"


def _column(raw: Any) -> Column:
    column = mapping(raw, "a column of the board")
    statuses = sequence(column.get("statuses"), "the statuses of a column")
    ids = (numeric(mapping(one, "a status of a column").get("id"), "a status of a column") for one in statuses)
    return Column(_words(column.get("name")), tuple(ids))


def _status(raw: Any) -> Status:
    status = mapping(raw, "a status")
    return Status(
        numeric(status.get("id"), "the id of a status"),
        _words(status.get("name")),
        _category(status.get("statusCategory")),
    )


def _field_id(known: list[Json], wanted: Any) -> str | None:
    return next((one["id"] for one in known if wanted(one) and isinstance(one.get("id"), str)), None)


def _schema(field: Json) -> object:
    schema = field.get("schema")
    return schema.get("custom") if isinstance(schema, Mapping) else None


def _name(value: Any) -> str | None:
    name = value.get("name") if isinstance(value, Mapping) else None
    return _words(name) if isinstance(name, str) else None


def _optional(value: Any) -> str | None:
    # A list of sprints or versions is long where an issue lives long, so these are cut only when absurd.
    return None if value is None else _words(str(value) if isinstance(value, int | float) else value, longest=20_000)


def _words(value: Any, longest: int = LONGEST) -> str:
    """A string a database can hold (no NUL, no half of a surrogate pair), cut to a sane length; else an empty one."""
    if not isinstance(value, str):
        return ""
    if value.isascii() and len(value) <= longest and "\0" not in value:
        return value  # most are
    return value[:longest].encode("utf-8", "replace").decode().replace("\0", "")


def _id(value: Any) -> str | None:
    """The id of an object that an issue names, such as its project; None where it names none we can read."""
    digits = str(value.get("id")) if isinstance(value, Mapping) else ""
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _instant_or_none(value: Any, place: str) -> datetime | None:
    # Greenhopper's own word for "not yet" comes through some Data Center versions.
    return None if value in (None, "", "<null>") else instant(value, f"a date of {place}")
