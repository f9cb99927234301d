"""Small made-up issues for tests of the domain: a first state and what happened at which hour."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from fmo_bot.domain import lives
from fmo_bot.domain.intervals import instant as moment_of
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import FLAGGED, POINTS, RESOLUTION, SPRINT, STATUS, Change, Issue, Sprint
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.workflow import Stage, StageKind, Workflow

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)

# Statuses by letter: Open, Ready, Build, Wait, Quality, Finished, Gone live, X (given up). U is in no stage.
FLOW = Workflow(
    stages=(
        Stage("Open", StageKind.BACKLOG, ("O",)),
        Stage("Ready", StageKind.WAITING, ("R",), "vendor"),
        Stage("Build", StageKind.ACTIVE, ("B",), "vendor"),
        Stage("Wait", StageKind.WAITING, ("W",), "operator"),
        Stage("Quality", StageKind.ACTIVE, ("Q",), "operator"),
        Stage("Done", StageKind.DONE, ("F", "G")),
        Stage("Given up", StageKind.ABANDONED, ("X",)),
    ),
    commitment="Ready",
    abandoned_resolutions=("Won't Do",),
)

Event = tuple[float, Mapping[str, str | None]]


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


def at_ms(hour: float) -> int:
    """The same in epoch milliseconds."""
    return ms(at(hour))


def hour(instant: datetime | int | None) -> float | None:
    """The hour of an instant, also in epoch milliseconds."""
    if instant is None:
        return None
    moment = moment_of(instant) if isinstance(instant, int) else instant
    return (moment - MONDAY) / timedelta(hours=1)


def seen(issue: Issue, as_of: float, workflow: AnyWorkflow | None = None) -> Timeline:
    """The timeline of an issue as it was known at an hour."""
    return timeline(lives.of(issue), workflow or FLOW, at_ms(as_of))


def life(
    first: str,
    *events: Event | tuple[float, str],
    key: str = "K-1",
    created: float = 0,
    begins: Mapping[str, str | None] | None = None,
    subtask: bool = False,
) -> Issue:
    """An issue created in status `first`; an event is (hour, {field: new value}), or (hour, status) for short.

    `begins`: the other fields' values at creation. Items say truly where they came from; the issue's present fields
    are where the last items lead.
    """
    now: dict[str, str | None] = {STATUS: first, **(begins or {})}
    changes: list[Change] = []
    for number, (when, what) in enumerate(events, start=1):
        for field, value in ({STATUS: what} if isinstance(what, str) else what).items():
            changes.append(_change(at(when), number, field, now.get(field), value))
            now[field] = value
    points = now.get(POINTS)
    return Issue(
        site="shared",
        id=key,
        key=key,
        summary=f"About {key}",
        issue_type="Sub-task" if subtask else "Story",
        subtask=subtask,
        created=at(created),
        updated=changes[-1].at if changes else at(created),
        status=now[STATUS] or "",
        status_name=now[STATUS] or "",
        status_category="undefined",
        resolution=now.get(RESOLUTION),
        points=float(points) if points else None,
        sprints=tuple(int(piece) for piece in (now.get(SPRINT) or "").split(",") if piece.strip()),
        flagged=bool(now.get(FLAGGED)),
        changes=tuple(changes),
    )


def _change(when: datetime, number: int, field: str, before: str | None, after: str | None) -> Change:
    """As Jira writes it: numbers and resolutions travel in the texts, sprints and statuses as ids."""
    if field in (STATUS, SPRINT):
        return Change(when, number, field, before, after, before, after)
    return Change(when, number, field, None, None, before, after)


def sprint(start: float = 24, end: float | None = 120, *, number: int = 7, state: str | None = None) -> Sprint:
    """A sprint that runs from hour `start`; with `end` None it still runs."""
    return Sprint(
        id=number,
        name=f"Sprint {number}",
        state=state or ("active" if end is None else "closed"),
        starts=at(start),
        ends=at(start + 96),
        completed=None if end is None else at(end),
    )
