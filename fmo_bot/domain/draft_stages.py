"""Fifth step of a set-up: what each status of the board means, as a table of guesses to correct."""

from typing import Any

from fmo_bot.domain.draft_screens import ONE, Field, Given, Screen, literal, one
from fmo_bot.domain.drafts import STAGES, STEPS, Draft, SeenBoard, SeenStatus, took
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.messages import Choice, Notice
from fmo_bot.domain.workflow import StageKind, Workflow
from fmo_bot.errors import InvalidInput

LISTED = 90  # statuses that are asked about: a window holds a hundred blocks
UNUSED = "none"
_ORDER = {StageKind.BACKLOG: 0, StageKind.ACTIVE: 1, StageKind.WAITING: 1, StageKind.DONE: 2, StageKind.ABANDONED: 3}
_WORKING = (StageKind.ACTIVE, StageKind.WAITING)
NO_END = "Say which status means that the work is done."
NO_START = "Choose a status that is being worked on or waited on: work counts as started there."


def seen(board: SeenBoard, shape: BoardShape, guessed: Workflow) -> SeenBoard:
    """The board with its statuses, those in columns first, each with its guessed stage."""
    names = {status.id: status.name for status in shape.statuses}
    placed = [(status, column.name) for column in shape.columns for status in column.statuses]
    on_board = {status for status, _ in placed}
    loose = [(status.id, "") for status in shape.statuses if status.id not in on_board]
    rows = tuple(
        SeenStatus(id=status, name=names.get(status) or status, column=column, guess=_guess(guessed, status))
        for status, column in dict([*reversed(placed), *loose]).items()
    )
    order = {status: place for place, (status, _) in enumerate([*placed, *loose])}
    start = next((stage.statuses[0] for stage in guessed.stages if stage.name == guessed.commitment), "")
    return SeenBoard(
        site=board.site,
        id=board.id,
        name=shape.name or board.name,
        project=board.project,
        statuses=tuple(sorted(rows, key=lambda row: order[row.id])),
        start=start,
    )


def _guess(workflow: Workflow, status: str) -> str:
    stage = workflow.stage_of(status)
    return UNUSED if stage is None else ":".join(filter(None, (stage.kind.value, stage.side)))


def screen(draft: Draft) -> Screen:
    """One choice a status, in the order of the board, and where work counts as started."""
    board = _board(draft)
    choices, offered = _choices(draft), {each.value for each in _choices(draft)}
    meant = _meant(draft)
    asked = board.statuses[:LISTED]
    rows = [
        Field(
            key=f"s:{each.id}",
            label="{column} · {status}" if each.column and each.column != each.name else "{status}",
            values={"column": each.column, "status": each.name},
            kind=ONE,
            choices=choices,
            chosen=(_offered(meant.get(each.id, UNUSED), offered),),
        )
        for each in asked
    ]
    starts = tuple(literal(each.id, each.name) for each in asked if each.id)
    start = _start(draft)
    begins = Field(
        key="start",
        label="Work counts as started from",
        kind=ONE,
        choices=starts,
        chosen=(start,) if start in {each.value for each in starts} else (),
    )
    return Screen(
        step=STAGES,
        title="What statuses mean",
        number=5,
        of=len(STEPS),
        said=(
            Notice(
                text="Guessed from the columns and statuses of {board}. Correct what is not so: figures rest on it.",
                values={"board": board.name},
            ),
        ),
        fields=(*rows, begins) if starts else (),
    )


def _choices(draft: Draft) -> tuple[Choice, ...]:
    """Every stage with its side, by the names of companies."""

    def sided(kind: StageKind, text: str) -> list[Choice]:
        sides = draft.sides.items()
        return [Choice(value=f"{kind}:{side}", text=text, company=said["organisation"]) for side, said in sides]

    return (
        Choice(value=StageKind.BACKLOG.value, text="Not started"),
        Choice(value=StageKind.ACTIVE.value, text="Being worked on"),
        *sided(StageKind.ACTIVE, "Being worked on by {company}"),
        Choice(value=StageKind.WAITING.value, text="Waiting"),
        *sided(StageKind.WAITING, "Waiting on {company}"),
        Choice(value=StageKind.DONE.value, text="Done"),
        Choice(value=StageKind.ABANDONED.value, text="Given up"),
        Choice(value=UNUSED, text="Not counted"),
    )


def _offered(value: str, offered: set[str]) -> str:
    """A guessed side that is not in this joint team is left away."""
    return value if value in offered else value.partition(":")[0]


def _meant(draft: Draft) -> dict[str, str]:
    """Status -> what it means: as chosen before, else as guessed."""
    said = draft.file["board"].get("workflow")
    if said is None:
        return {each.id: each.guess for each in _board(draft).statuses}
    return {
        status: ":".join(filter(None, (stage["kind"], stage.get("side"))))
        for stage in said["stages"]
        for status in stage["statuses"]
    }


def _start(draft: Draft) -> str:
    said = draft.file["board"].get("workflow")
    if said is None:
        return _board(draft).start
    return next((stage["statuses"][0] for stage in said["stages"] if stage["name"] == said["commitment"]), "")


def take(draft: Draft, given: Given, abandoned: tuple[str, ...]) -> Draft:
    """The workflow of the table. `abandoned`: resolutions that mean "given up". Raises InvalidInput."""
    board = _board(draft)
    meant = {each.id: one(given, f"s:{each.id}") or _meant(draft).get(each.id, UNUSED) for each in board.statuses}
    kinds = {status: StageKind(value.partition(":")[0]) for status, value in meant.items() if value != UNUSED}
    first = f"s:{board.statuses[-1].id}" if board.statuses else "start"
    if StageKind.DONE not in kinds.values():
        raise InvalidInput({first: NO_END})
    start = one(given, "start")
    if kinds.get(start) not in _WORKING:
        raise InvalidInput({"start": NO_START})
    stages = _stages(board, meant)
    commitment = next(each["name"] for each in stages if start in each["statuses"])
    workflow = {"commitment": commitment, "stages": stages, "abandoned_resolutions": list(abandoned)}
    return took(draft, STAGES, board={**draft.file["board"], "workflow": workflow})


def _stages(board: SeenBoard, meant: dict[str, str]) -> list[dict[str, Any]]:
    """One stage a column where its statuses mean the same; named after its statuses where they do not.

    The status at which work starts stands in a stage with others of its column: they start it as well.
    """
    groups: dict[tuple[str, str], list[SeenStatus]] = {}
    for each in board.statuses:
        if meant[each.id] != UNUSED:
            groups.setdefault((each.column, meant[each.id]), []).append(each)
    columns = [column for column, _ in groups]
    taken: set[str] = set()
    made = []
    for (column, value), statuses in groups.items():
        kind, _, side = value.partition(":")
        alone = bool(column) and columns.count(column) == 1
        name = _free(column if alone else " / ".join(dict.fromkeys(each.name for each in statuses)), taken)
        said = {"name": name, "kind": kind, "statuses": [each.id for each in statuses]}
        made.append(said | ({"side": side} if side else {}))
    return sorted(made, key=lambda stage: _ORDER[StageKind(str(stage["kind"]))])


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    taken.add(name)
    return name


def _board(draft: Draft) -> SeenBoard:
    assert draft.board is not None  # the step before this one
    return draft.board
