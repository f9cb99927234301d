"""A workflow whose versions hold from a date on each (metrics.md, definition 17)."""

from bisect import bisect_right
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
