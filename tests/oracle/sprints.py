"""Sprint sets by looking at every instant of a sprint (definition 12)."""

from typing import Any

from tests.oracle.report import Asked
from tests.oracle.rows import Raw, Row, iso, ms
from tests.oracle.slices import Life

NAMES = ("committed", "added", "removed", "completed", "carried_over", "completed_outside")


def begun(sprint: Raw, as_of: int) -> bool:
    start = sprint.get("activatedDate") or sprint.get("startDate")
    return sprint["state"] != "future" and start is not None and ms(start) <= as_of


def sprint_report(sprint: Raw, asked: Asked) -> dict[str, Any]:
    start = ms(sprint.get("activatedDate") or sprint["startDate"])
    closed = bool(sprint.get("completeDate")) and ms(sprint["completeDate"]) <= asked.as_of
    end = ms(sprint["completeDate"]) if closed else asked.as_of
    ever = [row for row in asked.rows if row.created <= end and _mentioned(row, str(sprint["id"]))]
    seen = [_Seen(row, asked, str(sprint["id"]), start, end) for row in ever]
    sets = {name: [each for each in seen if getattr(each, name)] for name in NAMES}
    ours = [each for each in seen if each.committed or each.added]
    points = {name: sum(each.points(name) for each in members) for name, members in sets.items()}
    points["re_estimated"] = sum(each.points("completed") - each.first_points for each in ours)
    return {
        "sprint": sprint["id"],
        "start": iso(start),
        "end": iso(end),
        **{name: sorted(each.row.key for each in members) for name, members in sets.items()},
        "points": points,
        "unestimated": sorted(each.row.key for each in ours if each.unestimated),
        "provisional": not closed,
    }


def burn_up(sprint: Raw, asked: Asked) -> list[tuple[int, int, int]]:
    """(instant, scope, done) wherever they change: the sprint as it was seen at every instant of it (definition 13)."""
    start, number = ms(sprint.get("activatedDate") or sprint["startDate"]), str(sprint["id"])
    closed = bool(sprint.get("completeDate")) and ms(sprint["completeDate"]) <= asked.as_of
    end = ms(sprint["completeDate"]) if closed else asked.as_of
    rows = [row for row in asked.rows if _mentioned(row, number)]
    instants = {start, *asked.flow.dates(), *(at for row in rows for at in row.instants())}
    steps: list[tuple[int, int, int]] = []
    for at in sorted(at for at in instants if start <= at <= end):
        seen = [_Seen(row, asked, number, start, at) for row in rows if row.created <= at]
        done = sum(each.completed for each in seen)
        scope = done + sum(each.carried_over for each in seen)
        if not steps or steps[-1][1:] != (scope, done):
            steps.append((at, scope, done))
    return steps


def _mentioned(row: Row, sprint: str) -> bool:
    return any(sprint in ids for ids in (row.first["sprint"], *(ids for _, ids in row.later["sprint"])))


class _Seen:
    """One issue in one sprint, each question answered by looking at the issue as of the instant in question."""

    def __init__(self, row: Row, asked: Asked, sprint: str, start: int, end: int) -> None:
        self.row, self._asked, self._sprint, self._start, self._end = row, asked, sprint, start, end

    def _in(self, at: int) -> bool:
        return at >= self.row.created and self._sprint in self.row.value("sprint", at)

    def _ended(self, at: int) -> tuple[bool, bool]:
        """Done, and given up, at `at`."""
        life = Life(self.row, self._asked.flow, at)
        return life.finished is not None, life.abandoned is not None

    def _open_in(self, at: int) -> bool:
        return self._in(at) and not any(self._ended(at))

    @property
    def committed(self) -> bool:
        return self._open_in(self._start)

    @property
    def _added_at(self) -> int | None:
        if self.committed:
            return None
        happened = sorted({*self.row.instants(), *self._asked.flow.dates()})
        inside = (at for at in happened if max(self._start, self.row.created - 1) < at <= self._end)
        return next((at for at in inside if self._open_in(at)), None)

    @property
    def added(self) -> bool:
        return self._added_at is not None

    @property
    def completed(self) -> bool:
        finish = Life(self.row, self._asked.flow, self._end).finished
        return (self.committed or self.added) and finish is not None and self._in(finish)

    @property
    def carried_over(self) -> bool:
        return (self.committed or self.added) and self._open_in(self._end)

    @property
    def removed(self) -> bool:
        return (self.committed or self.added) and not self.completed and not self.carried_over

    @property
    def completed_outside(self) -> bool:
        inside = [self._start, *(at for at in self.row.instants() if self._start <= at <= self._end)]
        return self._ended(self._end)[0] and not self.completed and any(self._in(at) for at in inside)

    @property
    def first_points(self) -> float:
        return self._estimate(self._start if self.committed else self._added_at or 0)

    @property
    def unestimated(self) -> bool:
        """Committed or added, and counted 0 at the end for want of an estimate."""
        return not self.row.subtask and self.row.value("points", self._end) is None

    def points(self, name: str) -> float:
        return self.first_points if name in ("committed", "added") else self._estimate(self._end)

    def _estimate(self, at: int) -> float:
        return 0 if self.row.subtask else self.row.value("points", at) or 0
