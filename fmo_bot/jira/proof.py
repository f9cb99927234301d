"""Whether an issue's history hangs together: what Cloud's bulk answer, which gives no totals, is checked by.

Data Center gives totals; a proxy that cuts an answer may make them fit, so its long histories are checked as well.

Every item says what was before it. So a history that is missing between two others, or after the last one, leaves a
field whose value jumps, or one that is not what the issue shows now. What is missing before the first one leaves no
such trace: that is found by asking the longest history of a read for its own total (`jira.readers`).
"""

from collections.abc import Callable, Collection, Hashable

from fmo_bot.domain.issues import ASSIGNEE, FLAGGED, POINTS, PROJECT, RESOLUTION, SPRINT, STATUS, Change, Issue
from fmo_bot.domain.lives import is_set

Value = Hashable


# On Data Center a history names people by their keys and the issue by their names, and a deleted sprint, or points of a
# field that was replaced, go without leaving a history.
SURE = frozenset({STATUS, RESOLUTION, FLAGGED})


def chained(issue: Issue, fields: Collection[str] | None = None) -> bool:
    """Whether each change of a field begins where the one before it ended, and the last ends at what is now.

    `fields`: only these; None is every one that can be followed.
    """
    held: dict[str, Value] = {}
    for change in issue.changes:
        read = _READ.get(change.field)
        if read is None or (fields is not None and change.field not in fields):
            continue
        before, after = read(change)
        if held.get(change.field, before) != before:
            return False
        held[change.field] = after
    return all(value == _NOW[field](issue) for field, value in held.items())


def _plain(change: Change) -> tuple[Value, Value]:
    return change.before or None, change.after or None


def _whether(change: Change) -> tuple[Value, Value]:
    """Set or not: whatever it is called."""
    return is_set(change.before, change.before_text), is_set(change.after, change.after_text)


def _listed(change: Change) -> tuple[Value, Value]:
    return _ids(change.before), _ids(change.after)


def _ids(listed: str | None) -> Value:
    return frozenset(each.strip() for each in (listed or "").split(",") if each.strip())


def _number(change: Change) -> tuple[Value, Value]:
    return _points(change.before_text), _points(change.after_text)


def _points(text: str | None) -> Value:
    try:
        return float(text) if text else None
    except ValueError:
        return text


_READ: dict[str, Callable[[Change], tuple[Value, Value]]] = {
    STATUS: _plain,
    ASSIGNEE: _plain,
    PROJECT: _plain,
    RESOLUTION: _whether,
    FLAGGED: _whether,
    SPRINT: _listed,
    POINTS: _number,
}
_NOW: dict[str, Callable[[Issue], Value]] = {
    STATUS: lambda issue: issue.status,
    ASSIGNEE: lambda issue: issue.assignee,
    PROJECT: lambda issue: issue.project,
    RESOLUTION: lambda issue: issue.resolution is not None,
    FLAGGED: lambda issue: issue.flagged,
    SPRINT: lambda issue: frozenset(str(number) for number in issue.sprints),
    POINTS: lambda issue: issue.points,
}
