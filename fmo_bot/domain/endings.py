"""When an issue was open, done or given up, in epoch milliseconds (metrics.md, definition 2).

An issue that was only ever in no stage is open: nothing has ended it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from fmo_bot.domain.sprint_lives import Life
from fmo_bot.domain.workflow import StageKind, Workflow

T = TypeVar("T")
Run = tuple[int, StageKind | None, int]  # from when on, how it ends, since when it does


# [from, until), whether the issue is open (neither done nor abandoned), and since when it is done, if it is.
Turn = tuple[int, int, bool, int | None]
_INSTANT: Callable[[Any], int] = itemgetter(0)
NEVER = 1 << 62  # later than any instant


class Endings:
    """Reads turns off lives, by one workflow: made once, asked about every issue."""

    def __init__(self, workflow: Workflow) -> None:
        """Statuses of no stage are passed over: they end nothing and begin nothing."""
        self._workflow = workflow
        ends = (StageKind.DONE, StageKind.ABANDONED)
        self._ends = {status: s.kind if s.kind in ends else None for s in workflow.stages for status in s.statuses}
        self._abandons: dict[str | None, bool] = {}  # resolution -> whether it is listed

    def of(self, life: Life) -> list[Turn]:
        """Every turn, without a gap, the first one where the issue was created."""
        runs = self._runs(life)
        if any([self._is_listed(name) for _, name in life.resolutions]):
            runs = self._given_up(runs, life)
        untils = [at for at, _, _ in runs[1:]]
        untils.append(NEVER)
        return [
            (at, until, end is None, done if end is StageKind.DONE else None)
            for (at, end, done), until in zip(runs, untils, strict=True)
        ]

    def _runs(self, life: Life) -> list[Run]:
        """Unbroken runs of stays that are done, abandoned, or (None) neither."""
        runs: list[Run] = []
        last = None
        for at, status in life.statuses:
            end = self._ends.get(status, last)
            if end is not last or not runs:
                runs.append((at, end, at))
                last = end
        return runs

    def _is_listed(self, resolution: str | None) -> bool:
        if resolution not in self._abandons:
            self._abandons[resolution] = self._workflow.abandons(resolution)
        return self._abandons[resolution]

    def _given_up(self, runs: Sequence[Run], life: Life) -> list[Run]:
        """The same where a listed resolution was in force at times: whatever is done then is abandoned."""
        found: list[Run] = []
        for at in sorted({at for at, _, _ in runs} | {at for at, _ in life.resolutions}):
            _, end, since = _at(runs, at)
            if end is StageKind.DONE and self._is_listed(_at(life.resolutions, at)[1]):
                end = StageKind.ABANDONED
            found.append((at, end, since))
        return found


def _at(track: Sequence[T], at: int) -> T:
    """What holds at an instant that is not before the first; the entries begin with instants."""
    return track[bisect_right(track, at, key=_INSTANT) - 1]
