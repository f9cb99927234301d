"""The stage of the demo: the sandbox in this process, the unmodified bot in another, a joint team set up for both."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import yaml
from sqlalchemy.exc import SQLAlchemyError

from config.manifests import manifest
from fmo_bot.cli.ports import free_port
from fmo_bot.cli.settings import without_proxy
from fmo_bot.db.schema import holds_tables
from fmo_bot.errors import Failure
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.team_file import read_yaml

DEMO_FILES = Path(__file__).parents[2] / "config" / "demo"
READY_WITHIN_S = 180
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DemoFailed(Failure):
    """The demo could not be put on; the message says what to look at."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is put on: the sandbox's options, the workflow file (None: the story's, or guessed), where files go.

    `database`: an empty one for the bot; None is a file in the folder.
    """

    sandbox: Options
    workflow: Path | None
    folder: Path
    database: str | None = None
    apart: bool = False  # web and two workers, instead of everything in one process
    engine: str | None = None  # FMO_ENGINE; None: procrastinate where apart, else embedded
    one_day: bool = False  # the stand-up only on the day the clock starts, the digest on the day the sprint ends


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The demo while it runs."""

    sandbox: Sandbox
    bot: "subprocess.Popen[bytes]"  # the process with the door
    workflow: Path  # the stages that count, given or guessed
    log: Path


