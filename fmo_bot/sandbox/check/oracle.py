"""What the sprint and the week came to, worked out again from Jira's record by looking at every instant.

A second, slower way to the figures of the sprint report: states are read off at the instants of every change instead of
being derived from stays, so that an error in one way does not hide in the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = Mapping[str, Any]


def instant(text: str) -> datetime:
    """An instant from Jira's own string (`+0000`, `Z` or `+00:00`), in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True)
class Stages:
    """Which status ids mean what: a workflow mapping in the format of the workflow files."""

    kinds: Mapping[str, str]
    abandoned_resolutions: frozenset[str]

    @classmethod
    def of(cls, workflow: Record) -> "Stages":
        """Read a workflow mapping (`stages: [{kind, statuses}]`)."""
        kinds = {str(status): stage["kind"] for stage in workflow["stages"] for status in stage["statuses"]}
        return cls(kinds, frozenset(workflow.get("abandoned_resolutions") or ()))


@dataclass
class State:
    """One issue at one instant."""

    status: str
    resolution: str | None
    sprints: frozenset[int]
    mapped: str = ""  # kind of the last mapped status
    done_since: datetime | None = None
    done_in: frozenset[int] = field(default_factory=frozenset)  # its sprints when it became done


def states(issue: Record, stages: Stages) -> list[tuple[datetime, State]]:
    """The issue at its creation and after each history, oldest first."""
    histories = sorted(issue["changelog"]["histories"], key=lambda h: (instant(h["created"]), int(h["id"])))
    items = [(instant(history["created"]), item) for history in histories for item in history["items"]]
    status = _first(items, "status", "from") or issue["fields"]["status"]["id"]
    resolution = _first(items, "resolution", "fromString")
    if not any(_field(item) == "resolution" for _, item in items):
        resolution = (issue["fields"].get("resolution") or {}).get("name")
    in_sprints = _ids(_first(items, "sprint", "from"))
    if not any(_field(item) == "sprint" for _, item in items):
        in_sprints = _current_sprints(issue["fields"])
    state = State(str(status), resolution, in_sprints)
    told = [(instant(issue["fields"]["created"]), _judged(state, None, instant(issue["fields"]["created"]), stages))]
    for history in histories:
        at, before = instant(history["created"]), told[-1][1]
        after = State(before.status, before.resolution, before.sprints)
        for item in history["items"]:
            if _field(item) == "status":
                after.status = str(item["to"])
            elif _field(item) == "resolution":
                after.resolution = item.get("toString")
            elif _field(item) == "sprint":
                after.sprints = _ids(item.get("to"))
        told.append((at, _judged(after, before, at, stages)))
    return told


def sprint_sets(issues: Iterable[Record], sprint: Record, stages: Stages, as_of: datetime) -> dict[str, set[str]]:
    """Definition 12 in issues: the set names with their keys."""
    start = instant(sprint.get("activatedDate") or sprint["startDate"])
    end = min(as_of, instant(sprint["completeDate"])) if sprint.get("completeDate") else as_of
    sets: dict[str, set[str]] = {name: set() for name in SETS}
    for issue in issues:
        name = _set_of(states(issue, stages), int(sprint["id"]), start, end)
        for one in name:
            sets[one].add(issue["key"])
    return sets


SETS = ("committed", "added", "removed", "completed", "carried_over", "completed_outside")


def finished_between(
    issues: Iterable[Record], stages: Stages, since: datetime, until: datetime, *, known_at: datetime
) -> set[str]:
    """Keys whose present run of done, as known at `known_at`, began in [since, until)."""
    found = set()
    for issue in issues:
        known = [state for at, state in states(issue, stages) if at <= known_at]
        if known and known[-1].done_since and since <= known[-1].done_since < until:
            found.add(issue["key"])
    return found


def _set_of(told: list[tuple[datetime, State]], sprint: int, start: datetime, end: datetime) -> list[str]:
    at_start = _at(told, start)
    at_end = _at(told, end)
    if at_end is None:
        return []
    inside = [state for at, state in told if start < at <= end] + ([at_start] if at_start else [])
    committed = at_start is not None and _open_in(at_start, sprint)
    added = not committed and any(_open_in(state, sprint) for state in inside if state is not at_start)
    names = ["committed"] if committed else ["added"] if added else []
    completed = bool(names) and at_end.done_since is not None and sprint in at_end.done_in
    if completed:
        names.append("completed")
    elif names and _open_in(at_end, sprint):
        names.append("carried_over")
    elif names:
        names.append("removed")
    if not completed and at_end.done_since is not None and any(sprint in state.sprints for state in inside):
        names.append("completed_outside")
    return names


def _open_in(state: State, sprint: int) -> bool:
    return sprint in state.sprints and state.done_since is None and state.mapped != "abandoned"


def _at(told: list[tuple[datetime, State]], at: datetime) -> State | None:
    known = [state for when, state in told if when <= at]
    return known[-1] if known else None


def _judged(state: State, before: State | None, at: datetime, stages: Stages) -> State:
    kind = stages.kinds.get(state.status)
    state.mapped = kind or (before.mapped if before else "")
    if state.mapped == "done" and state.resolution in stages.abandoned_resolutions:
        state.mapped = "abandoned"
    if state.mapped == "done":
        was = before.done_since if before else None
        state.done_since, state.done_in = (was, before.done_in) if was and before else (at, state.sprints)
    return state


def _field(item: Record) -> str:
    return str(item.get("field", "")).lower()


def _first(items: list[tuple[datetime, Any]], name: str, side: str) -> Any:
    return next((item.get(side) for _, item in items if _field(item) == name), None)


def _ids(text: str | None) -> frozenset[int]:
    return frozenset(int(part) for part in (text or "").replace(" ", "").split(",") if part)


def _current_sprints(fields: Record) -> frozenset[int]:
    values = [fields.get("sprint"), *(fields.get("closedSprints") or [])]
    for name, value in fields.items():
        if name.startswith("customfield_") and isinstance(value, list):
            values += [one for one in value if isinstance(one, dict) and {"id", "state", "name"} <= one.keys()]
    return frozenset(int(value["id"]) for value in values if isinstance(value, dict))
