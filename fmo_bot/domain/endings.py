"""When an issue was open, done or given up, in epoch milliseconds (metrics.md, definitions 2 and 17).

The same as `stays.standing` says of one instant, for all of them. An issue that was only ever in no stage is open:
nothing has ended it.
"""

from collections.abc import Sequence
from itertools import pairwise

from fmo_bot.domain.intervals import Interval, cut
from fmo_bot.domain.lives import FOREVER, Life, Track
from fmo_bot.domain.mappings import AnyWorkflow, in_force
from fmo_bot.domain.stays import stays
from fmo_bot.domain.workflow import Place, Workflow

# [from, until), whether the issue is open (neither done nor abandoned), and since when it is done, if it is.
Turn = tuple[int, int, bool, int | None]
OPEN, DONE, ABANDONED = "open", "done", "abandoned"
_BY_ITSELF = {OPEN: OPEN, DONE: DONE, ABANDONED: ABANDONED}


class Endings:
    """Reads turns off lives, by one workflow: made once, asked about every issue."""

    def __init__(self, workflow: AnyWorkflow) -> None:
        """Of a workflow of one version all that counts is which status ends what."""
        self._workflow = workflow
        places = workflow.places if isinstance(workflow, Workflow) else {}
        self._ends = {status: _end(place) for status, place in places.items()}
        self._harmless: set[str | None] = {None}  # resolutions met that give nothing up

    def of(self, life: Life) -> list[Turn]:
        """Every turn, without a gap, the first one where the issue was created."""
        if isinstance(self._workflow, Workflow):
            turns = _turns(life.statuses, self._ends)
        else:
            every = stays(life, self._workflow, FOREVER)
            turns = _turns([(at, _end(place) if place else "") for at, place, _ in every], _BY_ITSELF)
        for at, resolution in life.resolutions:
            if resolution not in self._harmless and self._gives_up(resolution, at):
                return _given_up(turns, self._listed(life.resolutions))
        return turns

    def _gives_up(self, resolution: str | None, at: int) -> bool:
        """Whether the version of when it was set lists it."""
        listed = resolution is not None and in_force(self._workflow, at).abandons(resolution)
        if not listed and isinstance(self._workflow, Workflow):
            self._harmless.add(resolution)
        return listed

    def _listed(self, resolutions: Track[str | None]) -> list[Interval]:
        """When a listed resolution was in force."""
        untils = [at for at, _ in resolutions[1:]]
        spans = zip(resolutions, [*untils, FOREVER], strict=True)
        return [(at, until) for (at, resolution), until in spans if self._gives_up(resolution, at)]


def _end(place: Place) -> str:
    return DONE if place.done else ABANDONED if place.abandoned else OPEN


def _turns(entered: Sequence[tuple[int, str]], ends: dict[str, str]) -> list[Turn]:
    """Unbroken runs of stays that end alike; what `ends` does not know is unmapped and changes nothing."""
    turns: list[Turn] = []
    since, last = entered[0][0], OPEN
    for at, status in entered:
        end = ends.get(status, last)
        if end is not last:
            turns.append((since, at, last is OPEN, since if last is DONE else None))
            since, last = at, end
    turns.append((since, FOREVER, last is OPEN, since if last is DONE else None))
    return turns


def _given_up(turns: Sequence[Turn], listed: Sequence[Interval]) -> list[Turn]:
    """The same where whatever was done while a listed resolution was in force is abandoned."""
    found: list[Turn] = []
    for since, until, is_open, done in turns:
        if done is None:
            found.append((since, until, is_open, None))
            continue
        abandoned = cut(listed, (since, until))
        marks = sorted({since, until, *(at for span in abandoned for at in span)})
        for a, b in pairwise(marks):
            given_up = any(start <= a < end for start, end in abandoned)
            found.append((a, b, False, None if given_up else done))
    return found
