"""What works the ledger: three jobs that any engine runs, in any number of processes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic, time

from fmo_bot.db.store import Store
from fmo_bot.db.wakes import INBOX, PUMP
from fmo_bot.delivery import inbox, occurrences, quiet
from fmo_bot.delivery.hands import Hands
from fmo_bot.delivery.pump import Pump
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.ports import Clock, Engine

DUE = "due"
_SOON = timedelta(minutes=2)  # what falls due later is looked for again before


class Work:
    """Runs what is due, sends what is owed, works what came in."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Engine,
        clock: Clock,
        pump: Pump,
        owner: str,
        due: occurrences.Handlers,
        jobs: Mapping[str, inbox.Handler],
        machine: Callable[[], float] = time,
    ) -> None:
        """`due`: what makes each kind of occurrence happen; `jobs`: what works each kind of thing that comes in.

        Declares its jobs to the engine; they run when it is started.
        """
        self._store, self._engine, self._clock, self._pump = store, engine, clock, pump
        self._handlers, self._machine = due, machine
        self._hands = Hands(
            store=store, handlers=jobs, clock=clock, owner=owner, done=lambda: engine.wake(INBOX), machine=machine
        )
        engine.every(DUE, 1, self._run_due)
        engine.every(PUMP, 0.5, self._send)
        engine.every(INBOX, 0.5, self._work_inbox)

    def wake(self) -> None:
        """Look at everything now, in this process."""
        for job in (DUE, INBOX, PUMP):
            self._engine.wake(job)

    def expect(self, at: datetime) -> None:
        """Be there to the second when something next falls due after `at`; ticks alone would come later."""
        with self._store.reading(SYSTEM) as session:
            due = quiet.next_due(session, at)
        if due is not None and due - at < _SOON:
            for job in (DUE, PUMP):
                self._engine.wake(job, at=self._machine() + (due - at).total_seconds())

    def refuse(self) -> None:
        """Begin nothing more; what is in hand goes on."""
        self._pump.refuse()
        self._hands.refuse()

    def stop(self, *, until: float) -> None:
        """Claim nothing more; let what runs come to its end, until `time.monotonic()` is `until`."""
        self.refuse()
        self._engine.stop(within=max(0.0, until - monotonic()))
        self._hands.stop(within=max(0.0, until - monotonic()))
        self._pump.stop(within=max(0.0, until - monotonic()))

    def _run_due(self) -> None:
        at = self._clock.now()
        occurrences.run_due(self._store, self._handlers, at, machine=self._machine)
        self.expect(at)

    def _send(self) -> None:
        if self._pump.run_once():  # where one could go, the next may be able to
            self._engine.wake(PUMP)
        elif (at := self._pump.next_run()) is not None:  # a lane that was busy, a call that takes long
            self._engine.wake(PUMP, at=at)

    def _work_inbox(self) -> None:
        if (at := self._hands.run_once()) is not None:
            self._engine.wake(INBOX, at=at)
