"""Knocking at an ASGI application with whatever bytes a server would hand it, without a socket in between."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp

Headers = Sequence[tuple[bytes, bytes]]


class Knocker:
    """One event loop for many requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()

    def knock(self, raw_path: str, headers: Headers, chunks: Sequence[bytes], *, cut: bool = False) -> int:
        """The status of the answer to a POST; `cut`: the sender hangs up instead of ending the body."""
        return self._loop.run_until_complete(asyncio.wait_for(self._knock(raw_path, headers, chunks, cut), 30))

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _knock(self, raw_path: str, headers: Headers, chunks: Sequence[bytes], cut: bool) -> int:
        waiting: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": cut or index + 1 < len(chunks)}
            for index, chunk in enumerate(chunks)
        ]
        answered: list[int] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": unquote(raw_path),
            "raw_path": raw_path.encode("ascii"),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower(), value) for name, value in headers],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)
        assert len(answered) == 1
        return answered[0]
