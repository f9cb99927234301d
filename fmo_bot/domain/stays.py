"""Where an issue stayed, when it started and how it ended (metrics.md, definitions 1, 2 and 17)."""

from bisect import bisect_right
from typing import NamedTuple

from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow, in_force
from fmo_bot.domain.routes import Path, Route, route
from fmo_bot.domain.workflow import Place, Workflow

Stay = tuple[int, Place | None, str]
"""(enter, place, status id); it lasts until the next one enters. No place: unmapped."""
Stays = tuple[tuple[int, ...], Path, Route]
"""Of consecutive stays: when each was entered, the status of each, and what they come to."""


def stays(life: Life, workflow: AnyWorkflow, as_of: int) -> Stays:
    """The stays entered up to `as_of` (events of that instant included), in order; none before the issue existed."""
    if isinstance(workflow, DatedWorkflow):
        return _looked_at_anew(life, workflow, as_of)
    entered, path = life.entered, life.path
    if entered[-1] > as_of:
        known = bisect_right(entered, as_of)
        entered, path = entered[:known], path[:known]
    return entered, path, workflow.routes[path]


def _looked_at_anew(life: Life, workflow: DatedWorkflow, as_of: int) -> Stays:
    """On the date of a version a stay begins where it puts the present status into another stage."""
    found: list[Stay] = []
    events = [(at, False, status) for at, status in zip(*life.statuses, strict=True)]
    events += [(at, True, "") for at, _ in workflow.versions[1:] if at > life.created]
    for at, is_version, status in sorted(events, key=lambda event: event[:2]):
        if at > as_of:
            break
        present = found[-1][2] if is_version else status
        place = workflow.at(at).places.get(present)
        if not is_version or not _same(place, found[-1][1]):
            found.append((at, place, present))
    entered, places, path = zip(*found, strict=True) if found else ((), (), ())
    return entered, path, route(places)


def _same(place: Place | None, other: Place | None) -> bool:
    return other is None if place is None else place.same(other)


class Standing(NamedTuple):
    """How an issue stands at an instant; instants in epoch milliseconds."""

    place: Place | None = None  # of the last mapped stay
    first: int | None = None  # enter of the first working stay ever
    started: int | None = None
    finished: int | None = None
    abandoned: int | None = None
    back: bool = False  # before the commitment point again
    unmapped: bool = False  # whether it ever was in a status of no stage

    @property
    def ended(self) -> bool:
        """Done or abandoned."""
        return self.finished is not None or self.abandoned is not None


def standing(life: Life, workflow: AnyWorkflow, as_of: int, found: Stays) -> Standing:
    """How an issue stands after these stays, which are all up to `as_of`."""
    entered, _, (_, last, latest, first, started, done, back, unmapped, _, _) = found
    if last is None:
        return Standing(unmapped=unmapped)
    finished = None if done is None else entered[done]
    abandoned = entered[latest] if last.abandoned else None
    if finished is not None and (given_up := _given_up(life, workflow, as_of)) is not None:
        finished, abandoned = None, max(entered[latest], given_up)
    return Standing(
        last,
        None if first is None else entered[first],
        None if started is None else entered[started],
        finished,
        abandoned,
        back,
        unmapped,
    )


def _given_up(life: Life, workflow: AnyWorkflow, as_of: int) -> int | None:
    """Since when a listed resolution is in force. Of dated workflows, the version of when it was set lists it."""
    if isinstance(workflow, Workflow) and not workflow.abandoned_resolutions:
        return None
    since: int | None = None
    for at, resolution in zip(*life.resolutions, strict=True):
        if at > as_of:
            break
        if resolution is None or not in_force(workflow, at).abandons(resolution):
            since = None
        elif since is None:
            since = at
    return since
