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


class Tally:
    """Counts issues as they come, so that nobody has to hold them all."""

    def __init__(self) -> None:
        """Nothing met yet."""
        self._issues: Counter[tuple[str, str]] = Counter()
        self._lasted: Counter[tuple[str, str]] = Counter()
        self._disagreeing: Counter[str] = Counter()
        self._truncated = self._unmapped = self._gaps = self._early = 0
        self._unstarted = self._ended = self._back = self._moved = 0

    def count(self, timeline: Timeline) -> None:
        """One issue more; one that did not exist at as_of is none."""
        life, as_of = timeline.life, timeline.as_of
        _, _, started, finished, abandoned, back, unmapped = timeline.standing
        if life.created > as_of:
            return
        if not life.complete:
            self._truncated += 1
        if life.before_created:
            self._early += life.before_created
        if back:
            self._back += 1
        if started is None:
            self._unstarted += 1
            self._ended += finished is not None or abandoned is not None
        if life.gaps:
            self._gaps += sum(at <= as_of for at in life.gaps)
        if life.moved is not None:
            self._moved += life.moved <= as_of
        if life.disagreeing:
            self._disagreeing.update(field for field, at in life.disagreeing if at <= as_of)
        if unmapped:
            self._unmapped += 1
            self.stayed(life.site, in_no_stage(timeline))

    def stayed(self, site: str, took: Mapping[str, int]) -> None:
        """What `in_no_stage` says of one issue more, of which nothing else is counted."""
        for status, ms in took.items():
            self._lasted[site, status] += ms
            self._issues[site, status] += 1

    def ledger(self) -> Ledger:
        """Of all issues counted so far."""
        unmapped = (Unmapped(*known, self._issues[known], took / 1000) for known, took in self._lasted.most_common())
        return Ledger(
            truncated_changelogs=self._truncated,
            unmapped=tuple(unmapped),
            unmapped_issues=self._unmapped,
            gaps=self._gaps,
            disagreeing=dict(sorted(self._disagreeing.items())),
            negative_durations=self._early,
            never_started=self._unstarted,
            ended_unstarted=self._ended,
            back_before_commitment=self._back,
            moved=self._moved,
        )


def ledger(timelines: Iterable[Timeline]) -> Ledger:
    """What is to be known of these."""
    tally = Tally()
    for timeline in timelines:
        tally.count(timeline)
    return tally.ledger()


def in_no_stage(timeline: Timeline) -> dict[str, int]:
    """Status -> milliseconds in it, of statuses of no stage."""
    took: dict[str, int] = {}
    for place, status, enter, leave in timeline.stayed():
        if place is None:
            took[status] = took.get(status, 0) + leave - enter
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


def counted(found: Ledger) -> tuple[tuple[str, int], ...]:
    """What messages tell, as (count's name, count), only what is not 0."""
    counts = ((name, count(found)) for name, count in QUALITY.items())
    return tuple((name, n) for name, n in counts if n)
