"""A Jira that answers by a script, over a real socket: for what happens on the wire, not for what Jira knows."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DROP = "drop"  # close the connection without an answer


@dataclass
class Answer:
    """One answer of the script."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ScriptedJira:
    """`script`: what the next requests get, in order, other than serverInfo and myself; empty: `{}`."""

    flavour: str = "Cloud"
    zone: str = "Europe/Madrid"
    url: str = ""
    script: list[Answer | str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path with query, Authorization
    standing: dict[str, Answer | str] = field(default_factory=dict)

    def answer(self, path: str) -> Answer | str:
        name = path.partition("?")[0].rpartition("/")[2]
        if name in self.standing:
            return self.standing[name]
        return self.script.pop(0) if self.script else Answer()


@contextmanager
def scripted_jira(flavour: str = "Cloud") -> Iterator[ScriptedJira]:
    """A running one, on a free port of 127.0.0.1."""
    jira = ScriptedJira(flavour)
    jira.standing["serverInfo"] = Answer({"versionNumbers": [1001, 0, 0], "deploymentType": flavour})
    jira.standing["myself"] = Answer({"accountId": "bot", "timeZone": jira.zone})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            jira.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            given = jira.answer(self.path)
            if isinstance(given, str):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body = given.body.encode() if isinstance(given.body, str) else json.dumps(given.body).encode()
            self.send_response_only(given.status)  # no Date of its own
            for name, value in {**given.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    jira.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield jira
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
