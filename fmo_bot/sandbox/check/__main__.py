"""`python -m fmo_bot.sandbox.check URL WORKFLOW [--break drop|double|wrong-side|late]`: play, judge, one line."""

import argparse
from pathlib import Path

import yaml

from fmo_bot.sandbox.check.day import play
from fmo_bot.sandbox.check.judge import Verdict, evidence, judge
from fmo_bot.sandbox.check.oracle import Stages
from fmo_bot.sandbox.check.play import Stuck, World
from fmo_bot.sandbox.check.script import script_of


def main() -> int:
    """0 where everything owed arrived once, in time, on the right side; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m fmo_bot.sandbox.check", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("workflow", type=Path)
    parser.add_argument("--break", dest="sabotage", choices=("drop", "double", "wrong-side", "late"))
    given = parser.parse_args()
    verdict = _verdict(World(given.url), Stages.of(yaml.safe_load(given.workflow.read_text("utf-8"))), given.sabotage)
    for complaint in verdict.complaints:
        print(f"demo-check: {complaint}")
    print(verdict.line(), flush=True)
    return 1 if verdict.complaints else 0


def _verdict(world: World, stages: Stages, sabotage: str | None) -> Verdict:
    try:
        if sabotage:
            world.post("/control/faults", {"sabotage": sabotage})
        script = script_of(world.get("/control/world"))
        stuck = play(world, script)
        verdict = judge(evidence(world, script), script, stages)
        verdict.complaints[:0] = stuck
    except Stuck as error:
        verdict = Verdict(complaints=[str(error)])
    return verdict


if __name__ == "__main__":
    raise SystemExit(main())
