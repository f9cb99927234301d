"""When an issue was open, done or given up, in epoch milliseconds (metrics.md, definitions 2 and 17).

The same as `stays.standing` says of one instant, for all of them. An issue that was only ever in no stage is open:
nothing has ended it.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from fmo_bot.domain.intervals import Interval, cut
from fmo_bot.domain.lives import FOREVER, Life, Track
from fmo_bot.domain.mappings import AnyWorkflow, in_force
from fmo_bot.domain.routes import Path
from fmo_bot.domain.stays import stays
from fmo_bot.domain.workflow import Place, Workflow

# [from, until), whether the issue is open (neither done nor abandoned), and since when it is done, if it is.
Turn = tuple[int, int, bool, int | None]
_Run = tuple[int, int, bool, bool]  # the same by numbers of stays, and whether it is done
OPEN, DONE, ABANDONED = "open", "done", "abandoned"
_BY_ITSELF = {OPEN: OPEN, DONE: DONE, ABANDONED: ABANDONED}


class Endings:
    """Reads turns off lives, by one workflow: made once, asked about every issue."""

    def __init__(self, workflow: AnyWorkflow) -> None:
        """Of a workflow of one version all that counts is which status ends what."""
        self._workflow = workflow
        self._ends = _BY_ITSELF
        if isinstance(workflow, Workflow):
            self._ends = {status: _end(place) for status, place in workflow.places.items()}
        self._runs: dict[Path, list[_Run]] = {}  # of paths met
        self._harmless: set[str | None] = {None}  # resolutions met that give nothing up

    def of(self, life: Life) -> list[Turn]:
        """Every turn, without a gap, the first one where the issue was created."""
        if isinstance(self._workflow, Workflow):
            entered, path = life.entered, life.path
        else:
            entered, _, route = stays(life, self._workflow, FOREVER)
            path = tuple(_end(place) if place else "" for place in route.places)
        turns = self._turns(entered, path)
        for at, resolution in zip(*life.resolutions, strict=True):
            if resolution not in self._harmless and self._gives_up(resolution, at):
                return _given_up(turns, self._listed(life.resolutions))
        return turns

    def _turns(self, entered: tuple[int, ...], path: Path) -> list[Turn]:
        """The turns of consecutive stays, as if no resolution gave anything up."""
        if (runs := self._runs.get(path)) is None:
            runs = self._runs[path] = _runs(path, self._ends)
        at = (*entered, FOREVER)
        return [
            (at[since], at[until], is_open, at[since] if is_done else None) for since, until, is_open, is_done in runs
        ]

    def _gives_up(self, resolution: str | None, at: int) -> bool:
        """Whether the version of when it was set lists it."""
        listed = resolution is not None and in_force(self._workflow, at).abandons(resolution)
        if not listed and isinstance(self._workflow, Workflow):
            self._harmless.add(resolution)
        return listed

    def _listed(self, resolutions: Track[str | None]) -> list[Interval]:
        """When a listed resolution was in force."""
        since, given = resolutions
        spans = zip(since, (*since[1:], FOREVER), given, strict=True)
        return [(at, until) for at, until, resolution in spans if self._gives_up(resolution, at)]


def _end(place: Place) -> str:
    return DONE if place.done else ABANDONED if place.abandoned else OPEN


def _runs(path: Path, ends: Mapping[str, str]) -> list[_Run]:
    """Unbroken runs of stays that end alike; what `ends` does not know is unmapped and changes nothing."""
    found: list[_Run] = []
    since, last = 0, OPEN
    for number, status in enumerate(path):
        end = ends.get(status, last)
        if end is not last:
            found.append((since, number, last is OPEN, last is DONE))
            since, last = number, end
    found.append((since, len(path), last is OPEN, last is DONE))
    return found


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
