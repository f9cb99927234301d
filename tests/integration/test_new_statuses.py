"""A status first seen is put to both sides the same day; until they agree figures go by the guess, and say so."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db import values
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.store import Store
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import BoardShape, Column, Issue, Status
from fmo_bot.domain.mappings import dates
from fmo_bot.domain.messages import NewStatus
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotAllowed, NotFound
from fmo_bot.services import board_rows, facts, workflows
from fmo_bot.services.board_rows import Packed
from fmo_bot.services.boards import Boards
from fmo_bot.services.new_statuses import NewStatuses, OverBy
from fmo_bot.services.workflows import BoardWorkflow
from fmo_bot.slack.render import render
from tests.joint_team import (
    CHENYU,
    DOING,
    DONE,
    LAB,
    LIWEI,
    LUCIA,
    TODO,
    WORKFLOW,
    JointTeam,
    clock,
    issue,
    other_team_file,
    team_file,
)

REVIEW, OLD, LATER = "9", "8", "7"
BEGAN = datetime.fromisoformat("2026-11-18T23:00+00:00")  # of Thursday, 19 November in Madrid


class Room:
    """The story's board with a workflow that was set, read from a Jira that is not there."""

    def __init__(self, store: Store, file: dict[str, Any] | None = None) -> None:
        given = {"site": "shared", "id": 1, "workflow": WORKFLOW.to_mapping()}
        self.store, self.team = store, JointTeam(store, file or team_file(board=given))
        self.statuses, self.refs = NewStatuses(store, token=self._token), 0

    def _token(self, _size: int) -> str:
        self.refs += 1
        return f"ref-{self.refs}"

    def read(self, *issues: Issue, at: str, column: tuple[str, ...] = (OLD,)) -> None:
        """As a sync would: the board shows these statuses too, and holds these issues."""
        columns = (Column("Doing", (DOING, *column)), Column("Lab", (LAB,)), Column("Done", (DONE,)))
        names = {TODO: "To do", DOING: "Doing", LAB: "Lab", DONE: "Done", OLD: "Old", REVIEW: "Peer <review>"}
        known = tuple(Status(number, name, "indeterminate") for number, name in names.items())
        shape = BoardShape(id=1, name="Core", kind="scrum", columns=columns, statuses=known)
        with self.store.transaction(SYSTEM) as session:
            board = session.get_one(BoardRow, self.team.result.board_id)
            board_rows.keep(session, board, [Packed.of(each) for each in issues], clock(at))
            board.shape, board.synced_at, board.name = values.to_json(shape), clock(at), shape.name
        facts.refresh(self.store, self.team.result.board_id)
        self.statuses.look(self.team.result.board_id, clock(at))

    def asked(self) -> dict[str, NewStatus]:
        """Who was asked, and what stands there now."""
        found = {}
        for row, _, message in self.team.owed("status:"):
            assert isinstance(message, NewStatus)
            found[row.person or ""] = message
        return found

    def workflow(self) -> BoardWorkflow:
        with self.store.reading(SYSTEM) as session:
            known = workflows.of_board(session, self.team.result.board_id)
        assert known is not None
        return known

    def stage(self, status: str = REVIEW) -> str | None:
        found = self.workflow().newest.stage_of(status)
        return found.name if found else None

    def choose(self, person: Person, stage: str, ref: str = "ref-1") -> str:
        return self.statuses.choose(person, ref, stage, clock("10:00")).text


@pytest.fixture
def room(store: Store) -> Room:
    """Read once with a status that the workflow leaves out, then with one more."""
    room = Room(store)
    room.read(issue(1, (clock("01:00"), OLD)), at="02:00")
    assert room.asked() == {}
    room.read(issue(2, (clock("03:00"), REVIEW)), at="03:05", column=(OLD, REVIEW))
    return room


