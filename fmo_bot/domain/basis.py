"""What figures stand on: said under "How is this computed?" and kept with the report, so that it stays what it was.

Instants are aware UTC. Companies by name; nothing here names a person.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class BoardUsed:
    """A board that was counted: when Jira was last read, and the version of its mapping from statuses to stages.

    `stages`: their names in the order of the workflow; `commitment`: the one from which an issue counts as started.
    """

    board: str
    synced_at: datetime | None
    mapping: str
    guessed: bool
    mapping_since: datetime | None = None  # from when its newest version holds; None: since ever
    stages: tuple[str, ...] = ()
    commitment: str = ""


@dataclass(frozen=True, kw_only=True)
class CalendarUsed:
    """A side's calendar on the day of as_of.

    `days`: weekday numbers, Monday 0; `opens`, `closes`: minutes of the local day; `holidays`: the country and region
    whose days are kept, "" for none; `off`, `extra`: how many days the side itself named; `since`: from when this
    version holds, None for the first; `unknown`: years whose make-up days nobody knows yet.
    """

    company: str
    zone: str
    days: tuple[int, ...]
    opens: int
    closes: int
    holidays: str = ""
    off: int = 0
    extra: int = 0
    since: date | None = None
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The boards, calendars, zone and version of the rules that figures were made with."""

    boards: tuple[BoardUsed, ...]
    calendars: tuple[CalendarUsed, ...]
    zone: str
    rules: int
