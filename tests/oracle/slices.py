"""One life cut at every instant at which anything happened, and what the definitions 1 to 7 read off the slices."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.oracle.clocks import Clock
from tests.oracle.flows import Flow, Stage
from tests.oracle.rows import Row


@dataclass(frozen=True)
class Slice:
    """From `start` to `end` nothing happened; there may be no time between them."""

    start: int
    end: int
    status: str
    stage: Stage | None
    held: Stage | None  # the same, or the stage before where a status in no stage is passed through
    given_up: bool  # held in an abandoned stage, or in a done one with a resolution that means giving up
    flagged: bool

    @property
    def long(self) -> int:
        return self.end - self.start

    @property
    def held_kind(self) -> str | None:
        return self.held.kind if self.held else None

    @property
    def done(self) -> bool:
        return self.stage is not None and self.stage.kind == "done"

    @property
    def waiting(self) -> bool:
        return self.stage is not None and self.stage.kind == "waiting"


class Life:
    """An issue as known at `as_of`; it must have been created by then."""

    def __init__(self, row: Row, flow: Flow, as_of: int) -> None:
        self.row, self.flow, self.as_of = row, flow, as_of
        self.slices: list[Slice] = []
        held: Stage | None = None
        for start, end, status in self._cuts():
            stage = flow.stage(status)
            held = stage or held
            given_up = self._given_up(held, row.value("resolution", start))
            self.slices.append(Slice(start, end, status, stage, held, given_up, row.value("flagged", start)))
        self.mapped = [piece for piece in self.slices if piece.stage]

    def _cuts(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, status): one for each history that moved it, even at one instant, and for each other instant."""
        instants = [at for at in self.row.instants() if at <= self.as_of]
        status = self.row.first["status"]
        for at, following in zip(instants, [*instants[1:], self.as_of], strict=True):
            moves = [to for when, to in self.row.later["status"] if when == at]
            before = [status] if at == self.row.created or not moves else []
            *passed, status = [*before, *moves]
            yield from ((at, at, each) for each in passed)
            yield at, following, status

    def _given_up(self, held: Stage | None, resolution: str | None) -> bool:
        if held is None:
            return False
        return held.kind == "abandoned" or (held.kind == "done" and resolution in self.flow.bad_ends)

    # Definition 2

    @cached_property
    def started(self) -> int | None:
        """Enter of the first working stay after the last stay before the commitment point."""
        found = None
        for piece in reversed(self.mapped):
            if self.flow.early(piece.stage):
                break
            if self.flow.working(piece.stage):
                found = piece.start
        return found

    @cached_property
    def finished(self) -> int | None:
        """Enter of the present unbroken run of done stays; a stay in no stage does not break it."""
        return None if self.abandoned is not None else self._run(lambda piece: piece.held_kind == "done")

    @cached_property
    def abandoned(self) -> int | None:
        """When the last mapped stay became given up: at its enter, or when the resolution came into force in it."""
        since = self._run(lambda piece: piece.given_up)
        return None if since is None else max(since, self._entered())

    def _entered(self) -> int:
        """Enter of the last mapped stay: slices of one stay follow one another without a move between."""
        moves = {when for when, _ in self.row.later["status"]}
        found = 0
        for piece in reversed(self.slices):
            if piece.stage:
                found = piece.start
                if piece.start in moves:
                    break
            elif found:
                break
        return found

    def _run(self, holds: Callable[[Slice], bool]) -> int | None:
        found = None
        for piece in reversed(self.slices):
            if not holds(piece):
                break
            found = piece.start
        return found

    @property
    def back_before_commitment(self) -> bool:
        if not self.mapped or not self.flow.early(self.mapped[-1].stage):
            return False
        return any(not self.flow.early(piece.stage) for piece in self.mapped)

    @property
    def in_progress(self) -> bool:
        return self.started is not None and self.finished is None and self.abandoned is None

    # Definition 3

    @property
    def cycle(self) -> int | None:
        return None if self.finished is None or self.started is None else self.finished - self.started

    @property
    def work_span(self) -> int | None:
        begun = [piece.start for piece in self.slices if self.flow.working(piece.stage)]
        return None if self.finished is None or not begun else self.finished - begun[0]

    # Definitions 5 to 7

    @cached_property
    def span(self) -> list[Slice]:
        """The slices of [started, finished, else abandoned, else as_of)."""
        if self.started is None:
            return []
        ends = [end for end in (self.finished, self.abandoned, self.as_of) if end is not None]
        return [piece for piece in self.slices if self.started <= piece.start and piece.end <= ends[0]]

    @property
    def length(self) -> int:
        return sum(piece.long for piece in self.span)

    def by_side(self, kind: str) -> dict[str, int]:
        sides: dict[str, int] = defaultdict(int)
        for piece in self.span:
            if piece.stage and piece.stage.kind == kind:
                sides[piece.stage.side] += piece.long
        return _filled(sides)

    def by_side_working(self, kind: str, clocks: dict[str, Clock]) -> dict[str, int]:
        sides: dict[str, int] = defaultdict(int)
        for piece in self.span:
            if piece.stage and piece.stage.kind == kind and piece.stage.side in clocks:
                sides[piece.stage.side] += clocks[piece.stage.side].working_ms(piece.start, piece.end)
        return _filled(sides)

    @property
    def done_time(self) -> int:
        """Done stays before a reopening; a stay in an abandoned stage before a reopening is kept with them."""
        return sum(p.long for p in self.span if p.stage and p.stage.kind in ("done", "abandoned"))

    @property
    def unmapped_time(self) -> int:
        return sum(piece.long for piece in self.span if not piece.stage)

    def blocked(self) -> dict[str, int]:
        """By side; the sum is the measure of the flag cut to the span."""
        sides: dict[str, int] = defaultdict(int)
        for piece in self.span:
            if piece.flagged:
                sides[piece.stage.side if piece.stage and piece.waiting else "unknown"] += piece.long
        return _filled(sides)

    def efficiency(self) -> tuple[int, int]:
        """Time neither blocked nor waiting, and the time it is a share of: both without done and unmapped stays."""
        base = [p for p in self.span if p.stage and p.stage.kind not in ("done", "abandoned")]
        lost = sum(piece.long for piece in base if piece.flagged or piece.waiting)
        whole = sum(piece.long for piece in base)
        return whole - lost, whole

    # Definition 9

    def left(self, stage: str) -> int | None:
        """The age at which the issue last left this stage on its way from started to finished."""
        return max((p.end - self.span[0].start for p in self.span if p.stage and p.stage.name == stage), default=None)


def _filled(sides: dict[str, int]) -> dict[str, int]:
    """Without the sides of nothing: a figure of 0 and no figure say the same."""
    return {side: value for side, value in sides.items() if value}
