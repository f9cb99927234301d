"""One run of the real bot against the pretend world: both started, watched and ended."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import make_url

from benchmarks.delivery_crowd import APP_KEY, SITE, Crowd
from benchmarks.delivery_stage import Cores, local, plain_environment, process, wait_until_answers
from config.settings import Settings
from fmo_bot.bootstrap.opening import open_store
from fmo_bot.cli.ports import free_port

WEBHOOK_SECRET = "webhook-sandbox-secret"
SIGNING_SECRET = f"sandbox-secret-{APP_KEY}"
# Which processes the bot is, by database: all in one, or the door and the sender apart.
PROCESSES = {"sqlite": ("run",), "postgres": ("web", "worker")}
ENGINE = {"sqlite": "embedded", "postgres": "procrastinate"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: who is there, which database, how many messages a minute may go to a workspace."""

    crowd: Crowd
    url: str
    kind: str
    per_minute: int
    folder: Path
    cores: Cores
    issues: int = 0  # of the board that is read meanwhile; 0: none
    settings: dict[str, str] = field(default_factory=dict)


class World:
    """The pretend world while it runs."""

    def __init__(self, url: str) -> None:
        """`url` is its address."""
        self.url = url
        self._session = local()

    def faults(self, **switches: Any) -> None:
        """Switch faults on and off."""
        self._session.post(f"{self.url}/control/faults", json=switches, timeout=30).raise_for_status()

    def reach_app_at(self, url: str) -> None:
        """Where the app takes events."""
        target = {"request_url": url}
        self._session.put(f"{self.url}/control/apps/{APP_KEY}", json=target, timeout=30).raise_for_status()

    def record(self) -> dict[str, Any]:
        """Everything that was posted and called."""
        record: dict[str, Any] = self._session.get(f"{self.url}/control/record", timeout=120).json()
        return record


@contextmanager
def world(plan: Plan) -> Iterator[World]:
    """The pretend world on its own cores."""
    port, log = free_port(), plan.folder / "world.log"
    told = {
        "people": plan.crowd.people,
        "workspaces": plan.crowd.workspaces,
        "size": plan.crowd.size,
        "per-minute": plan.per_minute,
        "issues": plan.issues,
        "port": port,
    }
    command = ["benchmarks.delivery_world", *(f"--{name}={value}" for name, value in told.items())]
    with process(command, environment=plain_environment(), log=log, cores=plan.cores.world):
        url = f"http://127.0.0.1:{port}"
        wait_until_answers(f"{url}/clock", log)
        yield World(url)


@contextmanager
def bot(plan: Plan, world: World) -> Iterator[str]:
    """The bot on its own cores, ready; the address of its web server."""
    port, log = free_port(), plan.folder / "bot.log"
    url = f"http://127.0.0.1:{port}"
    world.reach_app_at(f"{url}/slack/{APP_KEY}/events")
    environment = plain_environment() | _settings(plan, world.url) | {"FMO_PORT": str(port)}
    open_store(Settings.read(environment)).close()  # once, as a release does it, before the processes start
    with ExitStack() as running:
        for part in PROCESSES[plan.kind]:
            running.enter_context(process(["fmo_bot", part], environment=environment, log=log, cores=plan.cores.bot))
        wait_until_answers(f"{url}/health/ready", log)
        yield url


def _settings(plan: Plan, world: str) -> dict[str, str]:
    settings = {
        "FMO_DATABASE_URL": plan.url,
        "FMO_ENGINE": ENGINE[plan.kind],
        "FMO_SLACK_API_URL": f"{world}/slack/api/",
        "FMO_SLACK_APPS": APP_KEY,
        f"FMO_SLACK_{APP_KEY.upper()}_BOT_TOKENS": ",".join(plan.crowd.tokens()),
        f"FMO_SLACK_{APP_KEY.upper()}_SIGNING_SECRET": SIGNING_SECRET,
        "FMO_SLACK_MESSAGES_PER_MINUTE": str(plan.per_minute),
        "FMO_LOG_LEVEL": "WARNING",
    }
    if plan.issues:
        settings |= {
            "FMO_JIRA_SITES": SITE,
            f"FMO_JIRA_{SITE.upper()}_URL": f"{world}/jira/{SITE}",
            f"FMO_JIRA_{SITE.upper()}_EMAIL": f"bot@{SITE}.example",
            f"FMO_JIRA_{SITE.upper()}_TOKEN": f"jira-sandbox-{SITE}",
        }
    return settings | plan.settings


def count(url: str, query: str) -> int:
    """What a counting query says, read beside the bot without a lock."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        file = sqlite3.connect(str(address.database), timeout=10)
        try:
            return int(file.execute(query).fetchone()[0])
        finally:
            file.close()
    with psycopg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False)) as server:
        row = server.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


SENT = "SELECT count(*) FROM delivery WHERE state = 'sent' AND op = 'post'"


PLANNED = "SELECT count(*) FROM occurrence WHERE kind = 'prompt'"


def wait_until(url: str, query: str, expected: int, *, within: float) -> None:
    """Wait until a counting query counts so many, at most `within` seconds."""
    deadline, pause = monotonic() + within, Event()
    while count(url, query) < expected and monotonic() < deadline:
        pause.wait(0.2)


def next_minute(*, ahead: float) -> datetime:
    """The first full minute in UTC at least `ahead` seconds from now."""
    soonest = datetime.now(UTC) + timedelta(seconds=ahead)
    full = soonest.replace(second=0, microsecond=0)
    return full if full >= soonest else full + timedelta(minutes=1)
