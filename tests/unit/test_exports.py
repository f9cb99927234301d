"""Files of issues: every line is what `jira.parse` makes of it, whichever way it was read, and bad lines are told."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import lives
from fmo_bot.domain.workflow_file import FieldIds
from fmo_bot.errors import FileWrong
from fmo_bot.jira import exports, parse, wire
from fmo_bot.jira.lines import Reader, whole
from tests.unit.exported import shared

FIELDS = FieldIds("customfield_10020", "customfield_10021", "customfield_10016")
SHAPE = exports.shape(FIELDS)
BORN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def jiras(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}" + at.strftime("%z")


def item(field: str, before: str | None, after: str | None, **others: Any) -> dict[str, Any]:
    ids = {"Sprint": FIELDS.sprint, "Flagged": FIELDS.flagged, "Story Points": FIELDS.points}
    kind = "custom" if field in ids else "jira"
    texts = {"fromString": before, "toString": after}
    told = {"field": field, "fieldtype": kind, "fieldId": ids.get(field, field), "from": before, "to": after}
    return {**told, **texts, **others}


def line(*histories: dict[str, Any], id: Any = "7", total: int | None = None, **fields: Any) -> dict[str, Any]:
    told = {
        "created": jiras(BORN),
        "updated": jiras(BORN + timedelta(days=9)),
        "status": {"id": "3", "name": "Building"},
        "issuetype": {"name": "Story", "subtask": False},
        "project": {"id": "10"},
    }
    log = {"histories": list(histories)} | ({} if total is None else {"total": total})
    return {"id": id, "key": "K-7", "fields": {**told, **fields}, "changelog": log}


def history(number: Any, hours: float, *items: dict[str, Any], zone: int = 0) -> dict[str, Any]:
    at = (BORN + timedelta(hours=hours)).astimezone(timezone(timedelta(hours=zone)))
    return {"id": number, "created": jiras(at), "items": list(items)}


def at_length(raw: dict[str, Any]) -> lives.Life:
    """The long way, as the database's issues go."""
    told = wire.issue(SHAPE).decode(json.dumps(raw).encode())
    histories = told.changelog.histories if told.changelog else []
    complete = whole(told.changelog)
    return lives.of(parse.issue(told, histories, site=exports.SITE, shape=SHAPE, complete=complete))


def quickly(raw: dict[str, Any]) -> lives.Life:
    return Reader(exports.SITE, SHAPE).read(json.dumps(raw).encode()).life


_VALUES = {
    "status": st.sampled_from(["1", "3", "4"]),
    "resolution": st.sampled_from([None, "Done", "Won't Do"]),
    "Sprint": st.sampled_from(["", "7", "7, 8", "8, x", None]),
    "Flagged": st.sampled_from([None, "", "[]", "Impediment", "Impediment, Vendor"]),
    "Story Points": st.sampled_from([None, "", "3", "0.5", "1e2", "nan"]),
    "assignee": st.sampled_from([None, "somebody"]),
    "RemoteIssueLink": st.sampled_from([None, "see LAB-7", "a page"]),
    "project": st.sampled_from(["10", "11"]),
    "description": st.sampled_from([None, "words\0", "\ud83d"]),
}
_ODD = st.sampled_from([{}, {}, {"fieldId": None}, {"fromString": None}, {"toString": None}, {"from": 7}, {"to": None}])
_ITEMS = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda field: st.builds(
        lambda before, after, odd: item(field, before, after, **odd), _VALUES[field], _VALUES[field], _ODD
    )
)
_HISTORIES = st.builds(
    lambda number, hours, items, zone: history(number, hours, *items, zone=zone),
    st.one_of(st.integers(1, 30), st.integers(1, 30).map(str)),
    st.sampled_from([-1, 0, 0.5, 1, 1, 2, 3, 30]),
    st.lists(_ITEMS, max_size=3),
    st.sampled_from([0, 8, -5]),
)
_PRESENT = st.fixed_dictionaries(
    {},
    optional={
        "resolution": st.sampled_from([None, {"name": "Done"}, {"id": "1"}]),
        "security": st.sampled_from([None, {"id": "5"}, {}]),
        "customfield_10020": st.sampled_from([None, [{"id": 7}], [{"id": "8"}], ["x[id=9,state=CLOSED]"]]),
        "customfield_10021": st.sampled_from([None, [], [{"value": "Impediment"}]]),
        "customfield_10016": st.sampled_from([None, 3.0, 5, True, "x"]),
        "sprint": st.sampled_from([None, {"id": 8}]),
        "closedSprints": st.sampled_from([None, [{"id": 6}]]),
        "flagged": st.booleans(),
        "fixVersions": st.sampled_from(
            [None, [{"id": "1", "name": "R1", "released": True, "releaseDate": "2026-02-01"}]]
        ),
        "issuetype": st.sampled_from([None, {"name": "Task", "subtask": True}, {"name": 7}]),
        "project": st.sampled_from([None, {"id": 10}, {"key": "K"}]),
    },
)


