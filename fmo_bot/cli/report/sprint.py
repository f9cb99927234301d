"""`report sprint`: one sprint by its sets, in issues and points (metrics.md, definition 12)."""

import csv
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fmo_bot.cli.options import a_file
from fmo_bot.cli.report import reading
from fmo_bot.cli.report.options import AsOf, Format, IssuesFile, Shape, SprintsFile, WorkflowPath, Zone
from fmo_bot.cli.report.output import cell, days, issue_count, plain, utc, write_json
from fmo_bot.cli.report.reading import NOTHING_USABLE, Given
from fmo_bot.domain.endings import Endings
from fmo_bot.domain.intervals import instant, ms
from fmo_bot.domain.issues import Sprint
from fmo_bot.domain.jiras_report import differences
from fmo_bot.domain.messages import SprintDifference
from fmo_bot.domain.quality import counted
from fmo_bot.domain.sprint_sets import SETS, Points, Sets, courses
from fmo_bot.domain.sprints import SprintFigures, Window, every, newest, report, window
from fmo_bot.errors import FileWrong
from fmo_bot.jira import parse, sprint_report, wire

NAMED = 5  # sprints named where the one asked for is not there
Number = Annotated[int, typer.Option(help="The sprint, by its id.")]
JirasFile = Annotated[
    Path | None, a_file("Jira's own report on this sprint (sprintreport of its Greenhopper API), to be compared with.")
]


def add(reports: typer.Typer) -> None:
    """Add the command."""
    reports.command("sprint")(one_sprint)


def one_sprint(
    *,
    issues: IssuesFile,
    sprints: SprintsFile,
    sprint: Number,
    workflow: WorkflowPath,
    as_of: AsOf = None,
    zone: Zone = "UTC",
    shape: Shape = Format.TEXT,
    jira_report: JirasFile = None,
) -> None:
    """A sprint: what was committed, added, removed, completed and carried over, in issues and points."""
    told = reading.sprints(sprints)
    asked = _asked(told.known, sprint, sprints)
    given = reading.read(issues, workflow, as_of)
    seen = window(asked, instant(given.as_of))
    if seen is None:
        print(f"{_named(asked)} has not begun as of {utc(given.as_of)}.", file=sys.stderr)
        raise typer.Exit(NOTHING_USABLE)
    if shape is Format.CSV:
        _write_rows(given, asked, seen)
        return
    figures = report(asked, given.lives, given.rules.workflow, instant(given.as_of))
    compared = None if jira_report is None else _compared(given, asked, figures, jira_report)
    if shape is Format.JSON:
        ((_, _, sets),) = every([asked], given.lives, given.rules.workflow, instant(given.as_of))
        write_json(as_json(asked, seen, sets) | ({} if compared is None else {"differences": _rows(compared)}))
    else:
        print("\n".join(_lines(asked, figures, given, zone, compared, told.malformed)))


def as_json(sprint: Sprint, seen: Window, sets: Sets) -> dict[str, Any]:
    """A sprint's figures for programs: keys sorted, points as numbers."""
    return {
        "sprint": sprint.id,
        "start": utc(ms(seen.start)),
        "end": utc(ms(seen.end)),
        **{name: sorted(getattr(sets, name).keys) for name in SETS},
        "points": {name: _number(getattr(sets, name).points) for name in SETS}
        | {"re_estimated": _number(sets.re_estimated)},
        "unestimated": sorted(sets.unestimated),
        "provisional": seen.provisional,
    }


def _asked(known: Iterable[Sprint], number: int, path: Path) -> Sprint:
    found = {sprint.id: sprint for sprint in known}
    if number in found:
        return found[number]
    last = newest(found.values(), datetime.max.replace(tzinfo=instant(0).tzinfo), most=NAMED)
    names = "; the newest are " + ", ".join(map(_named, last)) if last else ""
    raise typer.BadParameter(f"{path} has no sprint {number}{names}", param_hint="--sprint")


