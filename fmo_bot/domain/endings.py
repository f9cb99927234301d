"""When an issue was open, done or given up, in epoch milliseconds (metrics.md, definition 2).

An issue that was only ever in no stage is open: nothing has ended it. What a status means is decided when it is
entered, and anew on the date of each version of the workflow; what a resolution means is decided when it is set.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from fmo_bot.domain.lives import FOREVER, Life, Track
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
from fmo_bot.domain.workflow import StageKind, Workflow

T = TypeVar("T")
Run = tuple[int, StageKind | None, int]  # from when on, how it ends (None: it does not), since when it does
# [from, until), whether the issue is open (neither done nor abandoned), and since when it is done, if it is.
Turn = tuple[int, int, bool, int | None]
_INSTANT: Callable[[Any], int] = itemgetter(0)
_ENDS = (StageKind.DONE, StageKind.ABANDONED)


class Endings:
    """Reads turns off lives, by one workflow: made once, asked about every issue."""

    def __init__(self, workflow: AnyWorkflow) -> None:
        """Statuses of no stage are passed over: they end nothing and begin nothing."""
        dated = workflow.versions if isinstance(workflow, DatedWorkflow) else ((0, workflow),)
        self._versions = [(since, _Version(version)) for since, version in dated]
        self._only = self._versions[0][1]  # enough for most
        self._harmless: set[str | None] = {None}  # resolutions met that no version lists

    def of(self, life: Life) -> list[Turn]:
        """Every turn, without a gap, the first one where the issue was created."""
        runs = self._runs(life.statuses) if len(self._versions) == 1 else self._dated_runs(life.statuses)
        for _, resolution in life.resolutions:
            if resolution not in self._harmless and self._is_listed(resolution):
                runs = self._given_up(runs, life)
                break
        untils = [at for at, _, _ in runs[1:]]
        untils.append(FOREVER)
        return [
            (at, until, end is None, since if end is StageKind.DONE else None)
            for (at, end, since), until in zip(runs, untils, strict=True)
        ]

    def _at(self, instant: int) -> "_Version":
        if len(self._versions) == 1:
            return self._only
        return self._versions[max(0, bisect_right(self._versions, instant, key=_INSTANT) - 1)][1]

    def _runs(self, statuses: Track[str]) -> list[Run]:
        """Unbroken runs of stays that are done, abandoned, or neither."""
        runs: list[Run] = []
        ends, last = self._only.ends, None
        for at, status in statuses:
            end = ends.get(status, last)
            if end is not last or not runs:
                runs.append((at, end, at))
                last = end
        return runs

    def _dated_runs(self, statuses: Track[str]) -> list[Run]:
        """The same by several versions: on the date of each, the present status is looked at anew."""
        runs: list[Run] = []
        last = None
        dates = [since for since, _ in self._versions[1:] if since > statuses[0][0]]
        anew = [(since, held) for since in dates if (held := _held(statuses, since)[1])]
        for at, status in sorted([*statuses, *anew], key=_INSTANT):
            end = self._at(at).ends.get(status, last)
            if end is not last or not runs:
                runs.append((at, end, at))
                last = end
        return runs

    def _is_listed(self, resolution: str | None) -> bool:
        """Whether any version lists it."""
        listed = any(version.abandons(resolution) for _, version in self._versions)
        if not listed:
            self._harmless.add(resolution)
        return listed

    def _given_up(self, runs: Sequence[Run], life: Life) -> list[Run]:
        """The same where a listed resolution was in force at times: whatever is done then is abandoned."""
        found: list[Run] = []
        for at in sorted({at for at, _, _ in runs} | {at for at, _ in life.resolutions}):
            _, end, since = _held(runs, at)
            set_at, resolution = _held(life.resolutions, at)
            if end is StageKind.DONE and self._at(set_at).abandons(resolution):
                end = StageKind.ABANDONED
            found.append((at, end, since))
        return found


class _Version:
    """What a version of a workflow says of statuses and resolutions."""

    def __init__(self, workflow: Workflow) -> None:
        kinds = ((stage.kind if stage.kind in _ENDS else None, stage.statuses) for stage in workflow.stages)
        self.ends = {status: kind for kind, statuses in kinds for status in statuses}
        self.abandons = workflow.abandons


def _held(track: Sequence[T], at: int) -> T:
    """What holds at an instant that is not before the first; the entries begin with instants."""
    return track[bisect_right(track, at, key=_INSTANT) - 1]
