"""A sprint by sets and as a burn-up (metrics.md, definitions 12 and 13).

In issues: committed + added - removed = completed + carried over. In points the same with re-estimates. Both hold by
construction, for the end of the sprint and for every instant of the burn-up.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property

from fmo_bot.domain import flow
from fmo_bot.domain.histories import Track, created, steps
from fmo_bot.domain.issues import POINTS, SPRINT, Issue, Sprint
from fmo_bot.domain.messages import BurnUpPoint, Spread, SprintSet
from fmo_bot.domain.standing import Standing, standings
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.workflow import Workflow


@dataclass(frozen=True)
class Window:
    """From when to when a sprint is looked at; `provisional` while it runs (then `end` is as_of)."""

    start: datetime
    end: datetime
    provisional: bool


def window(sprint: Sprint, as_of: datetime) -> Window | None:
    """start = activatedDate, else startDate; end = completeDate, else as_of. None: not begun at `as_of`."""
    start = sprint.activated or sprint.starts
    if start is None or start > as_of or sprint.state == "future":
        return None
    if sprint.completed is not None and sprint.completed <= as_of:
        return Window(start, max(start, sprint.completed), provisional=False)
    return Window(start, as_of, provisional=True)


def latest(sprints: Iterable[Sprint], as_of: datetime) -> Sprint | None:
    """The sprint a person means: the one that runs at `as_of` (the one begun last), else the one that ended last."""
    begun = [(found, sprint) for sprint in sprints if (found := window(sprint, as_of))]
    running = [(found.start, sprint.id, sprint) for found, sprint in begun if found.provisional]
    ended = [(found.end, sprint.id, sprint) for found, sprint in begun if not found.provisional]
    return max(running or ended, key=lambda entry: entry[:2])[2] if begun else None


def named(sprints: Iterable[Sprint], words: str, as_of: datetime) -> Sprint | None:
    """The sprint somebody typed, by its id or its name in any case, among those begun; of namesakes the last begun."""
    wanted = " ".join(words.split()).casefold()
    begun = [(found.start, sprint.id, sprint) for sprint in sprints if (found := window(sprint, as_of))]
    same = [entry for entry in begun if wanted in (str(entry[1]), " ".join(entry[2].name.split()).casefold())]
    return max(same, key=lambda entry: entry[:2])[2] if same else None


def newest(sprints: Iterable[Sprint], as_of: datetime, *, most: int) -> tuple[Sprint, ...]:
    """At most `most` sprints that have begun, the last begun first."""
    begun = [(found.start, sprint.id, sprint) for sprint in sprints if (found := window(sprint, as_of))]
    return tuple(sprint for _, _, sprint in sorted(begun, key=lambda entry: entry[:2], reverse=True)[:most])


@dataclass(frozen=True, kw_only=True)
class SprintFigures:
    """What is true of a sprint at its end (while it runs: at as_of). Field names are those of the report message."""

    start: datetime
    end: datetime
    provisional: bool
    as_of: datetime
    committed: SprintSet
    added: SprintSet
    removed: SprintSet
    completed: SprintSet
    carried_over: SprintSet
    completed_outside: SprintSet
    re_estimated: float
    unestimated: tuple[str, ...]  # keys of committed and added issues without an estimate at the end
    cycle_time: Spread  # of the completed issues
    never_started: int  # completed without a working stay: in no cycle time
    split_s: tuple[tuple[str, float], ...]  # of the completed issues' spans together, seconds per part
    flagged: tuple[str, ...]  # keys in the sprint with the flag set at the end
    burn_up: tuple[BurnUpPoint, ...]
    data_quality: tuple[tuple[str, int], ...]
    planned_end: datetime | None  # Jira's endDate


def report(sprint: Sprint, issues: Iterable[Issue], workflow: Workflow, as_of: datetime) -> SprintFigures:
    """The figures of a sprint over all issues of its board; raises `ValueError` where it has not begun at `as_of`."""
    seen = window(sprint, as_of)
    if seen is None:
        raise ValueError(f"sprint {sprint.id} has not begun at {as_of.isoformat()}")
    courses = [_Course(issue, sprint.id, workflow, seen) for issue in issues if _touches(issue, sprint.id)]
    courses.sort(key=lambda course: (course.issue.key, course.issue.id))
    joined = [course for course in courses if course.joined is not None]
    completed = [course for course in joined if course.completed]
    outside = [course for course in courses if course.completed_outside]
    timelines = {course: timeline(course.issue, workflow, seen.end) for course in {*joined, *outside}}
    finished = [timelines[course] for course in completed]
    carried = [course for course in joined if course.carried_over]
    return SprintFigures(
        start=seen.start,
        end=seen.end,
        provisional=seen.provisional,
        as_of=as_of,
        committed=_set([course for course in joined if course.committed], first=True),
        added=_set([course for course in joined if not course.committed], first=True),
        removed=_set([course for course in joined if course.removed]),
        completed=_set(completed),
        carried_over=_set(carried),
        completed_outside=_set(outside),
        re_estimated=float(sum((course.points - course.first_points for course in joined), Decimal())),
        unestimated=tuple(course.issue.key for course in joined if course.unestimated),
        cycle_time=flow.cycle_times(finished),
        never_started=sum(found.started is None for found in finished),
        split_s=_split(finished),
        flagged=tuple(course.issue.key for course in carried if timelines[course].flagged),
        burn_up=_burn_up(joined, seen),
        data_quality=flow.data_quality(timelines[course] for course in courses if course in timelines),
        planned_end=sprint.ends,
    )


def sprint_ids(value: str | None) -> frozenset[int]:
    """The ids of a Sprint item such as "38, 40"; empty is no sprint, and what is no number is passed over."""
    pieces = (piece.strip() for piece in (value or "").split(","))
    return frozenset(int(piece) for piece in pieces if piece.isascii() and piece.isdigit())


def points_of(value: str | None, text: str | None) -> Decimal | None:
    """An estimate from a changelog item: numbers travel in the shown text; None: not estimated."""
    try:
        number = Decimal((text or value or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@dataclass(frozen=True, eq=False)
class _Course:
    """One issue seen from one sprint, over [start, end]; an event at an instant counts from that instant on."""

    issue: Issue
    sprint: int
    workflow: Workflow
    seen: Window

    @cached_property
    def standing(self) -> Track[Standing]:
        return standings(self.issue, self.workflow)

    @cached_property
    def membership(self) -> Track[bool]:
        found = steps(self.issue, SPRINT)
        first = sprint_ids(found[0].before) if found else frozenset(self.issue.sprints)
        later = ((step.at, self.sprint in sprint_ids(step.after)) for step in found)
        return Track(((created(self.issue), self.sprint in first), *later))

    @cached_property
    def estimate(self) -> Track[Decimal | None]:
        found = steps(self.issue, POINTS)
        now = None if self.issue.points is None else points_of(None, repr(self.issue.points))
        first = points_of(found[0].before, found[0].before_text) if found else now
        return Track(
            ((created(self.issue), first), *((step.at, points_of(step.after, step.after_text)) for step in found))
        )

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """The start, and every instant in (start, end] at which something about this issue changed."""
        changed = {at for track in (self.standing, self.membership) for at, _ in track.points}
        return (self.seen.start, *sorted(at for at in changed if self.seen.start < at <= self.seen.end))

    @cached_property
    def joined(self) -> datetime | None:
        """The start for a committed issue, the instant of being added for an added one, else None."""
        return next((at for at in self.instants if self._held_open(at)), None)

    @property
    def committed(self) -> bool:
        return self.joined == self.seen.start

    @property
    def completed(self) -> bool:
        return self.completed_by(self.seen.end)

    @property
    def carried_over(self) -> bool:
        return self.joined is not None and self._held_open(self.seen.end)

    @property
    def removed(self) -> bool:
        return self.joined is not None and not self.completed and not self.carried_over

    @property
    def completed_outside(self) -> bool:
        return (
            not self.completed and self._finished(self.seen.end) is not None and any(map(self._inside, self.instants))
        )

    def completed_by(self, at: datetime) -> bool:
        """Joined, done at `at`, and in the sprint when that finish happened."""
        finished = self._finished(at)
        return self.joined is not None and self.joined <= at and finished is not None and self._inside(finished)

    def in_scope(self, at: datetime) -> bool:
        """Completed or still to be done at `at`: what the scope line counts."""
        joined = self.joined is not None and self.joined <= at
        return joined and (self.completed_by(at) or self._held_open(at))

    @property
    def points(self) -> Decimal:
        return self._points_at(self.seen.end)

    @property
    def first_points(self) -> Decimal:
        return self._points_at(self.joined or self.seen.end)

    @property
    def unestimated(self) -> bool:
        return not self.issue.subtask and self.estimate.at(self.seen.end) is None

    def _points_at(self, at: datetime) -> Decimal:
        """Sub-tasks count as issues, not in points; no estimate counts 0."""
        return Decimal() if self.issue.subtask else self.estimate.at(at) or Decimal()

    def _inside(self, at: datetime) -> bool:
        return self.membership.at(at) or False

    def _finished(self, at: datetime) -> datetime | None:
        standing = self.standing.at(at)
        return standing.finished if standing else None

    def _held_open(self, at: datetime) -> bool:
        """In the sprint, neither done nor abandoned."""
        standing = self.standing.at(at)
        return standing is not None and not standing.ended and self._inside(at)


def _touches(issue: Issue, sprint: int) -> bool:
    """Whether an issue can ever have been in a sprint; spares the rest of a large board the work."""
    return sprint in issue.sprints or any(
        sprint in sprint_ids(change.before) or sprint in sprint_ids(change.after)
        for change in issue.changes
        if change.field == SPRINT
    )


def _set(courses: list[_Course], *, first: bool = False) -> SprintSet:
    """`first`: points as they were when the issue came into the sprint, else at the end."""
    points = sum((course.first_points if first else course.points for course in courses), Decimal())
    return SprintSet(issues=len(courses), points=float(points), keys=tuple(course.issue.key for course in courses))


def _split(timelines: list[Timeline]) -> tuple[tuple[str, float], ...]:
    total: Counter[str] = Counter()
    for found in timelines:
        total.update(found.split_ms)
    return tuple((part, total[part] / 1000) for part in sorted(total))


def _burn_up(joined: list[_Course], seen: Window) -> tuple[BurnUpPoint, ...]:
    """Scope and done from the start on, one point per instant at which either changes."""
    scope: Counter[datetime] = Counter()
    done: Counter[datetime] = Counter()
    for course in joined:
        was_in, was_done = False, False
        for at in course.instants:
            now_in, now_done = course.in_scope(at), course.completed_by(at)
            scope[at] += now_in - was_in
            done[at] += now_done - was_done
            was_in, was_done = now_in, now_done
    points = [BurnUpPoint(at=seen.start, scope=scope[seen.start], done=done[seen.start])]
    for at in sorted({*scope, *done} - {seen.start}):
        if scope[at] or done[at]:
            last = points[-1]
            points.append(BurnUpPoint(at=at, scope=last.scope + scope[at], done=last.done + done[at]))
    return tuple(points)
