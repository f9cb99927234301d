"""Jobs of one process: named functions on a few threads, none of them twice at once. Both engines run theirs so."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition, Timer

import structlog
from sqlalchemy.exc import OperationalError

_log = structlog.get_logger(__name__)
_THREADS = 10


class Jobs:
    """Functions by name, run when told to; none runs before `open`, none begins after `close`."""

    def __init__(self, machine: Callable[[], float]) -> None:
        """`machine` is Unix time, by which jobs for later are kept."""
        self._machine = machine
        self._changed = Condition()  # guards everything below; notified when a job ends
        self._jobs: dict[str, _Job] = {}
        self._timers: dict[str, tuple[float, Timer]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="job")
        self.is_open = False

    @property
    def names(self) -> list[str]:
        """Every job there is."""
        return list(self._jobs)

    def add(self, name: str, function: Callable[[], object]) -> None:
        """Name a function."""
        self._jobs[name] = _Job(name, function, self._changed)

    def open(self) -> None:
        """Let jobs run."""
        with self._changed:
            self.is_open = True

    def tick(self, name: str) -> None:
        """Run a job here and now, unless it is running."""
        self._jobs[name].run(again=False)

    def soon(self, name: str) -> Future[None] | None:
        """Run a job on a thread; if it is running, once more when it ends. None, and nothing runs, when not open."""
        with self._changed:
            return self._pool.submit(self._jobs[name].run, again=True) if self.is_open else None

    def later(self, name: str, at: float) -> None:
        """The same at `at` (machine time). Of several such wishes for one job only the earliest is kept."""
        with self._changed:
            before = self._timers.get(name)
            if not self.is_open or (before is not None and before[0] <= at):
                return
            if before is not None:
                before[1].cancel()
            timer = Timer(max(0.0, at - self._machine()), self._ring, (name, at))
            timer.daemon = True
            self._timers[name] = at, timer
            timer.start()

    def close(self, *, within: float) -> None:
        """Begin nothing more; wait for what is running, at most `within` seconds."""
        with self._changed:
            self.is_open = False
            for _, timer in self._timers.values():
                timer.cancel()
            self._pool.shutdown(wait=False, cancel_futures=True)
            for job in self._jobs.values():
                job.stopped = True
            self._changed.wait_for(lambda: not self._running(), timeout=within)
            if late := self._running():
                _log.warning("jobs did not end in time", jobs=late)

    def _ring(self, name: str, at: float) -> None:
        with self._changed:
            if self._timers.get(name, (at,))[0] == at:  # one that came too late to be cancelled removes no other
                self._timers.pop(name, None)
        self.soon(name)

    def _running(self) -> list[str]:
        return [name for name, job in self._jobs.items() if job.running]


class _Job:
    """A function that never runs twice at once; woken while it runs, it runs once more after."""

    def __init__(self, name: str, function: Callable[[], object], changed: Condition) -> None:
        self._name, self._function, self._changed = name, function, changed
        self.running = self.stopped = False
        self._again = False

    def run(self, *, again: bool) -> None:
        """Run; if it is running already, have it run once more where `again`."""
        if not self._begin(again=again):
            return
        while True:
            try:
                self._function()  # where it fails the next tick tries again: what was owed is still a row
            except OperationalError as error:
                _log.warning("the database does not answer", job=self._name, error=type(error.orig).__name__)
            except Exception:
                _log.exception("job failed", job=self._name)
            if not self._goes_on():
                return

    def _begin(self, *, again: bool) -> bool:
        with self._changed:
            begins = not self.running and not self.stopped
            self._again = self.running and (again or self._again)
            self.running |= begins
            return begins

    def _goes_on(self) -> bool:
        with self._changed:
            self.running = self._again and not self.stopped
            self._again = False
            self._changed.notify_all()
            return self.running
