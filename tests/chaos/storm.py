"""A storm: a sandbox and bot processes of their own, things owed, things broken, and a verdict."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from config.settings import EMBEDDED, PROCRASTINATE
from fmo_bot.db.ledger import DeliveryRow, MessageRow
from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox, queue_schema, quiet
from fmo_bot.delivery.queued import QueuedEngine
from fmo_bot.domain.parties import SYSTEM
from tests.chaos.feeder import Feeder
from tests.chaos.judge import Verdict, judge, judge_settled
from tests.chaos.master import Settled, employ, settle
from tests.chaos.monkey import Monkey, Workers, warm_up
from tests.chaos.world import World
from tests.databases import own_postgres, restart

USUAL = {"drop_after_accept": 0.02, "drop_before": 0.02, "timeout": 0.01, "server_error": 0.01, "rate_limited": 0.05}
_STRUCK = ("chat.postMessage", "chat.update", "conversations.open", "conversations.history", "conversations.replies")
_NEARLY_ALL = 0.98  # so much has been sent when the storm ends
_WORKERS = 2


@dataclass(frozen=True)
class SetUp:
    """One way to run the bot."""

    database: str  # sqlite | postgres
    engine: str = EMBEDDED
    profile: str = "full"  # of the app's manifest; minimal: no history of channels
    restarts: bool = False  # PostgreSQL itself, every 45 s


SET_UPS = {
    "sqlite": SetUp("sqlite"),
    "postgres": SetUp("postgres"),
    "procrastinate": SetUp("postgres", engine=PROCRASTINATE, restarts=True),
    "no-history": SetUp("sqlite", profile="minimal"),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How hard it blows. Times are seconds of machine time."""

    engine: str
    items: int
    seed: int
    folder: Path
    workspaces: int = 40
    seconds: float = 200.0  # over which things are owed
    lease: float = 8.0
    search_after: float = 10.0
    freeze_every: float = 60.0
    in_channels: int = 10  # percent of what is owed
    broken: str = ""  # reconcile | lease: without this safeguard
    faults: dict[str, float] = field(default_factory=lambda: dict(USUAL))
    patience: float = 120.0  # after the last fault


@dataclass(frozen=True)
class Outcome:
    """What came of a storm."""

    plan: Plan
    monkey: Monkey
    verdict: Verdict
    took: float
    settled: Settled | None = None  # by a scrum master, where something was left to a person

    def line(self) -> str:
        """The one line of a run."""
        plan, found = self.plan, self.verdict
        line = f"chaos: engine={plan.engine} items={plan.items} kills={self.monkey.kills} lost={len(found.lost)}"
        line += f" doubled={len(found.doubled)} p99_recovery_s={found.p99:.0f}"
        return line + (f" unsure={found.unsure}" if SET_UPS[plan.engine].profile == "minimal" else "")


