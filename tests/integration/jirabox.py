"""A pretend Jira on a real socket, with a clock that a test sets."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import uvicorn
from jira import JIRA
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from fmo_bot.sandbox.doorkeeper import Doorkeeper
from fmo_bot.sandbox.jira import JiraSite, build, gateway_of

HALF_WAY = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)


@dataclass
class SetClock:
    """Shows what it was told; counts what is under way."""

    at: datetime = HALF_WAY
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return self.at

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        with self.lock:
            self.under_way += 1
        yield
        with self.lock:
            self.under_way -= 1


@dataclass(frozen=True)
class Files:
    """The options of a site."""

    jira: str = "cloud"
    issues: Path | None = None
    sprints: Path | None = None
    board: Path | None = None


@dataclass
class Box:
    """A running site."""

    site: JiraSite
    clock: SetClock
    url: str
    faults: dict[str, Any] = field(default_factory=dict)

    @property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        told = self.site.describe()
        if told["flavour"] == "cloud":
            session.auth = (told["email"], told["token"])
        else:
            session.headers["Authorization"] = f"Bearer {told['token']}"
        return session

    def get(self, path: str, **params: Any) -> requests.Response:
        with self.session as session:
            return session.get(self.url + path, params=params, timeout=60)

    def send(self, method: str, path: str, told: Any) -> requests.Response:
        with self.session as session:
            return session.request(method, self.url + path, json=told, timeout=60)

    def control(self, method: str, path: str, told: Any = None) -> requests.Response:
        url = self.url.replace("/jira/", "/control/jira/")
        return requests.request(method, url + path, json=told, timeout=60)

    def step(self, to: datetime) -> None:
        self.clock.at = to
        self.site.catch_up(to)

    @contextmanager
    def client(self) -> Iterator[JIRA]:
        told = self.site.describe()
        cloud = told["flavour"] == "cloud"
        known: Mapping[str, Any] = (
            {"basic_auth": (told["email"], told["token"])} if cloud else {"token_auth": told["token"]}
        )
        client = JIRA(self.url, max_retries=0, timeout=60, **known)
        yield client
        client.close()  # type: ignore[no-untyped-call]


@contextmanager
def running(files: Files | None = None, *, at: datetime = HALF_WAY, **settings: Any) -> Iterator[Box]:
    """Serve a site until the block ends."""
    clock, faults = SetClock(at), dict[str, Any]()
    site = build("shared", clock, options=files or Files(), faults=lambda: faults, **settings)
    routes = [
        Mount("/jira/shared", routes=site.routes),
        Mount("/control/jira/shared", routes=site.control_routes),
        *gateway_of({"shared": site}).routes(),
    ]
    with listening(Doorkeeper(Starlette(routes=routes), clock)) as url:
        yield Box(site, clock, f"{url}/jira/shared", faults)
    site.close()


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Any ASGI application on a free port of this machine; its address."""
    quiet: Any = {"log_config": None, "access_log": False, "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="h11", date_header=False, **quiet))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    pause = threading.Event()
    while not server.started:
        pause.wait(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(60)
