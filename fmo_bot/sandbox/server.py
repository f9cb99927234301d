"""One port of 127.0.0.1 with everything on it: Slack, Jira, the clock, control and the page."""

import asyncio
import contextlib
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from fmo_bot.sandbox import jira
from fmo_bot.sandbox.changes import Changes
from fmo_bot.sandbox.clock import Clock, NothingPlanned, StillBusy, WouldGoBack, parse_iso, step_request
from fmo_bot.sandbox.control import Control
from fmo_bot.sandbox.doorkeeper import Doorkeeper
from fmo_bot.sandbox.faults import Faults
from fmo_bot.sandbox.slack.limits import WORKSPACE_PER_MINUTE
from fmo_bot.sandbox.slack.site import Slack
from fmo_bot.sandbox.slack.state import PATIENCE_S, State
from fmo_bot.sandbox.world import Cast, load

TICK_S = 0.2
SITE, SECOND = "shared", "operator"
PAGE = Path(__file__).with_name("page")


class PortTaken(OSError):
    """The port that was asked for is not free; the message names the next step."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the pretend world is to be: see docs/sandbox.md.

    `manifest` is every app's (none: every scope). Without `start` the clock starts where Jira's issues suggest.
    `cast`: other people than the agreed ones, with their own apps. `messages_per_minute`: of an app in a workspace.
    `second_jira`: a flavour: there is another site, `operator`, with issues of its own of the same ids and keys.
    `faults`: those in force from the start, as `POST /control/faults` takes them. `patience`: seconds Slack waits for
    an app, more than its own three on a machine that is slower than a server of Slack's apps may be.
    """

    apps: str = "two"
    transport: str = "socket"
    jira: str = "cloud"
    second_jira: str | None = None
    issues: Path | None = None
    sprints: Path | None = None
    board: Path | None = None
    start: datetime | None = None
    port: int = 0
    manifest: Path | None = None
    cast: Cast | None = None
    messages_per_minute: int = WORKSPACE_PER_MINUTE
    patience: float = PATIENCE_S
    faults: Mapping[str, Any] = field(default_factory=dict)


class World:
    """Everything that lives on the port, put together."""

    def __init__(self, options: Options, url: str) -> None:
        """`url` is the server's own address, without a slash at its end."""
        self.options = options
        self.url = url
        self.changes = Changes()
        held = jira.load(options)
        self.clock = Clock(options.start or jira.suggested_start(options, held))
        self.faults = Faults()
        self.faults.set(options.faults)
        cast = options.cast or load(options.apps, options.manifest)
        told: dict[str, Any] = {"clock": self.clock, "changes": self.changes, "faults": self.faults, "url": url}
        told |= {"per_minute": options.messages_per_minute, "patience": options.patience}
        state = State(cast=cast, **told)
        self.slack = Slack(state, transport=options.transport)
        self.clock.planned_by(state.next_event)
        self.clock.on_step(state.due)
        self.jira = {SITE: self._jira_site(SITE, options, held)}
        if options.second_jira is not None:
            again = replace(options, jira=options.second_jira)
            self.jira[SECOND] = self._jira_site(SECOND, again, jira.load(again))
        for site in self.jira.values():
            self.clock.planned_by(site.next_event)
            self.clock.on_step(site.catch_up)
        self.gateway = jira.gateway_of(self.jira)
        self.clock.on_step(lambda now: self.changes.add("clock"))

    def _jira_site(self, key: str, options: Options, held: jira.Export) -> jira.JiraSite:
        faults, on_change = self.faults.describe, self.changes.add
        return jira.build(key, self.clock, options=options, faults=faults, on_change=on_change, held=held)

    def close(self) -> None:
        """End what is still under way."""
        self.changes.close()
        for site in self.jira.values():
            site.close()

    def routes(self) -> list[BaseRoute]:
        """The whole map of the port."""
        return [
            *_clock_routes(self.clock),
            *self.slack.routes(),
            Route("/control/changes", self.changes.endpoint),
            *Control(self.slack, self.jira, self.url, self.gateway.describe(self.url)).routes(),
            *_jira_mounts(self.jira),
            *self.gateway.routes(),
            *_page_routes(),
        ]


def application(world: World) -> Doorkeeper:
    """The ASGI application of a world."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(world.clock))
        yield
        ticking.cancel()

    return Doorkeeper(Starlette(routes=world.routes(), lifespan=lifespan), world.clock)


class Sandbox:
    """A running sandbox in a thread of this process: `with Sandbox() as box: box.url`."""

    def __init__(self, options: Options | None = None) -> None:
        """Binds its port (0: any free one) at once and answers from then on."""
        self._socket = _bind((options or Options()).port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.world = World(options or Options(), self.url)
        self._server = uvicorn.Server(_config(self.world))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="sandbox", daemon=True)
        self._thread.start()
        self._wait_until_started()

    def stop(self) -> None:
        """Hang up on everybody and free the port."""
        self.world.changes.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.world.close()
        self._socket.close()

    def __enter__(self) -> Self:
        """The running sandbox."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop it."""
        self.stop()

    def _wait_until_started(self) -> None:
        pause = threading.Event()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("The sandbox could not start; its log says why.")
            pause.wait(0.01)


def serve(options: Options, *, ready: Callable[[str], object] | None = None) -> None:
    """Run a sandbox in this thread until it is interrupted; `ready(url)` is called once before it answers."""
    bound = _bind(options.port)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    world = World(options, url)
    gc.freeze()  # the issues stay for good: looking through all of them for garbage would hold up answers
    if ready is not None:
        ready(url)
    try:
        uvicorn.Server(_config(world)).run([bound])
    finally:
        world.close()


def _config(world: World) -> uvicorn.Config:
    return uvicorn.Config(
        application(world),
        http="h11",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        date_header=False,  # the doorkeeper says the date
        timeout_graceful_shutdown=1,
    )


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that asyncio sets TCP_NODELAY
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        raise PortTaken(f"Port {port} on 127.0.0.1 cannot be had ({error.strerror}): name another, or 0.") from error
    return bound


async def _tick(clock: Clock) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        clock.tick()


def _clock_routes(clock: Clock) -> Iterable[BaseRoute]:
    async def read(request: Request) -> Response:
        return JSONResponse(clock.describe())

    async def report(request: Request) -> Response:
        try:
            body = await request.json()
            planned = body.get("next")
            clock.report(
                str(body["name"]),
                version=int(body["version"]),
                in_hand=int(body["in_hand"]),
                next=parse_iso(planned) if planned else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"error": f"Not a report: {error!r}. Send name, version, in_hand and next."}, 400)
        return JSONResponse(clock.describe())

    async def step(request: Request) -> Response:
        try:
            wanted = step_request(await request.json())
            await clock.step(**wanted)
        except (WouldGoBack, NothingPlanned) as error:
            return JSONResponse({"error": str(error)}, 409)
        except StillBusy as error:
            return JSONResponse({"error": str(error)}, 503)
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(clock.describe())

    return [
        Route("/clock", read),
        Route("/clock/report", report, methods=["POST"]),
        Route("/clock/step", step, methods=["POST"]),
    ]


def _jira_mounts(sites: Mapping[str, jira.JiraSite]) -> Iterable[BaseRoute]:
    for key, site in sites.items():
        yield Mount(f"/jira/{key}", routes=site.routes)
        yield Mount(f"/control/jira/{key}", routes=site.control_routes)


def _page_routes() -> Iterable[BaseRoute]:
    async def index(request: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    yield Route("/", index)
    yield Mount("/static", StaticFiles(directory=PAGE, check_dir=False))
