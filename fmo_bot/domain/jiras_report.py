"""Jira's own sprint report beside ours (metrics.md, definition 12: its sets are only compared).

Jira counts by other rules: what stands in the last column of its board is done, whatever was given up there, and what
was in the sprint when it began is never added. Nothing of ours follows from it; readers are told where the two differ,
and what of our own record makes the difference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fmo_bot.domain.messages import SprintDifference


class Theirs(StrEnum):
    """Where Jira's report lists an issue; values are msgids."""

    COMPLETED = "completed"
    NOT_COMPLETED = "not completed"
    REMOVED = "removed"
    ELSEWHERE = "completed outside the sprint"


@dataclass(frozen=True, kw_only=True)
class JirasReport:
    """What Jira's report lists, by issue id; `added`: of these, what it says came in while the sprint ran."""

    listed: Mapping[str, Theirs]
    added: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one issue stands in our report: names of definition 12's sets, and msgids of what put it there."""

    id: str
    key: str
    sets: frozenset[str]
    why: str  # it ended where it did
    why_joined: str  # it is committed or added; "": neither
    status: str  # at the end
    done: bool  # at the end


NOT_LISTED, ADDED, COMMITTED = "not listed", "added", "committed"
BY_STAGE = "its status belongs to a done stage, and does not stand in the last column of the board"
BY_COLUMN = "its status stands in the last column of the board, and belongs to no done stage"
_SAME = {
    Theirs.COMPLETED: "completed",
    Theirs.NOT_COMPLETED: "carried_over",
    Theirs.REMOVED: "removed",
    Theirs.ELSEWHERE: "completed_outside",
}
_OURS = {  # set -> msgid; of several the first is told
    "completed": "completed",
    "carried_over": "carried over",
    "removed": "removed",
    "completed_outside": "completed outside the sprint",
}


def differences(
    places: Iterable[Place], jira: JirasReport, last_column: frozenset[str] = frozenset()
) -> tuple[SprintDifference, ...]:
    """Where Jira counts one of these issues otherwise, by key; `last_column`: the status ids that Jira takes for done.

    An issue that is not among `places` is told of by neither report: whoever may not know of it hears nothing.
    """
    found = (told for place in places for told in _differences(place, jira, last_column))
    return tuple(sorted(found, key=lambda each: (each.key, each.ours)))


def _differences(place: Place, jira: JirasReport, last_column: frozenset[str]) -> Iterator[SprintDifference]:
    theirs = jira.listed.get(place.id)
    if theirs is None and not place.sets:
        return
    ours = next((words for name, words in _OURS.items() if name in place.sets), NOT_LISTED)
    if theirs is None or _SAME[theirs] not in place.sets:
        why = _of_columns(place, theirs, last_column) or place.why
        yield SprintDifference(key=place.key, theirs=str(theirs or NOT_LISTED), ours=ours, why=why)
    added = place.id in jira.added
    if theirs is not None and place.why_joined and added != (ADDED in place.sets):
        said, meant = (ADDED, COMMITTED) if added else (COMMITTED, ADDED)
        yield SprintDifference(key=place.key, theirs=said, ours=meant, why=place.why_joined)


def _of_columns(place: Place, theirs: Theirs | None, last_column: frozenset[str]) -> str:
    """Whether it is only that stages and the board's columns disagree on what is done."""
    if not last_column or theirs is None:
        return ""
    done_there = place.status in last_column
    if place.done and not done_there and theirs is Theirs.NOT_COMPLETED:
        return BY_STAGE
    if done_there and not place.done and theirs in (Theirs.COMPLETED, Theirs.ELSEWHERE):
        return BY_COLUMN
    return ""
