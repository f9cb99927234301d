"""Taking turns, first come first served: SQLite lets one write at a time and has the others guess when it is free."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """A lock that is handed to whoever has waited longest; whoever gives it up cannot snatch it back."""

    def __init__(self, patience: float) -> None:
        """After `patience` seconds nobody waits any longer, and the database has the last word."""
        self._patience = patience
        self._guard = Lock()
        self._taken = False
        self._waiting: deque[Lock] = deque()

    @contextmanager
    def mine(self) -> Iterator[None]:
        """One turn."""
        got = self._take()
        try:
            yield
        finally:
            if got:
                self._give()

    def _take(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=self._patience):
            return True
        with self._guard:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        return True  # called just now

    def _give(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
