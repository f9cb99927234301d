"""Jobs of one process: named functions on a few threads, none of them twice at once. Both engines run theirs so."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition, Timer

import structlog
from sqlalchemy.exc import OperationalError

_log = structlog.get_logger(__name__)
_THREADS = 10
BEAT_S = 1.0  # an engine says so often that it lives
_SILENT_S = 15.0  # an engine that was not heard of for longer is dead, or has no thread to spare
_UNWELL_S = 60.0  # a job that has failed, or not ended, for longer is stuck


class Jobs:
    """Functions by name, run when told to; none runs before `open`, none begins after `close`."""

    def __init__(self, machine: Callable[[], float]) -> None:
        """`machine` is Unix time, by which jobs for later are kept."""
        self._machine = machine
        self._changed = Condition()  # guards everything below; notified when a job ends
        self._jobs: dict[str, _Job] = {}
        self._timers: dict[str, tuple[float, Timer]] = {}
        self._watched: list[str] = []
        self._beat: float | None = None
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="job")
        self.is_open = False

    def beat(self) -> None:
        """The engine's own work goes on; called at least every `BEAT_S`."""
        self._beat = self._machine()

    def problems(self) -> list[str]:
        """Why jobs do not run as they should, in sentences: the engine is silent, or a job has not ended well."""
        if self._beat is None:
            return []
        if not self.is_open:
            return ["The engine has stopped."]
        now, found = self._machine(), list[str]()
        if (silent := now - self._beat) > _SILENT_S:
            found.append(f"The engine has not been heard of for {silent:.0f} s.")
        for name in self._watched:
            if (unwell := self._jobs[name].unwell_for(now)) > _UNWELL_S:
                found.append(f"The job {name} has not ended well for {unwell:.0f} s.")
        return found

    @property
    def names(self) -> list[str]:
        """Every job there is."""
        return list(self._jobs)

    def add(self, name: str, function: Callable[[], object], *, quick: bool = True) -> None:
        """Name a function; `quick`: it is a problem where it takes long."""
        self._jobs[name] = _Job(name, function, self._changed, self._machine)
        if quick:
            self._watched.append(name)

    def open(self) -> None:
        """Let jobs run."""
        self.beat()
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

    def __init__(
        self, name: str, function: Callable[[], object], changed: Condition, machine: Callable[[], float]
    ) -> None:
        self._name, self._function, self._changed, self._machine = name, function, changed, machine
        self._unwell_since: float | None = None  # the begin of the first run after which none has ended well
        self._failed_at = 0.0
        self.running = self.stopped = False
        self._again = False

    def unwell_for(self, now: float) -> float:
        """For how many seconds runs have failed, or one has gone on; only as far as it was run."""
        if self._unwell_since is None:
            return 0.0
        return (now if self.running else self._failed_at) - self._unwell_since

    def run(self, *, again: bool) -> None:
        """Run; if it is running already, have it run once more where `again`."""
        if not self._begin(again=again):
            return
        while True:
            try:
                self._unwell_since = self._unwell_since or self._machine()
                self._function()  # where it fails the next tick tries again: what was owed is still a row
            except OperationalError as error:
                _log.warning("the database does not answer", job=self._name, error=type(error.orig).__name__)
            except Exception:  # its thread goes on; `unwell_for` tells of it
                _log.exception("job failed", job=self._name)
            else:
                self._unwell_since = None
            self._failed_at = self._machine()
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
