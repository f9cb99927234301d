"""How long incidents lasted (metrics.md, definition 11)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fmo_bot.domain.flow import spread
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.workflow_file import Incidents


@dataclass(frozen=True, slots=True)
class Recovery:
    """One incident as it was known at as_of; instants in epoch milliseconds."""

    began: int
    restored: int | None  # None: open, or given up
    abandoned: bool = False  # given up before anything was restored: neither restored nor open

    @property
    def took(self) -> int | None:
        """Milliseconds; None where it is not restored, or was restored before it began (somebody mistyped)."""
        if self.restored is None or self.restored < self.began:
            return None
        return self.restored - self.began

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.restored is None and not self.abandoned


def recovery(timeline: Timeline, incidents: Incidents) -> Recovery | None:
    """The recovery of an issue; None where it is no incident, or was not known at the timeline's as_of.

    It began when its `started_field` says, else when it was created; nobody knows yet of one that begins after as_of.
    Restored is the first entry into one of `restored_statuses`, or into a done stage; that it was reopened is ignored.
    """
    life, wanted = timeline.life, incidents.restored_statuses
    if not timeline.known or not incidents.include(life.issue_type):
        return None
    start = dict(life.instants).get(incidents.started_field or "", life.created)
    if start > timeline.as_of:
        return None
    entered = (at for at, place, status in timeline.stays if (status in wanted if wanted else place and place.done))
    restored = next(entered, None)
    given_up = timeline.abandoned
    # Given up in the very move into a done stage it is not restored, unless that status is named as restoring.
    if given_up is not None and (restored is None or given_up < restored or (given_up == restored and not wanted)):
        return Recovery(start, None, abandoned=True)
    return Recovery(start, restored)


@dataclass(frozen=True)
class Recoveries:
    """Time to recover of incidents, and what is still open beside it."""

    took: Spread
    open: int
    oldest_ms: int | None  # how long the oldest open incident has lasted at as_of
    negative: int  # restored before they began: in no figure


def recoveries(
    found: Iterable[Recovery], *, as_of: int, since: int | None = None, until: int | None = None
) -> Recoveries:
    """Of incidents restored in [since, until), all where None; what is open at `as_of` whenever it began."""
    every = list(found)
    inside = [one for one in every if _inside(one.restored, since, until)]
    still = [as_of - one.began for one in every if one.is_open]
    return Recoveries(
        took=spread(one.took for one in inside if one.took is not None),
        open=len(still),
        oldest_ms=max(still, default=None),
        negative=sum(one.restored is not None and one.took is None for one in inside),
    )


def _inside(at: int | None, since: int | None, until: int | None) -> bool:
    return at is not None and (since is None or at >= since) and (until is None or at < until)


def of(timelines: Iterable[Timeline], incidents: Incidents) -> Sequence[Recovery]:
    """The recoveries of those that are incidents."""
    return [one for timeline in timelines if (one := recovery(timeline, incidents)) is not None]
