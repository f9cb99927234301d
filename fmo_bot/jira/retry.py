"""Patience with a Jira site: what may be asked again, how long to wait, and who has to wait with us.

After Atlassian's own recipe: at most four tries, `Retry-After` as a minimum with jitter on top, and only for reads.
The reason a site gives decides who waits: a burst limit holds one endpoint, a quota holds the whole site.
"""

import random
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")
BACKOFF = (1.0, 2.0, 4.0, 8.0)  # seconds after each try: at most four tries
PATIENCE = 60.0  # seconds one call may wait in its place; a longer wait is told to the asker instead
_ONE_ENDPOINT = frozenset({"jira-burst-based", "jira-per-issue-on-write"})
_SITE = "*"


class Trouble(Exception):
    """One attempt failed in a way that another may not."""

    def __init__(self, wait: float = 0.0) -> None:
        """`wait`: seconds the site asked for, or 0."""
        super().__init__(wait)
        self.wait = wait


class Lost(Trouble):
    """The connection was refused, dropped, or stayed silent too long."""


class Ailing(Trouble):
    """The site answered with a passing error of its own, such as 502 or 503."""

    def __init__(self, status: int, wait: float) -> None:
        """`wait`: seconds the site asked for, or 0."""
        super().__init__(wait)
        self.status = status


class Busy(Trouble):
    """The site asked for a pause (429)."""

    def __init__(self, wait: float, reason: str = "") -> None:
        """`wait`: seconds, or 0 where the site did not say; `reason`: its RateLimit-Reason."""
        super().__init__(wait)
        self.reason = reason


class Retry:
    """Runs reads of one site again until they succeed or patience ends; shared by all threads of the site."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], object],
        machine: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`machine` tells monotonic seconds, `sleep` waits them, `chance` gives 0..1 for the jitter."""
        self._sleep, self._machine, self._chance = sleep, machine, chance
        self._holds: dict[str, float] = {}
        self._lock = threading.Lock()

    def run(self, endpoint: str, attempt: Callable[[], T]) -> T:
        """The result of `attempt`. Raises the `Trouble` of its fourth try, or `Busy` where a wait is too long."""
        for backoff in BACKOFF:
            self._wait_for(endpoint)
            try:
                return attempt()
            except Trouble as met:
                trouble = met
                self._hold(_held_by(trouble, endpoint), max(trouble.wait, backoff) * (1 + self._chance() / 4))
        raise trouble

    def _hold(self, key: str, seconds: float) -> None:
        with self._lock:
            self._holds[key] = max(self._holds.get(key, 0.0), self._machine() + seconds)

    def _wait_for(self, endpoint: str) -> None:
        with self._lock:
            until = max(self._holds.get(_SITE, 0.0), self._holds.get(endpoint, 0.0))
        left = until - self._machine()
        if left > PATIENCE:
            raise Busy(left)
        if left > 0:
            self._sleep(left)


def _held_by(trouble: Trouble, endpoint: str) -> str:
    """Who waits: everybody, where a quota is used up or the site gave no reason (Data Center counts per user)."""
    return _SITE if isinstance(trouble, Busy) and trouble.reason not in _ONE_ENDPOINT else endpoint


def asked_wait(headers: Mapping[str, str]) -> float:
    """Seconds of a `Retry-After` header, given as a number or as a date against the answer's own `Date`; else 0."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), 86400.0)
    try:
        seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), 86400.0)
