"""The timeline of one issue as it was known at an instant (metrics.md, definitions 1, 2, 3, 5 and 6)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import zip_longest

from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.histories import Step, created, events_before_created, steps
from fmo_bot.domain.intervals import Interval, cut, ms
from fmo_bot.domain.issues import FLAGGED, PROJECT, STATUS, Issue
from fmo_bot.domain.lives import is_set
from fmo_bot.domain.standing import Standing, first_status, standing_at
from fmo_bot.domain.workflow import Stage, StageKind, Workflow

DONE_PART, UNMAPPED_PART = "done", "unmapped"


@dataclass(frozen=True, slots=True)
class Stay:
    """[enter, leave) in one status; `stage` None: unmapped; `leave` None: the issue is still there at as_of."""

    status: str
    name: str
    stage: Stage | None
    enter: datetime
    leave: datetime | None

    def interval(self, as_of: datetime) -> Interval:
        """In epoch milliseconds, the last one up to `as_of`."""
        return ms(self.enter), ms(self.leave or as_of)


@dataclass(frozen=True)
class Timeline:
    """An issue's life up to `as_of`; nothing later is in it. Durations are whole milliseconds and sum exactly."""

    issue: Issue
    as_of: datetime
    created: datetime
    stays: tuple[Stay, ...]  # empty where the issue did not exist yet
    standing: Standing
    flags: tuple[tuple[datetime, datetime | None], ...]  # None: still set
    gaps: int  # items whose `from` is not the value before them
    disagrees: bool  # the last status item says another status than the issue itself
    workflow: Workflow

    @property
    def started(self) -> datetime | None:
        """Enter of the first working stay after the last stay before the commitment point."""
        return self.standing.started

    @property
    def finished(self) -> datetime | None:
        """Enter of the present unbroken run of done stays."""
        return self.standing.finished

    @property
    def abandoned(self) -> datetime | None:
        """Since when the issue is given up, by status or by resolution."""
        return self.standing.abandoned

    @property
    def stage(self) -> Stage | None:
        """The stage of the last mapped stay."""
        return self.standing.stage

    @property
    def never_started(self) -> bool:
        """Neither started nor back before the commitment point: counted, never taken as 0."""
        return self.started is None and not self.standing.back_before_commitment

    @property
    def in_progress(self) -> bool:
        """Started, not finished, not abandoned."""
        return self.started is not None and not self.standing.ended

    @property
    def span(self) -> Interval | None:
        """[started, finished, else abandoned, else as_of) in epoch milliseconds; None where never started."""
        if self.started is None:
            return None
        return ms(self.started), ms(self.finished or self.abandoned or self.as_of)

    @property
    def cycle_ms(self) -> int | None:
        """Cycle time: finished - started; None where either is missing."""
        if self.started is None or self.finished is None:
            return None
        return ms(self.finished) - ms(self.started)

    @property
    def work_span_ms(self) -> int | None:
        """Work span: first working stay ever to finished."""
        first = next((stay.enter for stay in self.stays if stay.stage and self.workflow.working(stay.stage)), None)
        if first is None or self.finished is None:
            return None
        return ms(self.finished) - ms(first)

    @property
    def age_ms(self) -> int | None:
        """as_of - started of an issue in progress."""
        return ms(self.as_of) - ms(self.started) if self.in_progress and self.started else None

    @cached_property
    def parts(self) -> tuple[tuple[str, str | None, Interval], ...]:
        """The span as consecutive (part, side, interval): `active:vendor`, `waiting:none`, `done`, `unmapped` ….

        `done` is time in done (or abandoned) stays before a reopening.
        """
        if self.span is None:
            return ()
        found = ((stay, cut([stay.interval(self.as_of)], self.span)) for stay in self.stays)
        return tuple((_part(stay.stage), _side(stay.stage), inside[0]) for stay, inside in found if inside)

    @property
    def split_ms(self) -> dict[str, int]:
        """Milliseconds per part; they sum to the length of the span."""
        total: Counter[str] = Counter()
        for part, _, (start, end) in self.parts:
            total[part] += end - start
        return dict(total)

    def working_split_ms(self, calendars: Mapping[str, SideCalendar]) -> dict[str, int]:
        """The same split in working time of each stage's side; parts without a side's calendar are left out."""
        total: Counter[str] = Counter()
        for part, side, window in self.parts:
            if side is not None and side in calendars:
                total[part] += calendars[side].working_ms(*window)
        return dict(total)

    @property
    def flag_intervals(self) -> tuple[Interval, ...]:
        """When the issue was flagged, in epoch milliseconds, not cut to the span."""
        return tuple((ms(start), ms(end or self.as_of)) for start, end in self.flags)

    @property
    def flagged(self) -> bool:
        """Whether the flag is set at as_of."""
        return bool(self.flags) and self.flags[-1][1] is None

    @property
    def events_before_created(self) -> int:
        """Histories dated before the issue; they moved `created` back."""
        return events_before_created(self.issue)

    @property
    def moved(self) -> bool:
        """Whether the issue came from another project."""
        return any(change.field == PROJECT and change.at <= self.as_of for change in self.issue.changes)


