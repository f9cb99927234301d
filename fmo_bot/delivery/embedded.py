"""The engine of one process: APScheduler as a ticker in memory, nothing kept; the ledger is what remembers.

Several processes on one database may each run one: every job may run in all of them at once, but for those that run
alone, which are leased (see `leases`).
"""

from collections.abc import Callable
from datetime import UTC
from time import time

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import event
from sqlalchemy.orm import Session

from fmo_bot.delivery.jobs import BEAT_S, Jobs
from fmo_bot.delivery.leases import RENEW_S, Leases

_THREADS = 10
# A tick that comes late is still worth it, several that come late are worth one.
_TICKS = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}


class EmbeddedEngine:
    """Runs jobs on threads of this process; see `ports.Engine`. A wake reaches this process only, at once."""

    def __init__(self, leases: Leases | None = None, machine: Callable[[], float] = time) -> None:
        """Nothing runs before `start`; what is woken before is left to the ticks of whoever runs.

        Without `leases` no other process is known, and `alone` goes without saying.
        """
        self._jobs, self._leases = Jobs(machine), leases
        # Wakes do not go through the scheduler: its one-shot jobs can end its thread when it is shut down meanwhile.
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(_THREADS)},
            job_defaults=_TICKS,
            timezone=UTC,
        )
        self._scheduler.add_job(self._jobs.beat, "interval", seconds=BEAT_S, id="beat")
        if leases is not None:
            self._scheduler.add_job(leases.renew, "interval", seconds=RENEW_S, id="leases")

    def every(self, name: str, seconds: float, function: Callable[[], object], *, alone: bool = False) -> None:
        """Run `function` every `seconds`; `alone`: in one of all processes."""
        if alone and self._leases is not None:
            function = self._leases.alone(name, seconds, function)
        self._jobs.add(name, function, quick=not alone)
        self._scheduler.add_job(self._jobs.tick, "interval", (name,), seconds=seconds, id=name)

    def wake(self, job: str, *, at: float | None = None, session: Session | None = None) -> None:
        """Run `job`; if it is running, once more when it ends."""
        if session is not None:
            event.listen(session, "after_commit", lambda _: self.wake(job, at=at), once=True)
            return
        if at is not None:
            self._jobs.later(job, at)
        else:
            self._jobs.soon(job)

    def start(self) -> None:
        """Begin; every job runs once at the start."""
        self._jobs.open()
        self._scheduler.start()
        for name in self._jobs.names:
            self._jobs.soon(name)

    def problems(self) -> list[str]:
        """See `ports.Engine`."""
        return self._jobs.problems()

    def stop(self, *, within: float) -> None:
        """Take nothing new and wait for what is running, all together at most `within` seconds."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._jobs.close(within=within)
