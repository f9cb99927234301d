"""Reading what a person gives: issues as JSON lines, sprints and a board configuration as JSON.

Nothing is lost to one bad line: it is named with its number and the reason, and the rest is used.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fmo_bot.sandbox.jira import times
from fmo_bot.sandbox.jira.histories import History, Shelf, in_order
from fmo_bot.sandbox.jira.histories import read as read_history
from fmo_bot.sandbox.jira.statuses import Status

Json = dict[str, Any]
T = TypeVar("T")


class UnusableExport(OSError):
    """Of what a person gave nothing can be used; the message says why."""


@dataclass
class Export:
    """What a site is made of: issues (id, key, fields, histories oldest first), sprints, one board or None."""

    issues: list[Json] = field(default_factory=list)
    sprints: list[Json] = field(default_factory=list)
    board: Json | None = None
    statuses: tuple[Status, ...] = ()  # known beforehand; a file has none
    problems: list[str] = field(default_factory=list)


def read(*, issues: Path | None, sprints: Path | None = None, board: Path | None = None) -> Export:
    """Read the files; `problems` holds one sentence for each part that could not be used.

    Raises `UnusableExport` where there is no issue in them at all.
    """
    export = Export()
    if issues is not None:
        export.issues = list(_issues(issues, export.problems))
        if not export.issues:
            why = (export.problems or ["it is empty."])[0].removeprefix(f"{issues.name} ")
            raise UnusableExport(f"{issues.name} holds no issue that can be used: {why}")
    if sprints is not None:
        export.sprints = _whole(sprints, _sprint_list, export.problems) or []
    if board is not None:
        export.board = _whole(board, _board, export.problems)
    return export


def _issues(path: Path, problems: list[str]) -> Iterator[Json]:
    seen: dict[str, int] = {}
    shelf = Shelf()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                issue = _usual(line, shelf) or _unusual(line)
                first = seen.setdefault(issue["id"], number)
                if first != number:
                    raise ValueError(f"issue {issue['key']} is already on line {first}")
            except (ValueError, RecursionError) as reason:
                problems.append(f"{path.name} line {number}: {_plain(reason)}; the line is left out.")
                continue
            yield issue


def _plain(reason: Exception) -> str:
    if isinstance(reason, json.JSONDecodeError):
        return f"not JSON ({reason.msg} at character {reason.colno})"
    return str(reason) if isinstance(reason, ValueError) else "nested too deep"


class _History(msgspec.Struct, gc=False):
    """A history as files have it; its parts stay bytes until somebody needs them."""

    id: str
    created: str
    items: msgspec.Raw
    author: msgspec.Raw = msgspec.Raw(b"null")


class _Changelog(msgspec.Struct, gc=False):
    histories: list[_History]


class _Line(msgspec.Struct, gc=False):
    """An issue as files have it."""

    id: str
    key: str
    fields: dict[str, msgspec.Raw]
    changelog: _Changelog | None = None


_decode = msgspec.json.Decoder(_Line).decode


def _usual(line: bytes, shelf: Shelf) -> Json | None:
    """The issue of a line in the usual shape, quickly; None for a line that has to be looked at piece by piece."""
    try:
        told = _decode(line)
        held = {name: shelf.value(bytes(raw)) for name, raw in told.fields.items()}
        listed = told.changelog.histories if told.changelog else []
        return _issue({"id": told.id, "key": told.key, "fields": held}, [_shared(one, shelf) for one in listed])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None  # said by whoever looks piece by piece


def _shared(told: _History, shelf: Shelf) -> History:
    author = shelf.value(bytes(told.author))
    if not told.id.isdigit() or not isinstance(author, dict | None):
        raise ValueError("not usual")
    return History(int(told.id), times.read(told.created), shelf.items(bytes(told.items)), author)


def _unusual(line: bytes) -> Json:
    """The issue of any line; ValueError says what is wrong with it."""
    issue = _object(json.loads(line), "an issue")
    changelog = _object(issue.get("changelog") or {"histories": []}, "changelog")
    return _issue(issue, [read_history(one) for one in _list(changelog.get("histories", []), "changelog.histories")])


def _issue(issue: Json, histories: list[History]) -> Json:
    """Id, key, fields and histories (oldest first) of an issue; ValueError says what is wrong."""
    for name in ("id", "key"):
        if not isinstance(issue.get(name), str | int) or not str(issue[name]):
            raise ValueError(f"the issue has no {name}")
    fields = _object(issue.get("fields"), "fields")
    times.read(fields.get("created"))
    if fields.get("updated") is not None:
        times.read(fields["updated"])
    status = _object(fields.get("status"), "fields.status")
    if not isinstance(status.get("id"), str | int):
        raise ValueError("fields.status has no id")
    return {"id": str(issue["id"]), "key": str(issue["key"]), "fields": fields, "histories": in_order(histories)}


def _object(value: object, what: str) -> Json:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not a JSON object")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} is not a list")
    return value


def _whole(path: Path, check: Callable[[object], T], problems: list[str]) -> T | None:
    try:
        return check(json.loads(path.read_bytes()))
    except (ValueError, RecursionError) as reason:
        problems.append(f"{path.name}: {_plain(reason)}; the file is left out.")
        return None


def _sprint_list(raw: object) -> list[Json]:
    values = raw.get("values") if isinstance(raw, dict) else raw
    sprints = [_object(sprint, "a sprint") for sprint in _list(values, "the list of sprints")]
    for sprint in sprints:
        check_sprint(sprint)
    return sprints


def check_sprint(sprint: Json) -> None:
    """ValueError unless it has a numeric id, a name, and readable instants."""
    if not isinstance(sprint.get("id"), int) or not isinstance(sprint.get("name"), str):
        raise ValueError(f"sprint {sprint.get('id')!r} needs a numeric id and a name")
    for name in ("startDate", "endDate", "completeDate", "activatedDate"):
        if sprint.get(name):
            times.read(sprint[name])


def _board(raw: object) -> Json:
    board = _object(raw, "the board configuration")
    columns = _list(_object(board.get("columnConfig"), "columnConfig").get("columns"), "columnConfig.columns")
    for column in columns:
        for status in _list(_object(column, "a column").get("statuses", []), "a column's statuses"):
            if "id" not in _object(status, "a column's status"):
                raise ValueError(f"a status in column {column.get('name')!r} has no id")
    return board
