"""`fmo-bot report sprint` on generated issues: sets and points of many sprints against this folder's own."""

import pytest

from tests.oracle.compare import sprint_differences
from tests.oracle.door import Desk
from tests.oracle.flows import load
from tests.oracle.generated import make
from tests.oracle.report import Asked
from tests.oracle.rows import ms
from tests.oracle.sprints import NAMES, begun, sprint_report
from tests.profiles import NAME
from tests.unit.exported import shared


@pytest.mark.parametrize(
    ("seed", "tz", "order", "as_of"),
    [
        (31, "+0000", "desc", "2026-11-23T12:00:00Z"),
        # in the past: sprints that have ended since are running
        (32, "-0930", "asc", "2025-06-18T15:00:00Z"),
    ],
)
def test_sprints_of_generated_issues(desk: Desk, seed: int, tz: str, order: str, as_of: str) -> None:
    made = make(300, seed, tz=tz, order=order)
    content = load(shared("bench/workflow.yaml"))
    asked = Asked(made.issues, content, ms(as_of))
    known = sorted((s for s in made.sprints if begun(s, asked.as_of)), key=lambda s: ms(s["startDate"]))
    assert len(known) > 80
    seen = set()
    for sprint in known[:: 1 if NAME == "long" else 12] + known[-3:]:
        said = desk.sprint(made.issues, made.sprints, sprint["id"], content, "--as-of", as_of)
        assert sprint_differences(said, sprint_report(sprint, asked)) == []
        seen |= {name for name in NAMES if said[name]}
    assert seen >= {
        "committed",
        "added",
        "completed",
        "carried_over",
    }  # the others are rare here, and many in wild issues
