"""Reading, writing and guessing a workflow."""

from typing import Any

import pytest
import yaml

from fmo_bot.domain.issues import BoardShape, Column, Status
from fmo_bot.domain.stage_words import hint
from fmo_bot.domain.workflow import StageKind, Workflow, guess
from fmo_bot.errors import FileWrong
from tests.unit.exported import shared
from tests.unit.lives import FLOW

ACTIVE = {"name": "Build", "kind": "active", "statuses": ["3"]}
BACKLOG = {"name": "Open", "kind": "backlog", "statuses": ["1"]}
DONE = {"name": "Done", "kind": "done", "statuses": ["5"]}


@pytest.mark.parametrize(
    "name", ["data/real_kanban/workflow.yaml", "data/cloud_sprints/workflow.yaml", "bench/workflow.yaml"]
)
def test_the_files_people_have_are_read_and_written_back(name: str) -> None:
    flow = Workflow.from_mapping(yaml.safe_load(shared(name).read_text()), where=name)
    assert Workflow.from_mapping(flow.to_mapping()) == flow


def test_what_a_stage_means() -> None:
    opened, ready, done = (stage for stage in FLOW.stages if stage.name in ("Open", "Ready", "Done"))
    assert (FLOW.working(ready), FLOW.working(done), FLOW.working(opened)) == (True, False, False)
    assert (FLOW.before_commitment(opened), FLOW.before_commitment(ready)) == (True, False)
    assert (ready.part, done.part) == ("waiting:vendor", "done")
    assert FLOW.stage_of("U") is None
    assert [FLOW.abandons(name) for name in ("Won't Do", "won’t do ", "Done", None, "")] == [True, True] + [False] * 3


def test_a_done_stage_listed_first_is_not_before_the_commitment_point() -> None:
    flow = Workflow.from_mapping({"commitment": "Build", "stages": [DONE, BACKLOG, ACTIVE]})
    assert [flow.before_commitment(stage) for stage in flow.stages] == [False, True, False]


def test_an_id_written_without_quotes_is_read_as_text() -> None:
    flow = Workflow.from_mapping({"commitment": "Build", "stages": [{**ACTIVE, "statuses": [3, "10001"]}]})
    assert flow.stages[0].statuses == ("3", "10001")


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (None, r"^here: here a mapping \(name: value\) is needed, not None"),
        ([], r"^here: here a mapping"),
        ({"stages": [ACTIVE]}, r"^here: commitment: here a text is needed, not None"),
        ({"commitment": "Build"}, r"^here: stages: here a list is needed"),
        ({"commitment": "Build", "stagess": [ACTIVE]}, r"^here: 'stagess' is not known here; known are commitment"),
        ({"commitment": "Built", "stages": [ACTIVE]}, r"no stage is called 'Built'; put one of the names"),
        ({"commitment": "Open", "stages": [BACKLOG, ACTIVE]}, r"'Open' is backlog; work starts in an active"),
        ({"commitment": "Build", "stages": [ACTIVE, BACKLOG]}, r"'Open' is backlog but stands after the commitment"),
        ({"commitment": "Build", "stages": [ACTIVE, ACTIVE]}, r"stages: the name 'Build' stands twice"),
        (
            {"commitment": "Build", "stages": [ACTIVE, {**DONE, "statuses": ["3"]}]},
            r"status '3' stands in two places; leave it in one stage",
        ),
        ({"commitment": "Build", "stages": ["Build"]}, r"stages\[1\]: here a mapping"),
        (
            {"commitment": "Build", "stages": [ACTIVE, {**DONE, "kind": "finished"}]},
            r"stages\[2\] \(Done\).kind: 'finished' is none of backlog, active, waiting, done, abandoned",
        ),
        (
            {"commitment": "Build", "stages": [{**ACTIVE, "side": "us"}]},
            r"stages\[1\] \(Build\).side: 'us' is no side; put vendor, operator or partner:<name>",
        ),
        ({"commitment": "Build", "stages": [{**ACTIVE, "statuses": "3"}]}, r"\(Build\).statuses: here a list"),
        ({"commitment": "Build", "stages": [{**ACTIVE, "statuses": [True]}]}, r"here a text is needed, not True"),
        ({"commitment": "Build", "stages": [{**ACTIVE, "colour": "red"}]}, r"'colour' is not known here"),
        ({"commitment": "Build", "stages": [ACTIVE], "abandoned_resolutions": "x"}, r"abandoned_resolutions: here a l"),
    ],
)
def test_a_wrong_file_is_refused_by_place_and_reason(mapping: Any, sentence: str) -> None:
    with pytest.raises(FileWrong, match=sentence):
        Workflow.from_mapping(mapping, where="here")


