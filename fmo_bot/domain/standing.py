"""Where an issue stands at every instant: started, finished, abandoned (metrics.md, definition 2)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fmo_bot.domain.histories import Step, Track, created, steps
from fmo_bot.domain.issues import RESOLUTION, STATUS, Issue
from fmo_bot.domain.workflow import Stage, StageKind, Workflow


@dataclass(frozen=True, slots=True)
class Standing:
    """An issue as it stands from an instant on. `stage` is that of the last mapped stay; None: never in a stage."""

    stage: Stage | None = None
    started: datetime | None = None
    finished: datetime | None = None
    abandoned: datetime | None = None
    back_before_commitment: bool = False

    @property
    def ended(self) -> bool:
        """Done or abandoned."""
        return self.finished is not None or self.abandoned is not None


def standings(issue: Issue, workflow: Workflow) -> Track[Standing]:
    """The whole life of an issue, one standing per instant at which its status or resolution changed.

    The standing at t is what was known at t: later events change none of the earlier standings.
    """
    walk, events = _begin(issue, workflow)
    points = [(created(issue), walk.standing())]
    for at, together in groupby(events, key=lambda event: event[0].at):
        for step, field in together:
            walk.apply(step, field)
        points.append((at, walk.standing()))
    return Track(tuple(points))


def standing_at(issue: Issue, workflow: Workflow, as_of: datetime) -> Standing:
    """How an issue stands at an instant, events of that instant included; nothing known before it was created."""
    if created(issue) > as_of:
        return Standing()
    walk, events = _begin(issue, workflow)
    for step, field in events:
        if step.at <= as_of:
            walk.apply(step, field)
    return walk.standing()


def _begin(issue: Issue, workflow: Workflow) -> tuple["_Walk", list[tuple[Step, str]]]:
    """The state at creation, and what happened since, in order."""
    by_status, by_resolution = steps(issue, STATUS), steps(issue, RESOLUTION)
    walk = _Walk(workflow)
    walk.resolve(_first_given_up(issue, by_resolution, workflow), created(issue))
    walk.enter(workflow.stage_of(first_status(issue, by_status)), created(issue))
    events = [*((step, STATUS) for step in by_status), *((step, RESOLUTION) for step in by_resolution)]
    return walk, sorted(events, key=lambda event: (event[0].at, event[0].history))


def first_status(issue: Issue, by_status: tuple[Step, ...]) -> str:
    """The status id an issue was created in: where its first status item came from, else the present one."""
    return (by_status[0].before or "") if by_status else issue.status


def _first_given_up(issue: Issue, by_resolution: tuple[Step, ...], workflow: Workflow) -> bool:
    if by_resolution:
        return _given_up(by_resolution[0].before, by_resolution[0].before_text, workflow)
    return workflow.abandons(issue.resolution)


def _given_up(resolution: str | None, text: str | None, workflow: Workflow) -> bool:
    return workflow.abandons(text) or workflow.abandons(resolution)


class _Walk:
    """The state while an issue's events are read in order. Unmapped stays never reach it: they end nothing."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.stage: Stage | None = None
        self.entered: datetime | None = None  # the last mapped stay
        self.started: datetime | None = None
        self.done_since: datetime | None = None  # the present unbroken run of done stays
        self.given_up_since: datetime | None = None  # a listed resolution is in force
        self.was_committed = False

    def apply(self, step: Step, field: str) -> None:
        """One history's change of status or resolution."""
        if field == STATUS:
            self.enter(self.workflow.stage_of(step.after or ""), step.at)
        else:
            self.resolve(_given_up(step.after, step.after_text, self.workflow), step.at)

    def enter(self, stage: Stage | None, at: datetime) -> None:
        """A stay begins."""
        if stage is None:
            return
        self.stage, self.entered = stage, at
        before = self.workflow.before_commitment(stage)
        if before:
            self.started = None
        elif self.workflow.working(stage):
            self.started = self.started or at
        self.done_since = (self.done_since or at) if stage.kind is StageKind.DONE else None
        self.was_committed = self.was_committed or not before

    def resolve(self, given_up: bool, at: datetime) -> None:
        """A resolution comes into force; `given_up`: it is one of those that abandon."""
        self.given_up_since = (self.given_up_since or at) if given_up else None

    def standing(self) -> Standing:
        """What is known now."""
        if self.stage is None:
            return Standing()
        abandoned = self._abandoned(self.stage)
        return Standing(
            stage=self.stage,
            started=self.started,
            finished=None if abandoned else self.done_since,
            abandoned=abandoned,
            back_before_commitment=self.was_committed and self.workflow.before_commitment(self.stage),
        )

    def _abandoned(self, stage: Stage) -> datetime | None:
        if stage.kind is StageKind.ABANDONED:
            return self.entered
        if stage.kind is StageKind.DONE and self.given_up_since and self.entered:
            return max(self.entered, self.given_up_since)
        return None
