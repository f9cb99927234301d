"""A proposal reaches the other company's scrum master and is decided by their click, by the real door."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from fmo_bot.domain.calendars import local_date
from fmo_bot.domain.parties import Person
from fmo_bot.services import team_file
from fmo_bot.services.calendar_changes import CalendarChanges
from fmo_bot.slack.actions import PROPOSAL_ACCEPT
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import eventually

LIWEI = Person("T0HUAWEI", "U0LIWEI")
LONGER = {"zone": "Asia/Shanghai", "days": ["mon", "tue", "wed", "thu", "fri", "sat"], "hours": ["09:00", "18:00"]}


def proposal(home: House, user: str) -> tuple[str, dict[str, Any]] | None:
    """Where and what somebody is told of the proposal."""
    channel, messages = home.direct(user)
    found = [each for each in messages if "another calendar" in json.dumps(each)]
    return (channel, found[-1]) if found else None


def test_a_calendar_of_the_past_is_accepted_by_the_other_company_in_its_own_slack(tmp_path: Path) -> None:
    with house(tmp_path, "socket") as home:
        at = home.bot.clock.now()
        week_ago = local_date(at, "Asia/Shanghai") - timedelta(days=7)
        changes = CalendarChanges(home.bot.store)
        team = str(team_file.read(TEAM)["team"])
        changes.propose(LIWEI, team, LONGER, starts=week_ago, at=at)  # as the command line does it
        channel, message = eventually(lambda: proposal(home, "U0LUCIA"))
        assert "Huawei proposes" in message["text"]
        home.press("U0LUCIA", channel, message, PROPOSAL_ACCEPT)
        for user in ("U0LIWEI", "U0LUCIA"):
            eventually(lambda user=user: "has accepted it" in json.dumps(proposal(home, user)))  # type: ignore[misc]
        held = changes.show(LIWEI, team, home.bot.clock.now())
        assert [each.starts for each in held if each.side == "vendor" and each.number is None] == [None, week_ago]
