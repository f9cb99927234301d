"""A Jira issue, its changes and its sprints, as our own frozen values. Instants are aware UTC datetimes."""

from dataclasses import dataclass, replace
from datetime import date, datetime

# Names of the fields whose changes we keep (an allow-list; anything else never leaves `jira`).
STATUS, SPRINT, FLAGGED, RESOLUTION, POINTS = "status", "sprint", "flagged", "resolution", "points"
ASSIGNEE, LINK, FIX_VERSION, PROJECT, KEY = "assignee", "link", "fix_version", "project", "key"
KEPT_FIELDS = frozenset({STATUS, SPRINT, FLAGGED, RESOLUTION, POINTS, ASSIGNEE, LINK, FIX_VERSION, PROJECT, KEY})

_EVERYWHERE = frozenset({STATUS, RESOLUTION, ASSIGNEE, PROJECT})  # a board may come to look at other points, or sprints


@dataclass(frozen=True, slots=True)
class Change:
    """One item of one history. `before`/`after` are ids where Jira gives ids, texts are as Jira shows them."""

    at: datetime
    history: int  # numeric history id: the second sort key
    field: str  # one of KEPT_FIELDS
    before: str | None
    after: str | None
    before_text: str | None = None
    after_text: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """An issue of another site that a field names: all that is kept of what stands in the field."""

    field: str  # as the team file names it
    site: str  # "": a key alone, of whichever other site knows it
    issue: str  # its key, or its numeric id


@dataclass(frozen=True, slots=True)
class Version:
    """A version an issue is to be released with (`fixVersions`), as it is now."""

    id: str
    name: str
    released: bool = False
    release: date | None = None  # releaseDate: a date without a zone, planned where not released


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue with its kept history, sorted by (at, history). `complete`: the history is proved whole."""

    site: str
    id: str
    key: str
    summary: str
    issue_type: str
    subtask: bool
    created: datetime
    updated: datetime
    status: str  # status id now
    status_name: str
    status_category: str  # new | indeterminate | done | undefined
    resolution: str | None = None
    points: float | None = None
    sprints: tuple[int, ...] = ()  # union of every sprint field's ids now
    flagged: bool = False
    assignee: str | None = None  # Jira account id (Cloud) or name (Data Center)
    labels: tuple[str, ...] = ()
    project: str | None = None  # the project's id; decides whose the issue is, and whether it can still be seen
    security: str | None = None  # the id of its security level; None: open to whoever may browse the project
    versions: tuple[Version, ...] = ()  # fixVersions now
    named: tuple[Named, ...] = ()  # counterparts, in the fields that team files name for them
    instants: tuple[tuple[str, datetime], ...] = ()  # now, in fields that workflows name, each by the field's id
    changes: tuple[Change, ...] = ()
    complete: bool = True


def merged(known: Issue, read: Issue) -> Issue:
    """What is known of an issue after it was read again, not older than before.

    A history that is proved whole is the truth: what it no longer shows is gone. One that is not takes nothing away,
    nor does one that claims to be whole and lacks the beginning we know: no Jira forgets that, so somebody cut it.
    """
    if read.complete and not beheaded(known, read):
        return read
    if known.complete and known.updated == read.updated:
        return known
    shown = {change.history for change in read.changes}
    kept = (change for change in known.changes if change.history not in shown)
    changes = sorted((*kept, *read.changes), key=lambda change: (change.at, change.history))
    return replace(read, changes=tuple(changes), complete=False)


def beheaded(known: Issue, read: Issue) -> bool:
    """Whether a history begins later than the one we know, of fields that are the same whatever a board looks at."""
    knew, shows = (
        min((change.history for change in issue.changes if change.field in _EVERYWHERE), default=None)
        for issue in (known, read)
    )
    return knew is not None and (shows is None or shows > knew)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """A sprint as Jira's Agile API tells it."""

    id: int
    name: str
    state: str  # future | active | closed
    goal: str = ""
    starts: datetime | None = None  # startDate
    activated: datetime | None = None  # activatedDate, Data Center only
    ends: datetime | None = None  # endDate: planned
    completed: datetime | None = None  # completeDate: real
    board: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A board column with its status ids, in board order."""

    name: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """A Jira status: id, shown name, category key (new | indeterminate | done | undefined)."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is read of a site beyond the fields that every site has.

    Counterparts are named in `fields`, with `addresses` of these sites; `instants` hold when something began.
    """

    fields: tuple[str, ...] = ()  # names or ids, as team files say them
    addresses: tuple[tuple[str, str], ...] = ()  # key of a site, where people open it
    instants: tuple[str, ...] = ()  # ids


NOTHING_SOUGHT = Sought()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardShape:
    """What a board is: its columns, the statuses it can hold, and the site's ids of the fields we read."""

    id: int
    name: str
    kind: str  # scrum | kanban | simple
    columns: tuple[Column, ...]
    statuses: tuple[Status, ...]
    sprint_field: str | None = None
    flagged_field: str | None = None
    points_field: str | None = None
    points_name: str | None = None  # Data Center's changelogs name a field instead of giving its id
    naming_fields: tuple[tuple[str, str], ...] = ()  # of Sought.fields those the site has, each with its id
    addresses: tuple[tuple[str, str], ...] = ()  # as in Sought
    instant_fields: tuple[str, ...] = ()  # of Sought.instants those the site has
    filter_id: str | None = None  # the saved filter behind the board: its JQL is `filter = <id>`

    @property
    def last_column(self) -> frozenset[str]:
        """The status ids that Jira's own reports take for done: those of the last column that has any."""
        filled = [column.statuses for column in self.columns if column.statuses]
        return frozenset(filled[-1]) if filled else frozenset()

    @property
    def sought_ids(self) -> tuple[str, ...]:
        """The ids of the fields that were sought, each once."""
        return tuple(dict.fromkeys((*(known for _, known in self.naming_fields), *self.instant_fields)))
