"""Socket Mode: tickets, connections, envelopes and their acknowledgements."""

import asyncio
import itertools
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from fmo_bot.sandbox.slack.state import State
from fmo_bot.sandbox.world import App

MOST_CONNECTIONS = 10
TICKET_S = 30.0
WARNING_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an app said to a payload: `body` of its acknowledgement, or the `reason` there was none."""

    ok: bool
    reason: str = ""
    body: Any = None
    no_retry: bool = False


@dataclass(eq=False)
class Connection:
    """One open socket of an app."""

    app: App
    socket: WebSocket
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Sockets:
    """Every app's sockets. An envelope goes to exactly one of them, in turn."""

    def __init__(self, state: State) -> None:
        """Nobody is connected yet."""
        self.state = state
        self.connections: dict[str, list[Connection]] = {}
        self._tickets: dict[str, tuple[App, float]] = {}
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = itertools.count()

    def ticket(self, app: App) -> str:
        """The address of a new connection, good once within 30 s of machine time."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = (app, self.state.clock.machine() + TICKET_S)
        return f"{self.state.url.replace('http', 'ws', 1)}/slack/socket?ticket={ticket}&app_id={app.id}"

    def count(self, app: App) -> int:
        """How many sockets the app has open."""
        return len(self.connections.get(app.id, []))

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one connection until either side leaves."""
        app, expires = self._tickets.pop(socket.query_params.get("ticket", ""), (None, 0.0))
        await socket.accept()
        if app is None or expires < self.state.clock.machine():
            await socket.close(4001, "invalid ticket")
            return
        if self.count(app) >= MOST_CONNECTIONS:
            await socket.send_text(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return
        await self._serve(Connection(app, socket))

    async def send(
        self, app: App, kind: str, payload: dict[str, Any], *, retry: tuple[int, str] | None, patience: float
    ) -> Answer:
        """Send one envelope to one socket of the app and wait for its acknowledgement."""
        open_ones = self.connections.get(app.id, [])
        if not open_ones:
            return Answer(ok=False, reason="no_connection")
        connection = open_ones[next(self._turn) % len(open_ones)]
        envelope = _envelope(kind, payload, retry)
        acknowledged = self._waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        try:
            await connection.socket.send_text(json.dumps(envelope))
            async with asyncio.timeout(patience):
                return Answer(ok=True, body=await acknowledged)
        except TimeoutError:
            return Answer(ok=False, reason="timeout")
        except (RuntimeError, WebSocketDisconnect):
            return Answer(ok=False, reason="connection_failed")
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def disconnect(self, app: App, *, warning_s: float = WARNING_S) -> None:
        """Renew the app's connections as Slack does every few hours: a warning, then the end."""
        for connection in list(self.connections.get(app.id, [])):
            await connection.socket.send_text(json.dumps(_goodbye("warning")))
            await asyncio.sleep(warning_s)
            await connection.socket.send_text(json.dumps(_goodbye("refresh_requested")))
            await connection.socket.close()

    async def _serve(self, connection: Connection) -> None:
        open_ones = self.connections.setdefault(connection.app.id, [])
        open_ones.append(connection)
        try:
            await connection.socket.send_text(json.dumps(self._hello(connection)))
            while True:
                self._acknowledge(await connection.socket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            open_ones.remove(connection)

    def _acknowledge(self, text: str) -> None:
        try:
            told = json.loads(text)
        except ValueError:
            return  # the built-in client sends plain text when it tests the line
        waiting = self._waiting.get(told.get("envelope_id", "")) if isinstance(told, dict) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(told.get("payload"))

    def _hello(self, connection: Connection) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": self.count(connection.app),
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_000},
            "connection_info": {"app_id": connection.app.id},
        }


def _envelope(kind: str, payload: dict[str, Any], retry: tuple[int, str] | None) -> dict[str, Any]:
    envelope = {
        "envelope_id": str(uuid.uuid4()),
        "type": kind,
        "payload": payload,
        "accepts_response_payload": kind != "events_api",
    }
    if kind == "events_api":
        envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
    return envelope


def _goodbye(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
