"""A Jira that answers slowly holds up nobody in Slack: what is typed is acknowledged, what is opened is shown."""

from pathlib import Path

import requests

from tests.integration.door_support import House, house
from tests.integration.sandbox_support import eventually, faults, see

HUAWEI = {"app_id": "A0FMOHUAWEI", "team_id": "T0HUAWEI"}


def is_asking_jira(home: House) -> bool:
    return any(" /jira/" in what for what in home.box.world.clock.whats_busy())


def test_commands_and_app_home_do_not_wait_for_a_slow_jira(tmp_path: Path) -> None:
    with house(tmp_path, "http") as made:
        faults(made.box, jira_slow=1.0, jira_slow_s=2.0)  # each answer, of the many that a board is read with
        try:
            assert made.command("sprint").status_code == 200  # which has to read the board first
            eventually(lambda: is_asking_jira(made))
            opened = {"type": "app_home_opened", "user": "U0LIWEI", "tab": "home", "channel": "D1"}
            assert made.event(opened, event_id="Ev1").status_code == 200
            assert requests.get(f"{made.url}/health/ready", timeout=60).status_code == 200
            assert is_asking_jira(made)  # nobody has waited for that
            assert "Hello, Li Wei" in str(eventually(lambda: see(made.box, "U0LIWEI", "home", **HUAWEI)))
        finally:
            faults(made.box, jira_slow=0.0)
