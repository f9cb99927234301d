"""The measurement of reading boards in a very short form, so that it can be trusted when it is taken."""

import json
from pathlib import Path

import pytest

from benchmarks import sync_floor
from benchmarks.sync import main
from benchmarks.sync_floor import Told
from tests.unit.exported import shared

TINY = "--issues 300 --changes 20 --databases sqlite"


@pytest.mark.parametrize("flavour", ["cloud", "dc"])
def test_reading_a_board_can_be_measured(flavour: str, capsys: pytest.CaptureFixture[str]) -> None:
    shared("bench/gen_issues.py")
    code = main([*TINY.split(), "--flavours", flavour])
    first, calls, later = (line.split() for line in capsys.readouterr().out.splitlines())
    assert code == 0
    assert {"sync:", f"flavour={flavour}", "issues=300", "different=0"} <= set(first)
    assert {"search=3/3", "search=4/3"} & set(calls)  # Data Center counts by a search
    assert {"read=20", "read=21"} & set(later)  # whole minutes, on Data Center


RAW = {
    "id": "1",
    "key": "T-1",
    "changelog": {"histories": [{"id": "7", "items": [{"field": "status", "from": "1", "to": "3"}]}]},
}
STORED = {"changes": [{"history": 7, "field": "status", "before": "1", "after": "3"}]}


# What stands in the database instead of the one issue of the file -> how many differ.
@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ([("1", STORED)], 0),
        ([], 1),
        ([("1", {"changes": []})], 1),
        ([("1", STORED), ("2", STORED)], 1),
        ([("2", STORED)], 1),
    ],
)
def test_what_is_not_stored_as_the_file_says_is_seen(
    stored: list[tuple[str, object]], found: int, tmp_path: Path
) -> None:
    file = tmp_path / "issues.jsonl"
    file.write_text(json.dumps(RAW) + "\n")
    assert sync_floor.differences(file, ((number, json.dumps(value)) for number, value in stored)) == found


def test_the_floor_is_counted_by_pages_and_histories() -> None:
    told = Told(histories=(20,) * 1000 + (0,) * 50, sprints=51)
    assert told.floor("cloud")["search"] == told.floor("dc")["search"] == 11
    assert told.floor("cloud")["bulkfetch"] == 2 + 1  # 20,000 histories; then none, which is asked all the same
    assert "bulkfetch" not in told.floor("dc")
    assert told.floor("dc")["sprint"] == 2
