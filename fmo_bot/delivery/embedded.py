"""The engine of one process: APScheduler as a ticker in memory, nothing kept; the ledger is what remembers."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition, Thread

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

_log = structlog.get_logger(__name__)
_THREADS = 10
# A tick that comes late is still worth it, several that come late are worth one.
_TICKS = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}


class EmbeddedEngine:
    """Runs periodic jobs on threads of this process; see `ports.Engine`."""

    def __init__(self) -> None:
        """Nothing runs before `start`."""
        self._jobs: dict[str, _Job] = {}
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults=_TICKS,
            timezone=UTC,
        )

    def every(self, name: str, seconds: float, function: Callable[[], object]) -> None:
        """Run `function` every `seconds`, the first time at once after `start`; never twice at the same time."""
        job = self._jobs[name] = _Job(name, function)
        self._scheduler.add_job(job.tick, "interval", seconds=seconds, id=name)
        self._scheduler.add_job(job.tick)

    def wake(self, job: str, at: datetime | None = None) -> None:
        """Run `job` at once, or at an instant of real time; if it is running, once more when it ends."""
        self._scheduler.add_job(self._jobs[job].wake, "date", run_date=at)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self, *, within: float) -> None:
        """Take nothing new and wait for what is running, all together at most `within` seconds."""
        if not self._scheduler.running:
            return
        self._scheduler.shutdown(wait=False)
        waits = [Thread(target=job.stop, args=(within,), daemon=True) for job in self._jobs.values()]
        for each in waits:
            each.start()
        for each in waits:
            each.join()


class _Job:
    """A function that never runs twice at once; woken while it runs, it runs once more after."""

    def __init__(self, name: str, function: Callable[[], object]) -> None:
        self._name, self._function = name, function
        self._changed = Condition()
        self._running = self._again = self._stopped = False

    def tick(self) -> None:
        """Run, unless it is running."""
        if self._begin(again=False):
            self._run()

    def wake(self) -> None:
        """Run; if it is running, have it run once more."""
        if self._begin(again=True):
            self._run()

    def stop(self, within: float) -> None:
        """Never run again; wait for the run in hand."""
        with self._changed:
            self._stopped = True
            if not self._changed.wait_for(lambda: not self._running, timeout=within):
                _log.warning("job did not end in time", job=self._name)

    def _begin(self, *, again: bool) -> bool:
        with self._changed:
            if self._running:
                self._again |= again
            begins = not self._running and not self._stopped
            self._running |= begins
            return begins

    def _run(self) -> None:
        while True:
            try:
                self._function()
            except Exception:  # the next tick tries again: what was owed is still a row
                _log.exception("job failed", job=self._name)
            with self._changed:
                if not self._again or self._stopped:
                    self._running = self._again = False
                    self._changed.notify_all()
                    return
                self._again = False
