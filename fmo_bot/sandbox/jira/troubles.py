"""What goes wrong on purpose at a Jira site: refusals, silence, short pages, repeated tokens, a clock that is off.

Each fault is a rate or a number of docs/sandbox.md, thrown for with dice that a seed sets. A pause that the site asks
for binds whom Atlassian says it binds: a quota the whole site, a burst its endpoint, a limit on writes its issue. With
`jira_429_holds` whoever calls again too early is refused again, and counted.
"""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fmo_bot.sandbox.jira.refusals import Refused

_REASONS = {  # jira_429_reason: (RateLimit-Reason, seconds to wait)
    "burst": ("jira-burst-based", 1),
    "quota": ("jira-quota-tenant-based", 1800),
    "per-issue": ("jira-per-issue-on-write", 2),
}
_FILL = {"X-RateLimit-Limit": "500", "X-RateLimit-FillRate": "100", "X-RateLimit-Interval-Seconds": "1"}
DATA_CENTER_LIMITS = {**_FILL, "X-RateLimit-Remaining": "499", "Retry-After": "0"}
_SITE = "*"


class Dropped(Exception):
    """The connection ends without an answer."""


class Troubles:
    """The faults of one site, as they are switched just now."""

    def __init__(self, site: str, faults: Callable[[], Mapping[str, Any]], *, cloud: bool) -> None:
        """`faults()` gives those switched on, by the names of docs/sandbox.md."""
        self._site, self._faults, self._cloud = site, faults, cloud
        self.machine: Callable[[], float] = time.monotonic
        self._seed: object = None
        self._dice = random.Random(20260101)
        self._holds: dict[str, float] = {}
        self.impatient = 0  # calls that came before a pause was over

    def get(self, name: str) -> Any:
        """A fault's setting; None where it is off or meant for another site."""
        faults = self._faults()
        if faults.get("jira_site") not in (None, "", self._site):
            return None
        if faults.get("seed") not in (None, self._seed):
            self._seed = faults["seed"]
            self._dice.seed(f"{self._seed} {self._site}")
        return faults.get(name)

    def strikes(self, name: str, path: str = "") -> bool:
        """Whether the fault with this rate happens now, to a request for `path`."""
        rate, only = self.get(name), self.get("jira_paths") or []
        if not rate or (path and only and not any(part in path for part in only)):
            return False
        return self._dice.random() < float(rate)

    def before(self, method: str, path: str, endpoint: str, issue: str | None) -> None:
        """What may happen before the work. Raises Refused or Dropped."""
        if self.strikes("jira_drop_before", path):
            raise Dropped
        if self.strikes("jira_503", path):
            raise Refused(503, "Service Unavailable", headers=_asking(self._wait("jira_503_wait_s", 1)))
        writing = method in ("PUT", "POST", "DELETE") and issue is not None
        self._hold_back(endpoint, issue if writing else None)
        reason = str(self.get("jira_429_reason") or "burst")
        if (reason != "per-issue" or writing) and self.strikes("jira_429", path):
            raise self._busy(reason, endpoint, issue)

    def after(self, path: str) -> None:
        """What may happen once the work is done. Raises Dropped."""
        if self.strikes("jira_drop_after", path):
            raise Dropped

    def delay(self, path: str) -> float:
        """Seconds an answer takes longer."""
        return float(self.get("jira_slow_s") or 0) if self.strikes("jira_slow", path) else 0.0

    def page(self, size: int, left: int) -> int:
        """How large a page gets that might have been this large, with so much left to show."""
        return self._dice.randint(1, max(1, min(size, left) - 1)) if self.strikes("jira_short_pages") else size

    def token(self, following: str | None, asked: object) -> str | None:
        """The next page's token; a site that repeats itself gives the one it was asked with."""
        repeats = following is not None and isinstance(asked, str) and asked and self.strikes("jira_repeat_token")
        return str(asked) if repeats else following

    def off_by(self) -> timedelta:
        """How far the site's clock is ahead."""
        return timedelta(seconds=float(self.get("jira_skew_s") or 0))

    def _wait(self, name: str, usual: int) -> int:
        told = self.get(name)
        return usual if told is None else int(told)

    def _hold_back(self, endpoint: str, issue: str | None) -> None:
        """A pause that was asked for is not over yet."""
        now = self.machine()
        for key in (_SITE, endpoint, issue):
            left = self._holds.get(key or "", now) - now
            if left > 0:
                self.impatient += 1
                raise self._refused(self._reason_of(key or ""), round(left) or 1)

    def _reason_of(self, key: str) -> str:
        return "quota" if key == _SITE else "burst" if " " in key else "per-issue"

    def _busy(self, reason: str, endpoint: str, issue: str | None) -> Refused:
        wait = self._wait("jira_429_wait_s", _REASONS[reason][1])
        if self.get("jira_429_holds"):
            whole = reason == "quota" or not self._cloud  # Data Center counts what a user asks, whatever it is
            key = _SITE if whole else endpoint if reason == "burst" else str(issue)
            self._holds[key] = self.machine() + wait
        return self._refused(reason, wait)

    def _refused(self, reason: str, wait: int) -> Refused:
        if not self._cloud:
            told = {**_FILL, "X-RateLimit-Remaining": "0", "Retry-After": str(wait)}
            return Refused(429, "Rate limit exceeded.", headers=told)
        reset = datetime.fromtimestamp(time.time() + wait, UTC) + self.off_by()
        return Refused(
            429,
            "Rate limit exceeded.",
            headers={
                "Retry-After": str(wait),
                "RateLimit-Reason": _REASONS[reason][0],
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
                "X-RateLimit-NearLimit": "true",
            },
        )


def _asking(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}
