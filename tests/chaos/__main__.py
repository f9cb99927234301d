"""`python -m tests.chaos`: storms of full strength, one line each; see docs/benchmarks.md."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.chaos.storm import SET_UPS, Outcome, Plan, storm

_SHOWN = 10


def main() -> int:
    told = _arguments()
    engines = [told.engine] if told.engine else list(SET_UPS)
    return max(_run(told, engine) for engine in engines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--engine", choices=sorted(SET_UPS))
    parser.add_argument("--break", dest="broken", choices=("reconcile", "lease"), default="")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--seconds", type=float, help="over which things are owed; default: items / 50, at least 30")
    parser.add_argument("--lease", type=float, default=Plan.lease)
    return parser.parse_args()


def _run(told: argparse.Namespace, engine: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="fmo-chaos-"))
    seconds = told.seconds or max(30.0, told.items / 50)
    plan = Plan(
        engine=engine,
        items=told.items,
        seed=told.seed,
        folder=folder,
        seconds=seconds,
        lease=told.lease,
        broken=told.broken,
    )
    outcome = storm(plan)
    print(outcome.line(), flush=True)
    done = outcome.monkey
    print(
        f"  seed={told.seed} took={outcome.took:.0f}s freezes={done.freezes} database_restarts={done.restarts}"
        f" met_a_fault={len(outcome.verdict.recoveries)}{_settled(outcome)} files={folder}",
        flush=True,
    )
    found = outcome.verdict
    for problem in [*found.lost, *found.doubled, *found.unsettled][:_SHOWN]:
        print(f"  {problem}")
    return 0 if outcome.verdict.good else 1


def _settled(outcome: Outcome) -> str:
    """How many a scrum master had sent again and dropped, and of how many that came out otherwise."""
    if (done := outcome.settled) is None:
        return ""
    return f" sent_again={len(done.again)} dropped={len(done.dropped)} settled_wrong={len(outcome.verdict.unsettled)}"


if __name__ == "__main__":
    sys.exit(main())
