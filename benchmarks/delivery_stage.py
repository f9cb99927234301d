"""The stage of a measurement: databases that keep what they commit, processes on cores of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from fmo_bot.db.schema import migrate
from tests.databases import empty_postgres, own_postgres

READY_WITHIN_S = 120
_POLL_S = 0.1
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Cores:
    """Where processes run: the bot with its database on one side, load and the pretend world on the other."""

    bot: frozenset[int]
    world: frozenset[int]

    @classmethod
    def split(cls) -> "Cores":
        """Half of what this process may use for each; all for both where there is but one."""
        mine = sorted(os.sched_getaffinity(0))
        half = len(mine) // 2
        return cls(frozenset(mine[:half] or mine), frozenset(mine[half:]))


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """This thread, and what it starts, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Databases:
    """Fresh, migrated databases of both kinds; PostgreSQL is started when it is first asked for, on the bot's cores."""

    def __init__(self, folder: Path, cores: Cores) -> None:
        """SQLite files go into `folder`."""
        self._folder, self._cores = folder, cores
        self._open = ExitStack()
        self._server: str | None = None
        self._made = 0

    def fresh(self, kind: str) -> str:
        """The URL of a new one; `kind` is sqlite or postgres."""
        self._made += 1
        url = self._postgres() if kind == "postgres" else f"sqlite:///{self._folder / f'{self._made}.db'}"
        migrate(url)
        return url

    def close(self) -> None:
        """Drop everything."""
        self._open.close()

    def _postgres(self) -> str:
        if self._server is None:
            with on(self._cores.bot):
                self._server = str(self._open.enter_context(own_postgres()).get_uri())
        return self._open.enter_context(empty_postgres(self._server))


@contextmanager
def process(command: list[str], *, environment: Mapping[str, str], log: Path, cores: frozenset[int]) -> Iterator[None]:
    """`python -m command` beside us on these cores, its output in `log`; ended with SIGTERM, or after 15 s SIGKILL."""
    with log.open("ab") as output, on(cores):
        started = subprocess.Popen(
            [sys.executable, "-m", *command], env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def plain_environment() -> dict[str, str]:
    """Ours without settings of a bot, and without proxies: every address is on this machine."""
    proxies = {*_PROXIES, *(name.lower() for name in _PROXIES)}
    return {name: value for name, value in os.environ.items() if not name.startswith("FMO_") and name not in proxies}


def local() -> requests.Session:
    """Asks addresses of this machine."""
    session = requests.Session()
    session.trust_env = False
    return session


def wait_until_answers(url: str, log: Path) -> None:
    """Until `url` answers with 2xx. RuntimeError with the end of `log` where it never does."""
    pause, session = threading.Event(), local()
    for _ in range(int(READY_WITHIN_S / _POLL_S)):
        try:
            if session.get(url, timeout=10).ok:
                return
        except requests.RequestException:
            pass  # not listening yet, or slow at first: that is what is waited for
        pause.wait(_POLL_S)
    raise RuntimeError(f"{url} does not answer; its log ends:\n{log.read_text('utf-8', 'replace')[-2000:]}")
