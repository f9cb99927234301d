"""Whether a process is well, and its figures: beside the door in `run` and `web`, on a port of its own in `worker`."""

import socket
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Any, Self

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from fmo_bot.bootstrap.bot import Bot
from fmo_bot.errors import SettingsWrong
from handlers.metrics import Metrics

_GRACE = 1  # seconds for who is asking when a worker ends
_log = structlog.get_logger(__name__)


def routes(metrics: Metrics, problems: Callable[[], list[str]]) -> list[Route]:
    """Addresses that anybody may ask; `problems`: why this process is not ready, in sentences."""

    async def alive(request: Request) -> Response:
        return PlainTextResponse("alive")

    async def ready(request: Request) -> Response:
        found = await run_in_threadpool(problems)
        return JSONResponse({"ready": not found, "problems": found}, 503 if found else 200)

    async def figures(request: Request) -> Response:
        return Response(await run_in_threadpool(metrics.page), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", alive), Route("/health/ready", ready), Route("/metrics", figures)]


def server(app: Any, *, grace: int) -> uvicorn.Server:
    """The web server of an ASGI application; when it stops, requests in hand have `grace` seconds."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=grace)
    return uvicorn.Server(config)


def bind(host: str, port: int, *, setting: str) -> socket.socket:
    """Take a port. Raises SettingsWrong, naming the `setting` of the port, where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingsWrong([f"FMO_HOST and {setting}: {host}:{port} cannot be used ({error.strerror})."]) from error
    return bound


class Window:
    """Lets others look into a worker: `with Window(bot, port):`; nothing comes in through it."""

    def __init__(self, bot: Bot, port: int) -> None:
        """Takes the port; nothing is served yet."""
        self._bound = bind(bot.settings.host, port, setting="FMO_WORKER_PORT")
        self.port: int = self._bound.getsockname()[1]
        self._server = server(Starlette(routes=list(routes(Metrics(bot), bot.problems))), grace=_GRACE)
        self._thread = Thread(target=self._server.run, args=([self._bound],), name="window", daemon=True)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._bound.listen()  # who asks before the thread has begun waits
        self._thread.start()
        _log.info("the worker can be looked at", port=self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer no more."""
        self._server.should_exit = True
        self._thread.join(_GRACE + 1)
        self._bound.close()
