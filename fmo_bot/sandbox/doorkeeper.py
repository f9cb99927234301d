"""The outermost layer of the server: counts requests as activity, and can hang up on a caller.

Watching (the clock, reading control, the page) is not activity; everything else is, until it is answered.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.utils import format_datetime
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fmo_bot.sandbox.clock import real_now

HANG_UP = "sandbox.hang_up"


class Clock(Protocol):
    """What a doorkeeper needs of the sandbox's clock."""

    def busy(self, what: str) -> AbstractContextManager[None]:
        """While open, the world is not quiet."""
        ...


class Doorkeeper:
    """An ASGI application around the whole server."""

    def __init__(self, inside: ASGIApp, clock: Clock) -> None:
        """`inside` is the application that answers."""
        self.inside = inside
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] != "http":
            await self.inside(scope, receive, send)
            return
        scope[HANG_UP] = _abort_of(send)
        if not _is_activity(scope):
            await self.inside(scope, receive, _dated(send))
            return
        with self.clock.busy(f"{scope['method']} {scope['path']}"):
            await self.inside(scope, receive, _dated(send))


async def hang_up(scope: Scope) -> None:
    """Cut the connection without an answer, as a network does; the caller then answers with `Silence`."""
    scope.get(HANG_UP, _stay)()
    for _ in range(3):  # the transport tells the protocol one turn of the loop later
        await asyncio.sleep(0)


def _stay() -> None:
    """Nobody told how to hang up: the answer stays out, and the caller waits."""


class Silence(Response):
    """A response that sends nothing: for a connection that was cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say nothing."""


def _dated(send: Send) -> Send:
    """Every answer says when it was given; a Jira whose clock is off says it itself."""

    async def dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if not any(name.lower() == b"date" for name, _ in headers):
                headers.append((b"date", format_datetime(real_now(), usegmt=True).encode()))
            message = {**message, "headers": headers}
        await send(message)

    return dated


def _abort_of(send: Send) -> Callable[[], None]:
    """uvicorn hands out a bound method of the request's cycle, which knows the transport; ASGI itself has no way."""
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        return lambda: None
    abort: Callable[[], None] = transport.abort
    return abort


def _is_activity(scope: Scope) -> bool:
    path: str = scope["path"]
    if path.startswith("/control"):
        return bool(scope["method"] != "GET")
    return path.startswith(("/slack/", "/jira/", "/atlassian/"))
