"""The engine on procrastinate: wakes travel with the transaction that makes them; nothing here waits for a tick."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fmo_bot.db.schema import configuration, migrate
from fmo_bot.db.store import Store, open_engine
from fmo_bot.db.wakes import want
from fmo_bot.delivery import queue_schema
from fmo_bot.delivery.queued import QueuedEngine, cron
from fmo_bot.domain.parties import SYSTEM
from tests.databases import empty_postgres

SOON = 60.0  # seconds a test waits at most for what should happen at once
HOURLY = 3600.0  # a period in which no test sees a tick but the one at the start


@pytest.fixture(scope="module")
def url(postgres: str) -> Iterator[str]:
    """A PostgreSQL with our tables and procrastinate's."""
    with empty_postgres(postgres) as url:
        migrate(url)
        queue_schema.migrate(url)
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    with store.transaction(SYSTEM) as session:
        session.execute(
            text("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE")
        )
    yield store
    store.close()


@pytest.fixture
def engines(store: Store, url: str) -> Iterator[Callable[[], QueuedEngine]]:
    """Makes engines, as many processes would have them, and stops them all."""
    made: list[QueuedEngine] = []

    def make() -> QueuedEngine:
        made.append(QueuedEngine(store, url))
        return made[-1]

    yield make
    for each in made:
        each.stop(within=SOON)


@pytest.fixture
def web(store: Store, engines: Callable[[], QueuedEngine]) -> QueuedEngine:
    """The engine of a process that runs no jobs."""
    engine = engines()
    store.wake = engine.wake
    return engine