def _named(sprint: Sprint) -> str:
    return f"sprint {sprint.id} ({plain(sprint.name)})"


def _compared(given: Given, sprint: Sprint, figures: SprintFigures, path: Path) -> tuple[SprintDifference, ...]:
    """What Jira counts otherwise, by the answer in a file. Raises `FileWrong`."""
    try:
        jira = sprint_report.understood(sprint_report.READING.decode(path.read_bytes()), sprint.id)
    except (parse.Malformed, wire.Unreadable, ValueError, RecursionError) as wrong:
        raise FileWrong(f"{path}: not Jira's report on sprint {sprint.id} ({wrong}).") from wrong
    return differences(figures.places, {life.id: life.key for life in given.lives}, jira)


def _rows(compared: Iterable[SprintDifference]) -> list[dict[str, str]]:
    return [{"key": each.key, "jira": each.theirs, "here": each.ours, "because": each.why} for each in compared]


def _lines(
    sprint: Sprint,
    figures: SprintFigures,
    given: Given,
    zone: str,
    compared: tuple[SprintDifference, ...] | None,
    malformed: int,
) -> Iterable[str]:
    """The report for people, instants in `zone`; `malformed`: sprints of the file that are none."""
    start, end, now = (
        f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for at in (figures.start, figures.end, figures.as_of)
    )
    yield f"{_named(sprint)}: {start} to {end}{', still running' if figures.provisional else ''} ({zone})"
    yield f"as of {now}; source: {plain(given.source)}: {issue_count(len(given.lives))}"
    yield f"{'':20}{'issues':>8}{'points':>10}"
    for name in SETS:
        found = getattr(figures, name)
        yield f"{name.replace('_', ' '):20}{found.issues:8}{found.points:10g}  {plain(' '.join(found.keys))}".rstrip()
    yield f"{'re-estimated':20}{'':8}{figures.re_estimated:+10g}"
    yield "committed + added - removed = completed + carried over, in points with re-estimates"
    if figures.unestimated:
        yield f"without an estimate: {plain(' '.join(figures.unestimated))}"
    export = given.export
    ledger = [("malformed_lines", export.malformed_lines), ("malformed_sprints", malformed)]
    ledger += [("duplicates", export.duplicates)]
    found_wrong = [(name, n) for name, n in (*ledger, *counted(figures.ledger)) if n]
    named = (
        f"{plain(given.export.names.get(each.status, each.status))} ({issue_count(each.issues)},"
        f" {days(round(each.seconds * 1000))})"
        for each in figures.ledger.unmapped
    )
    yield "data quality: " + (", ".join(f"{name} {n}" for name, n in found_wrong) or "nothing to say")
    if figures.ledger.unmapped:
        yield "in no stage: " + ", ".join(named)
    if compared is not None:
        yield (
            f"Jira's own report differs in {len(compared)} places" if compared else "Jira's own report counts the same"
        )
        for each in compared:
            yield f"  {plain(each.key)}: there {each.theirs}, here {each.ours}, because {each.why}"


def _write_rows(given: Given, sprint: Sprint, seen: Window) -> None:
    """One row per issue that was in the sprint while it ran: when it came in, in which sets it is, its points."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["key", "joined", *SETS, "points_joined", "points_end"])
    here = [course for _, course in courses(given.lives, Endings(given.rules.workflow), {sprint.id: seen.span})]
    for course in sorted(here, key=lambda course: course.life.key):
        came = course.joined
        points = [None if at is None else course.estimate(at) for at in (came, course.end)]
        joined = "" if came is None else utc(came)
        told = ["" if number is None else _number(number) for number in points]
        table.writerow([cell(course.life.key), joined, *(int(name in course.sets) for name in SETS), *told])


def _number(points: Points) -> float:
    """A whole number where it is one."""
    return int(points) if points == int(points) else float(points)