def timeline(issue: Issue, workflow: Workflow, as_of: datetime) -> Timeline:
    """What was known of an issue at `as_of` (events of that instant included)."""
    born = created(issue)
    every = steps(issue, STATUS)
    known = tuple(step for step in every if step.at <= as_of)
    first = first_status(issue, every)
    entries = [(born, first), *((step.at, step.after or "") for step in known)]
    return Timeline(
        issue=issue,
        as_of=as_of,
        created=born,
        stays=_stays(entries, _names(issue, every), workflow) if born <= as_of else (),
        standing=standing_at(issue, workflow, as_of),
        flags=_flags(issue, born, as_of),
        gaps=_gaps(first, known),
        disagrees=bool(known) and len(known) == len(every) and known[-1].after != issue.status,
        workflow=workflow,
    )


def _stays(entries: list[tuple[datetime, str]], names: Mapping[str, str], workflow: Workflow) -> tuple[Stay, ...]:
    leaves = [at for at, _ in entries[1:]]
    return tuple(
        Stay(status, names.get(status, status), workflow.stage_of(status), enter, leave)
        for (enter, status), leave in zip_longest(entries, leaves)
    )


def _names(issue: Issue, every: tuple[Step, ...]) -> dict[str, str]:
    """Status id -> the name it was last shown under."""
    names: dict[str, str] = {}
    for step in every:
        names |= {step.before or "": step.before_text or step.before or ""}
        names |= {step.after or "": step.after_text or step.after or ""}
    return names | {issue.status: issue.status_name}


def _gaps(first: str, known: tuple[Step, ...]) -> int:
    held = [first, *(step.after or "" for step in known)]
    return sum(1 for value, step in zip(held, known, strict=False) if (step.before or "") != value)


def _flags(issue: Issue, born: datetime, as_of: datetime) -> tuple[tuple[datetime, datetime | None], ...]:
    """When the flag was set; a changed value continues it."""
    every = steps(issue, FLAGGED)
    at_first = is_set(every[0].before, every[0].before_text) if every else issue.flagged
    since = born if at_first and born <= as_of else None
    found: list[tuple[datetime, datetime | None]] = []
    for step in every:
        if step.at > as_of:
            break
        if not is_set(step.after, step.after_text) and since:
            found.append((since, step.at))
            since = None
        elif is_set(step.after, step.after_text):
            since = since or step.at
    return (*found, (since, None)) if since else tuple(found)


def _part(stage: Stage | None) -> str:
    """Time that went by in a done or abandoned stage before a reopening is one part."""
    if stage is None:
        return UNMAPPED_PART
    return DONE_PART if stage.kind in (StageKind.DONE, StageKind.ABANDONED) else stage.part


def _side(stage: Stage | None) -> str | None:
    return stage.side if stage else None
