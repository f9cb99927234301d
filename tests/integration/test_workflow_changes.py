"""A board's workflow changes by one side's proposal and the other's word; in the past that is an act of its own."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db import values
from fmo_bot.db.audit import AuditRow
from fmo_bot.db.boards import BoardRow
from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.store import Store
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import BoardShape
from fmo_bot.domain.mappings import dates
from fmo_bot.domain.messages import Digest, Spread, SprintReport
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import FileWrong, NotAllowed, NotFound
from fmo_bot.services import board_rows, setup, workflows
from fmo_bot.services.boards import Boards
from fmo_bot.services.sprints import Sprints
from fmo_bot.services.workflow_changes import FirstTheNew, NothingChanges, NotPast, NotTheOtherSide, WorkflowChanges
from tests.integration.test_new_statuses import OLD, REVIEW, Room
from tests.integration.test_ownership import report_to
from tests.joint_team import (
    CHENYU,
    DOING,
    DONE,
    LIWEI,
    LUCIA,
    SPRINT,
    WORKFLOW,
    FakeBoards,
    board_view,
    clock,
    issue,
    other_team_file,
    team_file,
)

TEAM, AT, LATER = "5G Core", clock("10:00"), clock("11:00")
MAPPED = WORKFLOW.with_status(OLD, "Done")  # what was in no stage is done
MOVED = issue(1, (clock("01:00"), DOING), (clock("02:00"), OLD))


@pytest.fixture
def room(store: Store) -> Room:
    room = Room(store)
    room.read(MOVED, issue(2, (clock("01:00"), DOING), (clock("01:30"), DONE)), at="02:30")
    with store.transaction(SYSTEM) as session:
        board = session.get_one(BoardRow, room.team.result.board_id)
        board_rows.keep_sprints(session, board, [SPRINT], whole=True)
    return room


def changes_of(room: Room) -> WorkflowChanges:
    return WorkflowChanges(room.store, Boards(room.store, {}))


def audited(store: Store) -> list[str]:
    with store.reading(SYSTEM) as session:
        query = select(AuditRow.action).where(AuditRow.action.like("workflow%")).order_by(AuditRow.id)
        return list(session.scalars(query))


def starts(room: Room) -> list[int]:
    return [since for since, _ in dates(room.workflow().workflow)]


def test_a_new_version_holds_from_the_other_sides_word_on(room: Room) -> None:
    changes = changes_of(room)
    proposed = changes.propose(LIWEI, TEAM, MAPPED.to_mapping(), AT)
    assert (proposed.company, proposed.waits_for, proposed.starts) == ("Huawei", ("Telefonica",), None)
    assert proposed.number is not None
    assert room.stage(OLD) is None
    for person, refusal in ((LIWEI, NotTheOtherSide), (CHENYU, NotTheOtherSide), (Person("T0X", "U0X"), NotFound)):
        with pytest.raises(refusal):
            changes.confirm(person, TEAM, proposed.number, LATER)
    assert changes.confirm(LUCIA, TEAM, proposed.number, LATER).starts == LATER
    assert (room.stage(OLD), starts(room)) == ("Done", [0, ms(LATER)])
    assert [version.starts for version in changes.show(CHENYU, TEAM, LATER)] == [None, LATER]
    assert audited(room.store) == ["workflow_proposed", "workflow_confirmed"]
    with pytest.raises(NotFound):  # it is decided
        changes.confirm(LUCIA, TEAM, proposed.number, LATER)
    with pytest.raises(NothingChanges):
        changes.propose(LUCIA, TEAM, MAPPED.to_mapping(), LATER)


def test_one_proposal_is_open_and_either_side_ends_it(room: Room) -> None:
    changes = changes_of(room)
    first = changes.propose(LIWEI, TEAM, MAPPED.to_mapping(), AT).number or 0
    second = changes.propose(LUCIA, TEAM, WORKFLOW.with_status(OLD, "Doing").to_mapping(), AT).number or 0
    with pytest.raises(NotFound):
        changes.confirm(LUCIA, TEAM, first, AT)
    with pytest.raises(NotTheOtherSide):
        changes.confirm(LUCIA, TEAM, second, AT)
    with pytest.raises(NotFound):
        changes.withdraw(CHENYU, TEAM, second, AT)
    changes.withdraw(LIWEI, TEAM, second, AT)
    assert len(changes.show(LUCIA, TEAM, AT)) == 1
    with pytest.raises(NotAllowed):
        changes.propose(CHENYU, TEAM, MAPPED.to_mapping(), AT)
    with pytest.raises(FileWrong):
        changes.propose(LIWEI, TEAM, {"stages": []}, AT)


def test_the_past_changes_by_an_act_of_its_own_that_lists_published_figures(room: Room) -> None:
    report_to(room.team, FakeBoards(board_view(MOVED)), LIWEI, "mine")
    Sprints(room.store, FakeBoards(board_view(MOVED))).share(LIWEI, "mine", clock("03:00"))
    with room.store.transaction(SYSTEM) as session:  # as it was made of what is stored
        row = session.scalars(select(ReportRow)).one()
        shared = dict(row.value)
        assert isinstance(values.message_from_json(shared), SprintReport)
    changes = changes_of(room)
    changes.confirm(LUCIA, TEAM, changes.propose(LIWEI, TEAM, MAPPED.to_mapping(), AT).number or 0, LATER)
    back = changes.apply_backwards(LUCIA, TEAM, date(2026, 11, 18), LATER)
    told = {each.figure: (each.before, each.after) for each in back.changes}
    assert told["completed.issues"] == ("1", "2")
    assert set(told) >= {
        "carried_over.issues",
        "cycle_time.n",
        "split_s.active:vendor",
        "sides.vendor.active_working_s",
    }
    assert "CORE-1" in told["completed.keys"][1]
    assert "CORE-1" not in told["completed.keys"][0]
    assert all(each.report.startswith("Core Sprint 12, 2026-11-19") for each in back.changes)
    assert starts(room) == [0, ms(LATER)]  # nothing has changed yet
    assert (back.back, back.waits_for) == (True, ("Huawei",))
    with pytest.raises(NotTheOtherSide):
        changes.confirm(LUCIA, TEAM, back.number or 0, LATER)
    assert changes.confirm(LIWEI, TEAM, back.number or 0, LATER).changes == back.changes
    assert starts(room) == [0, ms(datetime.fromisoformat("2026-11-17T23:00+00:00"))]
    with room.store.reading(SYSTEM) as session:
        assert session.scalars(select(ReportRow)).one().value == shared
    with pytest.raises(NothingChanges):
        changes.apply_backwards(LIWEI, TEAM, date(2026, 11, 18), LATER)
    with pytest.raises(NotPast):
        changes.apply_backwards(LIWEI, TEAM, date(2026, 11, 19), LATER)


def test_a_digest_that_was_shared_is_counted_again_too(room: Room) -> None:
    none = Spread(n=0, p50_s=None, p85_s=None, p95_s=None)
    figures: dict[str, Any] = {"finished": 1, "finished_before": (), "wip": 0}
    named: dict[str, Any] = {
        "team": TEAM,
        "team_ref": "t",
        "board": "Core",
        "zone": "Europe/Madrid",
        "since": AT,
        "until": clock("05:00"),
    }
    rest: dict[str, Any] = {"ageing": (), "waits": (), "data_quality": (), "workflow_guessed": False}
    digest = Digest(**named, **figures, **rest, cycle_time=none, cycle_time_before=none)
    with room.store.transaction(SYSTEM) as session:
        told: dict[str, Any] = {"team_id": room.team.result.team_id, "value": values.message_to_json(digest)}
        session.add(ReportRow(ref="d", kind="digest", made_at=clock("05:00"), shared_at=clock("05:00"), **told))
    changes = changes_of(room)
    changes.confirm(LUCIA, TEAM, changes.propose(LIWEI, TEAM, MAPPED.to_mapping(), AT).number or 0, LATER)
    found = changes.apply_backwards(LUCIA, TEAM, date(2026, 11, 18), LATER).changes
    listed = {each.figure: (each.before, each.after) for each in found}
    assert (listed["finished"], listed["cycle_time.n"]) == (("1", "2"), ("1", "2"))
    assert {each.report for each in found} == {"weekly digest, 2026-11-19 05:00 UTC"}


def test_new_statuses_are_said_before_anything_is_applied_to_the_past(room: Room) -> None:
    room.read(issue(3, (clock("03:00"), REVIEW)), at="03:05", column=(OLD, REVIEW))
    changes = changes_of(room)
    with pytest.raises(FirstTheNew):
        changes.apply_backwards(LIWEI, TEAM, date(2026, 11, 18), AT)
    # a whole workflow that names the status settles it
    whole = MAPPED.with_status(REVIEW, "In the lab")
    changes.confirm(LUCIA, TEAM, changes.propose(LIWEI, TEAM, whole.to_mapping(), AT).number or 0, LATER)
    assert (room.stage(), room.workflow().guesses) == ("In the lab", ())


def test_the_bots_guess_is_confirmed_as_it_is_and_changes_no_figure(store: Store) -> None:
    room = Room(store, team_file())
    room.read(MOVED, at="02:30")
    with store.transaction(SYSTEM) as session:
        board = session.get_one(BoardRow, room.team.result.board_id)
        workflows.guess_anew(session, board, values.from_json(BoardShape, board.shape), [], AT)
    guessed, changes = room.workflow(), changes_of(room)
    assert guessed.guessed
    proposed = changes.propose(LUCIA, TEAM, guessed.newest.to_mapping(), AT)
    assert changes.confirm(LIWEI, TEAM, proposed.number or 0, LATER).starts is None
    assert (room.workflow().workflow, room.workflow().guessed) == (guessed.workflow, False)


def test_a_team_file_proposes_once_figures_were_shared(room: Room) -> None:
    file: dict[str, Any] = team_file(board={"site": "shared", "id": 1, "workflow": MAPPED.to_mapping()})
    report_to(room.team, FakeBoards(board_view(MOVED)), LIWEI, "mine")
    Sprints(room.store, FakeBoards(board_view(MOVED))).share(LIWEI, "mine", clock("03:00"))
    assert setup.apply(room.store, file, AT).workflow_proposed
    assert room.stage(OLD) is None
    assert not setup.apply(room.store, file, LATER).workflow_proposed  # read again unchanged
    changes = changes_of(room)
    (_, proposal) = changes.show(LUCIA, TEAM, LATER)
    with pytest.raises(NotTheOtherSide):
        changes.confirm(LIWEI, TEAM, proposal.number or 0, LATER)
    changes.confirm(LUCIA, TEAM, proposal.number or 0, LATER)
    assert room.stage(OLD) == "Done"


def test_another_joint_team_finds_nothing(room: Room) -> None:
    changes = changes_of(room)
    number = changes.propose(LIWEI, TEAM, MAPPED.to_mapping(), AT).number or 0
    setup.apply(room.store, other_team_file(), AT)
    paul = Person("T0ORANGE", "U0PAUL")
    for name in (TEAM, "Orange RAN", "No such"):
        with pytest.raises(NotFound):
            changes.confirm(paul, name, number, AT)
    with pytest.raises(NotFound):
        changes.show(paul, TEAM, AT)
