"""Issues out of a file, one line of Jira's JSON each (REST v2 and v3 or the Agile API, Cloud and Data Center).

The file is hostile like everything of Jira's: a line that is no issue is told with its number and passed over, an
issue that stands there twice counts once. What a line means is decided by `jira.parse`, here as elsewhere.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fmo_bot.domain.issues import BoardShape, Sprint
from fmo_bot.domain.lives import Life
from fmo_bot.domain.workflow_file import FieldIds
from fmo_bot.errors import FileWrong
from fmo_bot.jira import beginnings, field_names, parse, wire
from fmo_bot.jira.lines import Reader

SITE = "file"
_BUFFER = 1 << 18  # bytes at a time: what stays in the processor's own memory; a megabyte costs three times as much
_MARK = b"\xef\xbb\xbf"  # that some editors put before UTF-8
_OTHERS = {
    (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zX", b"\x28\xb5\x2f\xfd"): "is compressed; unpack it first",
    (b"\xff\xfe", b"\xfe\xff"): "is UTF-16; save it as UTF-8 first",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds: each issue once, in the order of their ids, and what was wrong with it."""

    lives: list[Life]
    names: Mapping[str, str]  # of statuses, by id, as they were last called
    latest: int  # the latest instant in the file: created, updated, or the time of a history; epoch milliseconds
    malformed_lines: int
    duplicates: int  # lines of an issue that another line tells as well; the later `updated`, else line, counts

    @property
    def truncated_changelogs(self) -> int:
        """How many issues do not have their whole history in the file."""
        return sum(not life.complete for life in self.lives)


def read(
    path: Path,
    fields: FieldIds,
    said: Callable[[int, str], None],
    *,
    began_field: str | None = None,
    known: Iterable[str] = (),
) -> Export:
    """Read a file. `said` hears of each line that is passed over: its number, from 1, and why.

    `began_field`: the id of the field in which incidents say when they began. `known`: statuses whose names nobody
    will ask for; they are most, and to remember what all were called costs a tenth of the reading.
    """
    reader = Reader(SITE, shape(field_names.completed(fields, (line for _, line in _lines(path)))), known)
    places: dict[str, int] = {}  # of each issue in `found`
    found: list[Life] = []
    updates: list[int] = []
    latest = malformed = duplicates = 0
    for number, line in _lines(path):
        try:
            life, updated, last = reader.read(line)
        except (ValueError, RecursionError) as wrong:
            malformed += 1
            said(number, _reason(wrong))
            continue
        latest = max(latest, last)
        place = places.setdefault(life.id, len(found))
        if place == len(found):
            found.append(life)
            updates.append(updated)
        else:
            duplicates += 1
            if updated >= updates[place]:
                found[place], updates[place] = life, updated
    found.sort(key=lambda life: int(life.id))  # whoever writes the file chooses an order; no report depends on it
    names = {status: name for status, (_, name) in reader.names.items()}
    if began_field:
        began = beginnings.read((line for _, line in _lines(path)), began_field)
        found = [
            life._replace(instants=((began_field, began[life.id]),)) if life.id in began else life for life in found
        ]
    return Export(found, names, latest, malformed, duplicates)


def unreadable(path: Path) -> str | None:
    """Why a file can hold no lines of JSON, whatever stands in it, and what to do; None: it may."""
    if not path.is_file():
        return "is no file but a stream, and it is read more than once; write it to a file first"
    with path.open("rb") as file:
        first = file.read(4)
    return next((advice for marks, advice in _OTHERS.items() if first.startswith(marks)), None)


def shape(fields: FieldIds) -> BoardShape:
    """A site whose own fields are known by these ids, as `jira.parse` takes it."""
    return BoardShape(
        id=0,
        name="",
        kind="",
        columns=(),
        statuses=(),
        sprint_field=fields.sprint,
        flagged_field=fields.flagged,
        points_field=fields.points,
        points_name=field_names.POINTS_NAME,
    )


@dataclass(frozen=True, slots=True)
class Sprints:
    """What a file of sprints holds, and how many of its entries are no sprints."""

    known: list[Sprint]
    malformed: int


def sprints(path: Path, said: Callable[[int, str], None]) -> Sprints:
    """The sprints of a file in the Agile API's shape: a list, or a page with `values`.

    `said` hears of each that is passed over: its number, from 1, and why. Raises `FileWrong`.
    """
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as wrong:
        why = "nested too deeply" if isinstance(wrong, RecursionError) else "no JSON in UTF-8"
        raise FileWrong(f"{path}: {why}; put what the Agile API says of a board's sprints.") from wrong
    values = content.get("values") if isinstance(content, dict) else content
    if not isinstance(values, list):
        raise FileWrong(f"{path}: a list of sprints is needed, or an object with one under `values`.")
    known = []
    for number, value in enumerate(values, start=1):
        try:
            known.append(parse.sprint(value))
        except parse.Malformed as malformed:
            said(number, str(malformed))
    if values and not known:
        raise FileWrong(f"{path}: none of these is a sprint as the Agile API tells it.")
    return Sprints(known, len(values) - len(known))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, numbered from 1."""
    with path.open("rb", buffering=_BUFFER) as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith(_MARK):
                line = line.removeprefix(_MARK)
            if not line.isspace():
                yield number, line


def _reason(wrong: Exception) -> str:
    """What is wrong with a line, without its content."""
    if isinstance(wrong, parse.Malformed | wire.Unreadable):
        return str(wrong)
    return "nested too deeply" if isinstance(wrong, RecursionError) else "no JSON object"
