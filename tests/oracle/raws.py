"""The shared files of real boards, line by line."""

import json
from functools import lru_cache
from typing import Any

from tests.oracle.rows import ms
from tests.unit.exported import shared


@lru_cache
def _text(name: str) -> tuple[str, ...]:
    return tuple(shared(f"data/{name}/issues.jsonl").read_text().splitlines())


def lines(name: str) -> list[dict[str, Any]]:
    """Each time read anew, so that a test may change what it was given."""
    return [json.loads(line) for line in _text(name)]


def once(raws: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each id once: the line that was updated last, of several the last one."""
    kept: dict[str, dict[str, Any]] = {}
    for raw in raws:
        if raw["id"] not in kept or ms(raw["fields"]["updated"]) >= ms(kept[raw["id"]]["fields"]["updated"]):
            kept[raw["id"]] = raw
    return [*kept.values()]
