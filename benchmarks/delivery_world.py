"""The pretend Slack and Jira of a measurement, as a process of its own: `python -m benchmarks.delivery_world …`."""

import argparse
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from benchmarks.delivery_crowd import Crowd
from config.manifests import manifest
from fmo_bot.sandbox.server import Options, serve
from fmo_bot.sandbox.world import apply_manifest

_STATUSES = (("10", "To Do", "new"), ("11", "In Progress", "indeterminate"), ("12", "Done", "done"))


def main() -> None:
    """Serve until SIGTERM."""
    reads = argparse.ArgumentParser()
    for name in ("people", "workspaces", "size", "per-minute", "issues", "port"):
        reads.add_argument(f"--{name}", type=int, required=True)
    told = reads.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        serve(_options(told, Path(folder)))


def _options(told: argparse.Namespace, folder: Path) -> Options:
    cast = Crowd(people=told.people, workspaces=told.workspaces, size=told.size).cast()
    made = folder / "manifest.yaml"
    made.write_text(yaml.safe_dump(manifest(transport="http", profile="full", url="http://127.0.0.1")), "utf-8")
    for app in cast.apps.values():
        apply_manifest(app, made)
    now = datetime.now(UTC)
    return Options(
        cast=cast,
        transport="http",
        messages_per_minute=told.per_minute,
        issues=_issues(folder / "issues.jsonl", told.issues, now) if told.issues else None,
        start=now,
        port=told.port,
    )


def _issues(file: Path, count: int, now: datetime) -> Path:
    """So many issues, each moved six times during the last weeks."""
    with file.open("w", encoding="utf-8") as lines:
        for number in range(count):
            lines.write(json.dumps(_issue(number, now)) + "\n")
    return file


def _issue(number: int, now: datetime) -> dict[str, Any]:
    def moment(days: float) -> str:
        return (now - timedelta(days=days, seconds=number % 3600)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    moves = [(0, 1), (1, 0), (0, 1), (1, 2), (2, 1), (1, 2)]
    histories = [_move(number * 10 + n, before, after, moment(20 - 3 * n)) for n, (before, after) in enumerate(moves)]
    return {
        "id": str(10_000 + number),
        "key": f"LOAD-{number + 1}",
        "fields": {
            "summary": f"Piece of work {number}",
            "issuetype": {"name": "Story", "subtask": False},
            "created": moment(25),
            "updated": histories[-1]["created"],
            "status": _status(2),
        },
        "changelog": {"histories": histories},
    }


def _move(id: int, before: int, after: int, at: str) -> dict[str, Any]:
    (old, old_name, _), (new, new_name, _) = _STATUSES[before], _STATUSES[after]
    item = {"field": "status", "from": old, "fromString": old_name, "to": new, "toString": new_name}
    return {"id": str(id), "created": at, "items": [item]}


def _status(index: int) -> dict[str, Any]:
    id, name, category = _STATUSES[index]
    return {"id": id, "name": name, "statusCategory": {"key": category}}


if __name__ == "__main__":
    main()
