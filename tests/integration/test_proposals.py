"""What one side proposes is put to those who decide it, where they are, and decided by a click of theirs alone."""

from datetime import date

import pytest
from sqlalchemy import select

from fmo_bot.db.ceremonies import ReportRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Proposal
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import NotFound
from fmo_bot.services import proposals, setup
from fmo_bot.services.boards import Boards
from fmo_bot.services.calendar_changes import CalendarChanges, NotTheOtherSide
from fmo_bot.services.ownership import Ownership, Projects
from fmo_bot.services.proposals import CALENDAR, JOB, PROJECT, OverBy, Proposals
from fmo_bot.services.workflow_changes import WorkflowChanges
from tests.integration.test_calendar_changes import AT, BACK, SHORTER, TEAM
from tests.integration.test_ownership import owned, report_to
from tests.joint_team import (
    CHENYU,
    DOING,
    LIWEI,
    LUCIA,
    MARTA,
    WORKFLOW,
    FakeBoards,
    JointTeam,
    board_view,
    clock,
    issue,
    other_team_file,
    team_file,
)

LATER = clock("04:00")


class Room:
    """A joint team, and the hands of its people."""

    def __init__(self, store: Store, **changes: object) -> None:
        self.store, self.team = store, JointTeam(store, team_file(**changes))
        self.calendars, self.ownership = CalendarChanges(store), Ownership(store)
        subjects: dict[str, proposals.Subject] = {
            CALENDAR: self.calendars,
            proposals.WORKFLOW: WorkflowChanges(store, Boards(store, {})),
            PROJECT: Projects(store),
        }
        self.proposals = Proposals(store, subjects)

    def told(self) -> dict[str, Proposal]:
        """Who is told what, as it stands now: user -> message."""
        found = {}
        for row, _, message in self.team.owed("proposal:"):
            assert isinstance(message, Proposal)
            found[str(row.person)] = message
        return found

    def press(self, person: Person, *, accept: bool) -> None:
        """Press a button of the one proposal, and let its job be done."""
        (ref,) = {message.ref for message in self.told().values()}
        self.proposals.press(person, ref, accept=accept, key=f"{person.user}{accept}", at=AT)
        with self.store.reading(SYSTEM) as session:
            rows = session.scalars(select(InboxRow).where(InboxRow.kind == JOB).order_by(InboxRow.id))
            payload = [dict(row.payload) for row in rows][-1]
        self.proposals.decide(payload, LATER)

    def states(self) -> set[tuple[str, str]]:
        return {(message.state, message.by) for message in self.told().values()}


def test_a_change_of_the_past_is_put_to_the_other_side_and_told_to_its_own(store: Store) -> None:
    room = Room(store)
    room.calendars.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT)
    told = room.told()
    assert {user: message.may for user, message in told.items()} == {"U0LUCIA": "decide", "U0LIWEI": "withdraw"}
    message = told["U0LUCIA"]
    assert (message.company, message.asked, message.state) == ("Huawei", ("Telefonica",), "open")
    assert (message.values["days"], message.values["before"], message.values["after"]) == (4, "36.0", "32.0")
    assert "09:00-17:00" in message.values["calendar"]

    room.press(LUCIA, accept=True)
    assert room.states() == {("accepted", "Telefonica")}
    assert {message.may for message in room.told().values()} == {""}
    held = room.calendars.show(MARTA, TEAM, LATER)
    assert [version.starts for version in held if version.side == "vendor" and version.number is None] == [None, BACK]
    room.press(LUCIA, accept=True)  # the same word again changes nothing, and is no error
    with pytest.raises(OverBy):
        room.press(LUCIA, accept=False)


def test_nobody_decides_for_the_other_side(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    setup.apply(sqlite_store, other_team_file(), AT)
    room.calendars.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT)
    for person in (LIWEI, CHENYU, MARTA):
        with pytest.raises(NotTheOtherSide):
            room.press(person, accept=True)
    with pytest.raises(NotFound):
        room.press(Person("T0OTHER", "U0OTHER"), accept=True)
    assert room.states() == {("open", "")}


def test_declined_withdrawn_and_replaced_are_said_as_such(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    room.calendars.propose(LIWEI, TEAM, SHORTER, starts=BACK, at=AT)
    room.press(LUCIA, accept=False)
    assert room.states() == {("declined", "Telefonica")}

    second = Room(sqlite_store)
    second.calendars.propose(LIWEI, TEAM, SHORTER | {"off": ["2026-11-17"]}, starts=BACK, at=AT)
    second.calendars.propose(LIWEI, TEAM, SHORTER | {"off": ["2026-11-18"]}, starts=BACK, at=AT)
    number = next(each.number for each in second.calendars.show(LIWEI, TEAM, AT) if each.number)
    second.calendars.withdraw(LIWEI, TEAM, number, LATER)  # at the command line
    states = [message.state for _, _, message in room.team.owed("proposal:") if isinstance(message, Proposal)]
    assert sorted(states) == ["declined"] * 2 + ["replaced"] * 2 + ["withdrawn"] * 2


def test_a_workflow_and_its_past_are_put_to_the_other_side(sqlite_store: Store) -> None:
    wanted = WORKFLOW.to_mapping()
    room = Room(sqlite_store, board=team_file()["board"] | {"workflow": wanted})
    changes = WorkflowChanges(sqlite_store, Boards(sqlite_store, {}))
    renamed = wanted | {"stages": [stage | {"name": f"{stage['name']} now"} for stage in wanted["stages"]]}
    renamed["commitment"] = f"{wanted['commitment']} now"
    changes.propose(LIWEI, TEAM, renamed, AT)
    message = room.told()["U0LUCIA"]
    assert (message.company, message.may) == ("Huawei", "decide")
    assert renamed["commitment"] in message.values["stages"]
    room.press(LUCIA, accept=True)
    assert room.states() == {("accepted", "Telefonica")}

    changes.apply_backwards(LUCIA, TEAM, date(2026, 11, 2), clock("05:00"))
    message = next(each for each in room.told().values() if each.state == "open" and each.may == "decide")
    assert (message.company, message.asked, message.values["changes"]) == ("Telefonica", ("Huawei",), 0)


def test_a_team_file_of_the_host_proposes_a_workflow_once_figures_were_shared(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    report_to(room.team, FakeBoards(board_view(issue(1, (clock("01:00"), DOING)))), LIWEI, "r")
    with sqlite_store.transaction(SYSTEM) as session:
        session.scalars(select(ReportRow)).one().shared_at = AT
    file = team_file()
    file["board"]["workflow"] = WORKFLOW.to_mapping()
    assert setup.apply(sqlite_store, file, AT).workflow_proposed
    assert {user: message.may for user, message in room.told().items()} == {"U0LUCIA": "decide", "U0LIWEI": "withdraw"}


def test_a_project_is_put_to_each_other_side_and_joint_once_it_accepts(sqlite_store: Store) -> None:
    room = Room(sqlite_store, jira=owned({"key": "CORE"}))
    huawei = room.ownership.actor(LIWEI, TEAM, AT)
    assert room.ownership.propose_joint(huawei, "shared", "CORE", AT).missing == ("Telefonica",)
    message = room.told()["U0LUCIA"]
    assert (message.company, message.values["project"], message.may) == ("Huawei", "CORE (shared)", "decide")
    room.press(LUCIA, accept=True)
    assert room.states() == {("accepted", "Telefonica")}
    assert {each.key: each.missing for each in room.ownership.standings(huawei)}["CORE"] == ()