def storm(plan: Plan) -> Outcome:
    """Let it blow, wait, judge."""
    begin, set_up, dice = time.monotonic(), SET_UPS[plan.engine], random.Random(plan.seed)
    world, diary, log = World(plan.workspaces), plan.folder / "diary.jsonl", plan.folder / "workers.log"
    diary.touch()
    warm_up()
    with _database(set_up, plan.folder) as (url, again), _sandbox(world, set_up, plan.folder) as slack:
        store = _store(set_up, url)
        scope, master = employ(store, world)
        feeder = Feeder(store, world, dice, plan.items, plan.seconds, scope, plan.in_channels)
        settings = {
            "CHAOS_DATABASE": url,
            "CHAOS_ENGINE": set_up.engine,
            "CHAOS_SLACK": f"{slack}/slack/api/",
            "CHAOS_TOKENS": json.dumps(world.tokens()),
            "CHAOS_LEASE": str(plan.lease),
            "CHAOS_SEARCH_AFTER": str(plan.search_after),
            "CHAOS_DIARY": str(diary),
            "CHAOS_BREAK": plan.broken,
            "CHAOS_LOG": str(log),
        }
        workers = Workers(settings)
        monkey = Monkey(workers, dice, plan.freeze_every, 2 * plan.lease, again if set_up.restarts else None)
        _faults(slack, **plan.faults, methods=list(_STRUCK))
        workers.start(_WORKERS)
        try:
            with monkey:
                feeder.run(lambda: _alive(workers))
                _until(store, at_most=plan.items * (1 - _NEARLY_ALL), within=plan.seconds, workers=workers)
            _faults(slack, **dict.fromkeys(USUAL, 0))
            _until(store, at_most=0, within=plan.patience, workers=workers)
            left = _unsure(store) if set_up.profile == "minimal" else None
            record = _record(slack)
            verdict, settled = judge(feeder.owed, record, diary, left=left), None
            if left is not None:
                settled = settle(store, master, left)
                _until(store, at_most=0, within=plan.patience, workers=workers)
                verdict.unsettled = judge_settled(feeder.owed, record, _record(slack), left=left, settled=settled)
        finally:
            workers.stop()
            store.close()
    return Outcome(plan, monkey, verdict, time.monotonic() - begin, settled)


def _record(slack: str) -> dict[str, Any]:
    """What the pretend Slack shows."""
    shown: dict[str, Any] = requests.get(f"{slack}/control/record", timeout=60).json()
    return shown


def _alive(workers: Workers) -> None:
    if codes := workers.died():
        raise RuntimeError(f"A bot process ended by itself: {codes}; {workers.settings['CHAOS_LOG']} says why.")


def _until(store: Store, *, at_most: float, within: float, workers: Workers) -> None:
    """Wait until no more than this is in hand, but not for ever: it is judged as it stands then."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        _alive(workers)
        try:
            with store.reading(SYSTEM) as session:
                if quiet.in_hand(session, datetime.now(UTC)) <= at_most:
                    return
        except DBAPIError:
            pass  # PostgreSQL is being restarted: that is part of it
        time.sleep(0.5)


def _unsure(store: Store) -> set[str]:
    """Keys of the messages in channels that are left to a person."""
    left = select(MessageRow.key).join(DeliveryRow, DeliveryRow.message_id == MessageRow.id)
    with store.reading(SYSTEM) as session:
        return set(session.scalars(left.where(DeliveryRow.state == outbox.UNSURE, MessageRow.person.is_(None))))


def _store(set_up: SetUp, url: str) -> Store:
    """The migrated database; what is owed here wakes whoever works there."""
    migrate(url)
    store = Store(url)
    if set_up.engine == PROCRASTINATE:
        queue_schema.migrate(url)
        store.wake = QueuedEngine(store, url).wake
    return store


@contextmanager
def _database(set_up: SetUp, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    if set_up.database == "sqlite":
        yield f"sqlite:///{folder / 'storm.db'}", lambda: None
        return
    with own_postgres() as server:
        yield server.get_uri(), lambda: restart(server)


@contextmanager
def _sandbox(world: World, set_up: SetUp, folder: Path) -> Iterator[str]:
    file, manifest = world.write(folder, profile=set_up.profile)
    start = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    options = {"apps": "one", "world": str(file), "manifest": str(manifest), "start": start}
    command = [sys.executable, "-m", "fmo_bot", "sandbox", *(f"--{name}={told}" for name, told in options.items())]
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip().rpartition(" ")[2].rstrip("/")
        _faults(url)
        yield url
    finally:
        process.terminate()
        process.wait(15)
        process.stdout.close()


def _faults(slack: str, **switches: Any) -> None:
    pause = threading.Event()
    for _ in range(100):
        try:
            requests.post(f"{slack}/control/faults", json=switches, timeout=60).raise_for_status()
        except requests.ConnectionError:
            pause.wait(0.1)
        else:
            return
    raise RuntimeError("The sandbox does not answer.")
