"""Working what came in, a few at a time: a board that is slow to read holds up nobody's words."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.delivery.inbox import RENEW_S, Handler, Job
from fmo_bot.ports import Clock

_HANDS = 4
_log = structlog.get_logger(__name__)


class Hands:
    """Works the inbox on threads of its own. Nothing is worked that was not first claimed in the database."""

    def __init__(
        self,
        *,
        store: Store,
        handlers: Mapping[str, Handler],
        clock: Clock,
        owner: str,
        done: Callable[[], object],
        machine: Callable[[], float] = time,
    ) -> None:
        """`done` is called on a thread of ours when a hand is free again."""
        self._store, self._handlers, self._clock, self._owner = store, handlers, clock, owner
        self._done, self._machine = done, machine
        self._pool = ThreadPoolExecutor(_HANDS, thread_name_prefix="hand")
        self._busy: dict[Future[None], Job] = {}
        self._renewed = 0.0  # when (machine time) all that is in hand had its lease anew
        self._refusing = False

    def run_once(self) -> float | None:
        """Take what there is while a hand is free; when (machine time) to come again, or None.

        For what takes long, whose lease is renewed, and for what pauses.
        """
        self._busy = {future: job for future, job in self._busy.items() if not future.done()}
        self._renew()
        while not self._refusing and len(self._busy) < _HANDS and (job := self._claim()):
            self._busy[self._pool.submit(self._work, job)] = job
        return min((at for at in (self._renewal(), self._end_of_pause()) if at is not None), default=None)

    def refuse(self) -> None:
        """Claim nothing more."""
        self._refusing = True

    def stop(self, *, within: float) -> bool:
        """Claim nothing more, let what is in hand be finished for `within` seconds; whether it all was."""
        self.refuse()
        _, late = wait(self._busy, timeout=within)
        self._pool.shutdown(wait=False)
        return not late

    def _renew(self) -> None:
        now = self._machine()
        if self._busy and now - self._renewed < RENEW_S:
            return  # a renewal is a commit, and a hand looks twice a second
        if self._busy:
            inbox.renew(self._store, self._busy.values(), now=now)
        self._renewed = now

    def _renewal(self) -> float | None:
        return self._renewed + RENEW_S if self._busy else None

    def _end_of_pause(self) -> float | None:
        return None if self._refusing else inbox.next_at(self._store, now=self._machine())

    def _claim(self) -> Job | None:
        return inbox.claim(self._store, owner=self._owner, now=self._machine())

    def _work(self, job: Job) -> None:
        try:
            inbox.work(self._store, job, self._handlers, at=self._clock.now(), machine=self._machine)
        except SQLAlchemyError as error:  # what came of it could not be noted: when its lease is over it is done again
            _log.warning("inbox job not noted", kind=job.kind, job=job.id, error=type(error).__name__)
        except Exception:  # the same, and a fault of our own: nobody reads what a hand raises
            _log.exception("inbox job not noted", kind=job.kind, job=job.id)
        finally:
            self._done()
