"""The set-up against three boards: scrum, kanban with Chinese column names, team-managed; what is guessed of them."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from config.settings import Settings
from fmo_bot.domain import workflow
from fmo_bot.domain.issues import BoardShape, Column, Status
from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.door_support import given_for, running
from tests.integration.sandbox_support import PATIENT, START, act, eventually
from tests.integration.three_boards import BOARDS, KANBAN, SCRUM, TEAM_MANAGED, Board
from tests.integration.wizard_support import Setter, companies, element_of, step_of, words_of

RIGHT = 0.9  # of the columns of all three


def guesses(window: dict[str, Any], board: Board) -> dict[str, str]:
    """What the table of stages shows for each column before anybody corrects it."""
    found = {}
    for number, column in enumerate(board.columns):
        _, element = element_of(window, f"s__{board.status(number)['id']}")
        found[column.name] = element["initial_option"]["value"]
    return found


@pytest.mark.parametrize(("board", "jira"), [(SCRUM, "cloud"), (KANBAN, "dc"), (TEAM_MANAGED, "cloud")])
def test_a_board_is_found_its_stages_guessed_and_the_set_up_goes_on_the_next_day_after_a_restart(
    tmp_path: Path, board: Board, jira: str
) -> None:
    issues, configured = board.files(tmp_path)
    world = Options(patience=PATIENT, start=START, transport="socket", jira=jira, issues=issues, board=configured)
    with Sandbox(world) as box:
        given = given_for(box, tmp_path)
        if jira == "dc":
            given.pop("FMO_JIRA_SHARED_EMAIL")
            given["FMO_JIRA_SHARED_TOKEN"] = box.world.jira["shared"].describe()["token"]
        settings, liwei = Settings.read(given), Setter(box, "U0LIWEI")
        with running(box, settings, "socket") as home:
            companies(home.bot.store)
            liwei.mention("U0BOTHUAWEI", "setup")
            window = liwei.next(liwei.begin(), "people", team=board.name)
            window = liwei.next(liwei.next(window, "duties"), "board")
            assert board.name in words_of(window)
            window = liwei.next(window, "stages")
            shown = guesses(window, board)
            right = [column.name for column in board.columns if shown[column.name] == column.means]
            assert len(right) >= len(board.columns) - 1, {c.name: (shown[c.name], c.means) for c in board.columns}
            assert act(box, "U0LIWEI", "close", view_id=window["id"])["ok"]
            requests.post(f"{box.url}/clock/step", json={"by": 86_400}, timeout=120).raise_for_status()
            home.settle()
        with running(box, settings, "socket") as home:
            liwei.mention("U0BOTHUAWEI")
            liwei.told("Done: Sides, People")
            window = liwei.begin()
            assert step_of(window) == "stages"
            window = liwei.next(liwei.next(window, "times"), "summary")
            assert liwei.send(window)["ok"]
            eventually(lambda: [each for each in home.joint() if board.name in each["text"]])
            assert json.dumps(board.name, ensure_ascii=False)[1:-1] in words_of(window)


def test_nine_columns_in_ten_of_the_three_are_guessed_as_they_are_meant() -> None:
    """Of the columns as the bot's own guess reads them, without Slack between."""
    right = n = 0
    for board in BOARDS:
        statuses = [board.status(number) for number in range(len(board.columns))]
        shape = BoardShape(
            id=1,
            name=board.name,
            kind=board.kind,
            columns=tuple(Column(each["name"], (each["id"],)) for each in statuses),
            statuses=tuple(Status(each["id"], each["name"], each["statusCategory"]["key"]) for each in statuses),
        )
        guessed = workflow.guess(shape)
        for column, status in zip(board.columns, statuses, strict=True):
            stage = guessed.stage_of(status["id"])
            said = "" if stage is None else ":".join(filter(None, (stage.kind.value, stage.side)))
            right, n = right + (said == column.means), n + 1
    assert right / n >= RIGHT, f"{right} of {n}"
