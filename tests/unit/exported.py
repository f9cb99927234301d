"""Reads Jira exports for tests of the domain, apart from the bot's own parser, and finds the shared files."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.domain.issues import FLAGGED, POINTS, RESOLUTION, SPRINT, STATUS, Change, Issue, Sprint

_FIELDS = {"status": STATUS, "resolution": RESOLUTION, "Sprint": SPRINT, "Flagged": FLAGGED, "Story Points": POINTS}


def shared(name: str) -> Path:
    """A file of the shared folder: beside the repository or where FMO_SHARED says; skips the test where absent."""
    roots = [Path(os.environ.get("FMO_SHARED", "")), *(up / "shared" for up in Path(__file__).resolve().parents)]
    found = next((root / name for root in roots if (root / name).exists()), None)
    if found is None:
        pytest.skip(f"{name} is not here: put the shared folder beside the repository or name it in FMO_SHARED")
    return found


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def read_issues(path: Path) -> Iterator[Issue]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield read_issue(json.loads(line))


def read_issue(raw: dict[str, Any]) -> Issue:
    fields = raw["fields"]
    inside = [*(fields.get("closedSprints") or []), *(fields.get("customfield_10020") or []), fields.get("sprint")]
    return Issue(
        site="test",
        id=raw["id"],
        key=raw["key"],
        summary=fields["summary"],
        issue_type=fields["issuetype"]["name"],
        subtask=fields["issuetype"].get("subtask", False),
        created=instant(fields["created"]),
        updated=instant(fields["updated"]),
        status=fields["status"]["id"],
        status_name=fields["status"]["name"],
        status_category=fields["status"]["statusCategory"]["key"],
        resolution=(fields.get("resolution") or {}).get("name"),
        points=fields.get("customfield_10016") if isinstance(fields.get("customfield_10016"), float) else None,
        sprints=tuple({sprint["id"] for sprint in inside if isinstance(sprint, dict)}),
        flagged=bool(fields.get("customfield_10021")),
        changes=tuple(_changes(raw["changelog"]["histories"])),
    )


def read_sprints(path: Path) -> list[Sprint]:
    content = json.loads(path.read_text())
    return [
        Sprint(
            id=raw["id"],
            name=raw["name"],
            state=raw["state"],
            board=raw.get("originBoardId", raw.get("boardId")),
            starts=instant(raw["startDate"]) if raw.get("startDate") else None,
            ends=instant(raw["endDate"]) if raw.get("endDate") else None,
            completed=instant(raw["completeDate"]) if raw.get("completeDate") else None,
        )
        for raw in (content if isinstance(content, list) else content["values"])
    ]


def _changes(histories: list[dict[str, Any]]) -> Iterator[Change]:
    for history in sorted(histories, key=lambda history: (instant(history["created"]), int(history["id"]))):
        for item in history["items"]:
            if item["field"] in _FIELDS:
                yield Change(
                    instant(history["created"]),
                    int(history["id"]),
                    _FIELDS[item["field"]],
                    item["from"],
                    item["to"],
                    item["fromString"],
                    item["toString"],
                )
