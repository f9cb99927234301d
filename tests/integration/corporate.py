"""A corporate network on this machine: a proxy that lets only CONNECT out, and a company's own certificate authority.

Names such as jira.corp.example lead nowhere but through the proxy, so whatever arrives under them came through it.
"""

import asyncio
import base64
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

USER = "bot:s3cret"


@dataclass
class Proxy:
    """`routes`: where what is asked for really is. What was asked for is kept; everything else gets a 407."""

    routes: dict[str, int]  # "host:port" -> a port of this machine
    url: str = ""
    asked: list[str] = field(default_factory=list)
    refused: int = 0


@contextmanager
def connect_proxy(routes: dict[str, int], *, wants: str = USER) -> Iterator[Proxy]:
    """A running proxy; `wants`: the user and password it asks for."""
    proxy, proof = Proxy(routes), base64.b64encode(wants.encode()).decode()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target = request.split(" ")[:2]
        if method != "CONNECT" or proof not in request or target not in proxy.routes:
            proxy.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        proxy.asked.append(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(reader, writer, proxy.routes[target])

    with _listening(serve) as port:
        proxy.url = f"http://{wants}@127.0.0.1:{port}"
        yield proxy


@contextmanager
def behind_tls(port: int, authority: trustme.CA, *names: str) -> Iterator[int]:
    """What listens on `port` in clear, with a certificate for these names in front; the port of that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await _join(reader, writer, port)

    with _listening(serve, context) as front:
        yield front


def own_authority(folder: Path, name: str = "corporate") -> tuple[trustme.CA, str]:
    """A company's own certificate authority, and the file with its certificate."""
    made, file = trustme.CA(), folder / f"{name}.pem"
    made.cert_pem.write_to_path(str(file))
    return made, str(file)


Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]


@contextmanager
def _listening(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # whoever does not trust us hangs up

    async def one(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # nobody waits any more until both sides have said goodbye
            raise
        with suppress(OSError, RuntimeError):
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(one, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(3):  # what was closed lets go of its socket in the next rounds of the loop
        await asyncio.sleep(0)


async def _join(reader: StreamReader, writer: StreamWriter, port: int) -> None:
    """Pass on what comes, both ways, until both sides have ended."""
    back, forth = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pass_on(reader, forth), _pass_on(back, writer))
    finally:
        forth.close()


async def _pass_on(source: StreamReader, target: StreamWriter) -> None:
    with suppress(OSError):
        while some := await source.read(65536):
            target.write(some)
            await target.drain()
    with suppress(OSError, RuntimeError):
        target.close()
