"""The check itself: a joint working day passes with whole figures, and every falsified record is noticed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from fmo_bot.db.schema import migrate
from tests import profiles
from tests.databases import empty_postgres
from tests.unit.exported import shared

WITHIN_S = 600
LONG = pytest.mark.skipif(profiles.NAME != "long", reason="less usual set-ups are played by `make test-long`")
A_DAY = "workspaces=2 prompts=8 answers=6 summaries=1"


def check(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`fmo-bot demo-check` as a person runs it, its files in `folder`, no setting of the machine seen."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FMO_")}
    command = [sys.executable, "-m", "fmo_bot", "demo-check", "--folder", str(folder / "stage"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=WITHIN_S, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        (),  # one app per company, over sockets, Jira Cloud
        ("--apps", "one", "--transport", "http", "--jira", "dc"),  # one app for both, signed requests, Data Center
    ],
)
def test_a_joint_working_day_passes(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = check(tmp_path, *arguments)
    assert _last_line(done) == f"demo-check: {A_DAY} sprint_reports=1 digests=1 ok", done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--apart",),  # web and two workers, on the queue
        pytest.param((), marks=LONG),  # everything in one process, with its own ticker
        pytest.param(("--apart", "--engine", "embedded"), marks=LONG),  # apart, each process with its own ticker
        pytest.param(("--engine", "procrastinate"), marks=LONG),  # one process on the queue
    ],
)
def test_a_joint_working_day_passes_on_postgresql(tmp_path: Path, postgres: str, arguments: tuple[str, ...]) -> None:
    with empty_postgres(postgres) as url:
        done = check(tmp_path, *arguments, "--database", url)
    assert _last_line(done) == f"demo-check: {A_DAY} sprint_reports=1 digests=1 ok", done.stdout + done.stderr
    assert not (tmp_path / "stage" / "fmo.db").exists()


def test_a_day_is_played_in_an_empty_database_only(tmp_path: Path, postgres: str) -> None:
    with empty_postgres(postgres) as url:
        migrate(url)
        done = check(tmp_path, "--database", url)
    assert "holds tables already" in done.stderr  # it may be somebody's
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--apart",), "workers share PostgreSQL"), (("--engine", "procrastinate"), "it needs PostgreSQL")],
)
def test_workers_apart_and_the_queue_need_postgresql(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = check(tmp_path, *arguments)
    assert done.returncode == 1
    assert told in done.stderr


@pytest.mark.parametrize(
    ("sabotage", "noticed"),
    [
        ("drop", "was asked 0 times instead of once"),
        ("wrong-side", "Li Wei was asked at Thu 16:00"),
        pytest.param("double", "was asked 2 times instead of once", marks=LONG),
        pytest.param("late", "Li Wei was asked at Thu 09:07 local time", marks=LONG),
    ],
)
def test_a_falsified_record_is_noticed(tmp_path: Path, sabotage: str, noticed: str) -> None:
    done = check(tmp_path, "--break", sabotage)
    assert done.returncode == 1
    assert _last_line(done).endswith("FAILED")
    assert noticed in done.stdout, done.stdout + done.stderr


def test_real_issues_with_sprints_pass_with_guessed_stages_and_a_malformed_line_is_named(tmp_path: Path) -> None:
    folder = shared("data/cloud_sprints")
    first, *rest = (folder / "issues.jsonl").read_text("utf-8").splitlines()
    export = tmp_path / "issues.jsonl"
    export.write_text("\n".join([first, '{"id": "1", "key": ', *rest]) + "\n", "utf-8")
    done = check(tmp_path, "--issues", str(export), "--sprints", str(folder / "sprints.json"))
    assert _last_line(done) == f"demo-check: {A_DAY} sprint_reports=1 digests=1 ok", done.stdout + done.stderr
    assert "stages were guessed" in done.stdout
    assert "line 2" in done.stdout + done.stderr


def test_real_issues_without_sprints_are_told_so_and_get_their_digest(tmp_path: Path) -> None:
    done = check(tmp_path, "--issues", str(shared("data/real_kanban/issues.jsonl")))
    assert _last_line(done) == f"demo-check: {A_DAY} sprint_reports=0 digests=1 ok", done.stdout + done.stderr


def test_a_file_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = check(tmp_path, "--issues", str(tmp_path / "nowhere.jsonl"))
    assert done.returncode == 2
    assert "nowhere.jsonl" in done.stderr


def _last_line(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stdout.strip().splitlines() or [""])[-1]


def test_the_demo_takes_the_bot_with_it_when_it_is_told_to_stop(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FMO_")}
    environment |= {"PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "fmo_bot", "demo", "--port", "0"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        page = next(line.split("open ")[1].strip() for line in demo.stdout if "open http" in line)
        assert requests.get(page, timeout=60).ok
        demo.terminate()
        assert demo.wait(60) == 0
    assert "Finished server process" in (tmp_path / "var" / "demo" / "bot.log").read_text("utf-8")