@given(st.lists(_HISTORIES, max_size=6), _PRESENT, st.sampled_from(["7", 7]), st.sampled_from([None, 2, 6]))
def test_the_quick_way_and_the_long_one_end_in_the_same_life(
    histories: list[dict[str, Any]], present: dict[str, Any], number: Any, total: int | None
) -> None:
    raw = line(*histories, id=number, total=total, **present)
    assert quickly(raw) == at_length(raw)


@pytest.mark.parametrize("name", ["real_kanban", "cloud_sprints", "cloud_flags"])
def test_real_issues_are_the_same_both_ways(name: str) -> None:
    raws = [json.loads(told) for told in shared(f"data/{name}/issues.jsonl").read_text().splitlines()]
    assert [quickly(raw) for raw in raws] == [at_length(raw) for raw in raws]


def test_what_is_no_issue_is_told_with_its_number_and_passed_over(tmp_path: Path) -> None:
    good, naive = json.dumps(line()), json.dumps(line(created="2026-01-05T09:00:00"))
    path = tmp_path / "issues.jsonl"
    path.write_bytes(
        "\n".join(["\ufeff" + good, "{", "", "[]", naive, "{" + '"a":{' * 100_000]).encode() + b'\n{"id": "\xff"}\n'
    )
    told: dict[int, str] = {}
    found = exports.read(path, FIELDS, told.__setitem__)
    assert [life.key for life in found.lives] == ["K-7"]
    assert found.malformed_lines == len(told) == 5
    assert list(told) == [2, 4, 5, 6, 7]
    assert told[5] == "the creation time of issue 7 is not a time with a zone"
    assert told[6] == "nested too deeply"


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00.000+0000", "9999-12-31T23:59:59.999+0000"])
@pytest.mark.parametrize("where", ["created", "updated", "history"])
def test_a_time_at_the_end_of_all_times_is_none(tmp_path: Path, where: str, when: str) -> None:
    moved = history("1", 1, item("status", "1", "3"))
    fields: dict[str, Any] = {where: when}
    raw = line(moved | {"created": when}) if where == "history" else line(moved, **fields)
    path = tmp_path / "issues.jsonl"
    path.write_text(json.dumps(raw))
    found = exports.read(path, FIELDS, lambda number, why: None)
    assert (found.lives, found.malformed_lines) == ([], 1)


def test_an_issue_that_stands_there_twice_counts_once_as_it_was_updated_last(tmp_path: Path) -> None:
    def state(status: str, updated: int) -> str:
        return json.dumps(line(status={"id": status}, updated=jiras(BORN + timedelta(hours=updated))))

    path = tmp_path / "issues.jsonl"
    path.write_text("\n".join([state("1", 5), state("3", 9), state("4", 7), state("5", 9)]))
    found = exports.read(path, FIELDS, lambda number, why: None)
    assert [life.path[-1] for life in found.lives] == ["5"]
    assert found.duplicates == 3


