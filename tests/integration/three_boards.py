"""Three boards as companies have them, with what each column means: what a guess is held against."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BACKLOG, ACTIVE, WAITING, DONE = "backlog", "active", "waiting", "done"


@dataclass(frozen=True)
class Column:
    """A column with one status of its own. `category`: as Jira has it, which is not always what the column means."""

    name: str
    category: str
    means: str  # a kind of stage; with `:side` where the name says which side is waited for, or works


@dataclass(frozen=True)
class Board:
    """A board of `kind` (Jira's `type`) with a project of its own."""

    kind: str
    name: str
    key: str
    columns: tuple[Column, ...]

    def status(self, number: int) -> dict[str, Any]:
        column = self.columns[number]
        ids = {"new": 2, "indeterminate": 4, "done": 3}
        category = {"id": ids[column.category], "key": column.category, "name": column.category.title()}
        return {"id": str(20_100 + number), "name": column.name, "statusCategory": category}

    def issues(self) -> list[dict[str, Any]]:
        """Two issues in each column, which came there column by column, an hour after the other."""
        return [self._issue(2 * number + twin + 1, number) for number in range(len(self.columns)) for twin in (0, 1)]

    def _issue(self, key: int, at: int) -> dict[str, Any]:
        def hour(n: int) -> str:
            return f"2026-11-{9 + n // 24:02d}T{n % 24:02d}:00:00.000+0000"

        moves = [
            {
                "id": str(100 * key + step),
                "created": hour(key + step),
                "items": [
                    {"field": "status", "fieldtype": "jira", "fieldId": "status"}
                    | {"from": self.status(step - 1)["id"], "fromString": self.columns[step - 1].name}
                    | {"to": self.status(step)["id"], "toString": self.columns[step].name}
                ],
            }
            for step in range(1, at + 1)
        ]
        fields = {
            "summary": f"Piece {key}",
            "issuetype": {"id": "10001", "name": "Story", "subtask": False},
            "project": {"id": "10077", "key": self.key, "name": self.name},
            "status": self.status(at),
            "created": hour(key),
            "updated": hour(key + at),
            "labels": [],
        }
        log = {"startAt": 0, "maxResults": len(moves), "total": len(moves), "histories": moves}
        return {"id": str(70_000 + key), "key": f"{self.key}-{key}", "fields": fields, "changelog": log}

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Its issues and its configuration, as the sandbox reads them."""
        issues, board = folder / "issues.jsonl", folder / "board.json"
        issues.write_text("\n".join(map(json.dumps, self.issues())), "utf-8")
        columns = [
            {"name": each.name, "statuses": [{"id": self.status(n)["id"]}]} for n, each in enumerate(self.columns)
        ]
        told = {"id": 1, "name": self.name, "type": self.kind, "columnConfig": {"columns": columns}}
        board.write_text(json.dumps(told), "utf-8")
        return issues, board


def _columns(*told: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*each) for each in told)


SCRUM = Board(
    kind="scrum",
    name="Roaming board",
    key="ROAM",
    columns=_columns(
        ("To Do", "new", BACKLOG),
        ("Selected for Development", "new", WAITING),
        ("In Progress", "indeterminate", ACTIVE),
        ("Code Review", "indeterminate", ACTIVE),
        ("Waiting for operator", "indeterminate", f"{WAITING}:operator"),
        ("UAT", "indeterminate", f"{ACTIVE}:operator"),
        ("Ready for release", "indeterminate", WAITING),
        ("Released", "done", DONE),
    ),
)
# Categories as a site has them whose statuses were made by import: nearly all are `new`.
KANBAN = Board(
    kind="kanban",
    name="核心网看板",
    key="CN",
    columns=_columns(
        ("需求池", "new", BACKLOG),
        ("待开发", "new", WAITING),
        ("开发中", "new", ACTIVE),
        ("联调测试", "indeterminate", ACTIVE),
        ("待客户验收", "new", f"{WAITING}:operator"),
        ("挂起", "new", WAITING),
        ("已上线", "new", DONE),
    ),
)
TEAM_MANAGED = Board(
    kind="simple",
    name="Lab automation",
    key="LAB",
    columns=_columns(
        ("Ideas", "new", BACKLOG),
        ("To do", "new", BACKLOG),
        ("Doing", "indeterminate", ACTIVE),
        ("Blocked", "indeterminate", WAITING),
        ("Verified", "done", DONE),
    ),
)
BOARDS = (SCRUM, KANBAN, TEAM_MANAGED)
