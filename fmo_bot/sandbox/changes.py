"""What has changed, for the page: a growing list that server-sent events are read from."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

KEPT = 10_000
POLL_S = 0.1
KEEPALIVE_POLLS = 100


class Changes:
    """Changes in order, each `{seq, kind, ...}`; the newest 10,000 are kept. Safe to use from any thread."""

    def __init__(self) -> None:
        """Empty; open until `close`."""
        self._list: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._seq = 0
        self._closed = False

    def add(self, kind: str, **what: Any) -> None:
        """Tell that something of `kind` (message, view, home, clock, jira, world) changed."""
        self._seq += 1
        self._list.append({"seq": self._seq, "kind": kind, **what})

    def close(self) -> None:
        """End every stream."""
        self._closed = True

    async def stream(self, since: int) -> AsyncIterator[str]:
        """Server-sent events after `since`, for ever."""
        yield f": from {since}\n\n"
        quiet = 0
        while not self._closed:
            fresh = [change for change in self._list if change["seq"] > since]
            quiet = 0 if fresh else quiet + 1
            for change in fresh:
                since = change["seq"]
                yield f"id: {since}\ndata: {json.dumps(change)}\n\n"
            if quiet and quiet % KEEPALIVE_POLLS == 0:
                yield ": still here\n\n"
            await asyncio.sleep(POLL_S)

    async def endpoint(self, request: Request) -> Response:
        """`GET /control/changes?since=N`; without `since`, only what comes from now on."""
        since = request.query_params.get("since") or request.headers.get("last-event-id") or str(self._seq)
        if not since.isdecimal():
            return JSONResponse({"error": "since is a number: the seq of the last change seen."}, 400)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self.stream(int(since)), media_type="text/event-stream", headers=headers)
