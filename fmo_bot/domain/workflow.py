"""The workflow of a board: stages in order, each with its status ids, and the commitment point (product.md, words).

A status in no stage is unmapped. Statuses are known by id; names repeat and change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any

from fmo_bot.domain import stage_words, told
from fmo_bot.domain.issues import BoardShape, Status
from fmo_bot.domain.parties import is_side
from fmo_bot.domain.routes import Routes
from fmo_bot.errors import FileWrong

NO_SIDE = "none"  # definition 0: time in a stage without a side belongs to this one
_KEYS = ("commitment", "stages", "abandoned_resolutions")
_OTHER_KEYS = ("incidents", "fields", "calendars", "value")  # of the same file: `domain.workflow_file`
# Resolutions with which Jira sites usually say "not done"; proposed with a guess, confirmed by a scrum master.
_USUAL_ABANDONED = ("Won't Do", "Won't Fix", "Duplicate", "Declined", "Cannot Reproduce", "Cancelled")


class StageKind(StrEnum):
    """What a stage means for an issue in it."""

    BACKLOG = "backlog"
    ACTIVE = "active"
    WAITING = "waiting"
    DONE = "done"
    ABANDONED = "abandoned"


_WORKING = (StageKind.ACTIVE, StageKind.WAITING)
_ENDING = (StageKind.DONE, StageKind.ABANDONED)


@dataclass(frozen=True)
class Stage:
    """One stage. `side` holds an active stage or is waited on in a waiting one; None: nobody in particular."""

    name: str
    kind: StageKind
    statuses: tuple[str, ...]
    side: str | None = None

    @property
    def part(self) -> str:
        """The part of a split this stage's time belongs to: `active:vendor`, `waiting:none`, `done` …."""
        return f"{self.kind}:{self.side or NO_SIDE}" if self.kind in _WORKING else str(self.kind)


@dataclass(frozen=True, slots=True)
class Place:
    """What it means for an issue to be in a stage of one workflow: what a walk over many issues asks, answered once."""

    stage: Stage
    before: bool  # before the commitment point
    working: bool  # active or waiting, at or after it
    done: bool
    abandoned: bool
    part: str  # of a split: `active:vendor`, `waiting:none`; `done` also for abandoned, which ends before a reopening
    side: str  # NO_SIDE: nobody in particular
    waiting: bool

    def same(self, other: "Place | None") -> bool:
        """Whether this is the stage of another version of the workflow, whatever statuses each names."""
        mine = (self.stage.name, self.stage.kind, self.stage.side)
        return other is not None and mine == (other.stage.name, other.stage.kind, other.stage.side)


