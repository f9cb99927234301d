"""What a reader has to know before trusting the figures (metrics.md, definition 16)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fmo_bot.domain.issues import STATUS
from fmo_bot.domain.timelines import Timeline


@dataclass(frozen=True)
class Unmapped:
    """A status that is in no stage: how many issues were in it, for how long together."""

    site: str
    status: str
    issues: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Counts over issues that share one as_of; nothing later is in them."""

    truncated_changelogs: int  # issues without their whole history
    unmapped: tuple[Unmapped, ...]  # the longest first
    unmapped_issues: int
    gaps: int  # status items that came from another status than the one held before them
    disagreeing: Mapping[str, int]  # field -> issues whose last item of it leads elsewhere than the field is now
    negative_durations: int  # histories dated before their issue; they moved its creation back
    never_started: int  # no start that counts, finished or not: never taken as 0 (definition 2)
    ended_unstarted: int  # of these the finished and abandoned ones
    back_before_commitment: int
    moved: int  # issues that came from another project


def ledger(timelines: Iterable[Timeline]) -> Ledger:
    """What is to be known of these."""
    issues: Counter[tuple[str, str]] = Counter()
    lasted: Counter[tuple[str, str]] = Counter()
    disagreeing: Counter[str] = Counter()
    truncated = unmapped = gaps = early = unstarted = ended = back = moved = 0
    for timeline in timelines:
        life, as_of, standing = timeline.life, timeline.as_of, timeline.standing
        if life.created > as_of:
            continue
        truncated += not life.complete
        early += life.before_created
        back += standing.back
        if standing.started is None:
            unstarted += 1
            ended += standing.ended
        if life.gaps:
            gaps += sum(at <= as_of for at in life.gaps)
        if life.moved is not None:
            moved += life.moved <= as_of
        if life.disagreeing:
            disagreeing.update(field for field, at in life.disagreeing if at <= as_of)
        if standing.unmapped:
            unmapped += 1
            took = _in_no_stage(timeline)
            lasted.update(took)
            issues.update(took.keys())
    return Ledger(
        truncated_changelogs=truncated,
        unmapped=tuple(Unmapped(*known, issues[known], total / 1000) for known, total in lasted.most_common()),
        unmapped_issues=unmapped,
        gaps=gaps,
        disagreeing=dict(sorted(disagreeing.items())),
        negative_durations=early,
        never_started=unstarted,
        ended_unstarted=ended,
        back_before_commitment=back,
        moved=moved,
    )


def _in_no_stage(timeline: Timeline) -> dict[tuple[str, str], int]:
    """(site, status) -> milliseconds in it, of statuses of no stage."""
    took: dict[tuple[str, str], int] = {}
    for place, status, enter, leave in timeline.stayed():
        if place is None:
            known = timeline.life.site, status
            took[known] = took.get(known, 0) + leave - enter
    return took


# What messages say of data quality: its name -> how many there are.
QUALITY: Mapping[str, Callable[[Ledger], int]] = {
    "truncated_changelogs": lambda found: found.truncated_changelogs,
    "unmapped_statuses": lambda found: len(found.unmapped),
    "unmapped_issues": lambda found: found.unmapped_issues,
    "gaps": lambda found: found.gaps,
    "status_disagrees": lambda found: found.disagreeing.get(STATUS, 0),
    "negative_durations": lambda found: found.negative_durations,
    "never_started": lambda found: found.ended_unstarted,  # the others have time to: they are in no figure yet
    "back_before_commitment": lambda found: found.back_before_commitment,
    "moved": lambda found: found.moved,
}


def data_quality(timelines: Iterable[Timeline]) -> tuple[tuple[str, int], ...]:
    """What messages tell, as (count's name, count), only what is not 0."""
    found = ledger(timelines)
    counts = ((name, count(found)) for name, count in QUALITY.items())
    return tuple((name, n) for name, n in counts if n)
