"""A workflow whose versions hold from a date on each (metrics.md, definition 17)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from fmo_bot.domain.workflow import Workflow


@dataclass(frozen=True)
class DatedWorkflow:
    """Versions as (from which epoch millisecond, workflow), in that order; the first one holds for all time before it.

    A version judges what happens from its date on. On that date the status an issue is in is looked at anew: where its
    stage is another one now, a stay in that stage begins. What a resolution means is decided when it is set.
    """

    versions: tuple[tuple[int, Workflow], ...]

    def __post_init__(self) -> None:
        """Raises `ValueError` without a version, or where they are not in order."""
        dates = [since for since, _ in self.versions]
        if not dates or dates != sorted(set(dates)):
            raise ValueError("a dated workflow needs at least one version, each later than the one before it")

    def at(self, instant: int) -> Workflow:
        """The version in force at an instant."""
        return self.versions[max(0, bisect_right(self.versions, instant, key=itemgetter(0)) - 1)][1]


AnyWorkflow = Workflow | DatedWorkflow


def in_force(workflow: AnyWorkflow, instant: int) -> Workflow:
    """The version of a workflow that is in force at an instant."""
    return workflow if isinstance(workflow, Workflow) else workflow.at(instant)


def newest(workflow: AnyWorkflow) -> Workflow:
    """The last version of a workflow."""
    return workflow if isinstance(workflow, Workflow) else workflow.versions[-1][1]


def dates(workflow: AnyWorkflow) -> tuple[tuple[int, Workflow], ...]:
    """The versions of a workflow; one alone is dated 0, since it holds for all time."""
    return ((0, workflow),) if isinstance(workflow, Workflow) else workflow.versions


@dataclass(frozen=True)
class Said:
    """A whole workflow was said to hold from an instant (epoch milliseconds) on, whatever was said before."""

    since: int
    workflow: Workflow


@dataclass(frozen=True)
class StatusSaid:
    """A status that was in no stage was said to belong to the stage of that name, from an instant on."""

    since: int
    status: str
    stage: str


def replayed(said: Iterable[Said | StatusSaid]) -> AnyWorkflow | None:
    """What holds after all that was said, in that order; None where that is nothing.

    A status is added to every version since its date that has the stage, and does not hold the status already.
    """
    held: list[tuple[int, Workflow]] = []
    for each in said:
        before = [version for version in held if version[0] < each.since]
        if isinstance(each, Said):
            held = [*before, (each.since, each.workflow)]
        elif held:
            begin = ([version for version in held if version[0] <= each.since] or held[:1])[-1][1]
            since = [(each.since, begin), *(version for version in held if version[0] > each.since)]
            held = [*before, *((at, version.with_status(each.status, each.stage)) for at, version in since)]
    return _told_apart(held)


def _told_apart(held: Iterable[tuple[int, Workflow]]) -> AnyWorkflow | None:
    """Versions that differ from the one before; one alone is a workflow without dates, which is quicker to go by."""
    found: list[tuple[int, Workflow]] = []
    for since, workflow in held:
        if not found or found[-1][1] != workflow:
            found.append((since, workflow))
    if len(found) < 2:
        return found[0][1] if found else None
    return DatedWorkflow(tuple(found))
