"""Measures delivery: `make bench-delivery`, or `python -m benchmarks.delivery --help`. See docs/benchmarks.md."""

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.delivery_acks import acks
from benchmarks.delivery_crowd import Crowd
from benchmarks.delivery_figures import Result
from benchmarks.delivery_lateness import UNTHROTTLED, lanes, lateness
from benchmarks.delivery_ledger import claiming, planning
from benchmarks.delivery_run import Plan
from benchmarks.delivery_stage import Cores, Databases

KINDS = ("sqlite", "postgres")


def main(arguments: list[str] | None = None) -> int:
    """Measure, one line each; 1 where a hard rule was broken."""
    told = _told(arguments)
    seed = told.seed if told.seed is not None else random.randrange(1_000_000)
    cores = Cores.split()
    apart = "one for all" if cores.bot == cores.world else f"bot {sorted(cores.bot)}, world {sorted(cores.world)}"
    print(f"bench-delivery: seed={seed} cores: {apart}", flush=True)
    with TemporaryDirectory(prefix="fmo-bench-") as folder:
        databases = Databases(Path(folder), cores)
        try:
            broken = [result for result in _shown(_Bench(told, seed, cores, databases, Path(folder))) if result.broken]
        finally:
            databases.close()
    return 1 if broken else 0


def _shown(bench: "_Bench") -> Iterator[Result]:
    for name in bench.told.only:
        for kind in bench.told.databases:
            result = bench.measurements[name](kind)
            print(result, flush=True)
            yield result


class _Bench:
    """Every measurement by name, each on one kind of database."""

    def __init__(self, told: argparse.Namespace, seed: int, cores: Cores, databases: Databases, folder: Path) -> None:
        self.told, self._seed, self._cores, self._databases, self._folder = told, seed, cores, databases, folder
        self.measurements: dict[str, Callable[[str], Result]] = {
            "planning": lambda kind: planning(databases.fresh(kind), kind, items=told.items),
            "claiming": lambda kind: claiming(databases.fresh(kind), kind, items=told.items),
            "unthrottled": lambda kind: lateness(self._plan(kind, told.prompts), ahead=self._ahead(told.prompts)),
            "capped": lambda kind: lateness(
                self._plan(kind, told.capped, per_minute=told.per_minute), ahead=self._ahead(told.capped)
            ),
            "lanes": self._lanes,
            "acks": self._acks,
        }

    def _ahead(self, people: int) -> float:
        """The bot's start takes longer, the more there is to plan."""
        return float(self.told.ahead) + people / 100

    def _lanes(self, kind: str) -> Result:
        posts = {"channels": 20, "each": self.told.each, "directs": 10 * self.told.each, "seed": self._seed}
        return lanes(self._plan(kind, 200, per_minute=3000), **posts)

    def _acks(self, kind: str) -> Result:
        plan = self._plan(kind, self.told.prompts, per_minute=self.told.per_minute, issues=self.told.issues)
        return acks(plan, rate=self.told.rate, seconds=self.told.seconds, seed=self._seed)

    def _plan(self, kind: str, people: int, *, per_minute: int = UNTHROTTLED, issues: int = 0) -> Plan:
        return Plan(
            crowd=Crowd(people=people),
            url=self._databases.fresh(kind),
            kind=kind,
            per_minute=per_minute,
            folder=self._folder,
            cores=self._cores,
            issues=issues,
        )


def _told(arguments: list[str] | None) -> argparse.Namespace:
    reads = argparse.ArgumentParser(prog="python -m benchmarks.delivery")
    names = ("planning", "claiming", "unthrottled", "capped", "lanes", "acks")
    reads.add_argument("--only", nargs="+", choices=names, default=names)
    reads.add_argument("--databases", nargs="+", choices=KINDS, default=KINDS)
    reads.add_argument("--seed", type=int)
    reads.add_argument("--items", type=int, default=10_000, help="occurrences planned, deliveries claimed and noted")
    reads.add_argument("--prompts", type=int, default=1000, help="unthrottled, and while acks are measured")
    reads.add_argument("--capped", type=int, default=5000, help="prompts over three workspaces under the cap")
    reads.add_argument("--per-minute", type=int, default=300, help="the cap: messages a minute in a workspace")
    reads.add_argument("--each", type=int, default=15, help="posts into each of 20 channels, for the lanes")
    reads.add_argument("--rate", type=int, default=50, help="requests a second")
    reads.add_argument("--seconds", type=float, default=60, help="how long they come")
    reads.add_argument("--issues", type=int, default=5000, help="of the board that is read meanwhile")
    reads.add_argument("--ahead", type=float, default=20, help="seconds from the bot's start to the prompts, at least")
    return reads.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
