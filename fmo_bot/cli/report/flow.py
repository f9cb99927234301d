"""`report flow`: cycle and lead time, throughput, work in progress and its age, flow efficiency, recovery."""

import sys
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import typer

from fmo_bot.cli.report import flow_csv, flow_json, flow_text, options, reading
from fmo_bot.cli.report.flow_rows import Row
from fmo_bot.cli.report.options import AsOf, Format, IssuesFile, Shape, Since, Until, Window, WorkflowPath, Zone
from fmo_bot.cli.report.reading import Given
from fmo_bot.domain.blockers import blocked
from fmo_bot.domain.flow_figures import Walk
from fmo_bot.domain.recovery import recovery
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import Timeline, timeline
from fmo_bot.domain.values import value_at

_TOGETHER = 2_000  # issues: enough for numpy to be worth it, few enough for their timelines to be nothing in memory


def add(reports: typer.Typer) -> None:
    """Add the command."""
    reports.command("flow")(flow)


def flow(
    *,
    issues: IssuesFile,
    workflow: WorkflowPath,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    zone: Zone = "UTC",
    shape: Shape = Format.TEXT,
) -> None:
    """How work flows: how long it takes, how much gets done, what is under way and what waits."""
    asked = options.window(since, until, zone)
    given = reading.read(issues, workflow, as_of)
    if shape is Format.JSON:
        write_json(given, asked, sys.stdout.buffer)
        return
    walk = _walk(given, asked)
    rows = list(_counted(given, walk))
    if shape is Format.CSV:
        flow_csv.write(rows)
    else:
        print("\n".join(flow_text.lines(walk.figures(), given, asked)))


def write_json(given: Given, asked: Window, out: BinaryIO) -> None:
    """The report for programs, as one JSON object."""
    walk = _walk(given, asked)
    flow_json.write(_counted(given, walk), walk.figures, given, asked, out)


def _walk(given: Given, asked: Window) -> Walk:
    workflow = given.rules.workflow
    return Walk(workflow, since=asked.from_ms, until=asked.to_ms, as_of=given.as_of, zone=asked.zone)


def _counted(given: Given, walk: Walk) -> Iterator[Row]:
    """The issues that started or finished, in the order of their ids; when they are over, `walk` has seen all."""
    timelines = _timelines(given, walk)
    while some := list(islice(timelines, _TOGETHER)):
        for line, split in zip(some, splits(some, given.calendars), strict=True):
            value = value_at(line, rule=given.rules.value, zone=walk.zone)
            walk.count(line, split, value)
            if line.started is not None or line.finished is not None:
                yield line, split, blocked(line), value


def _timelines(given: Given, walk: Walk) -> Iterator[Timeline]:
    """Issues that existed at as_of; incidents are heard of, and left out where the workflow says so."""
    workflow, incidents, as_of = given.rules.workflow, given.rules.incidents, given.as_of
    for life in given.lives:
        if life.created > as_of:
            continue
        line = timeline(life, workflow, as_of)
        if incidents.include(life.issue_type):
            found = recovery(line, incidents)
            if found is not None:
                walk.recovered(found)
            if incidents.exclude_from_flow:
                walk.exclude()
                continue
        yield line