def test_both_schemas_live_side_by_side_and_neither_touches_the_other(url: str) -> None:
    migrate(url)
    queue_schema.migrate(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        command.check(configuration(connection))  # raises where Alembic would change or drop anything
        assert connection.scalar(text("SELECT to_regclass('procrastinate_jobs')"))
    engine.dispose()


def test_a_newer_procrastinate_brings_its_tables_up_once(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with empty_postgres(postgres) as url:
        queue_schema.migrate(url)
        newer = queue_schema.released() | {"99.00.00_01_new.sql": "CREATE TABLE procrastinate_new (share text); -- 5%"}
        monkeypatch.setattr(queue_schema, "released", lambda: newer)
        queue_schema.migrate(url)
        queue_schema.migrate(url)


def test_a_wake_that_cannot_be_written_is_an_error_of_the_store(postgres: str) -> None:
    with empty_postgres(postgres) as url:  # without procrastinate's tables
        migrate(url)
        store = Store(url)
        engine = QueuedEngine(store, url)
        with pytest.raises(SQLAlchemyError):
            engine.wake("pump")
        store.close()


def wake_and_fail(store: Store, web: QueuedEngine) -> None:
    with store.transaction(SYSTEM) as session:
        web.wake("inbox", session=session)
        raise LookupError


def waiting(store: Store) -> list[str]:
    with store.reading(SYSTEM) as session:
        query = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        return list(session.scalars(text(query)))


def test_a_wake_is_committed_with_what_it_is_for_and_rolled_back_with_it(store: Store, web: QueuedEngine) -> None:
    with pytest.raises(LookupError):
        wake_and_fail(store, web)
    assert waiting(store) == []
    with store.transaction(SYSTEM) as session:
        want(session, "pump")
        want(session, "inbox")
    assert waiting(store) == ["inbox", "pump"]


def test_wakes_that_nobody_has_heard_yet_are_one(store: Store, web: QueuedEngine) -> None:
    for _ in range(3):
        with store.transaction(SYSTEM) as session:
            want(session, "pump")
            want(session, "pump")
    web.wake("pump")
    web.wake("pump", at=time.time() + 60)  # a wake for later is another
    web.wake("pump", at=time.time() + 60)
    assert waiting(store)[0] == "pump"
    assert len(waiting(store)) in (2, 3)  # the second may have struck in between


def test_transactions_that_wake_at_the_same_time_all_commit(store: Store, web: QueuedEngine) -> None:
    def owe() -> None:
        for _ in range(20):
            with store.transaction(SYSTEM) as session:
                want(session, "pump")
                want(session, "inbox")

    threads = [threading.Thread(target=owe) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(SOON)
        assert not each.is_alive()
    assert waiting(store) == ["inbox", "pump"]


def test_a_wake_reaches_a_worker_in_another_process(web: QueuedEngine, engines: Callable[[], QueuedEngine]) -> None:
    ran, worker = threading.Semaphore(0), engines()
    worker.every("job", HOURLY, ran.release)
    worker.start()
    web.wake("job")
    assert ran.acquire(timeout=SOON)
    web.wake("job", at=time.time() + 0.2)
    assert ran.acquire(timeout=SOON)


def test_a_worker_sees_what_the_transaction_that_woke_it_wrote(
    store: Store, web: QueuedEngine, engines: Callable[[], QueuedEngine]
) -> None:
    """Even where its wake was folded into one that waited already: that one is not taken before the commit."""
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        with store.reading(SYSTEM) as session:
            seen.append(session.scalar(text("SELECT count(*) FROM organisation")) or 0)
        if seen[-1]:
            done.set()

    web.wake("look")
    worker = engines()
    worker.every("look", HOURLY, look)
    with store.transaction(SYSTEM) as session:
        session.execute(text("INSERT INTO organisation (name) VALUES ('Huawei')"))
        web.wake("look", session=session)
        worker.start()
        assert not done.wait(0.5)
    assert done.wait(SOON)
    with store.transaction(SYSTEM) as session:
        session.execute(text("DELETE FROM organisation"))


def test_jobs_of_a_worker_that_was_lost_are_taken_back(
    store: Store, web: QueuedEngine, engines: Callable[[], QueuedEngine]
) -> None:
    ran, worker = threading.Semaphore(0), engines()
    for job in ("lost", "lost and woken since"):
        web.wake(job)
        with store.transaction(SYSTEM) as session:
            session.execute(_TAKEN_LONG_AGO)
        worker.every(job, HOURLY, ran.release)
    web.wake("lost and woken since")
    worker.start()
    assert ran.acquire(timeout=SOON)
    assert ran.acquire(timeout=SOON)
    until(lambda: jobs(store) == 0)


_TAKEN_LONG_AGO = text(
    "WITH lost AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id)"
    " UPDATE procrastinate_jobs SET status = 'doing', worker_id = lost.id FROM lost WHERE status = 'todo'"
)


def test_a_worker_that_loses_the_database_works_on_when_it_is_back(
    store: Store, web: QueuedEngine, engines: Callable[[], QueuedEngine]
) -> None:
    ran, worker = threading.Semaphore(0), engines()
    worker.every("job", HOURLY, ran.release)
    worker.start()
    web.wake("job")
    assert ran.acquire(timeout=SOON)
    with store.transaction(SYSTEM) as session:
        session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    web.wake("job")
    assert ran.acquire(timeout=SOON)


def test_a_worker_stops_while_the_database_is_away() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    store = Store(nowhere)
    worker = QueuedEngine(store, nowhere)
    worker.every("job", HOURLY, lambda: None)
    worker.start()
    worker.stop(within=SOON)
    assert not is_working(worker)
    store.close()


def test_a_worker_that_is_told_to_stop_while_it_starts_ends_and_leaves_no_connection_open(
    store: Store, engines: Callable[[], QueuedEngine], caplog: pytest.LogCaptureFixture
) -> None:
    """However far its opening of connections has come."""
    # What is captured of a log holds errors, their frames, and in these connections that were being opened.
    caplog.set_level(logging.CRITICAL, logger="psycopg")
    caplog.set_level(logging.CRITICAL, logger="procrastinate")
    caplog.set_level(logging.CRITICAL, logger="asyncio")
    for tenths in range(0, 30, 3):
        worker = engines()
        worker.every("job", HOURLY, lambda: None)
        worker.start()
        threading.Event().wait(tenths / 10_000)
        worker.stop(within=SOON)
        assert not is_working(worker)
    until(lambda: connections(store) == 1)


def is_working(worker: QueuedEngine) -> bool:
    return worker._thread is not None and worker._thread.is_alive()


def connections(store: Store) -> int:
    """To the store's database, its own among them."""
    with store.reading(SYSTEM) as session:
        return session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")) or 0


def jobs(store: Store) -> int:
    with store.reading(SYSTEM) as session:
        return session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) or 0


def until(so: Callable[[], bool]) -> None:
    end, pause = time.monotonic() + SOON, threading.Event()
    while not so():
        assert time.monotonic() < end, "it took too long"
        pause.wait(0.05)


# A period -> how procrastinate is told.
PERIODS = {5: "* * * * * */5", 30: "* * * * * */30", 60: "*/1 * * * * 30", 300: "*/5 * * * * 30", 3600: "0 * * * * 30"}


@pytest.mark.parametrize("seconds", PERIODS)
def test_a_period_is_told_as_a_cron_line(seconds: int) -> None:
    assert cron(seconds) == PERIODS[seconds]


@pytest.mark.parametrize("seconds", [7, 90, 7200])
def test_a_period_no_cron_line_can_tell_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="no cron line"):
        cron(seconds)
