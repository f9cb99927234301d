"""`report all`: every report from one reading of the export, as files for programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fmo_bot.cli.report import flow, fold, forecast, options, reading, sprint
from fmo_bot.cli.report.fold import Board, Seed, Span
from fmo_bot.cli.report.options import AsOf, IssuesFile, Items, Since, SprintsFile, Until, WorkflowPath, Zone
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.fold import Metric
from fmo_bot.domain.intervals import instant
from fmo_bot.domain.issues import Sprint
from fmo_bot.domain.sprints import every

Folder = Annotated[Path, typer.Option(file_okay=False, help="Where the files go; it is made where it is not there.")]


def add(reports: typer.Typer) -> None:
    """Add the command."""
    reports.command("all")(everything)


def everything(
    *,
    issues: IssuesFile,
    workflow: WorkflowPath,
    sprints: SprintsFile,
    baseline: Span,
    current: Span,
    items: Items,
    out: Folder,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    zone: Zone = "UTC",
    board: Board = "export",
    seed: Seed = None,
) -> None:
    """All reports at once: flow.json, sprints.jsonl (every closed sprint), fold.json and forecast.json in a folder."""
    asked = options.window(since, until, zone)
    spans = fold.windows(baseline, current, zone)
    known = reading.sprints(sprints).known
    given = reading.read(issues, workflow, as_of)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "flow.json").open("wb") as file:
        flow.write_json(given, asked, file)
    with (out / "sprints.jsonl").open("wb") as file:
        file.writelines(_sprints(given, known))
    compared = fold.compared(given, Metric.TIME_TO_VALUE, spans, zone=zone, board=board, seed=seed)
    _write(out / "fold.json", fold.as_json(compared))
    _write(out / "forecast.json", forecast.as_json(*forecast.foreseen(given, items, zone=zone, board=board, seed=seed)))
    print(f"{out}: flow.json, sprints.jsonl, fold.json, forecast.json")


def _sprints(given: Given, known: list[Sprint]) -> Iterator[bytes]:
    """Every sprint that is closed at as_of, a line each, as `report sprint --format json` says it."""
    line = msgspec.json.Encoder().encode
    for told, seen, sets in every(known, given.lives, given.rules.workflow, instant(given.as_of)):
        if not seen.provisional:
            yield line(sprint.as_json(told, seen, sets)) + b"\n"


def _write(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.encode(value) + b"\n")
