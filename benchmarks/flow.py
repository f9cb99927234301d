"""Measures how figures are made of an export: `make bench-flow`. See docs/benchmarks.md.

S is one fresh process from start to exit that reads the file once and writes the flow report as JSON, every closed
sprint's report, one fold and one forecast (`fmo-bot report all`), in CPU of all its processes; J is the standard
library's `json.loads` of each line, the object dropped at once. Both three times, in turn; the medians are told.
"""

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.sync import GENERATOR, generated, generator

RUNS, RATIO, PEAK_MIB = 3, 1.5, 200.0
WORKFLOW = "workflow.yaml"
WINDOWS = ("--baseline", "2025-01-01..2025-06-30", "--current", "2026-01-01..2026-06-30", "--items", "100")
LOADS = "import json, sys\nfor line in open(sys.argv[1], 'rb'):\n    json.loads(line)\n"


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU seconds of all its processes, and the most memory they held at one time."""

    seconds: float
    peak_mib: float


def main(arguments: list[str] | None = None) -> int:
    """Print the line; 1 where a target is missed."""
    reads = argparse.ArgumentParser(prog="python -m benchmarks.flow")
    reads.add_argument("--issues", type=int, default=50_000)
    count = reads.parse_args(arguments).issues
    made_by = generator()
    if made_by is None:
        print(
            f"bench-flow: skipped, for {GENERATOR} is not here: put the shared folder beside, or name it in FMO_SHARED"
        )
        return 0
    with TemporaryDirectory(prefix="fmo-bench-") as name:
        folder = Path(name)
        issues, sprints = generated(made_by, folder, count)
        ours = _reports(issues, sprints, made_by.parent / WORKFLOW, folder / "out")
        loads = [sys.executable, "-c", LOADS, str(issues)]
        taken = [(cost(ours), cost(loads)) for _ in range(RUNS)]
    seconds, floor = (median(pair[place].seconds for pair in taken) for place in (0, 1))
    peak = max(pair[0].peak_mib for pair in taken)
    missed = [f"ratio {RATIO}"] * (seconds > RATIO * floor) + [f"{PEAK_MIB:.0f} MiB"] * (peak > PEAK_MIB)
    told = f"seconds={seconds:.2f} json_loads_seconds={floor:.2f} ratio={seconds / floor:.2f} peak_mib={peak:.0f}"
    print(f"flow: issues={count} {told}" + "".join(f" missed({each})" for each in missed))
    return int(bool(missed))


def cost(command: list[str]) -> Cost:
    """Run a command to its end. Raises CalledProcessError."""
    before = os.times()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peaks: list[float] = []
    watch = threading.Thread(target=_watch, args=(process.pid, peaks.append, process.poll))
    watch.start()
    process.wait()
    watch.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(spent, max(peaks, default=0.0))


def _watch(pid: int, told: Callable[[float], None], over: Callable[[], int | None]) -> None:
    """Tell the memory of a process and those below it, every few milliseconds."""
    pause = threading.Event()
    while over() is None:
        told(_resident_mib(pid))
        pause.wait(0.01)


def _resident_mib(pid: int) -> float:
    """Of a process and those below it, now."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):  # it is over
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(_resident_mib(int(child)) for child in children)


def _reports(issues: Path, sprints: Path, workflow: Path, out: Path) -> list[str]:
    files = ["--issues", str(issues), "--sprints", str(sprints), "--workflow", str(workflow), "--out", str(out)]
    program = "import sys; from fmo_bot.cli import main; sys.argv[0] = 'fmo-bot'; main()"
    return [sys.executable, "-c", program, "report", "all", *files, *WINDOWS]


if __name__ == "__main__":
    sys.exit(main())
