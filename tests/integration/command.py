"""`fmo-bot` in tests: in this process where what it says is looked at, as a process of its own where that counts.

A process takes a second, nearly all of it to load libraries.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
import structlog

from fmo_bot import cli

ROOT = Path(__file__).parents[2]
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")  # a command takes them out of its environment


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def fmo_bot(*arguments: str, folder: Path, given: Mapping[str, str] | None = None, typed: str = "") -> Ended:
    """Run `fmo-bot` to its end in a folder, with these settings and no others; `typed` comes by a pipe."""
    with pytest.MonkeyPatch.context() as here, left_as_it_was(), redirect_stdout(StringIO()) as said:
        for name in [*_PROXIES, *map(str.lower, _PROXIES), *(each for each in os.environ if each.startswith("FMO_"))]:
            here.delenv(name, raising=False)
        for name, value in (given or {}).items():
            here.setenv(name, value)
        here.chdir(folder)
        here.setattr(sys, "argv", ["fmo-bot", *arguments])
        here.setattr(sys, "stdin", StringIO(typed))
        with redirect_stderr(StringIO()) as complained, pytest.raises(SystemExit) as ended:
            cli.main()
    return Ended(int(ended.value.code or 0), said.getvalue(), complained.getvalue())


def fmo_bot_process(*arguments: str, folder: Path, given: Mapping[str, str] | None = None) -> Ended:
    """The same as a process."""
    command = [sys.executable, "-m", "fmo_bot", *arguments]
    where = environment(given or {})
    done = subprocess.run(command, cwd=folder, env=where, capture_output=True, text=True, timeout=300, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """That of a process with these settings and no others."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FMO_")}
    return plain | {"PYTHONPATH": str(ROOT)} | dict(given)


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """Logging and the answer to SIGTERM, which a command sets up for its process."""
    root, ours, told = logging.getLogger(), structlog.get_config(), signal.getsignal(signal.SIGTERM)
    handlers, level = root.handlers[:], root.level
    levels = {each: each.level for each in _loggers()}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for each in _loggers():
            each.setLevel(levels.get(each, logging.NOTSET))
        structlog.configure(**ours)
        signal.signal(signal.SIGTERM, told)


def _loggers() -> list[logging.Logger]:
    return [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
