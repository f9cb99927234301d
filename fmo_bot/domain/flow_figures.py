"""A board's flow as a whole, gathered in one walk over its issues (metrics.md, definitions 3, 4, 7, 8, 9, 11, 16)."""

from dataclasses import dataclass

from fmo_bot.domain import flow
from fmo_bot.domain.efficiency import Efficiency, Shares
from fmo_bot.domain.flow import Aged, Expectation, Week, spread
from fmo_bot.domain.mappings import AnyWorkflow
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.quality import Ledger, Tally
from fmo_bot.domain.recovery import Recoveries, Recovery, recoveries
from fmo_bot.domain.splits import Split
from fmo_bot.domain.timelines import Timeline


@dataclass(frozen=True, kw_only=True)
class FlowFigures:
    """What is said of a board's flow. Issues finished in the window: all figures but work in progress and ageing."""

    cycle_time: Spread
    lead_time: Spread
    incidents: Recoveries  # restored in the window; those open at as_of whenever they began
    weeks: tuple[Week, ...]
    wip: int
    ageing: tuple[Aged, ...]
    expectation: Expectation
    efficiency: Efficiency
    ledger: Ledger
    excluded: int  # incidents that count in no figure but time to recover


class Walk:
    """Takes issues one by one and keeps of them what figures need: of most no more than a few numbers."""

    def __init__(
        self, workflow: AnyWorkflow, *, since: int | None, until: int | None, as_of: int, zone: str = "UTC"
    ) -> None:
        """The window is [since, until) in epoch milliseconds; None: not limited on that side."""
        self.workflow, self.since, self.until, self.as_of, self.zone = workflow, since, until, as_of, zone
        self._first, self._compared_from = as_of, as_of - flow.COMPARED_MS
        self._ends: list[int] = []
        self._cycles: list[int] = []
        self._leads: list[int] = []
        self._incidents: list[Recovery] = []
        self._kept: list[Timeline] = []  # in progress, or finished lately: what ages are told of and compared with
        self._shares, self._doubts = Shares(), Tally()
        self._excluded = 0

    def recovered(self, incident: Recovery) -> None:
        """An incident, whose time counts where it was restored in the window."""
        self._incidents.append(incident)

    def exclude(self) -> None:
        """An issue that counts in no other figure."""
        self._excluded += 1

    def count(self, timeline: Timeline, split: Split, value: int | None) -> None:
        """One issue that existed at as_of. `value`: its value date (definition 4)."""
        life, (_, _, started, finished, abandoned, _, _) = timeline.life, timeline.standing
        if life.created < self._first:
            self._first = life.created
        if finished is not None and self._inside(finished):
            self._ends.append(finished)
            if started is not None:
                self._cycles.append(finished - started)
                self._shares.count(timeline, split)
            if value is not None:
                self._leads.append(value - life.created)
        if finished is None:
            if started is not None and abandoned is None:
                self._kept.append(timeline)
        elif finished >= self._compared_from:
            self._kept.append(timeline)
        self._doubts.count(timeline)

    def figures(self) -> FlowFigures:
        """Of all issues counted so far."""
        return FlowFigures(
            cycle_time=spread(self._cycles),
            lead_time=spread(self._leads),
            incidents=recoveries(self._incidents, as_of=self.as_of, since=self.since, until=self.until),
            weeks=self._weeks(),
            wip=sum(timeline.in_progress for timeline in self._kept),
            ageing=flow.ageing(self._kept, self.as_of),
            expectation=flow.expectation(self._kept, self.as_of),
            efficiency=self._shares.efficiency(self.workflow),
            ledger=self._doubts.ledger(),
            excluded=self._excluded,
        )

    def _inside(self, at: int) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def _weeks(self) -> tuple[Week, ...]:
        """Where no window is asked for: from the week in which the first issue was created to that of as_of."""
        since = flow.week_of(self._first, self.zone)[0] if self.since is None else self.since
        until = self.as_of + 1 if self.until is None else self.until
        return flow.weeks(self._ends, since=since, until=until, zone=self.zone, as_of=self.as_of)
