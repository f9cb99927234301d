"""A port that is known before anything listens on it: for an address that has to be told beforehand."""

import os
import socket
from contextlib import suppress
from itertools import count

_FIRST, _COUNT = 20_000, 12_000  # none of these is handed out by the system itself: not on Linux, not elsewhere
_APART = 131  # between those of two processes that were begun one after the other
_tried = count()


def free_port() -> int:
    """A free port of 127.0.0.1 that nobody else is given meanwhile, however long it takes until it is listened on."""
    start = os.getpid() * _APART
    return next(port for number in _tried if _is_free(port := _FIRST + (start + number) % _COUNT))


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
