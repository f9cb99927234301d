"""Reports out of the facts in the database: how long they take, and how that grows. See docs/benchmarks.md.

Issues are stored as a sync stores them, their facts made by the same code. A longer history is the same board again,
each copy three years earlier.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.delivery_figures import Result, percentile
from benchmarks.delivery_stage import Cores, Databases
from benchmarks.flow import WORKFLOW
from benchmarks.sync import GENERATOR, KINDS, generated, generator
from fmo_bot.db.boards import BoardRow, JiraSiteRow
from fmo_bot.db.parties import JointTeamRow, OrganisationRow
from fmo_bot.db.store import Store
from fmo_bot.domain import sprints, told
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import BoardShape, Issue, Sprint
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.domain.workflow_file import WorkflowFile
from fmo_bot.jira import parse
from fmo_bot.services import board_rows, facts, flow_reports, workflows
from fmo_bot.services.board_rows import Packed
from fmo_bot.services.fact_reading import StoredFacts
from fmo_bot.services.team_file import read_yaml
from fmo_bot.services.workflows import BoardWorkflow

SITE, BATCH = "bench", 500
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # where the generator's three years end
YEARS = timedelta(days=3 * 365)
WINDOW = timedelta(days=90)
TARGET_MS = 300.0
GROWS = "finished_in_window", "flow_p95_ms", "sprint_p95_ms"
SHAPE = BoardShape(
    id=1,
    name="Bench",
    kind="scrum",
    columns=(),
    statuses=(),
    sprint_field="customfield_10020",
    flagged_field="customfield_10021",
    points_field="customfield_10016",
)


@dataclass(frozen=True)
class Board:
    """A generated board: its issues as Jira tells them, its sprints, and how it is seen."""

    issues: Path
    sprints: tuple[Sprint, ...]
    said: Mapping[str, Any]  # in its workflow file

    @classmethod
    def generated(cls, by: Path, folder: Path, count: int) -> "Board":
        """The same for the same count."""
        folder.mkdir()
        issues, listed = generated(by, folder, count)
        every = map(parse.sprint, json.loads(listed.read_text("utf-8")))
        return cls(issues, tuple(every), told.mapping(read_yaml(by.parent / WORKFLOW), WORKFLOW))

    @cached_property
    def file(self) -> WorkflowFile:
        """What that comes to."""
        return WorkflowFile.from_mapping(self.said)

    @property
    def known(self) -> BoardWorkflow:
        """By what its figures are made."""
        return BoardWorkflow(
            workflow=self.file.workflow, guessed=False, incidents=self.file.incidents, value=self.file.value
        )

    def read(self) -> Iterator[Issue]:
        """Its issues, one after the other."""
        with self.issues.open(encoding="utf-8") as lines:
            for line in lines:
                raw = json.loads(line)
                yield parse.issue(raw, raw["changelog"]["histories"], site=SITE, shape=SHAPE)


class Measured:
    """A database with one board, and what reports on it take."""

    def __init__(self, kind: str, url: str, board: Board, *, seed: int = 1) -> None:
        """An empty, migrated database."""
        self.kind, self.board, self.held = kind, board, 0
        self.store, self._chance = Store(url), random.Random(seed)
        self._next = (_earlier(issue, copy) for copy in count() for issue in board.read())
        self._board_id = self._put()
        facts.refresh(self.store, self._board_id)

    def grow(self, size: int) -> float:
        """Store issues until there are so many: as they are, then the same three years earlier; ms for an issue."""
        began, before = time.perf_counter(), self.held
        while self.held < size:
            issues = islice(self._next, min(BATCH, size - self.held))
            some = [Packed.of(issue) for issue in issues]
            with self.store.transaction(SYSTEM) as session:
                board_rows.keep(session, session.get_one(BoardRow, self._board_id), some, NOW)
            self.held += len(some)
        took = time.perf_counter() - began
        if self.kind == "postgres":  # its own daemon comes by a minute later; SQLite never does so by itself
            with self.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE"))
        return took * 1000 / max(1, self.held - before)

    def reports(self, runs: int) -> Result:
        """That many flow reports on random windows and sprint reports on random closed sprints."""
        closed = [sprint for sprint in self.board.sprints if sprint.completed is not None]
        begun = NOW - YEARS + WINDOW
        ends = [begun + self._chance.random() * (NOW - begun) for _ in range(runs - 1)]
        counts: list[int] = []
        flow = [self._timed(lambda end=end: counts.append(self._flow(end))) for end in (NOW, *ends)]  # type: ignore[misc]
        picked = [self._chance.choice(closed) for _ in range(runs)]
        sprint = [self._timed(lambda one=one: self._sprint(one)) for one in picked]  # type: ignore[misc]
        p95 = {"flow": percentile(flow, 0.95), "sprint": percentile(sprint, 0.95)}
        return Result(
            name="flow-facts",
            figures={
                "database": self.kind,
                "issues": self.held,
                "runs": runs,
                "finished_in_window": round(sum(counts) / runs),
                "flow_p50_ms": percentile(flow, 0.5),
                "flow_p95_ms": p95["flow"],
                "sprint_p50_ms": percentile(sprint, 0.5),
                "sprint_p95_ms": p95["sprint"],
            },
            missed=tuple(f"{name} {took:.0f} ms" for name, took in p95.items() if took >= TARGET_MS),
        )

    def _timed(self, report: Callable[[], object]) -> float:
        began = time.perf_counter()
        report()
        return (time.perf_counter() - began) * 1000

    def _flow(self, end: datetime) -> int:
        """A 90-day report of everything that is counted today, as a request would make it; how many finished."""
        with self.store.reading(SYSTEM) as session:
            held = self._facts(session)
            window = {"since": ms(end - WINDOW), "until": ms(end), "as_of": ms(NOW)}
            known, calendars = frozenset(held.origins()), self.board.file.calendars
            found = flow_reports.flow_report(
                held, self.board.known, known, zone="Europe/Madrid", calendars=calendars, **window
            )
        return sum(week.finished for week in found.weeks)

    def _facts(self, session: Session) -> StoredFacts:
        by = self.board.known
        return StoredFacts(session, session.get_one(BoardRow, self._board_id), by.workflow, by.incidents)

    def _sprint(self, sprint: Sprint) -> None:
        with self.store.reading(SYSTEM) as session:
            held = self._facts(session)
            sprints.report(sprint, held.of_sprint(sprint.id, frozenset(held.origins())), self.board.file.workflow, NOW)

    def _put(self) -> int:
        with self.store.transaction(SYSTEM) as session:
            host, site = OrganisationRow(name="Huawei"), JiraSiteRow(key=SITE)
            session.add_all([host, site])
            session.flush()
            team = JointTeamRow(name="Bench", ref="bench", host_id=host.id)
            session.add(team)
            session.flush()
            board = BoardRow(team_id=team.id, site_id=site.id, jira_board_id=1)
            session.add(board)
            session.flush()
            workflows.said_in_file(session, board, self.board.said, None, NOW)
            return board.id

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


def _earlier(issue: Issue, copy: int) -> Issue:
    """The same issue `copy` times three years earlier, in no sprint of today's."""
    if not copy:
        return issue
    by, sprint = YEARS * copy, 1_000_000 * copy
    changes = (
        replace(
            each,
            at=each.at - by,
            before=_shifted(each.before, sprint) if each.field == "sprint" else each.before,
            after=_shifted(each.after, sprint) if each.field == "sprint" else each.after,
        )
        for each in issue.changes
    )
    return replace(
        issue,
        id=str(int(issue.id) + 10_000_000 * copy),
        key=f"{issue.key}{copy:03}",
        created=issue.created - by,
        updated=issue.updated - by,
        sprints=tuple(number + sprint for number in issue.sprints),
        changes=tuple(changes),
    )


