"""Whose turn a job is that one of all processes runs: a row for each in the database they share, by machine time.

A row is held (it has an owner, until its lease ends) or rests (no owner, until its next turn): of several processes
that tick, one runs the job, once a turn. Whoever is killed or frozen holds it no longer than the lease.
"""

from collections.abc import Callable
from threading import Lock
from time import time
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update

from fmo_bot.db.ledger import LeaseRow
from fmo_bot.db.once import insert_once
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM

LEASE_S = 30.0  # renewed while the job runs
RENEW_S = LEASE_S / 3
_TURN = 0.9  # of the time between two ticks: whoever ran it last is in time for its own next tick


class Leases:
    """What one process holds, and how it comes by it."""

    def __init__(self, store: Store, machine: Callable[[], float] = time) -> None:
        """`machine` is Unix time, the same in all processes."""
        self._store, self._machine, self._owner = store, machine, uuid4().hex
        self._guard = Lock()  # of the next
        self._held: set[str] = set()

    def alone(self, name: str, seconds: float, function: Callable[[], object]) -> Callable[[], None]:
        """`function`, run by one of all processes: when its turn has come, every `seconds`, and nobody runs it."""

        def run() -> None:
            begun = self._machine()
            if not self._take(name, begun):
                return
            try:
                function()
            finally:
                self._give(name, until=begun + seconds * _TURN)

        return run

    def renew(self) -> None:
        """Hold on to what still runs; called every `RENEW_S`."""
        with self._guard:
            held = set(self._held)
        if held:
            mine = LeaseRow.name.in_(held), LeaseRow.owner == self._owner
            with self._store.transaction(SYSTEM) as session:
                session.execute(update(LeaseRow).where(*mine).values(until=self._machine() + LEASE_S))

    def _take(self, name: str, now: float) -> bool:
        if not self._write(name, now, LeaseRow.until <= now):
            return False
        with self._guard:
            self._held.add(name)
        return True

    def _write(self, name: str, now: float, free: ColumnElement[bool]) -> bool:
        wanted = select(LeaseRow.name).where(LeaseRow.name == name)
        with self._store.reading(SYSTEM) as session:
            is_new = session.scalar(wanted) is None
            if not is_new and session.scalar(wanted.where(free)) is None:
                return False  # most often, where there are several processes; nobody is held up to find that out
        held = {"owner": self._owner, "until": now + LEASE_S}
        with self._store.transaction(SYSTEM) as session:
            if is_new and insert_once(session, LeaseRow, [{"name": name, **held}]):
                return True
            taken = update(LeaseRow).where(LeaseRow.name == name, free).values(held).returning(LeaseRow.name)
            return session.scalar(taken) is not None

    def _give(self, name: str, *, until: float) -> None:
        """It rests until its next turn; nothing changes where it was taken over meanwhile."""
        with self._guard:
            self._held.discard(name)
        mine = LeaseRow.name == name, LeaseRow.owner == self._owner
        with self._store.transaction(SYSTEM) as session:
            session.execute(update(LeaseRow).where(*mine).values(owner=None, until=until))
