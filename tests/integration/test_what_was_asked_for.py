"""Whoever asked for something hears what became of it, once, whatever happens meanwhile; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.ledger import DeliveryRow, InboxRow, MessageRow
from fmo_bot.db.store import Store
from fmo_bot.db.values import message_from_json
from fmo_bot.delivery import inbox, outbox
from fmo_bot.delivery.retention import UNDONE_FOR, retain
from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import BoardUnavailable, NotLinked, TooLate
from tests.fakes import MONDAY_NINE, FixedClock, Machine
from tests.joint_team import ELENA, LIWEI, JointTeam

KIND = "sprint_report"


class Killed(BaseException):
    """The process ends here."""


class Desk:
    """The joint team, and a kind of job that ends as it is told to."""

    def __init__(self, store: Store, clock: FixedClock, machine: Machine) -> None:
        self.store, self.clock, self.machine = store, clock, machine
        self.team = JointTeam(store)
        self.errors: list[BaseException] = []
        self.tries = 0

    def ask(self, person: Person | None = LIWEI, *, of_team: bool = True) -> None:
        scope = Scope(team_id=self.team.result.team_id) if of_team else SYSTEM
        with self.store.transaction(scope) as session:
            inbox.record(
                session, event_key="click 1", kind=KIND, payload={"sprint": "12"}, at=self.clock.now(), asker=person
            )

    def make(self, payload: dict[str, Any], at: datetime) -> None:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)

    def work(self, times: int = 10) -> None:
        """Work what there is, again and again; now and then the process is killed."""
        for _ in range(times):
            job = inbox.claim(self.store, owner="one", now=self.machine())
            if job is not None:
                self._work(job)
            self.machine.advance(inbox.LEASE_S + 1)

    def _work(self, job: inbox.Job) -> None:
        try:
            inbox.work(self.store, job, {KIND: self.make}, at=self.clock.now(), machine=self.machine)
        except Killed:
            return

    def told(self) -> list[tuple[Person, str, Notice, int | None]]:
        """(who, in which language, what, for which joint team) of all that is owed."""
        query = select(MessageRow, DeliveryRow).join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
        with self.store.reading(SYSTEM) as session:
            found = []
            for message, row in session.execute(query.where(MessageRow.name.startswith("told:"))):
                said = message_from_json(row.value)
                assert isinstance(said, Notice)
                assert message.person
                found.append((Person(message.workspace, message.person), row.language, said, message.team_id))
            return found

    def row(self) -> InboxRow:
        with self.store.reading(SYSTEM) as session:
            return session.scalars(select(InboxRow)).one()


@pytest.fixture
def desk(store: Store, clock: FixedClock, machine: Machine) -> Desk:
    return Desk(store, clock, machine)


# What the job does -> how often it is tried.
ENDS: dict[str, tuple[list[BaseException], int]] = {
    "it fails again and again": ([BoardUnavailable("Jira is down")] * 20, inbox.MAX_ATTEMPTS),
    "it kills its process again and again": ([Killed()] * 20, inbox.MAX_ATTEMPTS),
    "it fails and kills in turn": ([RuntimeError("x"), Killed()] * 10, inbox.MAX_ATTEMPTS),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_fails_for_good_is_said_once_in_their_language_with_the_next_step_and_an_id(case: str, desk: Desk) -> None:
    desk.errors, tries = list(ENDS[case][0]), ENDS[case][1]
    desk.ask()
    desk.work(20)
    ((who, language, said, team),) = desk.told()
    assert (who, language, team) == (LIWEI, "zh", desk.team.result.team_id)
    assert said.text == troubles.not_done(KIND)
    assert "/fmo sprint" in said.text
    assert said.values == {"asked": MONDAY_NINE, "id": inbox.quoted(desk.row())}
    assert (desk.row().state, desk.tries) == ("failed", tries)


def test_a_process_that_dies_while_it_says_so_has_said_nothing_and_the_next_one_says_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.errors = [RuntimeError("x")] * 20
    desk.ask()
    desk.work(inbox.MAX_ATTEMPTS - 1)

    def die(*args: Any, **more: Any) -> bool:
        owe(*args, **more)
        raise Killed

    owe = outbox.owe
    with monkeypatch.context() as dying:
        dying.setattr(outbox, "owe", die)
        desk.work(1)
    assert (desk.row().state, desk.told()) == ("working", [])
    desk.work(5)
    assert (desk.row().state, len(desk.told())) == ("failed", 1)


@pytest.mark.parametrize("refusal", [NotLinked(), TooLate(closed=MONDAY_NINE)])
def test_a_refusal_is_said_at_once_and_is_the_end_of_it(refusal: TooLate | NotLinked, desk: Desk) -> None:
    desk.errors = [refusal]
    desk.ask()
    desk.work()
    ((who, _, said, _),) = desk.told()
    assert (who, said) == (LIWEI, Notice(text=refusal.text, values=dict(refusal.values)))
    assert (desk.row().state, desk.row().payload, desk.tries) == ("done", {}, 1)


def test_somebody_the_bot_does_not_know_is_told_in_english(desk: Desk) -> None:
    desk.errors = [RuntimeError("x")] * 20
    desk.ask(ELENA, of_team=False)
    desk.work()
    assert [(who, language, team) for who, language, _, team in desk.told()] == [(ELENA, "en", None)]


def test_what_goes_well_after_all_is_not_complained_about(desk: Desk) -> None:
    desk.errors = [RuntimeError("x"), Killed()]
    desk.ask()
    desk.work()
    assert (desk.row().state, desk.told()) == ("done", [])


def test_what_is_begun_at_last_after_a_week_may_still_go_well(desk: Desk) -> None:
    desk.ask()
    job = inbox.claim(desk.store, owner="one", now=desk.machine())
    assert job is not None
    later = MONDAY_NINE + UNDONE_FOR + timedelta(minutes=1)
    inbox.give_up_old(desk.store, later - UNDONE_FOR, at=later)
    inbox.work(desk.store, job, {KIND: desk.make}, at=later, machine=desk.machine)
    assert (desk.row().state, desk.told()) == ("done", [])


def test_what_nobody_could_begin_for_a_week_is_said_too_and_then_forgotten(desk: Desk) -> None:
    desk.ask()
    later = MONDAY_NINE + UNDONE_FOR + timedelta(minutes=1)
    for _ in range(2):
        inbox.give_up_old(desk.store, later - UNDONE_FOR, at=later)
    retain(desk.store, later)
    assert len(desk.told()) == 1
    assert (desk.row().state, desk.row().payload) == ("dropped", {})
    desk.work()
    assert desk.tries == 0
