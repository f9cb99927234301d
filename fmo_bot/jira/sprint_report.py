"""Jira's own sprint report: the answer behind one of its screens, the same on Cloud and Data Center.

It is documented nowhere, closed to tokens with scopes, and may be gone or look different tomorrow: it is understood
whole or not at all.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from fmo_bot.domain.jiras_report import JirasReport, Theirs
from fmo_bot.jira import parse, wire

PATH = "rapid/charts/sprintreport"


class Entry(Struct):
    """An issue that is listed."""

    id: str | int
    key: Any = None


class Contents(Struct):
    """The four lists, and what came in while the sprint ran: keys, each with `true`."""

    completed: list[Entry] = field(name="completedIssues")
    not_completed: list[Entry] = field(name="issuesNotCompletedInCurrentSprint")
    removed: list[Entry] = field(name="puntedIssues")
    elsewhere: list[Entry] = field(name="issuesCompletedInAnotherSprint")
    added: Mapping[str, Any] = field(name="issueKeysAddedDuringSprint")


class Sprint(Struct):
    """Which sprint it is about."""

    id: str | int


class SprintReport(Struct):
    """The answer."""

    contents: Contents
    sprint: Sprint


READING: wire.Reading[SprintReport] = wire.Reading(SprintReport)


def understood(raw: SprintReport, sprint_id: int) -> JirasReport:
    """The lists by issue id. Raises `parse.Malformed` for another sprint, or an issue that stands in two lists."""
    if parse.numeric(raw.sprint.id, "the sprint of a sprint report") != str(sprint_id):
        raise parse.Malformed("a sprint report is about another sprint")
    told = raw.contents
    lists = {
        Theirs.COMPLETED: told.completed,
        Theirs.NOT_COMPLETED: told.not_completed,
        Theirs.REMOVED: told.removed,
        Theirs.ELSEWHERE: told.elsewhere,
    }
    entries = [
        (parse.numeric(each.id, "an issue of a sprint report"), each.key, where)
        for where, each_list in lists.items()
        for each in each_list
    ]
    listed = {number: where for number, _, where in entries}
    if len(listed) != len(entries):
        raise parse.Malformed("an issue stands in two lists of a sprint report")
    came = {key for key, is_so in told.added.items() if is_so is True}
    return JirasReport(
        listed=listed, added=frozenset(n for n, key, _ in entries if isinstance(key, str) and key in came)
    )
