"""Jira's own sprint report beside ours (metrics.md, definition 12: its sets are only compared).

Jira counts by other rules: what stands in the last column of its board is done, whatever was given up there, and what
was in the sprint when it began is never added. Nothing of ours follows from it; readers are told where the two differ,
and what of our own record makes the difference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fmo_bot.domain.lives import held
from fmo_bot.domain.messages import SprintDifference
from fmo_bot.domain.sprint_sets import Course


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
    status: str  # the rest is as at the end
    done: bool
    open: bool  # neither done nor given up


NOT_LISTED, ADDED, COMMITTED = "not listed", "added", "committed"
AT_START = "it was in the sprint at its start, neither done nor given up"
LATER = "it was not in the sprint, or not open, at its start, and was later"
COMPLETED = "it was done at the end, and in the sprint when it was finished"
CARRIED_OVER = "it was in the sprint at the end, neither done nor given up"
FINISHED_ELSEWHERE = "it was finished while it was not in the sprint"
LEFT = "it was not in the sprint at the end"
GIVEN_UP = "it was given up"
NEVER_OPEN = "it was never open while it was in the sprint"
NEVER_IN = "it was not in the sprint while that ran"
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


def place(course: Course) -> Place:
    """Where an issue stands that was in the sprint while it ran."""
    life = course.life
    return Place(
        id=life.id,
        key=life.key,
        sets=course.sets,
        why=_why(course),
        status=held(life.statuses, course.end, life.path[0]),
        done=course.finished is not None,
        open=course.open,
    )


def _why(course: Course) -> str:
    if course.joined is None:
        return NEVER_OPEN
    if course.completed:
        return COMPLETED
    if course.carried_over:
        return CARRIED_OVER
    if course.finished is not None:
        return FINISHED_ELSEWHERE
    return LEFT if course.open else GIVEN_UP


def differences(
    places: Iterable[Place], others: Mapping[str, str], jira: JirasReport, last_column: frozenset[str] = frozenset()
) -> tuple[SprintDifference, ...]:
    """Where Jira counts one of these issues otherwise, by key. `last_column`: the status ids that Jira takes for done.

    `others`: the keys, by id, of what is counted beside `places`. An issue that is in neither is told of by neither
    report: whoever may not know of it hears nothing.
    """
    stand = {each.id: each for each in places}
    found = [told for each in stand.values() for told in _differences(each, jira, last_column)]
    for number in jira.listed.keys() & (others.keys() - stand.keys()):
        theirs = str(jira.listed[number])
        found.append(SprintDifference(key=others[number], theirs=theirs, ours=NOT_LISTED, why=NEVER_IN))
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
    if theirs is not None and added and COMMITTED in place.sets:
        yield SprintDifference(key=place.key, theirs=ADDED, ours=COMMITTED, why=AT_START)
    if theirs is not None and not added and ADDED in place.sets:
        yield SprintDifference(key=place.key, theirs=COMMITTED, ours=ADDED, why=LATER)


def _of_columns(place: Place, theirs: Theirs | None, last_column: frozenset[str]) -> str:
    """Whether it is only that stages and the board's columns disagree on what is done."""
    if not last_column or theirs is None:
        return ""
    done_there = place.status in last_column
    if place.done and not done_there and theirs is Theirs.NOT_COMPLETED:
        return BY_STAGE
    if done_there and place.open and theirs in (Theirs.COMPLETED, Theirs.ELSEWHERE):
        return BY_COLUMN
    return ""
