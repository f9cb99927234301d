"""Flow efficiency: the share of the time at work in which nothing was waited for (metrics.md, definition 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fmo_bot.domain.blockers import Blocker, blocked_while_active_ms
from fmo_bot.domain.flow import nearest_rank
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
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


def efficiency(
    rows: Iterable[tuple[Timeline, Split]],
    workflow: AnyWorkflow,
    recorded: Mapping[tuple[str, str], Sequence[Blocker]] | None = None,
) -> Efficiency:
    """Of those that started and finished, each with its split. `recorded`: blockers by (site, issue id)."""
    if not has_waiting(workflow):
        return Efficiency(0, None, None, None, configured=False)
    known = recorded or {}
    shares: list[float] = []
    bases = lost = unmapped = spans = 0
    for timeline, split in rows:
        if (took := timeline.cycle_ms) is None:
            continue
        base = took - split.done - split.unmapped
        if base <= 0:
            continue
        stood = known.get((timeline.life.site, timeline.life.id), ()) if known else ()
        held_up = sum(split.waiting.values()) + blocked_while_active_ms(timeline, stood)
        shares.append((base - held_up) / base)
        bases, lost = bases + base, lost + held_up
        unmapped, spans = unmapped + split.unmapped, spans + took
    if not shares:
        return Efficiency(0, None, None, None, configured=True)
    return Efficiency(
        len(shares), (bases - lost) / bases, nearest_rank(sorted(shares), 50), unmapped / spans, configured=True
    )


def has_waiting(workflow: AnyWorkflow) -> bool:
    """Whether any version has a waiting stage."""
    versions = workflow.versions if isinstance(workflow, DatedWorkflow) else ((0, workflow),)
    return any(version.has_waiting for _, version in versions)
