"""One life cut at every instant at which anything happened, and what the definitions 1 to 7 read off the slices."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.oracle.clocks import Clock
from tests.oracle.flows import Flow, Stage
from tests.oracle.rows import Row


@dataclass(frozen=True)
class Recorded:
    """A recorded blocker on an issue: whom it waits on, since when, until when."""

    waited_on: str
    since: int
    resolved: int | None = None


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
    recorded: frozenset[str]  # whom the recorded blockers of then waited on

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

    @property
    def blocked(self) -> bool:
        return self.flagged or bool(self.recorded)

    @property
    def waited_on(self) -> frozenset[str]:
        """Whom time is lost to (definition 10): a flag names nobody."""
        return self.recorded | ({self.stage.side} if self.stage and self.waiting else set())


class Life:
    """An issue as known at `as_of`; it must have been created by then."""

    def __init__(self, row: Row, flow: Flow, as_of: int, recorded: Sequence[Recorded] = ()) -> None:
        self.row, self.flow, self.as_of, self._recorded = row, flow, as_of, recorded
        self.slices: list[Slice] = []
        self._moves = {when for when, _ in row.later["status"]}
        held: Stage | None = None
        for start, end, status in self._cuts():
            stage = self._stage(start, status)
            held = stage or held
            given_up = self._given_up(held, start)
            flagged, stood = row.value("flagged", start), self._standing(start)
            self.slices.append(Slice(start, end, status, stage, held, given_up, flagged, stood))
        self.mapped = [piece for piece in self.slices if piece.stage]

    def _stage(self, at: int, status: str) -> Stage | None:
        """By the version of then; of a version that comes during a stay only another stage is a move."""
        found = self.flow.at(at).stage(status)
        if not self.slices or at in self._moves:
            return found
        last = self.slices[-1].stage
        if at not in self.flow.dates() or (last.same(found) if last else found is None):
            return last
        self._moves.add(at)
        return found

    def _standing(self, at: int) -> frozenset[str]:
        return frozenset(
            b.waited_on for b in self._recorded if b.since <= at and (b.resolved is None or at < b.resolved)
        )

    def _cuts(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, status): one for each history that moved it, even at one instant, and for each other instant."""
        others = {*self.flow.dates(), *(at for each in self._recorded for at in (each.since, each.resolved) if at)}
        known = {*self.row.instants(), *(at for at in others if at > self.row.created)}
        instants = sorted(at for at in known if at <= self.as_of)
        status = self.row.first["status"]
        for at, following in zip(instants, [*instants[1:], self.as_of], strict=True):
            moves = [to for when, to in self.row.later["status"] if when == at]
            before = [status] if at == self.row.created or not moves else []
            *passed, status = [*before, *moves]
            yield from ((at, at, each) for each in passed)
            yield at, following, status

    def _given_up(self, held: Stage | None, at: int) -> bool:
        if held is None:
            return False
        return held.kind == "abandoned" or (held.kind == "done" and self._listed(at))

    def _listed(self, at: int) -> bool:
        """Whether the resolution of then was one of giving up when it was set, were it to what it was before."""
        since, resolution = self.row.created, self.row.first["resolution"]
        for when, to in self.row.later["resolution"]:
            if when <= at:
                since, resolution = when, to
        return resolution in self.flow.at(since).bad_ends

    # Definition 2

    @cached_property
    def started(self) -> int | None:
        """Enter of the first working stay after the last stay before the commitment point."""
        found = None
        for piece in reversed(self.mapped):
            if piece.stage and piece.stage.early:
                break
            if piece.stage and piece.stage.working:
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
        found = 0
        for piece in reversed(self.slices):
            if piece.stage:
                found = piece.start
                if piece.start in self._moves:
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
        early = [piece.stage.early for piece in self.mapped if piece.stage]
        return bool(early) and early[-1] and not all(early)

    @property
    def in_progress(self) -> bool:
        return self.started is not None and self.finished is None and self.abandoned is None

    # Definition 3

    @property
    def cycle(self) -> int | None:
        return None if self.finished is None or self.started is None else self.finished - self.started

    @property
    def work_span(self) -> int | None:
        begun = [piece.start for piece in self.mapped if piece.stage and piece.stage.working]
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

    @property
    def blocked_time(self) -> int:
        return sum(piece.long for piece in self.span if piece.blocked)

    def blocked(self) -> dict[str, int]:
        """By side; where two blockers point to two sides, for each of them."""
        sides: dict[str, int] = defaultdict(int)
        for piece in self.span:
            stage = piece.stage.side if piece.stage and piece.waiting else "unknown"
            for side in (piece.recorded or {stage}) if piece.blocked else ():
                sides[side] += piece.long
        return _filled(sides)

    def efficiency(self) -> tuple[int, int]:
        """Time neither blocked nor waiting, and the time it is a share of: both without done and unmapped stays."""
        base = [p for p in self.span if p.stage and p.stage.kind not in ("done", "abandoned")]
        lost = sum(piece.long for piece in base if piece.blocked or piece.waiting)
        whole = sum(piece.long for piece in base)
        return whole - lost, whole

    # Definition 9

    def left(self, stage: str) -> int | None:
        """The age at which the issue last left this stage on its way from started to finished."""
        return max((p.end - self.span[0].start for p in self.span if p.stage and p.stage.name == stage), default=None)


def _filled(sides: dict[str, int]) -> dict[str, int]:
    """Without the sides of nothing: a figure of 0 and no figure say the same."""
    return {side: value for side, value in sides.items() if value}
