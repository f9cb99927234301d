"""The engine of many processes: procrastinate on the PostgreSQL that holds the ledger. N workers, no leader.

A wake is a row that procrastinate keeps, written in the transaction of what it is for; one waiting row per job is
enough, so wakes collapse. Ticks are let in once by the database. Whatever is lost here, the next tick finds in the
ledger; whatever comes twice finds nothing to do.
"""

import asyncio
import gc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic, time

import structlog
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.worker import Worker
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fmo_bot.db.store import Store
from fmo_bot.delivery.jobs import BEAT_S, Jobs
from fmo_bot.domain.parties import SYSTEM

SHORTEST_TICK_S = 5  # what is due at a better known time is woken then
POLL_S = 0.5  # how late a wake for later, or one whose notification was lost, may be
RESCUE_S = 30  # a worker that was not heard of for so long is lost
_RECONNECT_S = 1.0
_CONCURRENCY = 10
_TRIES = 3
_log = structlog.get_logger(__name__)


class QueuedEngine:
    """See `ports.Engine`. A process that does not `start` it may still wake: the workers hear of it."""

    def __init__(
        self, store: Store, url: str, machine: Callable[[], float] = time, shortest_tick: float = SHORTEST_TICK_S
    ) -> None:
        """`url`: the same PostgreSQL as the store's, which holds procrastinate's tables too (see `queue_schema`)."""
        self._store, self._shortest = store, shortest_tick
        self._jobs = Jobs(machine)
        self._writer = App(connector=SyncPsycopgConnector())  # writes on the connections of the store, has none
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
        self._app.periodic(cron=cron(RESCUE_S))(self._app.task(name="rescue", queueing_lock="rescue")(self._rescue))
        self._thread: Thread | None = None
        self._stopping = Event()
        self._guard = Lock()  # of the next, between the worker's thread and others
        self._end: Callable[[], object] | None = None  # ends the present `_work`

    def every(self, name: str, seconds: float, function: Callable[[], object], *, alone: bool = False) -> None:
        """Tick every `seconds`, but no more often than the shortest tick, in one of all processes.

        `alone`: the job waits while another process runs it.
        """
        self._jobs.add(name, function, quick=not alone)

        async def work(timestamp: int | None = None) -> None:
            running = self._jobs.soon(name)
            if running is not None:
                await asyncio.wrap_future(running)

        task = self._app.task(name=name, queue=name, queueing_lock=name, lock=name if alone else None)(work)
        self._app.periodic(cron=cron(max(seconds, self._shortest)))(task)

    def wake(self, job: str, *, at: float | None = None, session: Session | None = None) -> None:
        """Run a job in one of the processes that run jobs: in this one, where it does and no session is given."""
        if session is not None:
            self._enqueue(session, job, at)
        elif not self._jobs.is_open:
            with self._store.transaction(SYSTEM) as own:
                self._enqueue(own, job, at)
        elif at is not None:
            self._jobs.later(job, at)
        else:
            self._jobs.soon(job)

    def start(self) -> None:
        """Work in a thread, until `stop`; where the database goes away, again when it is back."""
        self._jobs.open()
        self._thread = Thread(target=self._serve, name="worker", daemon=True)
        self._thread.start()

    def problems(self) -> list[str]:
        """See `ports.Engine`."""
        return self._jobs.problems()

    def stop(self, *, within: float) -> None:
        """Take no job any more and wait for what is running, all together at most `within` seconds."""
        until = monotonic() + within
        self._stopping.set()
        with self._guard:
            if self._end is not None:
                self._end()
        self._jobs.close(within=within)
        if self._thread is not None:
            self._thread.join(max(0.0, until - monotonic()))

    # --- writing ------------------------------------------------------------------------------------------------------

    def _enqueue(self, session: Session, job: str, at: float | None) -> None:
        """A waiting row for the job, unless there is one, which then stays until our transaction has ended.

        Only so does the job that is taken from it see what this transaction wrote. Two transactions that write the
        same row at once wait for each other: this is the last thing a transaction does.
        """
        name = job if at is None else f"{job}@{at:.0f}"
        session.flush()
        for _ in range(_TRIES):
            if session.scalar(_WAITING, {"lock": name}) is not None or self._defer(session, job, name, at):
                return
        _log.warning("a wake was left to the next tick", job=job)

    def _defer(self, session: Session, job: str, name: str, at: float | None) -> bool:
        connection = session.connection()
        when = None if at is None else datetime.fromtimestamp(at, UTC)
        raw = connection.connection.dbapi_connection
        row = self._writer.configure_task(job, connection=raw, queue=job, queueing_lock=name, schedule_at=when)
        try:
            with connection.begin_nested():
                row.defer()
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:  # whoever has a transaction knows the errors of the store
            raise OperationalError("wake", None, error) from error
        return True

    # --- working ------------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._work_once()
            # A pool that is closed while somebody waits for a connection may leave it open, in a ring of references.
            gc.collect()
            self._stopping.wait(_RECONNECT_S)

    def _work_once(self) -> None:
        try:
            asyncio.run(self._work())
        except asyncio.CancelledError:  # told to stop while it was starting
            return
        except Exception as error:  # the database is away, or took us for lost: begin anew, under a new name
            _log.warning("the queue is out of reach", error=type(error).__name__)

    async def _work(self) -> None:
        task, worker = asyncio.current_task(), self._worker()
        assert task is not None
        opening = True

        def end() -> None:
            # A worker is told and never cancelled: a cancellation is lost where it comes together with what it ends.
            task.cancel() if opening else worker.stop()  # type: ignore[no-untyped-call]

        with self._guard:
            self._end = partial(asyncio.get_running_loop().call_soon_threadsafe, end)
        try:
            if not self._stopping.is_set():
                await self._app.open_async()
            opening = False
            if not self._stopping.is_set():
                await self._take_jobs(worker)
        finally:
            opening = False
            with self._guard:
                self._end = None
            await self._app.close_async()  # also what was opened half: its tasks end by this only

    def _worker(self) -> Worker:
        return Worker(
            self._app,
            concurrency=_CONCURRENCY,
            fetch_job_polling_interval=POLL_S,
            stalled_worker_timeout=RESCUE_S,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _take_jobs(self, worker: Worker) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self._jobs.beat()
            await asyncio.sleep(BEAT_S)

    async def _rescue(self, timestamp: int) -> None:
        """What a lost worker had taken is to be done again."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=RESCUE_S):
            await self._put_back(job)

    async def _put_back(self, job: Job) -> None:
        _log.warning("taking a job back from a worker that was lost", job=job.task_name)
        try:
            await self._app.job_manager.retry_job(job)
        except ConnectorException:  # it waits already, for somebody woke it meanwhile
            await self._app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


# Locked like this it is not taken before we commit; one that is being taken is waited for, and then does not wait.
_WAITING = text("SELECT id FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo' FOR KEY SHARE")


def cron(seconds: float) -> str:
    """A period as procrastinate takes it: a divisor of a minute in seconds, or of an hour in minutes.

    Its cron lines have the seconds in their sixth field. People are asked at full minutes, so what ticks by the minute
    does so half a minute later.
    """
    whole = int(seconds)
    if whole < 60 and 60 % whole == 0:
        return f"* * * * * */{whole}"
    if whole % 60 == 0 and 3600 % whole == 0:
        return f"*/{whole // 60} * * * * 30" if whole < 3600 else "0 * * * * 30"
    raise ValueError(f"no cron line ticks every {seconds} seconds")
