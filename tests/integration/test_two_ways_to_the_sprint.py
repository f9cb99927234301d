"""The sprint's sets by stays (the bot) and by looking at every instant (the check) have to be the same sets."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fmo_bot.domain import lives
from fmo_bot.domain.sprints import SprintFigures, every, report, window
from fmo_bot.domain.workflow import Workflow
from fmo_bot.sandbox.check import oracle
from tests.unit.exported import read_issues, read_sprints, shared


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Four hundred generated issues with their sprints and the workflow of their statuses."""
    folder = tmp_path_factory.mktemp("generated")
    issues, sprints = folder / "issues.jsonl", folder / "sprints.json"
    generator = shared("bench/gen_issues.py")
    command = [sys.executable, str(generator), "-n", "400", "--seed", "7", "-o", str(issues)]
    subprocess.run([*command, "--sprints", str(sprints)], check=True, capture_output=True)
    return issues, sprints, shared("bench/workflow.yaml")


def test_generated_sprints_come_to_the_same_sets_either_way(generated: tuple[Path, Path, Path]) -> None:
    compared = _compare(*generated)
    assert compared > 100  # of two teams over three years


def test_real_sprints_come_to_the_same_sets_either_way() -> None:
    folder = shared("data/cloud_sprints")
    assert (
        _compare(folder / "issues.jsonl", folder / "sprints.json", folder / "workflow.yaml") == 3
    )  # the others are empty


def _compare(issues: Path, sprints: Path, workflow: Path) -> int:
    mapping = yaml.safe_load(workflow.read_text("utf-8"))
    values = list(read_issues(issues))
    raw = [json.loads(line) for line in issues.read_text("utf-8").splitlines()]
    described = {sprint["id"]: sprint for sprint in _listed(json.loads(sprints.read_text("utf-8")))}
    as_of = max(issue.updated for issue in values) + timedelta(hours=1)
    compared = 0
    flow, seen = Workflow.from_mapping(mapping), [lives.of(value) for value in values]
    together = {sprint.id: sets for sprint, _, sets in every(read_sprints(sprints), seen, flow, as_of)}
    for sprint in read_sprints(sprints):
        if window(sprint, as_of) is None:
            continue
        said = report(sprint, seen, flow, as_of)
        again = oracle.sprint_sets(_of_sprint(raw, sprint.id), described[sprint.id], oracle.Stages.of(mapping), as_of)
        assert _sets(said) == again, f"sprint {sprint.id}"
        assert {name: set(getattr(together[sprint.id], name).keys) for name in oracle.SETS} == again, f"{sprint.id}"
        compared += bool(said.committed.issues or said.added.issues)
    return compared


def _sets(figures: SprintFigures) -> dict[str, set[str]]:
    return {name: set(getattr(figures, name).keys) for name in oracle.SETS}


def _of_sprint(issues: list[dict[str, Any]], sprint: int) -> list[dict[str, Any]]:
    """The issues in whose JSON the sprint's id occurs at all; the rest cannot be in it."""
    return [issue for issue in issues if str(sprint) in json.dumps(issue)]


def _listed(content: Any) -> list[dict[str, Any]]:
    return list(content["values"]) if isinstance(content, dict) else list(content)


def test_the_oracle_reads_instants_of_every_kind() -> None:
    # Cloud's issues, Cloud's sprints and a Data Center with its own offset write the same instant differently.
    texts = ("2026-11-20T16:30:00.000+0000", "2026-11-20T16:30:00.000Z", "2026-11-21T00:30:00.000+0800")
    assert {oracle.instant(text) for text in texts} == {datetime.fromisoformat("2026-11-20T16:30:00+00:00")}