@pytest.mark.parametrize(
    ("name", "kind", "side"),
    [
        # English
        ("To Do", "backlog", None),
        ("Not started", "backlog", None),
        ("Selected for Development", "waiting", None),
        ("Ready for Dev", "waiting", None),
        ("In Progress", "active", None),
        ("Code review", "active", None),
        ("Waiting for customer", "waiting", "operator"),
        ("Waiting for vendor", "waiting", "vendor"),
        ("Awaiting UAT", "waiting", "operator"),
        ("UAT (+Fix)", "active", "operator"),
        ("On Hold", "waiting", None),
        ("Closed", "done", None),
        ("Won't Do", "abandoned", None),
        ("Won’t fix", "abandoned", None),
        ("Cancelled", "abandoned", None),
        # Chinese
        ("待办", "backlog", None),
        ("待处理", "backlog", None),
        ("进行中", "active", None),
        ("开发中", "active", None),
        ("待客户验收", "waiting", "operator"),
        ("等待供应商", "waiting", "vendor"),
        ("已完成", "done", None),
        ("已取消", "abandoned", None),
        # Spanish
        ("Tareas por hacer", "backlog", None),
        ("No iniciado", "backlog", None),
        ("En curso", "active", None),
        ("En revisión", "active", None),
        ("Esperando al operador", "waiting", "operator"),
        ("Esperando al proveedor", "waiting", "vendor"),
        ("Listo", "done", None),
        ("Cancelado", "abandoned", None),
        # French
        ("À faire", "backlog", None),
        ("Non commencé", "backlog", None),
        ("En cours", "active", None),
        ("En attente du client", "waiting", "operator"),
        ("En attente du fournisseur", "waiting", "vendor"),
        ("Terminé", "done", None),
        ("Abandonné", "abandoned", None),
        # Portuguese
        ("A fazer", "backlog", None),
        ("Não iniciada", "backlog", None),
        ("Em andamento", "active", None),
        ("Aguardando cliente", "waiting", "operator"),
        ("Em homologação", "active", "operator"),
        ("Concluído", "done", None),
        ("Rejeitado", "abandoned", None),
        # says nothing
        ("Fase 2", None, None),
        ("", None, None),
    ],
)
def test_what_a_name_tells_in_five_languages(name: str, kind: str | None, side: str | None) -> None:
    found = hint(name)
    assert (found.kind, found.side) == (kind, side)


def shape(*columns: tuple[str, tuple[str, ...]], **statuses: tuple[str, str]) -> BoardShape:
    """Columns of status ids; statuses as id=(name, category)."""
    return BoardShape(
        id=1,
        name="Board",
        kind="scrum",
        columns=tuple(Column(*column) for column in columns),
        statuses=tuple(Status(key, *said) for key, said in statuses.items()),
    )


def stages(flow: Workflow) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    return [(stage.name, str(stage.kind), stage.side, stage.statuses) for stage in flow.stages]


def test_a_plain_board_is_guessed_column_by_column() -> None:
    flow = guess(
        shape(
            ("To Do", ("a",)), ("Doing", ("b",)), ("Done", ("c",)),
            a=("To Do", "new"), b=("In Progress", "indeterminate"), c=("Done", "done"),
        )
    )  # fmt: skip
    assert stages(flow) == [
        ("To Do", "backlog", None, ("a",)),
        ("Doing", "active", None, ("b",)),
        ("Done", "done", None, ("c",)),
    ]
    assert flow.commitment == "Doing"


def test_a_column_of_unlike_statuses_becomes_several_stages_named_after_them() -> None:
    flow = guess(
        shape(
            ("To Do", ("a",)), ("Doing", ("b", "w", "v")), ("Done", ("c", "x")),
            a=("To Do", "new"), b=("In Progress", "indeterminate"), w=("Waiting for operator", "indeterminate"),
            v=("Waiting for vendor", "indeterminate"), c=("Done", "done"), x=("Cancelled", "done"),
        )
    )  # fmt: skip
    assert stages(flow)[1:] == [
        ("In Progress", "active", None, ("b",)),
        ("Waiting for operator", "waiting", "operator", ("w",)),
        ("Waiting for vendor", "waiting", "vendor", ("v",)),
        ("Done", "done", None, ("c",)),
        ("Cancelled", "abandoned", None, ("x",)),
    ]


