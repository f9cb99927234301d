"""What a reader has to know before trusting the figures (metrics.md, definition 16)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fmo_bot.domain.timelines import Timeline


@dataclass(frozen=True)
class Unmapped:
    """A status that is in no stage: how many issues were in it, for how long together."""

    site: str
    status: str
    issues: int
    seconds: float


def unmapped(timelines: Iterable[Timeline]) -> tuple[Unmapped, ...]:
    """Every unmapped status met, the longest first."""
    issues: Counter[tuple[str, str]] = Counter()
    lasted: Counter[tuple[str, str]] = Counter()
    for timeline in timelines:
        if not timeline.standing.unmapped:
            continue
        inside = [(s, leave - enter) for place, s, enter, leave in timeline.stayed() if place is None]
        for status, took in inside:
            lasted[timeline.life.site, status] += took
        issues.update({(timeline.life.site, status) for status, _ in inside})
    return tuple(Unmapped(*known, issues[known], total / 1000) for known, total in lasted.most_common())


def gaps(timeline: Timeline) -> int:
    """Status items up to as_of that came from another status than the one held before them."""
    return sum(at <= timeline.as_of for at in timeline.life.gaps) if timeline.life.gaps else 0


def never_started(timeline: Timeline) -> bool:
    """No start that counts at as_of, finished or not: counted, never taken as 0 (definition 2)."""
    return timeline.known and timeline.standing.started is None


def moved(timeline: Timeline) -> bool:
    """Whether the issue came from another project."""
    return timeline.life.moved is not None and timeline.life.moved <= timeline.as_of


def disagreeing(timelines: Iterable[Timeline]) -> dict[str, int]:
    """Field -> issues whose last item of it leads elsewhere than the field is now; the changelog is believed."""
    found: Counter[str] = Counter()
    for timeline in timelines:
        found.update(field for field, at in timeline.life.disagreeing if at <= timeline.as_of)
    return dict(sorted(found.items()))


# What messages say of data quality: its name -> how many there are.
QUALITY: Mapping[str, Callable[[Sequence[Timeline]], int]] = {
    "truncated_changelogs": lambda every: sum(not t.life.complete for t in every),
    "unmapped_statuses": lambda every: len(unmapped(every)),
    "unmapped_issues": lambda every: sum(t.standing.unmapped for t in every),
    "gaps": lambda every: sum(map(gaps, every)),
    "status_disagrees": lambda every: disagreeing(every).get("status", 0),
    "negative_durations": lambda every: sum(t.life.before_created for t in every),
    "never_started": lambda every: sum(never_started(t) and t.standing.ended for t in every),
    "back_before_commitment": lambda every: sum(t.standing.back for t in every),
    "moved": lambda every: sum(map(moved, every)),
}


def data_quality(timelines: Iterable[Timeline]) -> tuple[tuple[str, int], ...]:
    """What messages tell, as (count's name, count), only what is not 0.

    `never_started` counts here only ended issues without a start: they are in no cycle time.
    """
    every = tuple(timelines)
    counts = ((name, count(every)) for name, count in QUALITY.items())
    return tuple((name, n) for name, n in counts if n)
