"""The same suite on every way to run the bot: whatever wakes the code up, what is owed is said once.

Two workers and a process that only owes, each with a store and an engine of its own. Time is real, but for the pumps'
machine time (leases, lanes, pauses), which runs twenty times as fast, so that nobody waits for a lease.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fmo_bot.bootstrap.clocks import RealClock
from fmo_bot.db.ceremonies import CeremonyRow
from fmo_bot.db.ledger import DeliveryRow, OccurrenceRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox, occurrences, outbox, queue_schema, quiet
from fmo_bot.delivery.embedded import EmbeddedEngine
from fmo_bot.delivery.occurrences import Wanted
from fmo_bot.delivery.pump import Pump
from fmo_bot.delivery.queued import QueuedEngine
from fmo_bot.delivery.work import Work
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.errors import NotNow, RateLimited, Uncertain, Undeliverable
from fmo_bot.ports import Engine, Outgoing
from tests.databases import empty_all, empty_postgres, migrated_sqlite
from tests.fakes import Accepted, FakeChat, accepted

SET_UPS = ("embedded on SQLite", "embedded on PostgreSQL", "procrastinate")
SOON = 60.0  # seconds a test waits at most
FASTER = 20.0


BEGIN = time.time()


def hurried() -> float:
    return BEGIN + (time.time() - BEGIN) * FASTER


@dataclass
class Slack(FakeChat):
    """The pretend Slack for several threads: how the first attempt at a message ends is told by its text."""

    endings: dict[str, BaseException | Accepted | None] = field(default_factory=dict)
    alone: threading.Lock = field(default_factory=threading.Lock)

    def post(self, place: Place, outgoing: Outgoing) -> str:
        self.before_post()
        with self.alone:
            assert isinstance(outgoing.message, Notice)
            self.script = [self.endings.pop(outgoing.message.text, None)]
            ts = f"{next(self.numbers)}.000000"
            with self._ending():
                self._show(place, ts, outgoing)
            return ts

    def find(self, place: Place, key: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        with self.alone:
            return super().find(place, key, since=since, thread_ts=thread_ts)


@dataclass
class Process:
    """One bot process without its door."""

    store: Store
    engine: Engine
    work: Work

    def end(self) -> None:
        self.work.stop(until=time.monotonic() + SOON)
        self.store.close()


@dataclass
class House:
    """All processes of one installation, and what handlers they have."""

    set_up: str
    url: str
    slack: Slack = field(default_factory=Slack)
    due: dict[str, occurrences.Handler] = field(default_factory=dict)
    jobs: dict[str, inbox.Handler] = field(default_factory=dict)
    running: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.web = self._process("web")  # owes and records, runs nothing

    def start(self, workers: int = 2) -> None:
        for number in range(workers):
            self._process(f"worker {number}").engine.start()

    def end(self) -> None:
        while self.running:
            self.running.pop().end()

    def _process(self, name: str) -> Process:
        store = Store(self.url)
        queued = self.set_up == "procrastinate"
        engine = QueuedEngine(store, self.url, shortest_tick=1) if queued else EmbeddedEngine()
        store.wake = engine.wake
        pump = Pump(store=store, chat=self.slack, clock=RealClock(), machine=hurried, owner=name)
        parts: dict[str, Any] = {"due": self.due, "jobs": self.jobs}
        work = Work(store=store, engine=engine, clock=RealClock(), pump=pump, owner=name, **parts)
        self.running.append(Process(store, engine, work))
        return self.running[-1]

    def owe(self, name: str, channel: str = "C0JOINT", **how: Any) -> None:
        with self.web.store.transaction(SYSTEM) as session:
            owe(session, name, channel, **how)

    def states(self) -> dict[str, str]:
        with self.web.store.reading(SYSTEM) as session:
            rows = session.execute(select(DeliveryRow.dedup_key, DeliveryRow.state))
            return {key.partition(":")[2]: state for key, state in rows}

    def settle(self) -> dict[str, str]:
        """Wait until nothing is in hand; the state of every delivery."""
        self.until(lambda: self.in_hand() == 0)
        return self.states()

    def in_hand(self) -> int:
        with self.web.store.reading(SYSTEM) as session:
            return quiet.in_hand(session, datetime.now(UTC))

    def until(self, so: Callable[[], bool]) -> None:
        end, pause = time.monotonic() + SOON, threading.Event()
        while not so():
            assert time.monotonic() < end, "it took too long"
            pause.wait(0.05)


def owe(session: Session, name: str, channel: str = "C0JOINT", **how: Any) -> None:
    given: dict[str, Any] = {"due": datetime.now(UTC), "language": "en", "place": Place("T0HUAWEI", channel)} | how
    outbox.owe(session, name=name, message=Notice(text=name, values={}), **given)


def owe_and_fail(store: Store) -> None:
    with store.transaction(SYSTEM) as session:
        owe(session, "message")
        store.wake("pump", session=session)
        raise LookupError


@pytest.fixture(scope="module")
def _postgres(postgres: str) -> Iterator[str]:
    with empty_postgres(postgres) as url:
        migrate(url)
        queue_schema.migrate(url)
        yield url


@pytest.fixture(params=SET_UPS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "embedded on SQLite":
        url = f"sqlite:///{migrated_sqlite(tmp_path)}"
    else:
        url = request.getfixturevalue("_postgres")
        empty_all(url)
    house = House(request.param, url)
    if request.param == "procrastinate":
        with house.web.store.transaction(SYSTEM) as session:
            session.execute(text("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE"))
    yield house
    house.end()


# How the first attempt ends -> the state in the end, copies that Slack shows.
ENDINGS: dict[str, tuple[BaseException | Accepted | None, str, int]] = {
    "it goes well": (None, "sent", 1),
    "the answer is lost after Slack accepted": (accepted(Uncertain("timeout")), "sent", 1),
    "the request is lost before Slack saw it": (Uncertain("connection reset"), "sent", 1),
    "Slack answers 429": (RateLimited(5, "channel:T0HUAWEI:C3"), "sent", 1),
    "no connection could be made": (NotNow("connection refused"), "sent", 1),
    "the channel is gone": (Undeliverable("channel_not_found"), "failed", 0),
    "our own code fails after Slack accepted": (accepted(KeyError("ts")), "sent", 1),
}


def test_however_attempts_end_nothing_is_lost_or_doubled(house: House) -> None:
    house.slack.endings = {name: ending for name, (ending, _, _) in ENDINGS.items()}
    house.start()
    for number, name in enumerate(ENDINGS):
        house.owe(name, f"C{number}")
    states, shown = house.settle(), Counter(each.text for each in house.slack.messages if isinstance(each, Notice))
    assert {name: (states[name], shown[name]) for name in ENDINGS} == {
        name: (state, copies) for name, (_, state, copies) in ENDINGS.items()
    }


def test_an_engine_is_heard_of_while_it_runs(house: House) -> None:
    assert house.web.engine.problems() == []  # it never ran here
    house.start(workers=1)
    worker = house.running.pop()

    def is_missed() -> bool:
        worker.engine._jobs._beat = 0.0  # type: ignore[attr-defined]
        return any("not been heard of" in problem for problem in worker.engine.problems())

    house.until(is_missed)  # it may have been heard of meanwhile
    house.until(lambda: worker.engine.problems() == [])
    worker.end()
    assert worker.engine.problems() == ["The engine has stopped."]


def test_two_workers_say_everything_once(house: House) -> None:
    house.start()
    names = [f"message {number}" for number in range(40)]
    for number, name in enumerate(names):
        house.owe(name, place=Place(f"T{number % 4}", f"C{number}"))
    assert set(house.settle().values()) == {"sent"}
    assert sorted(each.text for each in house.slack.messages if isinstance(each, Notice)) == sorted(names)


def test_a_wake_that_is_lost_costs_a_tick(house: House) -> None:
    house.start(workers=1)
    house.web.store.wake = lambda job, *, session: None  # whatever was in the engine is gone
    house.owe("message")
    assert house.settle() == {"message": "sent"}


def test_what_a_rolled_back_transaction_owed_wakes_nobody(house: House) -> None:
    with pytest.raises(LookupError):
        owe_and_fail(house.web.store)
    if house.set_up == "procrastinate":
        with house.web.store.reading(SYSTEM) as session:
            assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
    house.start(workers=1)
    assert house.settle() == {}
    assert house.slack.posted == []


def test_told_to_stop_a_worker_finishes_what_it_has_in_hand_and_takes_no_more(house: House) -> None:
    talking, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        talking.set()
        assert go_on.wait(SOON)

    house.slack.before_post = hold
    house.start(workers=1)
    house.owe("in hand")
    assert talking.wait(SOON)
    worker = house.running.pop()
    stopping = threading.Thread(target=worker.end)
    worker.work.refuse()
    stopping.start()
    house.owe("next")
    go_on.set()
    stopping.join(SOON)
    assert not stopping.is_alive()
    assert house.states() == {"in hand": "sent", "next": "ready"}
    house.start(workers=1)  # a restart needs no repair step
    assert house.settle() == {"in hand": "sent", "next": "sent"}
    assert len(house.slack.posted) == 2


def test_a_morning_without_the_bot_is_made_up_for_within_the_late_policy(house: House) -> None:
    now = datetime.now(UTC)
    three_hours_ago = now - timedelta(hours=3)
    house.owe("still useful", due=three_hours_ago, useful_until=now + timedelta(hours=1))
    house.owe("too late", due=three_hours_ago, useful_until=now - timedelta(hours=1))
    house.start()
    assert house.settle() == {"still useful": "sent", "too late": "missed"}


def test_what_falls_due_happens_once(house: House) -> None:
    def happen(session: Session, row: OccurrenceRow, at: datetime) -> None:
        owe(session, f"prompt of {row.subject}", channel=row.subject)

    house.due["prompt"] = happen
    house.start()
    at = datetime.now(UTC)
    wanted = [
        Wanted(
            ceremony_id=_ceremony(house.web.store),
            kind="prompt",
            subject=f"member:{number}",
            local_date=at.date(),
            due=at + timedelta(seconds=0.5),
        )
        for number in range(10)
    ]
    with house.web.store.transaction(SYSTEM) as session:
        occurrences.plan(session, wanted, at)
    house.until(lambda: len(house.states()) == 10)
    assert set(house.settle().values()) == {"sent"}
    assert len(house.slack.posted) == 10


def _ceremony(store: Store) -> int:
    with store.transaction(SYSTEM) as session:
        company = session.scalars(select(OrganisationRow)).first()
        if company is None:
            session.add(company := OrganisationRow(name="Huawei"))
            session.flush()
            session.add(team := JointTeamRow(name="5G Core", ref="t", host_id=company.id))
            session.flush()
            session.add(CeremonyRow(team_id=team.id, kind="standup", name="Daily", days=["mon"], at="09:00"))
        return session.scalars(select(CeremonyRow.id)).one()


def test_what_came_in_is_worked_once(house: House) -> None:
    worked: list[int] = []
    house.jobs["count"] = lambda payload, at: worked.append(payload["n"])
    house.start()
    for number in range(20):
        for _ in range(2):  # Slack sends what it thinks was lost again
            with house.web.store.transaction(SYSTEM) as session:
                inbox.record(session, event_key=f"e{number}", kind="count", payload={"n": number}, at=datetime.now(UTC))
    house.settle()
    assert sorted(worked) == list(range(20))


def test_what_takes_long_holds_up_nothing_else(house: House) -> None:
    go_on, quick = threading.Event(), threading.Event()

    def slow(payload: dict[str, Any], at: datetime) -> None:
        assert go_on.wait(SOON)

    house.jobs["slow"] = slow
    house.jobs["quick"] = lambda payload, at: quick.set()
    house.start(workers=1)
    for number, kind in enumerate(["slow", "slow", "quick"]):
        with house.web.store.transaction(SYSTEM) as session:
            inbox.record(session, event_key=f"e{number}", kind=kind, payload={}, at=datetime.now(UTC))
    assert quick.wait(SOON)
    go_on.set()
    house.settle()
