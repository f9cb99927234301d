"""Files as they should not be: what can be used is used, the rest is counted with its line; the exit code tells."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import wild
from tests.oracle.door import Desk, Ended, fmo_bot

_GOOD = wild.issues(4, 12)


def told(desk: Desk, text: str | bytes, *options: object) -> Ended:
    path = desk.folder / "lines.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return fmo_bot(
        "report", "flow", "--issues", path, "--workflow", desk.workflow(wild.FLOW), "--format", "json", *options
    )


def line(raw: dict[str, Any]) -> str:
    return json.dumps(raw) + "\n"


def without(*path: str) -> dict[str, Any]:
    """A good issue that lacks what the path leads to."""
    raw: dict[str, Any] = json.loads(line(_GOOD[0]))
    holder = raw
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return raw


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(line({**_GOOD[0], "changelog": next(filter(_moved, _GOOD))["changelog"]}))
    change(raw)
    return raw


def _moved(raw: dict[str, Any]) -> bool:
    return len(raw["changelog"]["histories"]) > 2


_BROKEN = [
    # cut off in the middle, as a copy that was interrupted leaves it
    line(_GOOD[0])[:200] + "\n",
    "not json\n",
    # JSON, and no issue
    "[]\n",
    "null\n",
    '"text"\n',
    "{}\n",
    # no key, no fields, no status, no creation
    line(without("key")),
    line(without("fields")),
    line(without("fields", "status")),
    line(without("fields", "created")),
    # instants that are none
    line(changed(lambda raw: raw["fields"].update(created="yesterday"))),
    line(changed(lambda raw: raw["fields"].update(created=None))),
    line(changed(lambda raw: raw["changelog"]["histories"][0].update(created="2026-13-45T00:00:00.000+0000"))),
    # types that are others
    line(changed(lambda raw: raw.update(fields=[]))),
    line(changed(lambda raw: raw.update(changelog="none"))),
    line(changed(lambda raw: raw["changelog"].update(histories={}))),
]


@pytest.mark.parametrize("broken", _BROKEN)
def test_a_line_that_cannot_be_read_is_skipped_with_its_number_and_counted(desk: Desk, broken: str) -> None:
    good = "".join(map(line, _GOOD[1:]))
    first = line(_GOOD[1])
    ended = told(desk, first + broken + good.removeprefix(first))
    alone = told(desk, good)
    assert ended.content["data_quality"]["malformed_lines"] == 1
    assert alone.content["data_quality"]["malformed_lines"] == 0
    assert "2" in ended.err  # its number
    said, meant = ended.content, alone.content
    said["data_quality"] = meant["data_quality"] = None
    assert said == meant


@pytest.mark.parametrize("text", ["", "\n\n", "not json\n", "{}\n[]\n"])
def test_nothing_usable_ends_with_3(desk: Desk, text: str) -> None:
    assert told(desk, text).code == 3


def test_bytes_that_are_no_text_are_a_malformed_line(desk: Desk) -> None:
    ended = told(desk, b"\x80\xfe\x00\n" + "".join(map(line, _GOOD)).encode())
    assert (ended.code, ended.content["data_quality"]["malformed_lines"]) == (0, 1)


def test_empty_lines_and_a_missing_last_newline_are_no_fault(desk: Desk) -> None:
    text = "".join(map(line, _GOOD))
    ended = told(desk, text.replace("\n", "\n\n").rstrip("\n"))
    assert ended.content["data_quality"]["malformed_lines"] == 0
    assert ended.content["issues"] == told(desk, text).content["issues"]


def test_an_issue_told_twice_is_counted_once(desk: Desk) -> None:
    text = "".join(map(line, _GOOD))
    twice, once = told(desk, text + line(_GOOD[3])).content, told(desk, text).content
    assert (twice["data_quality"]["duplicates"], once["data_quality"]["duplicates"]) == (1, 0)
    assert sorted(issue["key"] for issue in twice["issues"]) == sorted(issue["key"] for issue in once["issues"])
    assert (twice["cycle_time"], twice["wip"]) == (once["cycle_time"], once["wip"])


def test_a_changelog_that_lacks_histories_is_counted(desk: Desk) -> None:
    """Jira says how many there are; what was cut off is unknown."""
    cut: dict[str, Any] = json.loads(line(next(filter(_moved, _GOOD))))
    cut["changelog"]["histories"].pop()
    ended = told(desk, "".join(line(raw) if raw["key"] != cut["key"] else line(cut) for raw in _GOOD))
    assert (ended.code, ended.content["data_quality"]["truncated_changelogs"]) == (0, 1)


def test_a_whole_changelog_of_a_length_at_which_jira_cuts_is_whole(desk: Desk) -> None:
    """A length of 20, 40 or 100 is suspicious only where it is not said how many there are."""
    long: dict[str, Any] = json.loads(line(next(filter(_moved, _GOOD))))
    moved = long["changelog"]["histories"][0]
    long["changelog"]["histories"] = [{**moved, "id": str(number)} for number in range(1, 21)]
    long["changelog"]["total"] = 20
    assert told(desk, line(long)).content["data_quality"]["truncated_changelogs"] == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "yesterday"),
        ("--until", "2026-02-30"),
        # the window ends before it begins
        ("--since", "2026-02-20", "--until", "2026-02-10"),
        ("--as-of", "now"),
        ("--zone", "Europe/Atlantis"),
        ("--format", "pdf"),
        ("--unknown", "1"),
    ],
)
def test_wrong_arguments_end_with_2(desk: Desk, options: tuple[str, ...]) -> None:
    ended = told(desk, "".join(map(line, _GOOD)), *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


@pytest.mark.parametrize("missing", ["--issues", "--workflow"])
def test_a_file_that_is_not_there_ends_with_2(desk: Desk, missing: str) -> None:
    files = {"--issues": desk.issues(_GOOD), "--workflow": desk.workflow(wild.FLOW), missing: desk.folder / "none"}
    ended = fmo_bot("report", "flow", *(part for pair in files.items() for part in pair))
    assert ended.code == 2
    assert "none" in ended.err