@dataclass(frozen=True)
class Workflow:
    """Stages in order and the name of the stage from which an issue counts as started."""

    stages: tuple[Stage, ...]
    commitment: str
    abandoned_resolutions: tuple[str, ...] = ()

    @cached_property
    def _by_status(self) -> dict[str, Stage]:
        return {status: stage for stage in self.stages for status in stage.statuses}

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Status id -> where an issue in it stands; a status that is not there is unmapped."""
        found = ((stage, self._place(stage)) for stage in self.stages)
        return {status: place for stage, place in found for status in stage.statuses}

    @cached_property
    def routes(self) -> Routes:
        """Path -> what it comes to by this workflow."""
        return Routes(self.places)

    def _place(self, stage: Stage) -> Place:
        return Place(
            stage=stage,
            before=self.before_commitment(stage),
            working=self.working(stage),
            done=stage.kind is StageKind.DONE,
            abandoned=stage.kind is StageKind.ABANDONED,
            part=str(StageKind.DONE) if stage.kind in _ENDING else stage.part,
            side=stage.side or NO_SIDE,
            waiting=stage.kind is StageKind.WAITING,
        )

    @cached_property
    def _before_commitment(self) -> frozenset[str]:
        names = [stage.name for stage in self.stages]
        reached = names.index(self.commitment) if self.commitment in names else 0
        return frozenset(stage.name for stage in self.stages[:reached] if stage.kind not in _ENDING)

    @cached_property
    def _abandoned(self) -> frozenset[str]:
        return frozenset(_same(name) for name in self.abandoned_resolutions)

    def stage_of(self, status: str) -> Stage | None:
        """The stage of a status id; None: unmapped."""
        return self._by_status.get(status)

    def before_commitment(self, stage: Stage) -> bool:
        """Whether an issue in `stage` is not committed to yet (a done or abandoned stage never counts as before)."""
        return stage.name in self._before_commitment

    def working(self, stage: Stage) -> bool:
        """Whether time in `stage` is work: active or waiting, at or after the commitment point (definition 2)."""
        return stage.kind in _WORKING and stage.name not in self._before_commitment

    def abandons(self, resolution: str | None) -> bool:
        """Whether a resolution (its name or id) is listed as giving the issue up."""
        return bool(resolution) and _same(resolution or "") in self._abandoned

    def with_status(self, status: str, stage: str) -> "Workflow":
        """The same with one more status in the stage of that name; itself where there is none, or it is mapped."""
        if self.stage_of(status) is not None:
            return self
        stages = (replace(s, statuses=(*s.statuses, status)) if s.name == stage else s for s in self.stages)
        return replace(self, stages=tuple(stages))

    @property
    def has_waiting(self) -> bool:
        """Whether any stage is a waiting one; without, waiting is "not configured"."""
        return any(stage.kind is StageKind.WAITING for stage in self.stages)

    @classmethod
    def from_mapping(cls, mapping: object, *, where: str = "workflow") -> "Workflow":
        """Read the YAML format; raises `FileWrong` that starts with `where`, names the place and says what to put."""
        content = told.mapping(mapping, where)
        told.refuse_unknown(content, (*_KEYS, *_OTHER_KEYS), where)
        stages = tuple(
            _stage(entry, f"{where}: stages[{number}]")
            for number, entry in enumerate(told.sequence(content.get("stages"), f"{where}: stages"), start=1)
        )
        told.refuse_repeats((stage.name for stage in stages), f"{where}: stages", "the name {!r} stands twice")
        statuses = (status for stage in stages for status in stage.statuses)
        told.refuse_repeats(statuses, f"{where}: stages", "status {!r} stands in two places; leave it in one stage")
        listed = told.texts(content.get("abandoned_resolutions", []), f"{where}: abandoned_resolutions")
        return cls(stages, _commitment(content.get("commitment"), stages, where), listed)

    def to_mapping(self) -> dict[str, Any]:
        """The YAML format of this workflow; `from_mapping` reads it back to an equal value."""
        stages = []
        for stage in self.stages:
            side = {"side": stage.side} if stage.side else {}
            stages.append({"name": stage.name, "kind": str(stage.kind), **side, "statuses": list(stage.statuses)})
        return {
            "commitment": self.commitment,
            "stages": stages,
            "abandoned_resolutions": list(self.abandoned_resolutions),
        }


def guess(shape: BoardShape) -> Workflow:
    """A first workflow from columns, names and categories; a person confirms it.

    Names decide before categories, since sites exist whose done statuses have the category `new`; the last column
    with statuses is where Jira itself sees the end. The commitment point is the first active or waiting stage.
    """
    columns = [column for column in shape.columns if column.statuses]
    known = {status.id: status for status in shape.statuses}
    placed = [
        (column.name, known.get(status, Status(status, "", "undefined")), number / max(1, len(columns) - 1))
        for number, column in enumerate(columns)
        for status in column.statuses
    ]
    on_board = {status.id for _, status, _ in placed}
    loose = [("", status, None) for status in shape.statuses if status.id not in on_board]
    found: list[tuple[str, StageKind, str | None, Status]] = []
    for column_name, status, place in [*placed, *loose]:
        kind = _guess_kind(status, column_name, place)
        if kind is not None:
            found.append((column_name, kind, _guess_side(status, column_name, kind), status))
    stages = _name_stages(sorted(found, key=lambda entry: _GUESS_ORDER.index(_rank(entry[1]))))
    commitment = next((stage.name for stage in stages if stage.kind in _WORKING), None)
    fallback = next((stage.name for stage in stages if stage.kind is StageKind.DONE), "")
    return Workflow(stages, commitment or fallback, _USUAL_ABANDONED)


_GUESS_ORDER = (StageKind.BACKLOG, StageKind.ACTIVE, StageKind.DONE, StageKind.ABANDONED)
_BY_CATEGORY = {"new": StageKind.BACKLOG, "indeterminate": StageKind.ACTIVE, "done": StageKind.DONE}


def _rank(kind: StageKind) -> StageKind:
    """Active and waiting stages keep the order of the board among themselves."""
    return StageKind.ACTIVE if kind in _WORKING else kind


def _guess_kind(status: Status, column: str, place: float | None) -> StageKind | None:
    """`place`: 0 for the first column, 1 for the last, None off the board. None where nothing tells."""
    said = stage_words.hint(status.name)
    if said.kind is None and status.category == "undefined":
        said = stage_words.hint(column)
    if said.kind == stage_words.DONE and not said.whole and _is_on_the_way(status, place):
        return StageKind.WAITING  # "Development done" in the middle of a board waits for the next step
    if said.kind is not None:
        return _trust(StageKind(said.kind), said.whole, status.category, place)
    if place == 1 and status.category != "new":
        return StageKind.DONE
    unknown = None if place is None else StageKind.BACKLOG if place == 0 else StageKind.ACTIVE
    return _BY_CATEGORY.get(status.category, unknown)


def _is_on_the_way(status: Status, place: float | None) -> bool:
    """Whether board or category say that this is not the end."""
    return status.category != "done" and place != 1 and (place is not None or status.category != "undefined")


def _trust(kind: StageKind, whole: bool, category: str, place: float | None) -> StageKind:
    """Where the category says done and nothing on the board contradicts it, a loose word such as "ready" does not."""
    contradicted = whole or kind is StageKind.ABANDONED or (place is not None and place < 1)
    return StageKind.DONE if category == "done" and not contradicted else kind


def _guess_side(status: Status, column: str, kind: StageKind) -> str | None:
    if kind not in _WORKING:
        return None
    return stage_words.hint(status.name).side or stage_words.hint(column).side


def _name_stages(found: list[tuple[str, StageKind, str | None, Status]]) -> tuple[Stage, ...]:
    """One stage per column where its statuses are alike, else one per kind and side, named after its statuses."""
    columns = [column for column, _ in groupby(found, key=lambda entry: entry[:3])]
    stages: list[Stage] = []
    taken: set[str] = set()
    for (column, kind, side), entries in groupby(found, key=lambda entry: entry[:3]):
        statuses = [entry[3] for entry in entries]
        alone = bool(column) and [other[0] for other in columns].count(column) == 1
        wanted = column if alone else " / ".join(dict.fromkeys(status.name or status.id for status in statuses))
        name = _free(wanted, taken)
        stages.append(Stage(name, kind, tuple(dict.fromkeys(status.id for status in statuses)), side))
    return tuple(stages)


def _free(wanted: str, taken: set[str]) -> str:
    """`wanted`, numbered where another stage has that name already (names of columns may repeat)."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    taken.add(name)
    return name