def test_done_statuses_with_the_category_new_are_known_by_name_and_place() -> None:
    """As on a real board, where 已完成 has the category `new`."""
    flow = guess(
        shape(
            ("Inbox", ("1", "2")), ("开发", ("3",)), ("完成", ("5", "6")),
            **{"1": ("Inbox", "new"), "2": ("Ready for Dev", "new"), "3": ("In Development", "new")},
            **{"5": ("已完成", "new"), "6": ("Closed", "new")},
        )
    )  # fmt: skip
    assert [(status, flow.stage_of(status).kind) for status in "12356" if flow.stage_of(status)] == [  # type: ignore[union-attr]
        ("1", StageKind.BACKLOG),
        ("2", StageKind.WAITING),
        ("3", StageKind.ACTIVE),
        ("5", StageKind.DONE),
        ("6", StageKind.DONE),
    ]


@pytest.mark.parametrize(
    ("board", "status", "kind"),
    [
        # "Development done" in the middle waits for the next step
        (shape(("A", ("a",)), ("B", ("b",)), ("C", ("c",)), b=("Development done", "indeterminate")), "b", "waiting"),
        # a step that is over is the end only in the last column
        (shape(("A", ("a",)), ("B", ("b",)), ("C", ("c",)), b=("Deployed", "indeterminate")), "b", "waiting"),
        (shape(("A", ("a",)), ("Z", ("z",)), z=("Deployed", "indeterminate")), "z", "done"),
        (shape(("A", ("a",)), ("Z", ("z",)), z=("已部署", "new")), "z", "done"),
        (shape(("A", ("a",)), ("C", ("c",)), off=("Tested", "indeterminate")), "off", "waiting"),
        # the last column is where Jira sees the end, whatever the name
        (shape(("A", ("a",)), ("Z", ("z",)), z=("Fase 4", "indeterminate")), "z", "done"),
        # ... unless the name says that somebody still waits
        (shape(("A", ("a",)), ("Z", ("z",)), z=("Awaiting deployment", "indeterminate")), "z", "waiting"),
        # ... and the category denies it
        (shape(("A", ("a",)), ("Z", ("z",)), z=("Ready for customers", "done")), "z", "done"),
        # a name that says nothing in the middle: the category decides
        (shape(("A", ("a",)), ("B", ("b",)), ("C", ("c",)), b=("Fase 2", "indeterminate")), "b", "active"),
        # neither tells: the place
        (shape(("A", ("a",)), ("B", ("b",)), ("C", ("c",)), b=("Fase 2", "undefined")), "b", "active"),
        (shape(("A", ("a",)), ("B", ("b",)), a=("Fase 1", "undefined")), "a", "backlog"),
        # a status without a name: its column's name tells
        (shape(("To Do", ("a",)), ("Blocked by client", ("b",)), ("C", ("c",))), "b", "waiting"),
        # off the board, with a category
        (shape(("A", ("a",)), ("C", ("c",)), off=("Fase 9", "done")), "off", "done"),
        # off the board, nothing tells: left out, and reported later
        (shape(("A", ("a",)), ("C", ("c",)), off=("Fase 9", "undefined")), "off", None),
    ],
)
def test_what_a_status_is_guessed_to_be(board: BoardShape, status: str, kind: str | None) -> None:
    stage = guess(board).stage_of(status)
    assert (str(stage.kind) if stage else None) == kind


def test_columns_of_one_name_become_stages_of_different_names() -> None:
    flow = guess(shape(("Doing", ("a",)), ("Review", ("b",)), ("Doing", ("c",)), ("Done", ("d",))))
    assert len({stage.name for stage in flow.stages}) == 4


def test_a_board_without_work_in_it_still_has_a_workflow_where_nothing_ever_starts() -> None:
    flow = guess(shape(("To Do", ("a",)), ("Done", ("c",)), a=("To Do", "new"), c=("Done", "done")))
    assert flow.commitment == "Done"
    assert Workflow.from_mapping(flow.to_mapping()) == flow
    assert guess(shape()).stages == ()


def test_every_guess_can_be_written_and_read_back() -> None:
    flow = guess(
        shape(
            ("To Do", ("a",)), ("Doing", ("b", "w")), ("Doing", ("d",)), ("Done", ("c",)),
            a=("To Do", "new"), b=("In Progress", "indeterminate"), w=("En espera", "new"), c=("Hecho", "done"),
        )
    )  # fmt: skip
    assert Workflow.from_mapping(flow.to_mapping()) == flow
