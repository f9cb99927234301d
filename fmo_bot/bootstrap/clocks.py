"""Calendar time: the real one, and the sandbox's, which is real time plus an offset that only grows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import requests
import structlog

from fmo_bot.errors import SettingsWrong

_EVERY = 0.1  # seconds of machine time between two reports
_SOON = 0.02  # the same while a step waits for them, and after one
_PATIENCE = 30  # seconds for one answer
_log = structlog.get_logger(__name__)


class RealClock:
    """The calendar as it is."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Quiet:
    """What a process tells the sandbox: how much it has in hand, and when it will next do something by itself."""

    in_hand: int
    next_due: datetime | None


class SandboxClock:
    """The sandbox's calendar: followed by reports, ten a second and more while awaited (docs/sandbox.md, The clock)."""

    def __init__(self, url: str) -> None:
        """Reads the clock once, so that no instant of this process is ever in the wrong calendar."""
        self._url, self._name, self._pause = url.rstrip("/"), "", _EVERY
        self._session = requests.Session()
        self._session.trust_env = False  # this machine's own address: no proxy in between
        self._stopped = Event()
        self._thread: Thread | None = None
        try:
            self._take(self._session.get(self._url, timeout=_PATIENCE).json())
        except (requests.RequestException, ValueError, KeyError) as error:
            raise SettingsWrong([f"FMO_CLOCK_URL: no clock answers at {url} ({type(error).__name__})."]) from error

    def now(self) -> datetime:
        """The present instant of the sandbox in UTC."""
        return datetime.now(UTC) + self._offset

    def follow(self, *, name: str, look: Callable[[datetime], Quiet], stepped: Callable[[], object]) -> None:
        """Report from now on, as `name`, which no other process has.

        `look` says what is in hand; `stepped` runs after each step, before the next report.
        """
        self._name = name
        self._thread = Thread(target=self._run, args=(look, stepped), name="sandbox-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Report no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(5)
        self._session.close()

    def _run(self, look: Callable[[datetime], Quiet], stepped: Callable[[], object]) -> None:
        while not self._stopped.wait(self._pause):
            try:
                if self._report(look(self.now())):
                    stepped()
            except requests.RequestException as error:
                _log.warning("the sandbox's clock does not answer", error=type(error).__name__)
                self._stopped.wait(1)
            except Exception:
                # The world stands still while nobody reports; whatever it was, the next report may go well.
                _log.exception("a report to the sandbox's clock failed")
                self._stopped.wait(1)

    def _report(self, quiet: Quiet) -> bool:
        """Tell what is in hand as of the version we know; whether the clock was stepped meanwhile."""
        upcoming = quiet.next_due.isoformat() if quiet.next_due else None
        report = {"name": self._name, "version": self._version, "in_hand": quiet.in_hand, "next": upcoming}
        before = self._version
        told = self._session.post(f"{self._url}/report", json=report, timeout=_PATIENCE).json()
        self._take(told)
        stepped = self._version != before
        self._pause = _SOON if stepped or told["awaited"] else _EVERY
        return stepped

    def _take(self, told: dict[str, Any]) -> None:
        self._offset = timedelta(seconds=float(told["offset"]))
        self._version = int(told["version"])
