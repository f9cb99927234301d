"""Reading a request's raw bytes: never more than allowed, never longer than the sender would wait."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

PATIENCE = 20.0  # seconds for the whole body; Jira gives up on an answer after as many


class NotTaken(HTTPException):
    """The body is larger than any that Slack or Jira sends, or did not come to its end."""

    def __init__(self, why: str, status: int) -> None:
        """`why` is all the sender hears."""
        super().__init__(status, why)


async def read(request: Request, *, most: int, patience: float = PATIENCE) -> bytes:
    """The body as it was sent, at most `most` bytes of it. Raises NotTaken: 413, 400 (cut off) or 408 (too slow)."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and len(length) <= 18 and int(length) > most:
        raise NotTaken("too large", 413)
    try:
        async with asyncio.timeout(patience):
            return await _limited(request, most)
    except ClientDisconnect as error:
        raise NotTaken("not sent whole", 400) from error
    except TimeoutError as error:
        raise NotTaken("not sent in time", 408) from error


async def _limited(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise NotTaken("too large", 413)
    return bytes(body)
