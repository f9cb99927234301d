"""Who breaks things: kills and freezes bot processes, restarts PostgreSQL."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess

from tests.chaos import worker

_KILL_AFTER_S = (1.5, 3.5)
_LOOK_S = 0.05


# Processes are forked from one that has read all the code: a start takes as long as opening the database, not as long
# as importing everything on a busy machine. They share nothing.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.chaos.worker"])


def warm_up() -> None:
    """Have the code read before the storm: on a busy machine the faults could be over before anything was sent."""
    forkserver.ensure_running()
    first = _FORKS.Process(target=time.time)  # forked once everything is read
    first.start()
    first.join()


@dataclass
class Workers:
    """Bot processes, each restarted at once when it is killed."""

    settings: dict[str, str]
    processes: list[ForkServerProcess] = field(default_factory=list)

    def start(self, number: int) -> None:
        self.processes = [self._one() for _ in range(number)]

    def kill(self, index: int) -> None:
        self.processes[index].kill()
        self.processes[index].join()
        self.processes[index] = self._one()

    def send(self, index: int, signal_number: int) -> None:
        pid = self.processes[index].pid
        assert pid is not None
        os.kill(pid, signal_number)

    def died(self) -> list[int | None]:
        """Exit codes of processes that ended without having been killed."""
        codes = [each.exitcode for each in self.processes]
        return [code for code in codes if code not in (None, -signal.SIGKILL)]

    def stop(self) -> None:
        for each in self.processes:
            each.terminate()
        for each in self.processes:
            each.join(25)
            if each.exitcode is None:
                each.kill()
                each.join()

    def _one(self) -> ForkServerProcess:
        process = _FORKS.Process(target=worker.run, args=(self.settings,), daemon=True)
        process.start()
        return process


@dataclass
class Monkey:
    """Kills one process every 1.5 to 3.5 s; every `freeze_every` seconds one is frozen for `frozen_for`."""

    workers: Workers
    dice: random.Random
    freeze_every: float
    frozen_for: float
    restart: Callable[[], object] | None = None  # of the database
    restart_every: float = 45.0
    kills: int = 0
    freezes: int = 0
    restarts: int = 0

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monkey")
        self._frozen: tuple[int, float] | None = None  # which, until when
        self.errors: list[BaseException] = []

    def __enter__(self) -> "Monkey":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """After this nothing is killed any more; what is frozen has thawed."""
        self._ended.set()
        self._thread.join()
        self._thaw(always=True)
        if self.errors:
            raise self.errors[0]

    def _run(self) -> None:
        now = time.monotonic()
        next_kill, next_freeze, next_restart = now + self._pause(), now + self.freeze_every, now + self.restart_every
        try:
            while not self._ended.wait(_LOOK_S):
                now = time.monotonic()
                if now >= next_kill:
                    self._kill()
                    next_kill = now + self._pause()
                if now >= next_freeze:
                    self._freeze(now)
                    next_freeze = now + self.freeze_every
                if self.restart and now >= next_restart:
                    self.restart()
                    self.restarts += 1
                    next_restart = now + self.restart_every
                self._thaw()
        except BaseException as error:
            self.errors.append(error)

    def _pause(self) -> float:
        return self.dice.uniform(*_KILL_AFTER_S)

    def _kill(self) -> None:
        frozen = self._frozen[0] if self._frozen else None
        self.workers.kill(self.dice.choice([n for n in range(len(self.workers.processes)) if n != frozen]))
        self.kills += 1

    def _freeze(self, now: float) -> None:
        index = self.dice.randrange(len(self.workers.processes))
        self.workers.send(index, signal.SIGSTOP)
        self._frozen = index, now + self.frozen_for
        self.freezes += 1

    def _thaw(self, *, always: bool = False) -> None:
        if self._frozen and (always or time.monotonic() >= self._frozen[1]):
            self.workers.send(self._frozen[0], signal.SIGCONT)
            self._frozen = None
