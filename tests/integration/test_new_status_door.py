"""A new status is put to both scrum masters and settled by their clicks, by the real door."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, select

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.workflows import BoardStatusRow
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import team_file, workflows
from fmo_bot.slack.actions import STATUS_STAGE
from tests.integration.door_support import TEAM, House, house
from tests.integration.sandbox_support import eventually

QA = "10005"  # of which the workflow says nothing


def asked(home: House, user: str) -> tuple[str, dict[str, Any]] | None:
    """Where and how a scrum master is asked."""
    channel, messages = home.direct(user)
    found = [each for each in messages if STATUS_STAGE in json.dumps(each)]
    return (channel, found[-1]) if found else None


def guess_pressed(home: House, user: str) -> bool:
    """Press the guess; False where nobody is asked yet, or the other's word has changed the message just before."""
    if (found := asked(home, user)) is None:
        return False
    channel, message = found
    assert "QA" in message["text"]
    return bool(home.press(user, channel, message, f"{STATUS_STAGE}_0") == {"ok": True})


def test_both_scrum_masters_are_asked_and_settle_it_by_a_click_each(tmp_path: Path) -> None:
    file = team_file.read(TEAM)
    told = file["board"]["workflow"]
    told["stages"] = [stage for stage in told["stages"] if stage["name"] != "QA"]
    team = tmp_path / "team.yaml"
    team.write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
    with house(tmp_path, "socket", team=team) as home:
        with home.bot.store.reading(SYSTEM) as session:
            board_id = session.scalars(select(BoardRow.id)).one()
        home.bot.new_statuses.look(board_id, home.bot.clock.now())  # it is known, and left out on purpose
        assert asked(home, "U0LIWEI") is None
        with home.bot.store.transaction(SYSTEM) as session:
            session.execute(delete(BoardStatusRow).where(BoardStatusRow.status == QA))
        home.bot.new_statuses.look(board_id, home.bot.clock.now())  # now it is as if nobody had ever seen it
        for user in ("U0LIWEI", "U0LUCIA"):
            eventually(partial(guess_pressed, home, user))
        eventually(lambda: "Both sides have said so" in json.dumps(home.direct("U0LIWEI")[1]))
        with home.bot.store.reading(SYSTEM) as session:
            known = workflows.of_board(session, board_id)
        assert known is not None
        stage = known.newest.stage_of(QA)
        assert (stage is not None, known.guesses) == (True, ())