def test_both_scrum_masters_are_asked_the_same_day_with_a_guess_by_which_figures_go(room: Room) -> None:
    asked = room.asked()
    assert len(asked) == 2
    (message, _) = asked.values()
    assert (message.status, message.guess, message.settled) == ("Peer <review>", "Doing", False)
    assert [since for since, _ in dates(room.workflow().workflow)] == [0, ms(BEGAN)]
    assert (room.stage(), room.stage(OLD)) == ("Doing", None)  # what was left out on purpose stays out
    assert (room.workflow().guesses, room.workflow().since) == (("Peer <review>",), BEGAN)
    with room.store.reading(SYSTEM) as session:
        assert Boards(room.store, {}).view(session, room.team.result.board_id).guesses == ("Peer <review>",)
    shown = render(message, "en")
    assert "Peer &lt;review&gt;" in shown.text
    assert [each["text"]["text"] for each in shown.blocks[1]["elements"]] == [
        "Doing",
        "To do",
        "In the lab",
        "Done",
        "In no stage",
    ]
    room.read(issue(3, (clock("04:00"), REVIEW)), at="04:05", column=(OLD, REVIEW))
    assert len(room.team.owed("status:")) == 2  # once per status


def test_it_is_settled_once_both_sides_say_the_same(room: Room) -> None:
    assert "has yet to say the same" in room.choose(LIWEI, "In the lab")
    assert room.stage() == "Doing"
    assert {message.wanted for message in room.asked().values()} == {(("Huawei", "In the lab"),)}
    room.choose(LIWEI, "In the lab")  # again: nobody says it for the other side
    room.choose(LUCIA, "Doing")
    assert room.workflow().guesses == ("Peer <review>",)
    assert "both sides have said so" in room.choose(LUCIA, "In the lab")
    assert (room.stage(), room.workflow().guesses, room.workflow().guessed) == ("In the lab", (), False)
    assert {(message.guess, message.settled) for message in room.asked().values()} == {("In the lab", True)}
    assert "button" not in str(render(next(iter(room.asked().values())), "en").blocks)
    with pytest.raises(OverBy):
        room.choose(LIWEI, "Doing")
    with room.store.reading(SYSTEM) as session:
        actions = session.scalars(select(AuditRow.action).where(AuditRow.action.like("status%")).order_by(AuditRow.id))
        assert list(actions) == ["status_proposed", *["status_said"] * 4, "status_settled"]


def test_it_can_be_left_in_no_stage(room: Room) -> None:
    room.choose(LIWEI, "")
    room.choose(LUCIA, "")
    assert (room.stage(), room.workflow().guesses) == (None, ())
    room.read(issue(4, (clock("05:00"), REVIEW)), at="05:05", column=(OLD, REVIEW))
    assert room.stage() is None  # it is not asked about again


def test_only_scrum_masters_of_this_joint_team_say_it(room: Room) -> None:
    JointTeam(room.store, other_team_file())
    for person, refusal in ((CHENYU, NotAllowed), (Person("T0ORANGE", "U0PAUL"), NotFound)):
        with pytest.raises(refusal):
            room.choose(person, "Doing")
    with pytest.raises(NotFound):
        room.choose(LIWEI, "Doing", ref="none")
    with pytest.raises(NotFound):
        room.choose(LIWEI, "No such stage")


def test_what_only_internal_issues_were_in_is_put_to_nobody(store: Store) -> None:
    file = team_file(board={"site": "shared", "id": 1, "workflow": WORKFLOW.to_mapping()})
    file["jira"] = [{"site": "shared", "owner": "Huawei"}]
    room = Room(store, file)
    room.read(issue(1, (clock("01:00"), OLD)), at="02:00")
    room.read(issue(2, (clock("03:00"), REVIEW)), at="03:05", column=(OLD, REVIEW))
    assert room.team.owed("status:") == []


def test_a_guessed_workflow_is_guessed_anew_and_asks_nobody(store: Store) -> None:
    room = Room(store, team_file())
    room.read(issue(2, (clock("03:00"), REVIEW)), at="03:05")
    assert room.team.owed("status:") == []
