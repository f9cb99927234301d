"""Noting what came of claims: whoever comes while others are writing is written with the next ones, in one commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from sqlalchemy.exc import OperationalError

from fmo_bot.db.store import Store
from fmo_bot.delivery import claims
from fmo_bot.delivery.claims import Note
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.ports import Clock

_TRIES = 3  # what was posted is known to be there only here: a deadlock must not make it uncertain


@dataclass
class _Waiting:
    note: Note
    stands: bool | None = None
    error: Exception | None = None


class Notes:
    """Writes notes for many threads."""

    def __init__(self, store: Store, *, clock: Clock, machine: Callable[[], float]) -> None:
        """`machine` is Unix time."""
        self._store, self._clock, self._machine = store, clock, machine
        self._writing = Lock()
        self._guard = Lock()  # of the list
        self._waiting: list[_Waiting] = []

    def write(self, note: Note) -> bool:
        """Return when it is committed: whether the claim still stood. Raises what the database raised."""
        mine = _Waiting(note)
        with self._guard:
            self._waiting.append(mine)
        with self._writing:
            if mine.stands is None and mine.error is None:  # nobody wrote it while we waited
                self._write_all()
        if mine.error is not None:
            raise mine.error
        return bool(mine.stands)

    def _write_all(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        try:
            stand = self._commit([each.note for each in batch])
        except Exception as error:  # each that waits raises it in its own thread, see `write`
            for each in batch:
                each.error = error
            return
        for each, stands in zip(batch, stand, strict=True):
            each.stands = stands

    def _commit(self, notes: Sequence[Note], tries: int = _TRIES) -> list[bool]:
        try:
            with self._store.transaction(SYSTEM) as session:
                return claims.note(session, notes, at=self._clock.now(), now=self._machine())
        except OperationalError:
            if tries == 1:
                raise
        return self._commit(notes, tries - 1)
