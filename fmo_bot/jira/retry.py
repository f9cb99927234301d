"""Patience with a Jira site: what may be asked again, how long to wait, and who has to wait with us.

After Atlassian's own recipe: at most four tries, `Retry-After` as a minimum with jitter on top, and only for reads.
The reason a site gives decides who waits: a burst limit holds one endpoint, the limit of an issue that issue, a quota
the whole site.
"""

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

T = TypeVar("T")
BACKOFF = (1.0, 2.0, 4.0, 8.0)  # seconds after each try: at most four tries
PATIENCE = 60.0  # seconds one call may wait in its place; a longer wait is told to the asker instead
BURST, PER_ISSUE = "jira-burst-based", "jira-per-issue-on-write"
_SITE = "*"
_ISSUE = re.compile(r"/issue/([^/]+)")


class Trouble(Exception):
    """One attempt failed in a way that another may not."""

    def __init__(self, wait: float = 0.0) -> None:
        """`wait`: seconds the site asked for, or 0."""
        super().__init__(wait)
        self.wait = wait


class Lost(Trouble):
    """The connection was refused, dropped, or stayed silent too long. `sent`: something may have arrived."""

    def __init__(self, *, sent: bool = True) -> None:
        """Unless we know better, it may have arrived."""
        super().__init__()
        self.sent = sent


class Stale(Trouble):
    """The site wants a fresher token than the one that was used, and there is one."""


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

    @property
    def everybody(self) -> bool:
        """Whether the whole site waits: a quota is used up, or no reason was given (Data Center counts per user)."""
        return self.reason not in (BURST, PER_ISSUE)


class TooBusy(Busy):
    """Nothing was asked, for the pause that the site asked for earlier is longer than anybody's patience."""


@dataclass(frozen=True)
class Lane:
    """What a call has to wait behind, besides the whole site: its endpoint, and its issue where it is about one."""

    endpoint: str
    issue: str | None = None

    @classmethod
    def of(cls, method: str, path: str) -> "Lane":
        """The lane of a call: paths that differ in an issue or a number only are one endpoint."""
        issue = _ISSUE.search(f"/{path}")
        shape = _ISSUE.sub("/issue/0", f"/{path}")
        return cls(f"{method} {re.sub(r'[0-9]+', '0', shape)}", f"issue {issue[1]}" if issue else None)

    def held_by(self, trouble: Trouble) -> str:
        """Who waits after a trouble."""
        if isinstance(trouble, Busy) and trouble.everybody:
            return _SITE
        about_one = isinstance(trouble, Busy) and trouble.reason == PER_ISSUE
        return (about_one and self.issue) or self.endpoint


class Retry:
    """Runs calls of one site: reads again until they succeed or patience ends, writes once; shared by all threads."""

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

    def run(self, lane: Lane, attempt: Callable[[], T]) -> T:
        """The result of a read. Raises the `Trouble` of its fourth try, `TooBusy`, or a second `Stale`."""
        trouble: Trouble | None = None
        for backoff in BACKOFF:
            try:
                return self.once(lane, attempt, backoff=backoff)
            except TooBusy:
                raise
            except Trouble as met:
                if isinstance(met, Stale) and isinstance(trouble, Stale):
                    raise  # it was fresh: another one will not please either
                trouble = met
        raise trouble or Trouble

    def once(
        self, lane: Lane, attempt: Callable[[], T], *, backoff: float = BACKOFF[0], patience: float = PATIENCE
    ) -> T:
        """The result of one attempt, begun when nothing holds its lane any more. Raises `Trouble`.

        `patience`: seconds it may wait for that; `TooBusy` where it would be longer.
        """
        self._wait_for(lane, patience)
        try:
            return attempt()
        except Trouble as trouble:
            self._hold(lane.held_by(trouble), max(trouble.wait, backoff) * (1 + self._chance() / 4))
            raise

    def _hold(self, key: str, seconds: float) -> None:
        with self._lock:
            self._holds[key] = max(self._holds.get(key, 0.0), self._machine() + seconds)

    def _wait_for(self, lane: Lane, patience: float) -> None:
        """Until nothing holds the lane: while one thread waits, another may be told to wait for longer."""
        at_most = self._machine() + patience
        while (wait := self._wait(lane, at_most)) > 0:
            self._sleep(wait)

    def _wait(self, lane: Lane, at_most: float) -> float:
        """Seconds for which the lane is held, none more than 0. Raises TooBusy where it is held past `at_most`."""
        now = self._machine()
        with self._lock:
            self._holds = {key: until for key, until in self._holds.items() if until > now}
            site = self._holds.get(_SITE, 0.0)
            until = max(site, *(self._holds.get(key or "", 0.0) for key in (lane.endpoint, lane.issue)))
        if until > at_most:
            raise TooBusy(until - now, "" if until == site else BURST)
        return until - now


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
