"""Flow efficiency: the share of the time at work in which nothing was waited for (metrics.md, definition 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fmo_bot.domain.blockers import Blocker, blocked_while_active_ms
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
from fmo_bot.domain.ranks import nearest_rank
from fmo_bot.domain.splits import Split
from fmo_bot.domain.timelines import Timeline


@dataclass(frozen=True)
class Efficiency:
    """Over `n` issues, shares from 0 to 1; None without any issue, or where it is not configured.

    `unmapped`: which share of their spans went by in statuses of no stage, and is in none of the other two.
    `configured`: whether the workflow has waiting stages; without, nothing can be said.
    """

    n: int
    total: float | None
    median: float | None
    unmapped: float | None
    configured: bool


class Shares:
    """An efficiency while issues come, one by one, of which two numbers are kept."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        self._shares: list[float] = []
        self._bases = self._lost = self._unmapped = self._spans = 0

    def count(self, timeline: Timeline, split: Split, recorded: Sequence[Blocker] = ()) -> None:
        """One issue more; it counts where it started and finished. `recorded`: its blockers."""
        if (took := timeline.cycle_ms) is None:
            return
        base = took - split.done - split.unmapped
        if base <= 0:
            return
        held_up = sum(split.waiting.values())
        if recorded or timeline.life.flags:
            held_up += blocked_while_active_ms(timeline, recorded)
        self._shares.append((base - held_up) / base)
        self._bases += base
        self._lost += held_up
        self._unmapped += split.unmapped
        self._spans += took

    def efficiency(self, workflow: AnyWorkflow) -> Efficiency:
        """Of all that were counted."""
        if not has_waiting(workflow):
            return Efficiency(0, None, None, None, configured=False)
        if not self._shares:
            return Efficiency(0, None, None, None, configured=True)
        total, unmapped = (self._bases - self._lost) / self._bases, self._unmapped / self._spans
        median = nearest_rank(sorted(self._shares), 50)
        return Efficiency(len(self._shares), total, median, unmapped, configured=True)


def efficiency(
    rows: Iterable[tuple[Timeline, Split]],
    workflow: AnyWorkflow,
    recorded: Mapping[tuple[str, str], Sequence[Blocker]] | None = None,
) -> Efficiency:
    """Of those that started and finished, each with its split. `recorded`: blockers by (site, issue id)."""
    shares, known = Shares(), recorded or {}
    for timeline, split in rows:
        shares.count(timeline, split, known.get((timeline.life.site, timeline.life.id), ()) if known else ())
    return shares.efficiency(workflow)


def has_waiting(workflow: AnyWorkflow) -> bool:
    """Whether any version has a waiting stage."""
    versions = workflow.versions if isinstance(workflow, DatedWorkflow) else ((0, workflow),)
    return any(version.has_waiting for _, version in versions)
