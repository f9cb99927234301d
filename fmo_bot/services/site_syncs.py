"""Reading every board, the sites beside each other: one that is slow or down holds up nobody else's boards.

The boards of one site are read one after another, by a thread of its own that may outlast the tick that began it;
until it is done that site is not begun again.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

import structlog
from sqlalchemy import select

from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable, SiteUnavailable

MOST = 64  # sites read at the same time
_log = structlog.get_logger(__name__)


class SiteSyncs:
    """The boards of all sites."""

    def __init__(self, store: Store, sync: Callable[[int, datetime], object]) -> None:
        """`sync` reads one board (its row's id) and raises BoardUnavailable."""
        self._store, self._sync = store, sync
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="site-sync")
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def tick(self, at: datetime, *, within: float) -> bool:
        """Begin every site that is not being read, then wait `within` seconds at most; whether all are done."""
        with self._store.reading(SYSTEM) as session:
            query = select(JiraSiteRow.key, BoardRow.id).join(BoardRow, BoardRow.site_id == JiraSiteRow.id)
            rows = session.execute(query.order_by(BoardRow.id)).all()
        boards: dict[str, list[int]] = {}
        for key, board_id in rows:
            boards.setdefault(key, []).append(board_id)
        with self._lock:
            if self._ending.is_set():
                return False
            for key in boards.keys() - {key for key, future in self._running.items() if not future.done()}:
                self._running[key] = self._pool.submit(self._read, key, boards[key], at)
            running = list(self._running.values())
        return not wait(running, timeout=within).not_done

    def stop(self) -> None:
        """Begin no further board; what is being read ends by itself."""
        with self._lock:
            self._ending.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, key: str, board_ids: Sequence[int], at: datetime) -> None:
        for board_id in board_ids:
            if self._ending.is_set():
                return
            try:
                self._sync(board_id, at)
            except SiteUnavailable:
                return  # its pause says why, once; see services.pauses
            except BoardUnavailable as error:
                _log.warning("a board was not read", board=board_id, reason=str(error))
            except Exception:  # a fault of our own with one board: the site's other boards are read all the same
                _log.exception("a board was not read", board=board_id, site=key)