@pytest.mark.parametrize(
    ("shown", "total", "cut"),
    [
        (3, 3, False),
        (3, 4, True),
        (3, None, False),
        (20, None, True),
        (20, 20, False),
        (100, None, True),
        (3, 2, False),
    ],
)
def test_a_changelog_that_was_cut_is_counted(tmp_path: Path, shown: int, total: int | None, cut: bool) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text(
        json.dumps(line(*(history(str(n), n, item("status", "3", "3")) for n in range(shown)), total=total))
    )
    assert exports.read(path, FIELDS, lambda number, why: None).truncated_changelogs == cut


def test_an_issue_without_a_changelog_is_one_whose_history_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    path.write_text(json.dumps({key: value for key, value in line().items() if key != "changelog"}))
    assert exports.read(path, FIELDS, lambda number, why: None).truncated_changelogs == 1


def test_fields_nobody_named_are_found_by_name(tmp_path: Path) -> None:
    odd = {"fieldId": "customfield_1"}, {"fieldId": "customfield_2"}, {"fieldId": "customfield_3"}
    items = [item("Sprint", "", "7", **odd[0]), item("Flagged", None, "Impediment", **odd[1])]
    items.append(item("Story point estimate", None, "5", fieldtype="custom", **odd[2]))
    path = tmp_path / "issues.jsonl"
    path.write_text("no line\n" + json.dumps(line(history("1", 1, *items))))
    (life,) = exports.read(path, FieldIds(), lambda number, why: None).lives
    assert life.sprints[1][-1] == frozenset({7})
    assert life.flags == ((life.created + 3_600_000, lives.FOREVER),)
    assert life.points[1][-1] == 5


def test_statuses_are_called_what_they_were_called_last(tmp_path: Path) -> None:
    renamed = item("status", "1", "3", fromString="Open", toString="In progress")
    again = item("status", "3", "9", fromString="Building", toString="Gone")
    path = tmp_path / "issues.jsonl"
    path.write_text(
        json.dumps(line(history("2", 2, again), history("1", 1, renamed), status={"id": "9", "name": "Gone"}))
    )
    found = exports.read(path, FIELDS, lambda number, why: None)
    assert found.names == {"1": "Open", "3": "Building", "9": "Gone"}


def test_sprints_come_as_a_list_or_as_a_page(tmp_path: Path) -> None:
    told = [{"id": 7, "name": "One", "state": "closed"}]
    path = tmp_path / "sprints.json"
    for content in (told, {"values": told}):
        path.write_text(json.dumps(content))
        assert [sprint.id for sprint in exports.sprints(path, lambda number, why: None).known] == [7]


def test_what_is_no_sprint_is_told_with_its_number_and_passed_over(tmp_path: Path) -> None:
    good = {"id": 7, "name": "One", "state": "closed"}
    path = tmp_path / "sprints.json"
    path.write_text(json.dumps([{"id": 6}, good, "8"]))
    told: dict[int, str] = {}
    found = exports.sprints(path, told.__setitem__)
    assert ([sprint.id for sprint in found.known], found.malformed) == ([7], 2)
    assert told == {1: "the name of sprint 6 is missing", 3: "a sprint is not an object"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"no JSON in UTF-8; put what"),
        ("[" * 100_000, r"nested too deeply; put what"),
        ("{}", r"a list of sprints is needed, or an object with one under `values`"),
        ('[{"id": 7}]', r"none of these is a sprint as the Agile API tells it"),
    ],
)
def test_what_is_wrong_with_a_file_of_sprints_is_said(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "sprints.json"
    path.write_text(content)
    with pytest.raises(FileWrong, match=sentence):
        exports.sprints(path, lambda number, why: None)
