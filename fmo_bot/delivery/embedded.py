"""The engine of one process: APScheduler as a ticker in memory, nothing kept; the ledger is what remembers."""

from collections.abc import Callable
from concurrent import futures
from datetime import UTC, datetime
from threading import Condition

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
        self._changed = Condition()  # guards the state of all jobs; notified when one ends
        self._open = False  # between start and stop
        self._jobs: dict[str, _Job] = {}
        # Wakes do not go through the scheduler: its one-shot jobs can end its thread when it is shut down meanwhile.
        self._wakes = futures.ThreadPoolExecutor(_THREADS, thread_name_prefix="wake")
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults=_TICKS,
            timezone=UTC,
        )

    def every(self, name: str, seconds: float, function: Callable[[], object]) -> None:
        """Run `function` every `seconds`, never twice at the same time."""
        self._jobs[name] = _Job(name, function, self._changed)
        self._scheduler.add_job(self._jobs[name].tick, "interval", seconds=seconds, id=name)

    def wake(self, job: str, at: datetime | None = None) -> None:
        """Run `job` at once; if it is running, once more when it ends. A wake for later is left to its ticks."""
        with self._changed:
            if at is None and self._open:
                self._wakes.submit(self._jobs[job].wake)

    def start(self) -> None:
        """Begin; every job runs once at the start."""
        self._scheduler.start()
        self._open = True
        for name in self._jobs:
            self.wake(name)

    def stop(self, *, within: float) -> None:
        """Take nothing new and wait for what is running, all together at most `within` seconds."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with self._changed:
            self._open = False
            self._wakes.shutdown(wait=False, cancel_futures=True)
            for job in self._jobs.values():
                job.stopped = True
            self._changed.wait_for(lambda: not self._running(), timeout=within)
            if late := self._running():
                _log.warning("jobs did not end in time", jobs=late)

    def _running(self) -> list[str]:
        return [name for name, job in self._jobs.items() if job.running]


class _Job:
    """A function that never runs twice at once; woken while it runs, it runs once more after."""

    def __init__(self, name: str, function: Callable[[], object], changed: Condition) -> None:
        self._name, self._function, self._changed = name, function, changed
        self.running = self.stopped = False
        self._again = False

    def tick(self) -> None:
        """Run, unless it is running."""
        if self._begin(again=False):
            self._run()

    def wake(self) -> None:
        """Run; if it is running, have it run once more."""
        if self._begin(again=True):
            self._run()

    def _begin(self, *, again: bool) -> bool:
        with self._changed:
            begins = not self.running and not self.stopped
            self._again = self.running and (again or self._again)
            self.running |= begins
            return begins

    def _run(self) -> None:
        while True:
            try:
                self._function()
            except Exception:  # the next tick tries again: what was owed is still a row
                _log.exception("job failed", job=self._name)
            if not self._goes_on():
                return

    def _goes_on(self) -> bool:
        with self._changed:
            self.running = self._again and not self.stopped
            self._again = False
            self._changed.notify_all()
            return self.running