@contextmanager
def stage(plan: Plan) -> Iterator[Stage]:
    """Put the demo on: sandbox, settings, set-up, bot; and clear it away at the end, also when told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    without_proxy()
    _refuse_full(plan.database)
    if (plan.apart or plan.engine == "procrastinate") and not (plan.database or "").startswith("postgresql"):
        option = "--apart: workers share" if plan.apart else "--engine procrastinate: it needs"
        raise DemoFailed(f"{option} PostgreSQL. Give an empty one with --database.")
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(parents=True)
    with Sandbox(replace(plan.sandbox, manifest=_manifest(plan))) as sandbox:
        world = requests.get(f"{sandbox.url}/control/world", timeout=30).json()
        port = free_port()
        _register(sandbox.url, world, plan.sandbox, port)
        environment = _without_ours(os.environ) | settings_for(world, plan, port)
        workflow = _set_up(world, plan, environment)
        log = plan.folder / "bot.log"
        with ExitStack() as running:
            bot, *_ = [running.enter_context(_bot(command, environment, log)) for command in _PROCESSES[plan.apart]]
            _wait_until_ready(bot, port, log)
            yield Stage(sandbox=sandbox, bot=bot, workflow=workflow, log=log)


_FMO_BOT = (sys.executable, "-m", "fmo_bot")
_PROCESSES = {False: ("run",), True: ("web", "worker", "worker")}


@contextmanager
def _bot(command: str, environment: dict[str, str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A process of the bot, for as long as the block runs."""
    with log.open("ab") as output:
        bot = subprocess.Popen([*_FMO_BOT, command], env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield bot
    finally:
        _end(bot)


def settings_for(world: dict[str, Any], plan: Plan, port: int) -> dict[str, str]:
    """The bot's settings for this world: what a person would write into `.env` for a real Slack and Jira."""
    settings = {
        "FMO_DATABASE_URL": plan.database or f"sqlite:///{(plan.folder / 'fmo.db').resolve()}",
        "FMO_PORT": str(port),
        "FMO_SLACK_API_URL": world["slack_api_url"],
        "FMO_SLACK_APPS": ",".join(app["key"] for app in world["apps"]),
        "FMO_JIRA_SITES": ",".join(site["site"] for site in world["jira"]),
        "FMO_CLOCK_URL": world["clock_url"],
        "FMO_ENGINE": plan.engine or ("procrastinate" if plan.apart else "embedded"),
    }
    for app in world["apps"]:
        prefix = f"FMO_SLACK_{app['key'].upper()}"
        settings[f"{prefix}_BOT_TOKENS"] = ",".join(app["bot_tokens"].values())
        over_http = plan.sandbox.transport == "http"
        kind, secret = ("SIGNING_SECRET", "signing_secret") if over_http else ("APP_TOKEN", "app_token")
        settings[f"{prefix}_{kind}"] = app[secret]
    for site in world["jira"]:
        prefix = f"FMO_JIRA_{site['site'].upper()}"
        settings |= {f"{prefix}_URL": site["url"], f"{prefix}_TOKEN": site["token"]}
        settings[f"{prefix}_WEBHOOK_SECRET"] = WEBHOOK_SECRET
        if site["flavour"] == "cloud":
            settings[f"{prefix}_EMAIL"] = site["email"]
    return settings


def _refuse_full(database: str | None) -> None:
    """A demo never plays in a database that holds something: it may be somebody's."""
    if database is None:
        return
    try:
        if holds_tables(database):
            raise DemoFailed("--database: it holds tables already. Give an empty one.")
    except SQLAlchemyError as error:
        raise DemoFailed(f"--database: it cannot be opened ({type(error).__name__}).") from error


WEBHOOK_SECRET = "webhook-sandbox-secret"


def team_for(world: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The demo's joint team with the dates, the board and the apps of this world."""
    team = read_yaml(DEMO_FILES / "team.yaml")
    now = datetime.fromisoformat(world["now"]).astimezone(UTC)
    keys = {team_id: app["key"] for app in world["apps"] for team_id in app["installed"]}
    for organisation in team["organisations"]:
        organisation["workspace"]["app"] = keys[organisation["workspace"]["id"]]
    site = world["jira"][0]
    team["board"] = {"site": site["site"], "id": site["boards"][0]["id"], "workflow": _workflow_of(plan)}
    team["jira"][0]["site"] = site["site"]
    for member in team["sides"]["vendor"]["members"]:
        if member["user"] == "U0RAJESH":
            member["away"] = [{"from": now.date(), "until": now.date() + timedelta(days=11)}]
    if plan.one_day:
        team["standups"][0]["days"] = [_DAYS[now.weekday()]]
        team["digests"][0]["days"] = [_DAYS[_last_day(site, now).weekday()]]
    return team


def _workflow_of(plan: Plan) -> Any:
    if plan.workflow is None and plan.sandbox.issues is not None:
        return "guess"
    return {"file": str((plan.workflow or DEMO_FILES / "workflow.yaml").resolve())}


def _last_day(site: dict[str, Any], now: datetime) -> datetime:
    sprint = site.get("busiest_sprint")
    return datetime.fromisoformat(sprint["end"]).astimezone(UTC) if sprint else now


def _manifest(plan: Plan) -> Path:
    """The manifest a company would create its app from, so that the sandbox grants those scopes and no others."""
    made = manifest(transport=plan.sandbox.transport, profile="full", url="http://127.0.0.1", jira=("127.0.0.1",))
    file = plan.folder / "manifest.yaml"
    file.write_text(yaml.safe_dump(made, sort_keys=False), "utf-8")
    return file


def _set_up(world: dict[str, Any], plan: Plan, environment: dict[str, str]) -> Path:
    file, workflow = plan.folder / "team.yaml", plan.folder / "workflow.yaml"
    file.write_text(yaml.safe_dump(team_for(world, plan), allow_unicode=True, sort_keys=False), "utf-8")
    command = [*_FMO_BOT, "setup", str(file), "--agreed", "--write-workflow", str(workflow)]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise DemoFailed(f"The demo's joint team could not be set up from {file}; the reason stands above.")
    return workflow


def _register(url: str, world: dict[str, Any], options: Options, port: int) -> None:
    bot = f"http://127.0.0.1:{port}"
    if options.transport == "http":
        for app in world["apps"]:
            target = {"request_url": f"{bot}/slack/{app['key']}/events"}
            requests.put(f"{url}/control/apps/{app['key']}", json=target, timeout=30).raise_for_status()
    for site in world["jira"]:
        hook: dict[str, Any] = {"name": "FMO bot", "url": f"{bot}/jira/{site['site']}/webhook"}
        hook |= {"secret": WEBHOOK_SECRET, "events": ["jira:issue_updated", "jira:issue_created", "sprint_closed"]}
        cloud = site["flavour"] == "cloud"
        answer = requests.post(
            f"{site['url']}/rest/webhooks/1.0/webhook",
            json=hook,
            auth=(site["email"], site["token"]) if cloud else None,
            headers={} if cloud else {"Authorization": f"Bearer {site['token']}"},
            timeout=30,
        )
        answer.raise_for_status()


def _wait_until_ready(bot: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    pause = threading.Event()
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        if bot.poll() is not None:
            raise DemoFailed(f"The bot ended at its start with {bot.returncode}:\n{tail(log)}")
        try:
            if requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=10).ok:
                return
        except requests.RequestException:
            pass  # not listening yet, or slow at first: that is what is waited for
        pause.wait(0.1)
    raise DemoFailed(f"The bot was not ready after {READY_WITHIN_S} s:\n{tail(log)}")


def tail(log: Path) -> str:
    """The last lines of the bot's log."""
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-30:])


def _end(bot: "subprocess.Popen[bytes]") -> None:
    if bot.poll() is None:
        bot.send_signal(signal.SIGTERM)
    try:
        bot.wait(30)
    except subprocess.TimeoutExpired:
        bot.kill()
        bot.wait()


def _without_ours(environment: Any) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("FMO_")}
