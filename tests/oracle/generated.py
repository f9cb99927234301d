"""Issues of the shared generator, in memory, for any seed."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.unit.exported import shared

END = "2026-11-23T12:00:00"


@dataclass(frozen=True)
class Made:
    """What the generator wrote: issues, what was intended for each, and the sprints."""

    issues: list[dict[str, Any]]
    truth: list[dict[str, Any]]
    sprints: list[dict[str, Any]]


@lru_cache
def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_issues", shared("bench/gen_issues.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=4)
def make(n: int, seed: int, *, tz: str = "+0000", order: str = "desc") -> Made:
    end = datetime.fromisoformat(END).replace(tzinfo=UTC)
    issues: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for issue, meant, sprints in _generator().make(n, seed, tz, order, end):
        if issue is None:
            return Made(issues, truth, sprints)
        issues.append(json.loads(json.dumps(issue)))  # histories share their parts; here nobody shares
        truth.append(meant)
    raise AssertionError("the generator ended without its sprints")


def write(lines: Iterator[dict[str, Any]] | list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