def _stage(entry: object, where: str) -> Stage:
    content = told.mapping(entry, where)
    told.refuse_unknown(content, ("name", "kind", "side", "statuses"), where)
    name = told.text(content.get("name"), f"{where}.name")
    here = f"{where} ({name})"
    kinds = [str(kind) for kind in StageKind]
    if content.get("kind") not in kinds:
        raise FileWrong(f"{here}.kind: {content.get('kind')!r} is none of {', '.join(kinds)}")
    statuses = tuple(
        told.text(status, f"{here}.statuses") for status in told.sequence(content.get("statuses"), f"{here}.statuses")
    )
    return Stage(name, StageKind(str(content["kind"])), statuses, _side(content.get("side"), here))


def _side(value: object, where: str) -> str | None:
    if value is None or (isinstance(value, str) and is_side(value)):
        return value
    raise FileWrong(f"{where}.side: {value!r} is no side; put vendor, operator or partner:<name>")


def _commitment(value: object, stages: tuple[Stage, ...], where: str) -> str:
    """The name of the commitment stage: an active, waiting or (nothing ever starts) done one, after every backlog."""
    name = told.text(value, f"{where}: commitment")
    chosen = next((stage for stage in stages if stage.name == name), None)
    if chosen is None:
        raise FileWrong(f"{where}: commitment: no stage is called {name!r}; put one of the names under stages")
    if chosen.kind in (StageKind.BACKLOG, StageKind.ABANDONED):
        raise FileWrong(f"{where}: commitment: {name!r} is {chosen.kind}; work starts in an active or waiting stage")
    late = [s.name for s in stages[stages.index(chosen) :] if s.kind is StageKind.BACKLOG]
    if late:
        raise FileWrong(f"{where}: stages: {late[0]!r} is backlog but stands after the commitment point; move it up")
    return name


@lru_cache(maxsize=4096)  # many issues share few resolutions
def _same(resolution: str) -> str:
    """Resolutions are compared without case and with straight apostrophes: Jira shows "Won’t Do" and "Won't Do"."""
    return resolution.strip().casefold().replace("’", "'")
