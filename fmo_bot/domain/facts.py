"""What a report looks an issue up by: derived from its life and a workflow once, then kept (services.facts).

A fact holds from the issue's newest event on. Whoever asks about an earlier instant has to look at the life itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fmo_bot.domain import flow, quality
from fmo_bot.domain.lives import FOREVER, Life
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
from fmo_bot.domain.recovery import Recovery, recovery
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.workflow_file import Incidents

NO_INCIDENTS = Incidents()
RULES = 6  # goes up with every change of what lives or facts say: those that are kept are then made anew
_STATUS = "unmapped:"  # before the site and id of a status in no stage: several issues may have been in the same one
_STATUSES = "unmapped_statuses"


@dataclass(frozen=True, slots=True)
class Fact:
    """Of one issue on one board, in epoch milliseconds. `doubts`: what data quality counts of it, by name.

    `ages`: stages and ages on leaving them, of what started and finished (flow.Compared), unless it counts in no flow.
    `in_no_stage`: milliseconds in each such status; of the one it is in, up to FOREVER (see `lasted`).
    """

    changed: int
    started: int | None
    ended: int | None  # finished or abandoned
    doubts: Mapping[str, int]
    ages: Mapping[str, int] | None = None
    incident: Recovery | None = None
    in_no_stage: Mapping[str, int] = field(default_factory=dict)


def fact(life: Life, workflow: AnyWorkflow, incidents: Incidents = NO_INCIDENTS) -> Fact:
    """What is true of an issue from its newest event on; of an incident that is kept out of flow nothing is doubted."""
    course = timeline(life, workflow, FOREVER)
    ended = course.finished if course.abandoned is None else course.abandoned
    apart = incidents.leave_out(life.issue_type)
    found = Counter[str]() if apart else doubts([course])
    beside = None if apart else flow.compared_with(course)
    return Fact(
        changed=newest(life, workflow),
        started=course.started,
        ended=ended,
        doubts=+found,
        ages=beside and beside.ages,
        incident=recovery(course, incidents),
        in_no_stage=quality.in_no_stage(course) if course.standing.unmapped and not apart else {},
    )


def lasted(in_no_stage: Mapping[str, int], as_of: int) -> dict[str, int]:
    """The milliseconds of `Fact.in_no_stage` up to an instant of which the fact is true."""
    ahead = FOREVER - as_of  # more than any stay that has ended
    return {status: ms if ms < ahead else ms - ahead for status, ms in in_no_stage.items()}


def newest(life: Life, workflow: AnyWorkflow) -> int:
    """When something last happened to an issue, or to the workflow it is seen by."""
    instants = [at[-1] for at, _ in (life.statuses, life.resolutions, life.sprints, life.points) if at]
    instants += [instant for interval in life.flags[-1:] for instant in interval if instant != FOREVER]
    instants += [*life.gaps[-1:], *(at for _, at in life.disagreeing), life.moved or life.created]
    if isinstance(workflow, DatedWorkflow):
        instants.append(workflow.versions[-1][0])
    return max(instants)


def ever_in(life: Life) -> frozenset[int]:
    """The sprints an issue was ever in."""
    return frozenset().union(*life.sprints[1])


def doubts(timelines: Iterable[Timeline]) -> Counter[str]:
    """What data quality counts (domain.quality), so that it can be added up over issues; `told` makes one of it."""
    found: Counter[str] = Counter()
    for course in timelines:
        found.update({name: n for name, n in quality.counted(quality.ledger([course])) if name != _STATUSES})
        found.update(set(_unmapped(course)))
    return found


def unmapped(found: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The statuses in no stage that some issue of these was in, each as site and id, by the doubts of them all."""
    for name, n in found.items():
        if n and name.startswith(_STATUS):
            site, _, status = name.removeprefix(_STATUS).partition(":")
            yield site, status


def told(found: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Data quality of all issues whose doubts were added up, as (count's name, count), only what is not 0."""
    statuses = sum(n > 0 for name, n in found.items() if name.startswith(_STATUS))
    counts = {name: statuses if name == _STATUSES else found.get(name, 0) for name in quality.QUALITY}
    return tuple((name, n) for name, n in counts.items() if n)


def _unmapped(course: Timeline) -> Iterator[str]:
    if course.standing.unmapped:
        yield from (f"{_STATUS}{course.life.site}:{status}" for _, place, status in course.stays if place is None)
