"""A sprint by sets and as a burn-up (metrics.md, definitions 12 and 13).

In issues: committed + added - removed = completed + carried over. In points the same with re-estimates. Both hold by
construction, for the end of the sprint and for every instant of the burn-up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fmo_bot.domain import flow, quality
from fmo_bot.domain.endings import Endings
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.issues import Sprint
from fmo_bot.domain.jiras_report import Place, place
from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.messages import BurnUpPoint, Spread, SprintSet
from fmo_bot.domain.sprint_sets import SETS, Course, Sets, Tally, courses, totals
from fmo_bot.domain.timelines import Timeline, timeline


@dataclass(frozen=True)
class Window:
    """From when to when a sprint is looked at; `provisional` while it runs (then `end` is as_of)."""

    start: datetime
    end: datetime
    provisional: bool

    @property
    def span(self) -> tuple[int, int]:
        """Start and end in epoch milliseconds."""
        return ms(self.start), ms(self.end)


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
    ledger: quality.Ledger
    planned_end: datetime | None  # Jira's endDate
    finished: tuple[Timeline, ...]  # the completed issues, as known at the end
    places: tuple[Place, ...]  # every issue that was in the sprint while it ran, and why it is in which sets


def report(sprint: Sprint, lives: Iterable[Life], workflow: AnyWorkflow, as_of: datetime) -> SprintFigures:
    """The figures of a sprint over all issues of its board; raises `ValueError` where it has not begun at `as_of`."""
    seen = window(sprint, as_of)
    if seen is None:
        raise ValueError(f"sprint {sprint.id} has not begun at {as_of.isoformat()}")
    here = [course for _, course in courses(lives, Endings(workflow), {sprint.id: seen.span})]
    here.sort(key=lambda course: (course.life.key, course.life.id))
    sets = Sets()
    for course in here:
        sets.count(course)
    timelines = {course: timeline(course.life, workflow, ms(seen.end)) for course in here if course.sets}
    finished = [found for course, found in timelines.items() if course.completed]
    return SprintFigures(
        start=seen.start,
        end=seen.end,
        provisional=seen.provisional,
        as_of=as_of,
        **{name: _told(getattr(sets, name)) for name in SETS},
        re_estimated=float(sets.re_estimated),
        unestimated=tuple(sets.unestimated),
        cycle_time=flow.cycle_times(finished),
        never_started=sum(found.started is None for found in finished),
        split_s=_split(finished),
        flagged=tuple(course.life.key for course in here if course.carried_over and timelines[course].flagged),
        burn_up=burn_up(here, seen),
        ledger=quality.ledger(timelines.values()),
        planned_end=sprint.ends,
        finished=tuple(finished),
        places=tuple(map(place, here)),
    )


def every(
    sprints: Iterable[Sprint], lives: Iterable[Life], workflow: AnyWorkflow, as_of: datetime
) -> Iterator[tuple[Sprint, Window, Sets]]:
    """The sets of each of these sprints that has begun at `as_of`, counted in one walk over the issues."""
    begun = [(sprint, seen) for sprint in sprints if (seen := window(sprint, as_of))]
    found = totals(lives, Endings(workflow), {sprint.id: seen.span for sprint, seen in begun})
    return ((sprint, seen, found[sprint.id]) for sprint, seen in begun)


def burn_up(joined: Sequence[Course], seen: Window) -> tuple[BurnUpPoint, ...]:
    """Scope and done from the start on, one point per instant at which either changes (definition 13)."""
    scope: Counter[int] = Counter()
    done: Counter[int] = Counter()
    for course in joined:
        was_in, was_done = False, False
        for at in course.instants:
            now_done = course.completed_by(at)
            now_in = now_done or course.held_open(at)
            scope[at] += now_in - was_in
            done[at] += now_done - was_done
            was_in, was_done = now_in, now_done
    start, _ = seen.span
    points = [BurnUpPoint(at=seen.start, scope=scope[start], done=done[start])]
    for at in sorted({*scope, *done} - {start}):
        if scope[at] or done[at]:
            last = points[-1]
            points.append(BurnUpPoint(at=instant(at), scope=last.scope + scope[at], done=last.done + done[at]))
    return tuple(points)


def _told(tally: Tally) -> SprintSet:
    return SprintSet(issues=len(tally.keys), points=float(tally.points), keys=tuple(tally.keys))


def _split(timelines: Iterable[Timeline]) -> tuple[tuple[str, float], ...]:
    total: Counter[str] = Counter()
    for found in timelines:
        total.update(found.split_ms)
    return tuple((part, total[part] / 1000) for part in sorted(total))