def _shifted(ids: str | None, by: int) -> str | None:
    return ", ".join(str(int(each) + by) for each in ids.split(", ")) if ids else ids


def measure(kind: str, fresh: Callable[[str], str], boards: Mapping[int, Board], *, runs: int) -> Iterator[Result]:
    """Reports on each of these boards; `boards`: by how many issues it has in the end, the same one again and again.

    A board is grown by what it has itself, each time three years earlier.
    """
    measured: Measured | None = None
    try:
        for size, board in sorted(boards.items()):
            if measured is None or measured.board is not board:
                if measured is not None:
                    measured.close()
                measured = Measured(kind, fresh(kind), board)
            took = measured.grow(size)
            result = measured.reports(runs)
            yield replace(result, figures=result.figures | {"load_ms": took})
    finally:
        if measured is not None:
            measured.close()


def growth(kind: str, sizes: Sequence[Result]) -> Result:
    """Line 3: what the p95 of each size was."""
    grown: dict[str, object] = {"database": kind}
    for result in sizes:
        issues = result.figures["issues"]
        grown |= {f"{name}_{issues}": result.figures[name] for name in GROWS}
    return Result(name="flow-growth", figures=grown)


def _measured(asked: argparse.Namespace, made_by: Path, folder: Path, databases: Databases) -> Iterator[Result]:
    sizes = {asked.issues, *(asked.growth or (asked.issues // 10, asked.issues, asked.issues * 4))}
    own = {n: Board.generated(made_by, folder / str(n), n) for n in sorted(sizes) if n <= asked.issues}
    boards = {n: own.get(n, own[asked.issues]) for n in sizes}
    for kind in asked.databases:
        found = list(measure(kind, databases.fresh, boards, runs=asked.runs))
        yield next(each for each in found if each.figures["issues"] == asked.issues)
        yield growth(kind, found)


def main(arguments: list[str] | None = None) -> int:
    """Print two lines for each database; 1 where a target is missed."""
    reads = argparse.ArgumentParser(prog="python -m benchmarks.flow_facts")
    reads.add_argument("--issues", type=int, default=50_000, help="on the board of line 2")
    reads.add_argument("--growth", type=int, nargs="+", help="on the boards of line 3; a tenth, the same, four times")
    reads.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS)
    reads.add_argument("--runs", type=int, default=40)
    asked = reads.parse_args(arguments)
    if (made_by := generator()) is None:
        print(f"bench-flow: skipped, for {GENERATOR} is not here: name the shared folder in FMO_SHARED")
        return 0
    missed = False
    with TemporaryDirectory(prefix="fmo-bench-") as name:
        folder = Path(name)
        databases = Databases(folder, Cores.split())
        try:
            for result in _measured(asked, made_by, folder, databases):
                print(result, flush=True)
                missed = missed or bool(result.missed)
        finally:
            databases.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
