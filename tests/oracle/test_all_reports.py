"""`fmo-bot report all`: the files it leaves against this folder's own figures, and against the single commands."""

import json

from tests.oracle.compare import flow_differences, sprint_differences
from tests.oracle.door import Desk, fmo_bot
from tests.oracle.generated import make
from tests.oracle.report import Asked
from tests.oracle.rows import ms
from tests.oracle.sprints import sprint_report
from tests.oracle.test_flow_report import bench

_AS_OF = "2026-08-03T12:00:00Z"
_WINDOWS = ("--baseline", "2024-01-01..2024-12-31", "--current", "2025-01-01..2025-12-31")


def test_one_reading_says_what_every_report_says(desk: Desk) -> None:
    made, out = make(200, 41), desk.folder / "out"
    asked = Asked(made.issues, bench(), ms(_AS_OF))
    files = ("--issues", desk.issues(made.issues), "--workflow", desk.workflow(bench()), "--as-of", _AS_OF)
    sprints = ("--sprints", desk.sprints(made.sprints), "--out", out)
    ended = fmo_bot("report", "all", *files, *sprints, *_WINDOWS, "--items", 9)
    assert ended.code == 0, ended.err
    assert flow_differences(json.loads((out / "flow.json").read_text()), asked) == []
    told = {each["sprint"]: each for each in map(json.loads, (out / "sprints.jsonl").read_text().splitlines())}
    closed = {each["id"]: each for each in made.sprints if ms(each.get("completeDate") or 2**60) <= asked.as_of}
    assert told.keys() == closed.keys()
    assert len(told) > 80
    for number in [*told][::15]:
        assert sprint_differences(told[number], sprint_report(closed[number], asked)) == []
    for name, options in (("fold", _WINDOWS), ("forecast", ("--items", 9))):
        alone = fmo_bot("report", name, *files, *options, "--format", "json").content
        assert json.loads((out / f"{name}.json").read_text()) == alone
