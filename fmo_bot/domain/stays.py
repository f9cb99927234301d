"""Where an issue stayed, when it started and how it ended (metrics.md, definitions 1, 2 and 17)."""

from collections.abc import Sequence
from typing import NamedTuple

from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow, in_force
from fmo_bot.domain.workflow import Place

Stay = tuple[int, Place | None, str]
"""(enter, place, status id); it lasts until the next one enters. No place: unmapped."""


def stays(life: Life, workflow: AnyWorkflow, as_of: int) -> list[Stay]:
    """The stays entered up to `as_of` (events of that instant included), in order; none before the issue existed."""
    if isinstance(workflow, DatedWorkflow):
        return _looked_at_anew(life, workflow, as_of)
    place_of = workflow.places.get
    found = [(at, place_of(status), status) for at, status in life.statuses]
    while found and found[-1][0] > as_of:
        found.pop()
    return found


def _looked_at_anew(life: Life, workflow: DatedWorkflow, as_of: int) -> list[Stay]:
    """On the date of a version a stay begins where it puts the present status into another stage."""
    found: list[Stay] = []
    events = [(at, False, status) for at, status in life.statuses]
    events += [(at, True, "") for at, _ in workflow.versions[1:] if at > life.created]
    for at, is_version, status in sorted(events, key=lambda event: event[:2]):
        if at > as_of:
            break
        present = found[-1][2] if is_version else status
        place = workflow.at(at).places.get(present)
        if not is_version or not _same(place, found[-1][1]):
            found.append((at, place, present))
    return found


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


def standing(life: Life, workflow: AnyWorkflow, as_of: int, found: Sequence[Stay]) -> Standing:
    """How an issue stands after these stays, which are all up to `as_of`."""
    last: Place | None = None
    entered = 0
    first: int | None = None
    started: int | None = None
    done: int | None = None  # enter of the present unbroken run of done stays
    committed = unmapped = False
    for at, place, _ in found:
        if place is None:
            unmapped = True  # neither starts, restarts nor ends anything
            continue
        last, entered = place, at
        if place.working:
            started = at if started is None else started
            first = at if first is None else first
        elif place.before:
            started = None
        if not place.done:
            done = None
        elif done is None:
            done = at
        committed = committed or not place.before
    if last is None:
        return Standing(unmapped=unmapped)
    abandoned = entered if last.abandoned else None
    if done is not None and (given_up := _given_up(life, workflow, as_of)) is not None:
        done, abandoned = None, max(entered, given_up)
    return Standing(last, first, started, done, abandoned, committed and last.before, unmapped)


def _given_up(life: Life, workflow: AnyWorkflow, as_of: int) -> int | None:
    """Since when a listed resolution is in force. Of dated workflows, the version of when it was set lists it."""
    since: int | None = None
    for at, resolution in life.resolutions:
        if at > as_of:
            break
        if resolution is None or not in_force(workflow, at).abandons(resolution):
            since = None
        elif since is None:
            since = at
    return since
