"""The command line: what commands say, and the bot as a process of its own."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import yaml
from sqlalchemy import select

from config.settings import Settings
from fmo_bot.bootstrap.setting_up import set_up
from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import outbox
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM, Place
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services import team_file
from tests.integration.command import environment, fmo_bot, fmo_bot_process
from tests.integration.door_support import given_for
from tests.integration.sandbox_support import PATIENT, START

ROOT = Path(__file__).parents[2]
SLOW_S = 15  # what a process may need to be heard of, beside the ten seconds it takes to end
TEAM = ROOT / "config" / "demo" / "team.yaml"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Options(patience=PATIENT, start=START)) as box:
        yield box


def test_wrong_settings_are_all_named_and_end_with_2(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FMO_PORT=x\nFMO_SLACK_APPS=a\n")
    done = fmo_bot_process("run", folder=tmp_path)
    assert done.returncode == 2
    named = [line.split()[0] for line in done.stderr.splitlines()]
    assert named == ["FMO_PORT", "FMO_SLACK_A_BOT_TOKENS", "FMO_SLACK_A_APP_TOKEN"]
    assert done.stdout == ""


def test_a_token_slack_refuses_is_named_and_ends_with_2(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path) | {"FMO_SLACK_HUAWEI_BOT_TOKENS": "xoxb-sandbox-nobody-T0HUAWEI"}
    done = fmo_bot_process("run", folder=tmp_path, given=given)
    assert done.returncode == 2
    assert "FMO_SLACK_HUAWEI_BOT_TOKENS: Slack refuses a token" in done.stderr
    assert "xoxb-" not in done.stderr


def test_a_wrong_team_file_names_each_fault_and_ends_with_2(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(TEAM.read_text("utf-8").replace("Asia/Shanghai", "Asia/Nowhere"), "utf-8")
    (tmp_path / "workflow.yaml").write_bytes((TEAM.parent / "workflow.yaml").read_bytes())
    done = fmo_bot("setup", "team.yaml", folder=tmp_path, given=given_for(box, tmp_path))
    assert done.returncode == 2
    assert "Asia/Nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_site_the_settings_do_not_know_is_named(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(TEAM.read_text("utf-8").replace("site: shared", "site: other"), "utf-8")
    (tmp_path / "workflow.yaml").write_bytes((TEAM.parent / "workflow.yaml").read_bytes())
    done = fmo_bot("setup", "team.yaml", folder=tmp_path, given=given_for(box, tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{place}.site: `other` is not in FMO_JIRA_SITES (shared)" for place in ("board", "jira[0]")
    ]


def test_a_change_to_the_past_of_a_calendar_is_confirmed_by_the_other_side(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path)
    assert set_up(Settings.read(given), TEAM).board_error is None
    (tmp_path / "calendar.yaml").write_text("{zone: Asia/Shanghai, days: [mon, fri], hours: [08:00, 12:00]}", "utf-8")

    def calendar(what: str, *more: str) -> tuple[int, list[str]]:
        done = fmo_bot("calendar", what, "5G Core", *more, folder=tmp_path, given=given)
        return done.returncode, (done.stdout or done.stderr).splitlines()

    huawei, telefonica = ("--admin", "T0HUAWEI:U0LIWEI"), ("--admin", "T0TELEFON:U0LUCIA")
    since = (START.date() - timedelta(days=7)).isoformat()
    code, (said, changes) = calendar("propose", "calendar.yaml", "--from", since, *huawei)
    version = f"Huawei (vendor) from {since}: Asia/Shanghai, mon fri, 08:00-12:00"
    assert (code, said) == (0, f"{version}; proposal 1, Telefonica to confirm.")
    assert "Reports shared since then: 0, which stay as they are." in changes
    assert calendar("confirm", "1", *telefonica)[1][0] == f"{version}."


def test_a_workflow_is_proposed_confirmed_and_applied_backwards(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path)
    assert set_up(Settings.read(given), TEAM).board_error is None
    told = yaml.safe_load((TEAM.parent / "workflow.yaml").read_text("utf-8"))
    told["stages"][-1]["name"] = "All done"
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(told), "utf-8")

    def workflow(what: str, *more: str) -> tuple[int, str]:
        done = fmo_bot("workflow", what, "5G Core", *more, folder=tmp_path, given=given)
        return done.returncode, done.stdout or done.stderr

    huawei, telefonica = ("--admin", "T0HUAWEI:U0LIWEI"), ("--admin", "T0TELEFON:U0LUCIA")
    code, said = workflow("propose", "new.yaml", *huawei)
    assert (code, "Telefonica to confirm" in said, "from its confirmation on, proposed by Huawei" in said) == (0, 1, 1)
    number = said.split("; proposal ")[1].split(",")[0]
    assert workflow("confirm", number, *huawei)[0] == 2
    assert workflow("confirm", number, *telefonica)[0] == 0
    since = (START.date() - timedelta(days=7)).isoformat()
    code, said = workflow("apply-backwards", since, *telefonica)
    assert (code, said.splitlines()[-2:]) == (
        0,
        ["  Published figures that this changes; the reports stay as they were shared:", "    none"],
    )


def test_a_project_is_made_joint_by_a_scrum_master_of_each_side(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path)
    file = tmp_path / "team.yaml"
    file.write_text(TEAM.read_text("utf-8").replace(", accepted_by: [vendor, operator]", ""), "utf-8")
    (tmp_path / "workflow.yaml").write_bytes((TEAM.parent / "workflow.yaml").read_bytes())
    assert fmo_bot("setup", "team.yaml", folder=tmp_path, given=given).returncode == 0

    def joint(what: str, *more: str) -> tuple[int, str]:
        done = fmo_bot("joint", what, "5G Core", *more, folder=tmp_path, given=given)
        return done.returncode, (done.stdout or done.stderr).strip()

    huawei, telefonica = ("--admin", "T0HUAWEI:U0LIWEI"), ("--admin", "T0TELEFON:U0LUCIA")
    code, told = joint("accept", "shared", "--project", "CORE", *telefonica)
    assert (code, "That is no longer here" in told) == (2, True)
    made = joint("propose", "shared", "--project", "CORE", *huawei)
    assert made == (0, "shared CORE: Huawei's, internal, Telefonica to accept; accepted by Huawei.")
    agreed = joint("accept", "shared", "--project", "CORE", *telefonica)
    assert agreed == (0, "shared CORE: Huawei's, joint; accepted by Huawei, Telefonica.")
    assert joint("list", *telefonica)[1].splitlines() == [
        "shared (all other projects): Huawei's, internal, Huawei, Telefonica to accept.",
        "shared CORE: Huawei's, joint; accepted by Huawei, Telefonica.",
    ]
    assert joint("withdraw", "shared", "--project", "CORE", "--admin", "T0HUAWEI:U0CHENYU")[0] == 2  # no scrum master
    give = ("owner", "shared", "--project", "CORE", "--to", "Telefonica")
    assert joint(*give, *huawei) == (0, "shared CORE: Huawei's, to be Telefonica's, Telefonica to agree.")
    assert joint(*give, *telefonica) == (0, "shared CORE: Telefonica's, agreed.")
    assert "Telefonica's, internal, Huawei, Telefonica to accept" in joint("list", *huawei)[1]


def test_an_app_the_settings_do_not_know_is_named(box: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(TEAM.read_text("utf-8").replace("app: telefonica", "app: orange"), "utf-8")
    (tmp_path / "workflow.yaml").write_bytes((TEAM.parent / "workflow.yaml").read_bytes())
    done = fmo_bot("setup", "team.yaml", folder=tmp_path, given=given_for(box, tmp_path))
    known = "is not in FMO_SLACK_APPS (huawei, telefonica)"
    assert (done.returncode, done.stderr.strip()) == (2, f"organisations[1].workspace.app: `orange` {known}")


def test_set_up_tells_what_it_found_and_writes_the_stages(box: Sandbox, tmp_path: Path) -> None:
    stages = tmp_path / "stages.yaml"
    done = fmo_bot("setup", str(TEAM), "--write-workflow", str(stages), folder=tmp_path, given=given_for(box, tmp_path))
    assert done.returncode == 0
    assert "Huawei (vendor), Telefonica (operator); 11 members" in done.stdout
    assert yaml.safe_load(stages.read_text("utf-8"))["commitment"]


@pytest.mark.parametrize("slack_hangs", [False, True])
def test_the_bot_ends_within_ten_seconds_when_told_to(box: Sandbox, tmp_path: Path, slack_hangs: bool) -> None:
    given = given_for(box, tmp_path) | {"FMO_LOG_FORMAT": "json"}
    assert fmo_bot("setup", str(TEAM), folder=tmp_path, given=given).returncode == 0
    store = Store(given["FMO_DATABASE_URL"])
    with running("run", folder=tmp_path, given=given) as (bot, _):
        faults(box, timeout=1.0 if slack_hangs else 0.0)
        with store.transaction(SYSTEM) as session:
            message, place = Notice(text="Hello", values={}), Place("T0HUAWEI", "C0JOINT")
            outbox.owe(session, name="hello", message=message, due=START, language="en", place=place)
        _wait_until(lambda: _state(store) == ("sending" if slack_hangs else "sent"))
        told_at = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(60) == 0
    assert time.monotonic() - told_at < 10 + SLOW_S
    assert _state(store) == ("sending" if slack_hangs else "sent")  # whoever runs next looks for it first
    store.close()
    faults(box, timeout=0.0)


def test_a_worker_can_be_looked_at_works_and_ends_when_told_to(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path) | {"FMO_LOG_FORMAT": "json", "FMO_WORKER_PORT": "0"}
    assert fmo_bot("setup", str(TEAM), folder=tmp_path, given=given).returncode == 0
    store = Store(given["FMO_DATABASE_URL"])
    with running("worker", folder=tmp_path, given=given) as (bot, url):
        with store.transaction(SYSTEM) as session:
            message, place = Notice(text="Hello", values={}), Place("T0HUAWEI", "C0JOINT")
            outbox.owe(session, name="hello", message=message, due=START, language="en", place=place)
        _wait_until(lambda: _state(store) == "sent")
        assert requests.get(f"{url}/health/ready", timeout=60).json() == {"ready": True, "problems": []}
        assert "fmo_in_hand" in requests.get(f"{url}/metrics", timeout=60).text
        told_at = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(60) == 0
    assert time.monotonic() - told_at < 10 + SLOW_S
    store.close()


@contextmanager
def running(command: str, *, folder: Path, given: dict[str, str]) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """A process of the bot that is ready, and the address of its web server."""
    arguments = [sys.executable, "-m", "fmo_bot", command]
    bot = subprocess.Popen(arguments, cwd=folder, env=environment(given), stderr=subprocess.PIPE, text=True)
    assert bot.stderr is not None
    try:
        port = next(line["port"] for line in map(json.loads, bot.stderr) if "port" in line)
        _wait_for(f"http://127.0.0.1:{port}/health/ready")
        yield bot, f"http://127.0.0.1:{port}"
    finally:
        bot.kill()
        bot.stderr.close()


def faults(box: Sandbox, **rates: float) -> None:
    told = rates | {"methods": ["chat.postMessage"]}
    requests.post(f"{box.url}/control/faults", json=told, timeout=60).raise_for_status()


def _state(store: Store) -> str | None:
    with store.reading(SYSTEM) as session:
        return session.scalar(select(DeliveryRow.state))


def test_a_port_that_is_taken_is_named(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path) | {"FMO_PORT": box.url.rpartition(":")[2]}
    done = fmo_bot_process("run", folder=tmp_path, given=given)
    assert done.returncode == 2
    assert "FMO_PORT" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--apps", "three"),
        ("--transport", "pigeon"),
        ("--jira", "server"),
        ("--issues", "nowhere.jsonl"),
        ("--manifest", "nowhere.yaml"),
    ],
)
def test_the_sandbox_names_an_option_it_does_not_understand(tmp_path: Path, arguments: tuple[str, str]) -> None:
    done = fmo_bot("sandbox", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert arguments[1] in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sandbox_names_a_fault_that_there_is_not(tmp_path: Path) -> None:
    done = fmo_bot("sandbox", "--faults", '{"jira_418": 1}', folder=tmp_path)
    assert done.returncode == 2
    assert "no fault called jira_418" in done.stderr


def test_the_manifest_is_printed_as_slack_takes_it(tmp_path: Path) -> None:
    socket = fmo_bot_process("manifest", folder=tmp_path)
    http = fmo_bot(
        "manifest", "--transport", "http", "--url", "https://bot.example", "--app", "huawei", folder=tmp_path
    )
    assert yaml.safe_load(socket.stdout)["settings"]["socket_mode_enabled"] is True
    assert "https://bot.example/slack/huawei/events" in http.stdout
    assert fmo_bot("manifest", "--transport", "http", folder=tmp_path).returncode == 2


def _wait_for(url: str) -> None:
    def is_ready() -> bool:
        try:
            return requests.get(url, timeout=60).ok
        except requests.ConnectionError:
            return False

    _wait_until(is_ready)


def _wait_until(so: Callable[[], bool]) -> None:
    pause = threading.Event()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if so():
            return
        pause.wait(0.05)
    raise AssertionError("It was not so in a minute.")


def test_a_secret_address_for_a_site_that_cannot_sign_is_printed_once_and_for_known_sites_only(
    box: Sandbox, tmp_path: Path
) -> None:
    given = given_for(box, tmp_path) | {"FMO_PUBLIC_URL": "https://fmo.example/"}
    first, second = (fmo_bot("site", "hook", "shared", folder=tmp_path, given=given) for _ in range(2))
    lost = fmo_bot("site", "hook", "lost", folder=tmp_path, given=given)
    assert first.stdout.startswith("https://fmo.example/jira/shared/hooks/")
    assert first.stdout != second.stdout
    assert (lost.returncode, lost.stderr) == (
        2,
        "There is no Jira site lost: add it to FMO_JIRA_SITES, or connect it.\n",
    )


def test_what_others_may_do_in_jira_is_said_in_the_name_of_an_admin_of_the_owner(box: Sandbox, tmp_path: Path) -> None:
    given = given_for(box, tmp_path)
    file = team_file.read(TEAM)
    file["organisations"][0]["admins"] = ["U0LIWEI"]
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
    company, owner = (each["name"] for each in reversed(file["organisations"]))
    assert fmo_bot("setup", "team.yaml", folder=tmp_path, given=given).returncode == 0
    words = ("shared", "--project", "CORE", "--company", company, "--act", "comment", "--act", "assign")
    said = fmo_bot("site", "allow", *words, "--admin", "T0HUAWEI:U0LIWEI", folder=tmp_path, given=given)
    assert said.stdout == f"{company} may do in CORE, by the service account: assign, comment.\n"
    wrong = fmo_bot("site", "allow", *words, "--admin", "T0TELEFON:U0LUCIA", folder=tmp_path, given=given)
    assert (wrong.returncode, owner in wrong.stderr) == (2, True)
    mark = ("site", "approval", "shared", "--project", "CORE", "--transition", "31", "--admin", "T0HUAWEI:U0LIWEI")
    assert fmo_bot(*mark, folder=tmp_path, given=given).stdout == "Approvals in CORE: 31.\n"
