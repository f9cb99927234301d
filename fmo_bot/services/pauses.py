"""Jira sites that are left alone for a while: down, busy, or not letting us in. No other site hears of it.

A pause begins with the first call that fails for the whole site, is doubled to an hour while calls go on failing, and
ends with the first that is answered, or with a new token. It is kept in the database, so that all processes keep it.
Who owns the site hears of one that lasts; what is over by itself within minutes is nobody's work.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import MemberRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import SiteUnavailable
from fmo_bot.ports import Clock
from fmo_bot.services import site_owners

FIRST_S, LONGEST_S = 60.0, 3600.0  # seconds of machine time; a site may ask for more
TOLD_AFTER = timedelta(minutes=5)  # by then three tries have failed: at once, after one minute, after three
_KNOWN_S = 1.0  # for so long what stands in the database is not looked at again
BEGUN = "{reason} Until then its boards stay as they were read last. You will hear when it goes on."
ENDED = "Jira site {site} is being read again."
_log = structlog.get_logger(__name__)


class Pauses:
    """The pauses of all sites."""

    def __init__(self, store: Store, clock: Clock, *, machine: Callable[[], float] = time) -> None:
        """`machine` is Unix time, the same in all processes."""
        self._store, self._clock, self._machine = store, clock, machine

    def gate(self, key: str) -> "SiteGate":
        """What the client of a site asks before it asks the site."""
        return SiteGate(self, key, self._machine)

    def until(self, key: str) -> tuple[float, str] | None:
        """Until when (machine time) the site is left alone, and why; also of a pause that is over and not ended."""
        with self._store.reading(SYSTEM) as session:
            row = session.execute(_pause_of(key)).one_or_none()
        return None if row is None or row.paused_until is None else (row.paused_until, row.pause_reason or "")

    def begin(self, key: str, error: SiteUnavailable) -> None:
        """A call failed: leave the site alone. Nothing changes where another call failed just before."""
        at, now = self._clock.now(), self._machine()
        with self._store.transaction(SYSTEM) as session:
            site = session.scalar(_site(key).with_for_update())
            if site is None or (site.paused_until is not None and site.paused_until > now):
                return
            site.pauses += 1
            doubled = min(LONGEST_S, FIRST_S * 2 ** (site.pauses - 1))
            site.paused_until, site.pause_reason = now + max(error.wait, doubled), str(error)
            if site.paused_since is None:
                site.paused_since = at
                _log.warning("a Jira site is left alone", site=key, reason=str(error))
                name, told = _begun(at), {"reason": str(error)}
                site_owners.tell(session, site, name=name, text=BEGUN, values=told, at=at + TOLD_AFTER)

    def end(self, key: str) -> None:
        """The site answers, or has a new token."""
        with self._store.transaction(SYSTEM) as session:
            site = session.scalar(_site(key).with_for_update())
            if site is None or site.paused_since is None:
                return
            name = f"resumed:{site.paused_since.timestamp()}"
            told = forget(session, site)
            _log.info("a Jira site is read again", site=key)
            values = {"site": key}
            site_owners.tell(session, site, name=name, text=ENDED, values=values, at=self._clock.now(), members=told)

    def look_again(self) -> None:
        """Let every site be asked at once: this process begins, perhaps with other tokens in its settings."""
        paused = update(JiraSiteRow).where(JiraSiteRow.paused_until.is_not(None), JiraSiteRow.url.is_(None))
        with self._store.transaction(SYSTEM) as session:
            session.execute(paused.values(paused_until=0.0))


class SiteGate:
    """The gate of one site in one process; see jira.client.Gate."""

    def __init__(self, pauses: Pauses, key: str, machine: Callable[[], float]) -> None:
        self._pauses, self._key, self._machine = pauses, key, machine
        self._lock = threading.Lock()
        self._pause: tuple[float, str] | None = None
        self._known_until = 0.0

    def enter(self) -> None:
        """Raises SiteUnavailable, with the reason and the end, while the site is left alone."""
        pause = self._look()
        if pause is not None and pause[0] > self._machine():
            until = datetime.fromtimestamp(pause[0], UTC)
            raise SiteUnavailable(f"{pause[1]} It is left alone until {until:%H:%M} UTC.")

    def failed(self, error: SiteUnavailable) -> None:
        """Leave the site alone."""
        self._pauses.begin(self._key, error)
        self._forget()

    def answered(self) -> None:
        """End the pause, if there was one."""
        if self._pause is not None:
            self._pauses.end(self._key)
            self._forget()

    def _look(self) -> tuple[float, str] | None:
        with self._lock:
            if self._machine() >= self._known_until:
                self._pause = self._pauses.until(self._key)
                self._known_until = self._machine() + _KNOWN_S
            return self._pause

    def _forget(self) -> None:
        with self._lock:
            self._known_until = 0.0


def forget(session: Session, site: JiraSiteRow) -> list[MemberRow]:
    """There is no pause any more; who heard of it. Those who have not, hear of it no more."""
    since = site.paused_since
    site.paused_until, site.paused_since, site.pause_reason, site.pauses = None, None, None, 0
    return [] if since is None else site_owners.silence(session, site, name=_begun(since))


def _begun(since: datetime) -> str:
    return f"paused:{since.timestamp()}"


def _site(key: str) -> Select[JiraSiteRow]:
    return select(JiraSiteRow).where(JiraSiteRow.key == key)


def _pause_of(key: str) -> Select[float | None, str | None]:
    return select(JiraSiteRow.paused_until, JiraSiteRow.pause_reason).where(JiraSiteRow.key == key)
