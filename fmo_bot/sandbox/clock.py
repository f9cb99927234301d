"""The calendar clock of the pretend world, and the question whether the world is quiet.

Calendar time is real time plus an offset that steps only forward. Machine time is real and never moved. A step waits
until nothing is in hand: no activity is open, and every reporter has sent two idle reports running for the current
version, the first of them after the last activity ended (so that the second was begun after it for certain).
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

FORGOTTEN_AFTER_S = 30.0  # so long a step may keep a process from reporting, which then reads a whole board
PATIENCE_S = 90.0
POLL_S = 0.02


class WouldGoBack(ValueError):
    """A step to an instant that has passed."""


class NothingPlanned(ValueError):
    """A step to the next event where nobody has one."""


class StillBusy(RuntimeError):
    """Quiet did not come; the message names who is busy."""


@dataclass
class Reporter:
    """The last word of a process that follows the clock. `idle_since` is machine time; None while it is busy."""

    name: str
    version: int
    in_hand: int
    next: datetime | None
    heard_at: float
    idle_since: float | None
    idle_reports: int


class Clock:
    """Calendar time for everybody in the sandbox. Safe to use from any thread."""

    def __init__(self, start: datetime | None = None, *, machine: Callable[[], float] = time.monotonic) -> None:
        """`start` is the aware instant it shows now (default: the real one); `machine` gives seconds."""
        self.machine = machine
        self.version = 0
        self._lock = threading.RLock()
        self._stepping = asyncio.Lock()
        self._awaited = 0
        self._offset = (start - real_now()) if start else timedelta()
        self._reporters: dict[str, Reporter] = {}
        self._sources: list[Callable[[], datetime | None]] = []
        self._listeners: list[Callable[[datetime], None]] = []
        self._open: Counter[str] = Counter()
        self._last_activity = machine()

    def now(self) -> datetime:
        """The present calendar instant in UTC."""
        return real_now() + self._offset

    def describe(self) -> dict[str, Any]:
        """The answer of `GET /clock`."""
        with self._lock:
            return {
                "now": iso(self.now()),
                "offset": self._offset.total_seconds(),
                "version": self.version,
                "reporters": sorted(self._reporters),
                "awaited": self._awaited > 0,
            }

    def planned_by(self, source: Callable[[], datetime | None]) -> None:
        """Ask `source` for the next instant at which the sandbox itself does something."""
        self._sources.append(source)

    def on_step(self, listener: Callable[[datetime], None]) -> None:
        """Call `listener(now)` after every step, and when a planned instant passes by itself."""
        self._listeners.append(listener)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Mark activity: while it is open, and until reporters have seen its end, the world is not quiet."""
        with self._lock:
            self._open[what] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[what] -= 1
                self._open += Counter()  # forget what came down to zero
                self._last_activity = self.machine()

    def report(self, name: str, *, version: int, in_hand: int, next: datetime | None) -> None:
        """Take a reporter's word: what it has in hand as of clock `version`, and when it acts next by itself."""
        with self._lock:
            at = self.machine()
            before = self._reporters.get(name)
            running = before is not None and before.version == version and before.idle_since is not None
            idle = in_hand == 0 and version == self.version
            fresh = not running or before is None or (before.idle_since or 0.0) < self._last_activity
            self._reporters[name] = Reporter(
                name=name,
                version=version,
                in_hand=in_hand,
                next=next,
                heard_at=at,
                idle_since=None if not idle else at if fresh or before is None else before.idle_since,
                idle_reports=0 if not idle else 1 if fresh or before is None else before.idle_reports + 1,
            )

    def whats_busy(self) -> list[str]:
        """Who keeps the world from being quiet, in words; empty when it is quiet."""
        with self._lock:
            self._forget_silent()
            waiting = [r for r in self._reporters.values() if not self._is_idle(r)]
            return [
                *(f"{what} is under way" for what in self._open),
                *(f"{r.name} has {r.in_hand} in hand" if r.in_hand else f"{r.name} is catching up" for r in waiting),
            ]

    def next_event(self) -> datetime | None:
        """The earliest instant anybody has planned."""
        with self._lock:
            planned = [r.next for r in self._reporters.values()] + [source() for source in self._sources]
            return min((at for at in planned if at is not None), default=None)

    async def step(self, *, to: datetime | None = None, by: float | None = None) -> datetime:
        """Wait for quiet, then move to `to`, by `by` seconds, or (neither) to the next event.

        Raises `WouldGoBack`, `NothingPlanned`, and `StillBusy` after 90 s of machine time.
        """
        async with self._stepping:
            await self.quiet()
            if by == 0:  # only waiting: nobody has to catch up with a clock that did not move
                return self.now()
            self._move(self._target(to, by))
        self._tell()
        return self.now()

    async def quiet(self) -> None:
        """Wait until the world is quiet; `StillBusy` after 90 s. Reporters are told meanwhile that they are awaited."""
        deadline = self.machine() + PATIENCE_S
        self._awaited += 1
        try:
            while busy := self.whats_busy():
                if self.machine() > deadline:
                    raise StillBusy(f"Not quiet after {PATIENCE_S:.0f} s: " + "; ".join(busy) + ".")
                await asyncio.sleep(POLL_S)
        finally:
            self._awaited -= 1

    def tick(self) -> None:
        """Let the sandbox's own planned events happen when real time reaches them."""
        now = self.now()
        if any(at is not None and at <= now for at in [source() for source in self._sources]):
            self._tell()

    def _target(self, to: datetime | None, by: float | None) -> datetime:
        now = self.now()
        if by is not None:
            to = now + timedelta(seconds=by)
        elif to is None:
            planned = self.next_event()
            if planned is None:
                raise NothingPlanned("Nobody has planned anything; step to an instant instead.")
            return max(now, planned)
        if to < now:
            raise WouldGoBack(f"The clock stands at {iso(now)} and does not go back to {iso(to)}.")
        return to

    def _move(self, to: datetime) -> None:
        with self._lock:
            self._offset = max(self._offset, to - real_now())
            self.version += 1

    def _tell(self) -> None:
        now = self.now()
        for listener in self._listeners:
            listener(now)

    def _is_idle(self, reporter: Reporter) -> bool:
        since = reporter.idle_since
        return (
            reporter.version == self.version
            and reporter.idle_reports >= 2
            and since is not None
            and since >= self._last_activity
        )

    def _forget_silent(self) -> None:
        alive = self.machine() - FORGOTTEN_AFTER_S
        self._reporters = {name: r for name, r in self._reporters.items() if r.heard_at >= alive}


def iso(at: datetime) -> str:
    """An aware instant as ISO 8601 in UTC with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso(text: object) -> datetime:
    """An aware instant from ISO 8601; `ValueError` with a sentence otherwise."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not an ISO 8601 instant.") from error
    if at.tzinfo is None:
        raise ValueError(f"{text!r} needs a zone, such as a Z at its end.")
    return at.astimezone(UTC)


def step_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `Clock.step` in a request's body; `ValueError` with a sentence when there is no one of them."""
    if body.get("to") is not None:
        return {"to": parse_iso(body["to"])}
    if body.get("by") is not None:
        return {"by": float(body["by"])}
    if body.get("next"):
        return {}
    raise ValueError('Say {"to": instant}, {"by": seconds} or {"next": true}.')


def real_now() -> datetime:
    """What the clock on the wall shows in UTC, whatever the calendar says."""
    return datetime.now(UTC)
