"""A site's ids of sprint, flag and estimate, found by name in an export, where nobody has told them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct, field

from fmo_bot.domain.workflow_file import FieldIds

POINTS_NAME = "Story Points"  # as Data Center's changelogs, which give no ids, call the estimate
_CALLED = {"sprint": "sprint", "flagged": "flagged", "story points": "points", "story point estimate": "points"}


class _Item(Struct):
    name: Any = field(name="field", default=None)
    kind: Any = field(name="fieldtype", default=None)
    id: Any = field(name="fieldId", default=None)


class _History(Struct):
    items: list[_Item] = []


class _Changelog(Struct):
    histories: list[_History] = []


class _Line(Struct):
    names: Mapping[str, Any] | None = None  # there with expand=names
    changelog: _Changelog | None = None


_DECODER = msgspec.json.Decoder(_Line)


def completed(told: FieldIds, lines: Iterable[bytes]) -> FieldIds:
    """`told`, and what it leaves open by what custom fields are called; the first of that name counts.

    Looks no further than until all are found. A line that cannot be read names nothing; others say that it is wrong.
    """
    found = told
    for line in lines:
        if found.sprint and found.flagged and found.points:
            break
        for name, known in _named(line):
            meant = _CALLED.get(name.lower())
            if meant and getattr(found, meant) is None:
                found = replace(found, **{meant: known})
    return found


def _named(line: bytes) -> list[tuple[str, str]]:
    """Custom fields in a line: what they are called, and their ids."""
    try:
        told = _DECODER.decode(line)
    except (ValueError, RecursionError):
        return []
    histories = told.changelog.histories if told.changelog else []
    items = [item for history in histories for item in history.items if item.kind == "custom"]
    pairs = [*((name, known) for known, name in (told.names or {}).items()), *((item.name, item.id) for item in items)]
    return [(name, known) for name, known in pairs if isinstance(name, str) and isinstance(known, str) and known]
