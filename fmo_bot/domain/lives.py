"""All that figures read of one issue, in epoch milliseconds, and nothing else (metrics.md, definition 1).

Two doors lead here: `of` takes what the database holds, a reader of files calls `lived` with the items of its lines.
Histories are ordered by (created, numeric id), whatever order they came in; the items of one history count at once.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import attrgetter
from sys import intern  # ten thousands of issues share few ids and names
from typing import Any, NamedTuple, Protocol, TypeVar

from fmo_bot.domain.intervals import Interval, ms
from fmo_bot.domain.issues import FLAGGED, POINTS, PROJECT, RESOLUTION, SPRINT, STATUS, Issue, Version
from fmo_bot.domain.routes import Path

T = TypeVar("T")
Track = tuple[tuple[int, ...], tuple[T, ...]]
"""A field through time: sorted instants, and the value held from each on. Of one instant the last counts."""


class Changed(Protocol):
    """What one item of a history says of its field: ids where Jira gives ids, and texts as Jira shows them."""

    @property
    def before(self) -> str | None:
        """The value it had."""

    @property
    def after(self) -> str | None:
        """The value it got."""

    @property
    def before_text(self) -> str | None:
        """How Jira shows the one."""

    @property
    def after_text(self) -> str | None:
        """How Jira shows the other."""


Item = tuple[int, int | str, Changed]
"""(instant, id of its history, what it says) of one item of one history."""

FIELDS = frozenset({STATUS, RESOLUTION, FLAGGED, SPRINT, POINTS, PROJECT})  # whose items figures read
FOREVER = 1 << 62  # where an interval that has not ended ends
NEVER: tuple[tuple[()], tuple[()]] = ((), ())
NO_SPRINTS: frozenset[int] = frozenset()
_COLUMNS = 1 << 16  # of values that are kept in mind, of each field
_LONGEST_ID = 18  # digits
_FINEST, _LARGEST_EXPONENT = Decimal("1E-12"), 9
_order = attrgetter("at", "history")
_NOTHING: list[Item] = []


class Present(NamedTuple):
    """The fields of an issue as they are now: what a field without any item always was."""

    status: str
    resolution: str | None = None
    flagged: bool = False
    sprints: frozenset[int] = NO_SPRINTS
    points: Decimal | None = None


class Life(NamedTuple):
    """One issue through time. A track other than `statuses` is NEVER where its field never had a value."""

    site: str
    id: str
    key: str
    issue_type: str
    subtask: bool
    project: str | None
    secured: bool  # has a security level
    created: int  # moved back by events before it
    complete: bool  # the history is proved whole
    entered: tuple[int, ...]  # when each stay of `path` began, the first one at `created`; it may have no length
    path: Path  # status ids, one per history that changed it
    resolutions: Track[str | None]  # names, else ids; None: unresolved
    flags: tuple[Interval, ...]  # when the flag was set; FOREVER where it still is
    sprints: Track[frozenset[int]]
    points: Track[Decimal | None]
    versions: tuple[Version, ...]
    gaps: tuple[int, ...]  # when a status item came from another status than the one before it
    before_created: int  # instants before Jira's own `created` at which something changed
    disagreeing: tuple[tuple[str, int], ...]  # fields whose last item (then) leads elsewhere than the field is now
    moved: int | None  # when it first came from another project
    instants: tuple[tuple[str, int], ...] = ()  # now, in fields that workflows name, each by the field's id

    @property
    def statuses(self) -> Track[str]:
        """Status ids, from `created` on."""
        return self.entered, self.path


def held(track: Track[T], instant: int, default: T) -> T:
    """The value at an instant, changes of that very instant included; `default` before there was any."""
    instants, values = track
    place = bisect_right(instants, instant)
    return values[place - 1] if place else default


def of(issue: Issue) -> Life:
    """The life of an issue as the database holds it."""
    items: dict[str, list[Item]] = {}
    for change in sorted(issue.changes, key=_order):
        if change.field in FIELDS:
            items.setdefault(change.field, []).append((ms(change.at), change.history, change))
    return lived(
        site=issue.site,
        id=issue.id,
        key=issue.key,
        issue_type=issue.issue_type,
        subtask=issue.subtask,
        project=issue.project,
        secured=issue.security is not None,
        created=ms(issue.created),
        complete=issue.complete,
        versions=issue.versions,
        instants=tuple((field, ms(at)) for field, at in issue.instants),
        present=Present(
            issue.status,
            issue.resolution,
            issue.flagged,
            frozenset(issue.sprints),
            None if issue.points is None else points_of(None, repr(issue.points)),
        ),
        items=items,
    )


def lived(
    *,
    site: str,
    id: str,
    key: str,
    issue_type: str,
    subtask: bool,
    project: str | None,
    secured: bool,
    created: int,
    complete: bool,
    versions: tuple[Version, ...],
    present: Present,
    items: Mapping[str, list[Item]],
    instants: tuple[tuple[str, int], ...] = (),
) -> Life:
    """The life of an issue from its items by field (one of FIELDS), ordered by (instant, numeric id of the history).

    Each history has to be there once, its items in Jira's order.
    """
    began = created
    for found in items.values():
        if found[0][0] < began:
            began = found[0][0]
    early = {item[0] for found in items.values() for item in found if item[0] < created} if began < created else ()
    wrong: list[tuple[str, int]] = []
    found = items.get(STATUS, _NOTHING)
    entered, path, gaps = _statuses(found, present.status, began)
    if found and path[-1] != present.status:
        wrong.append((STATUS, found[-1][0]))
    resolutions: Track[str | None] = NEVER
    if found := items.get(RESOLUTION, _NOTHING):
        resolutions = _instants(began, found), _once[_texts(found)]
        # resolutions are renamed; whether there is one stays
        if bool(resolutions[1][-1]) != bool(present.resolution):
            wrong.append((RESOLUTION, found[-1][0]))
    elif present.resolution:
        resolutions = (began,), (present.resolution,)
    flags: tuple[Interval, ...] = ()
    if found := items.get(FLAGGED, _NOTHING):
        flags = _flags(began, found)
        if bool(flags and flags[-1][1] == FOREVER) != present.flagged:
            wrong.append((FLAGGED, found[-1][0]))
    elif present.flagged:
        flags = ((began, FOREVER),)
    sprints: Track[frozenset[int]] = NEVER
    if found := items.get(SPRINT, _NOTHING):
        sprints = _instants(began, found), _once[tuple(map(sprint_ids, _ids(found)))]
        if sprints[1][-1] != present.sprints:
            wrong.append((SPRINT, found[-1][0]))
    elif present.sprints:
        sprints = (began,), (present.sprints,)
    points: Track[Decimal | None] = NEVER
    if found := items.get(POINTS, _NOTHING):
        points = _instants(began, found), _points(_texts(found))
        if points[1][-1] != present.points:
            wrong.append((POINTS, found[-1][0]))
    elif present.points is not None:
        points = (began,), (present.points,)
    moves = items.get(PROJECT)
    return Life(
        site, id, key, intern(issue_type), subtask, project and intern(project), secured, began, complete,
        entered, path, resolutions, flags, sprints, points, versions,
        gaps, len(early), tuple(wrong), moves[0][0] if moves else None, instants,
    )  # fmt: skip


def _statuses(items: Sequence[Item], present: str, began: int) -> tuple[tuple[int, ...], Path, tuple[int, ...]]:
    """When each stay began, its status id, and when an item came from another one than was held."""
    if not items:
        return (began,), _once[(present,)], ()
    changes = [change for _, _, change in items]
    befores = [change.before or "" for change in changes]
    values = [befores[0], *[change.after or "" for change in changes]]
    entered = [began, *[at for at, _, _ in items]]
    gaps: tuple[int, ...] = ()
    if befores != values[:-1]:
        gaps = tuple(item[0] for item, before, held in zip(items, befores, values, strict=False) if before != held)
    histories = [history for _, history, _ in items]
    if len(set(histories)) < len(histories):  # of one history the last item counts
        for number in range(len(items) - 1, 0, -1):
            if histories[number] == histories[number - 1]:
                del values[number], entered[number]
    return tuple(entered), _once[tuple(values)], gaps


class _Once(dict[tuple[Any, ...], tuple[Any, ...]]):
    """Equal columns of values, each kept once: ten thousands of issues share a few thousand."""

    def __missing__(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(self) >= _COLUMNS:
            self.clear()
        kept = tuple(intern(value) if type(value) is str else value for value in values)
        self[kept] = kept
        return kept


_once = _Once()


def _instants(began: int, items: Sequence[Item]) -> tuple[int, ...]:
    """From when each value of a field was held."""
    return (began, *[at for at, _, _ in items])


def _ids(items: Sequence[Item]) -> tuple[str | None, ...]:
    """The values a field had, by their ids."""
    return (items[0][2].before, *[change.after for _, _, change in items])


def _texts(items: Sequence[Item]) -> tuple[str | None, ...]:
    """The values a field had, as Jira shows them; without a text by the id, None where it had none."""
    first = items[0][2]
    return (
        first.before_text or first.before or None,
        *[change.after_text or change.after or None for _, _, change in items],
    )


@lru_cache(maxsize=4096)
def _points(told: tuple[str | None, ...]) -> tuple[Decimal | None, ...]:
    return tuple(points_of(None, text) for text in told)


def _flags(began: int, items: Sequence[Item]) -> tuple[Interval, ...]:
    """When the flag was set; a changed value continues it."""
    found: list[Interval] = []
    first = items[0][2]
    since = began if is_set(first.before, first.before_text) else None
    for at, _, change in items:
        if is_set(change.after, change.after_text):
            since = at if since is None else since
        elif since is not None:
            found.append((since, at))
            since = None
    return tuple(found) if since is None else (*found, (since, FOREVER))


def is_set(value: str | None, text: str | None) -> bool:
    """A flag is on where its shown text is not empty; where no text came, its value (ids stand in brackets)."""
    return bool(text if text is not None else (value or "").strip("[] "))


@lru_cache(maxsize=4096)
def sprint_ids(value: str | None) -> frozenset[int]:
    """The ids of a Sprint item such as "38, 40"; empty is no sprint, and what is no number is passed over."""
    if not value:
        return NO_SPRINTS
    pieces = [piece.strip() for piece in value.split(",")]
    return frozenset(
        int(piece) for piece in pieces if piece.isascii() and piece.isdigit() and len(piece) <= _LONGEST_ID
    )


@lru_cache(maxsize=4096)
def points_of(value: str | None, text: str | None) -> Decimal | None:
    """An estimate from a changelog item: numbers travel in the shown text; None: not estimated.

    To twelve decimals and below a billion, so that sums of a million of them are exact; nobody estimates beyond that.
    """
    try:
        number = Decimal((text or value or "").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _LARGEST_EXPONENT:
        return None
    finest = number.quantize(_FINEST)
    return number if number == finest else finest
