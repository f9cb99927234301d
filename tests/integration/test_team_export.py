"""A joint team written as a file is the same joint team wherever the file is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fmo_bot.db.store import Store
from fmo_bot.errors import NotFound
from fmo_bot.services import setup
from fmo_bot.services.calendar_changes import CalendarChanges
from fmo_bot.services.team_checks import parse
from fmo_bot.services.team_export import exported
from fmo_bot.services.team_file import read
from tests.integration.test_calendar_changes import AT, SHORTER, TEAM
from tests.joint_team import LIWEI, JointTeam, clock, other_team_file, team_file

EXAMPLE = Path(__file__).parents[2] / "config" / "team.example.yaml"


def rich() -> dict[str, Any]:
    """The example, with everything a file can say."""
    file = read(EXAMPLE)
    file["organisations"][0] |= {"domains": ["huawei.example"], "admins": ["U0LIWEI"]}
    file["other_boards"] = [{"site": "operator", "id": 7, "workflow": "guess"}]
    file["counterparts"] = {"label": "twin:"}
    file["jira"].append({"site": "operator", "owner": "Telefonica", "acting": True})
    file["standups"][0] |= {"reminder_minutes": 30, "spread_minutes": 15}
    return file


def test_what_is_exported_says_the_same_as_the_file_it_came_from(sqlite_store: Store) -> None:
    setup.apply(sqlite_store, rich(), clock("00:30"))
    setup.apply(sqlite_store, other_team_file(), clock("00:31"))
    found = exported(sqlite_store, "5G Core", clock("01:00"))
    assert parse(found) == parse(rich())
    written = yaml.safe_load(yaml.safe_dump(found, allow_unicode=True, sort_keys=False))
    assert parse(written) == parse(rich())  # and survives being written


def test_applied_to_where_it_came_from_it_changes_nothing(store: Store) -> None:
    JointTeam(store)
    CalendarChanges(store).propose(LIWEI, TEAM, SHORTER, starts=None, at=AT)
    before = exported(store, TEAM, AT)
    assert before["sides"]["vendor"]["calendar"]["hours"] == ["09:00", "17:00"]  # as it is now, not as it was set up
    assert not setup.apply(store, before, AT).removed
    assert exported(store, TEAM, AT) == before


def test_who_takes_part_no_longer_is_not_exported(sqlite_store: Store) -> None:
    file = team_file()
    JointTeam(sqlite_store, file)
    left = file["sides"]["vendor"]["members"].pop()
    setup.apply(sqlite_store, file, AT)
    users = [each["user"] for each in exported(sqlite_store, TEAM, AT)["sides"]["vendor"]["members"]]
    assert users == [each["user"] for each in file["sides"]["vendor"]["members"]]
    assert left["user"] not in users


def test_a_team_that_is_not_here_is_refused(sqlite_store: Store) -> None:
    with pytest.raises(NotFound):
        exported(sqlite_store, "Nobody", AT)
