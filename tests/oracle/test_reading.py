"""What is read from a line, field by field and instant by instant, against this folder's own reading of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import lives
from fmo_bot.domain.lives import Life
from fmo_bot.domain.workflow_file import FieldIds
from fmo_bot.jira import exports
from tests.oracle import wild
from tests.oracle.door import Desk
from tests.oracle.generated import make
from tests.oracle.raws import lines, once
from tests.oracle.rows import Row, read
from tests.profiles import fewer

Raws = list[dict[str, Any]]
_BENCH = {"sprint": "customfield_10020", "flagged": "customfield_10021", "points": "customfield_10016"}


def same(desk: Desk, raws: Raws, ids: dict[str, str]) -> None:
    export = exports.read(desk.issues(raws), FieldIds(**ids), lambda number, why: pytest.fail(f"line {number}: {why}"))
    assert len(export.lives) == len(raws)
    assert (export.malformed_lines, export.duplicates, export.truncated_changelogs) == (0, 0, 0)
    for life, raw in zip(
        export.lives, sorted(raws, key=lambda raw: int(raw["id"])), strict=True
    ):  # in any order: by id
        row = read(raw, ids)
        assert (life.key, life.created, life.issue_type, life.subtask) == (row.key, row.created, row.type, row.subtask)
        assert life.gaps == tuple(at for name, at in row.gaps if name == "status")
        for at in [row.created, *row.instants()]:
            assert held(life, at) == told(row, at), (row.key, at)


def held(life: Life, at: int) -> tuple[Any, ...]:
    points = lives.held(life.points, at, None)
    return (
        lives.held(life.statuses, at, ""),
        lives.held(life.resolutions, at, None),
        any(start <= at < end for start, end in life.flags),
        {str(number) for number in lives.held(life.sprints, at, frozenset())},
        None if points is None else float(points),
    )


def told(row: Row, at: int) -> tuple[Any, ...]:
    return tuple(row.value(name, at) for name in ("status", "resolution", "flagged", "sprint", "points"))


@given(seed=st.integers(0, 2**31))
@fewer(5)
def test_wild_issues(desk: Desk, seed: int) -> None:
    same(desk, wild.issues(seed, 60), wild.FLOW["fields"])


@pytest.mark.parametrize(("tz", "order"), [("+0000", "desc"), ("+0545", "asc"), ("-0930", "desc")])
def test_generated_issues(desk: Desk, tz: str, order: str) -> None:
    same(desk, make(200, 21, tz=tz, order=order).issues, _BENCH)


@pytest.mark.parametrize(
    ("board", "ids"),
    [
        # no ids told: items are known by name
        ("real_kanban", {}),
        ("cloud_sprints", {}),
        ("cloud_flags", {"flagged": "customfield_10021", "sprint": "customfield_10020", "points": "customfield_10036"}),
    ],
)
def test_real_issues(desk: Desk, board: str, ids: dict[str, str]) -> None:
    same(desk, once(lines(board)), ids)
