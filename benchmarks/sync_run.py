"""One run: the pretend Jira on its cores, the bot on others; a first sync, a hundred changes, a second sync."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from benchmarks import sync_floor
from benchmarks.delivery_figures import Result
from benchmarks.delivery_stage import Cores, local, on, plain_environment, process, wait_until_answers
from benchmarks.sync_floor import Told
from fmo_bot.cli.ports import free_port
from fmo_bot.db.boards import BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM

SITE = "shared"
END = "2026-11-23T13:00:00"  # an hour after the newest generated update
MOST_REQUESTS, MOST_MIB, ISSUES_A_SECOND = 1.1, 300, 1500
LATER_REQUESTS, LATER_S = 12, 2.0
QUARTER_S = 900


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: which flavour, which database, which files."""

    flavour: str
    kind: str
    url: str
    issues: Path
    sprints: Path
    told: Told
    changes: int
    folder: Path
    cores: Cores


class World:
    """The pretend Jira while it runs."""

    def __init__(self, url: str) -> None:
        """`url` is its address."""
        self.url = url
        self._session = local()

    def get(self, path: str) -> Any:
        """JSON of a control address."""
        return self._session.get(self.url + path, timeout=120).json()

    def post(self, path: str, told: dict[str, Any]) -> Any:
        """The same, told something."""
        answer = self._session.post(self.url + path, json=told, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> str:
        """Its clock."""
        return str(self.get("/clock")["now"])

    def counted(self) -> dict[str, Any]:
        """Requests since the last look, and what the processor has done so far."""
        return dict(self.post(f"/control/jira/{SITE}/requests", {"forget": True}))


class Bot:
    """The bot's process while it runs."""

    def __init__(self, started: "subprocess.Popen[str]") -> None:
        """It waits for an instant on its standard input."""
        self._started = started

    def sync(self, at: str) -> dict[str, float]:
        """What a sync at this instant came to."""
        assert self._started.stdin
        assert self._started.stdout
        self._started.stdin.write(f"{at}\n")
        self._started.stdin.flush()
        line = self._started.stdout.readline()
        if not line:
            raise RuntimeError("the bot's process ended; its log has the reason")
        return dict(json.loads(line))


def measure(plan: Plan) -> Iterator[Result]:
    """The first sync, then one after `changes` changes."""
    with _world(plan) as world, _bot(plan, world) as bot:
        before = world.counted()
        first = bot.sync(world.now())
        after = world.counted()
        yield _first(plan, first, after, after["cpu_seconds"] - before["cpu_seconds"])
        yield _calls(plan, after)
        _change(plan, world)
        world.counted()
        later = bot.sync(world.now())
        yield _later(plan, later, world.counted())


def _first(plan: Plan, told: dict[str, float], counted: dict[str, Any], sandbox_cpu: float) -> Result:
    floor, requests = sum(plan.told.floor(plan.flavour).values()), counted["total"]
    count = len(plan.told.histories)
    wrong = _differences(plan)
    missed = {
        f"requests over {MOST_REQUESTS} times the floor": requests > MOST_REQUESTS * floor,
        f"peak over {MOST_MIB} MiB": told["peak_mib"] > MOST_MIB,
        f"under {ISSUES_A_SECOND} issues a second": count / told["seconds"] < ISSUES_A_SECOND,
    }
    return Result(
        name="sync",
        figures={
            "flavour": plan.flavour,
            "issues": count,
            "histories": plan.told.total,
            "requests": requests,
            "floor": floor,
            "seconds": told["seconds"],
            "peak_mib": round(told["peak_mib"]),
            "db_mib": round(_size(plan) / 2**20),
            "database": plan.kind,
            "per_second": round(count / told["seconds"]),
            "bot_cpu_s": told["cpu"],
            "sandbox_cpu_s": sandbox_cpu,
            "different": wrong,
        },
        broken=("the database differs from the source",) if wrong else (),
        missed=tuple(what for what, is_so in missed.items() if is_so),
    )


def _calls(plan: Plan, counted: dict[str, Any]) -> Result:
    floor, made = plan.told.floor(plan.flavour), sync_floor.calls(counted["requests"])
    figures: dict[str, object] = {name: f"{made[name]}/{floor.get(name, 0)}" for name in {**floor, **made}}
    return Result(name="sync-calls", figures={"flavour": plan.flavour} | figures)


def _later(plan: Plan, told: dict[str, float], counted: dict[str, Any]) -> Result:
    missed = {
        f"over {LATER_REQUESTS} requests": counted["total"] > LATER_REQUESTS,
        f"over {LATER_S:.0f} s": told["seconds"] > LATER_S,
    }
    figures: dict[str, object] = {"flavour": plan.flavour, "changes": plan.changes, "read": told["read"]}
    figures |= {"requests": counted["total"], "seconds": told["seconds"], "bot_cpu_s": told["cpu"]}
    return Result(
        name="sync-later",
        figures=figures | {"database": plan.kind},
        broken=("a change was not read",) if told["read"] < plan.changes else (),
        missed=tuple(what for what, is_so in missed.items() if is_so),
    )


def _change(plan: Plan, world: World) -> None:
    """A quarter of an hour later, so many issues change their flag."""
    world.post("/clock/step", {"by": QUARTER_S})
    every = len(plan.told.histories) // plan.changes
    for place, raw in enumerate(sync_floor.lines(plan.issues)):
        if place % every == 0 and place // every < plan.changes:
            on = not raw["fields"]["customfield_10021"]
            world.post(f"/control/jira/{SITE}/issues/{raw['key']}/flag", {"on": on})


@contextmanager
def _world(plan: Plan) -> Iterator[World]:
    port, log = free_port(), plan.folder / "world.log"
    told = {"jira": plan.flavour, "issues": plan.issues, "sprints": plan.sprints, "start": END, "port": port}
    command = ["fmo_bot", "sandbox", *(f"--{name}={value}" for name, value in told.items())]
    with process(command, environment=plain_environment(), log=log, cores=plan.cores.world):
        url = f"http://127.0.0.1:{port}"
        wait_until_answers(f"{url}/clock", log)
        yield World(url)


@contextmanager
def _bot(plan: Plan, world: World) -> Iterator[Bot]:
    site = world.get("/control/world")["jira"][0]
    board = _put_board(plan.url, site["boards"][0]["id"])
    command = [sys.executable, "-m", "benchmarks.sync_bot", str(board)]
    with (plan.folder / "bot.log").open("w") as log, on(plan.cores.bot):
        started = subprocess.Popen(
            command,
            env=plain_environment() | _settings(plan, world, site),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Bot(started)
    finally:
        started.communicate(timeout=30)  # its input ends, and so does it


def _settings(plan: Plan, world: World, site: dict[str, Any]) -> dict[str, str]:
    settings = {
        "FMO_DATABASE_URL": plan.url,
        "FMO_SLACK_API_URL": f"{world.url}/slack/api/",
        "FMO_SLACK_APPS": "none",
        "FMO_SLACK_NONE_BOT_TOKENS": "xoxb-sandbox",
        "FMO_SLACK_NONE_SIGNING_SECRET": "sandbox-secret-none",
        "FMO_JIRA_SITES": SITE,
        f"FMO_JIRA_{SITE.upper()}_URL": f"{world.url}/jira/{SITE}",
        f"FMO_JIRA_{SITE.upper()}_TOKEN": site["token"],
    }
    if plan.flavour == "cloud":
        settings[f"FMO_JIRA_{SITE.upper()}_EMAIL"] = site["email"]
    return settings


def _put_board(url: str, number: int) -> int:
    """A joint team with a board that was never read; its row id."""
    store = Store(url)
    try:
        with store.transaction(SYSTEM) as session:
            host, site = OrganisationRow(name="Huawei"), JiraSiteRow(key=SITE)
            session.add_all([host, site])
            session.flush()
            team = JointTeamRow(name="Bench", ref="bench", host_id=host.id)
            session.add(team)
            session.flush()
            board = BoardRow(team_id=team.id, site_id=site.id, jira_board_id=number)
            session.add(board)
            session.flush()
            return board.id
    finally:
        store.close()


def _differences(plan: Plan) -> int:
    store = Store(plan.url)
    try:
        with store.reading(SYSTEM) as session:
            query = select(IssueRow.jira_issue_id, IssueRow.value).order_by(IssueRow.jira_issue_id)
            rows = session.execute(query.execution_options(yield_per=1000))
            return sync_floor.differences(plan.issues, ((number, value) for number, value in rows))
    finally:
        store.close()


def _size(plan: Plan) -> int:
    """Bytes of the database, with what is not yet folded into its file."""
    if plan.kind == "sqlite":
        file = plan.url.removeprefix("sqlite:///")
        return sum(each.stat().st_size for each in map(Path, (file, f"{file}-wal")) if each.exists())
    store = Store(plan.url)
    try:
        with store.reading(SYSTEM) as session:
            return int(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    finally:
        store.close()
