"""Measures how boards are read: `make bench-sync`, or `python -m benchmarks.sync --help`. See docs/benchmarks.md."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.delivery_figures import Result
from benchmarks.delivery_stage import Cores, Databases
from benchmarks.sync_floor import Told
from benchmarks.sync_run import Plan, measure

FLAVOURS, KINDS = ("cloud", "dc"), ("sqlite", "postgres")
GENERATOR = "bench/gen_issues.py"


def main(arguments: list[str] | None = None) -> int:
    """Measure, three lines for each flavour and database; 1 where the database does not hold what Jira shows."""
    told = _told(arguments)
    made_by = generator()
    if made_by is None:
        print(
            f"bench-sync: skipped, for {GENERATOR} is not here: put the shared folder beside, or name it in FMO_SHARED"
        )
        return 0
    cores = Cores.split()
    with TemporaryDirectory(prefix="fmo-bench-") as name:
        folder = Path(name)
        databases = Databases(folder, cores)
        try:
            issues, sprints = generated(made_by, folder, told.issues)
            broken = [result for result in _shown(_plans(told, issues, sprints, databases, cores)) if result.broken]
        finally:
            databases.close()
    return 1 if broken else 0


def _shown(plans: Iterator[Plan]) -> Iterator[Result]:
    for plan in plans:
        for result in measure(plan):
            print(result, flush=True)
            yield result


def _plans(told: argparse.Namespace, issues: Path, sprints: Path, databases: Databases, cores: Cores) -> Iterator[Plan]:
    holds = Told.of(issues, sprints)
    for kind in told.databases:
        for flavour in told.flavours:
            folder = issues.parent / f"{kind}-{flavour}"
            folder.mkdir()
            yield Plan(
                flavour=flavour,
                kind=kind,
                url=databases.fresh(kind),
                issues=issues,
                sprints=sprints,
                told=holds,
                changes=told.changes,
                folder=folder,
                cores=cores,
            )


def generated(made_by: Path, folder: Path, count: int) -> tuple[Path, Path]:
    """A file of issues and one of their sprints."""
    issues, sprints = folder / "issues.jsonl", folder / "sprints.json"
    command = [sys.executable, str(made_by), "-n", str(count), "-o", str(issues), "--sprints", str(sprints)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return issues, sprints


def generator() -> Path | None:
    """In the shared folder: beside the repository, or where FMO_SHARED says."""
    roots = [Path(os.environ.get("FMO_SHARED", "")), *(up / "shared" for up in Path(__file__).resolve().parents)]
    return next((root / GENERATOR for root in roots if (root / GENERATOR).exists()), None)


def _told(arguments: list[str] | None) -> argparse.Namespace:
    reads = argparse.ArgumentParser(prog="python -m benchmarks.sync")
    reads.add_argument("--issues", type=int, default=50_000)
    reads.add_argument("--changes", type=int, default=100, help="before the second sync")
    reads.add_argument("--flavours", nargs="+", choices=FLAVOURS, default=FLAVOURS)
    reads.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS)
    return reads.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
