"""Reading a whole board takes a while: how far it is is told, it may be stopped by force, and goes on where it was."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from fmo_bot.db.boards import BoardRow, IssueRow
from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Notice
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services.backfill_news import BEGUN, DONE, EVERY_S, UNDER_WAY, BackfillNews
from fmo_bot.services.backfills import Backfill
from tests.fakes import Machine
from tests.integration.command import environment, fmo_bot
from tests.integration.door_support import given_for
from tests.integration.sandbox_support import START, eventually
from tests.integration.test_boards import put_board
from tests.joint_team import JointTeam, clock

COUNT, PAGE = 1500, 20
FOR_EVER = 3600.0  # s, an answer that nobody lives to hear


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    """A Data Center with many small pages."""
    file = tmp_path / "issues.jsonl"
    file.write_text("".join(json.dumps(raw(number)) + "\n" for number in range(1, COUNT + 1)))
    with Sandbox(Options(jira="dc", issues=file, start=START)) as box:
        pages = requests.put(f"{box.url}/control/jira/shared/page_size", json={"most": PAGE}, timeout=60)
        pages.raise_for_status()
        yield box


def raw(number: int) -> dict[str, Any]:
    created = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=number)
    moved = created + timedelta(days=1)
    item = {"field": "status", "fieldtype": "jira", "from": "1", "fromString": "Open", "to": "6", "toString": "Done"}
    history = {"id": str(number), "created": moved.isoformat(), "items": [item]}
    status = {"id": "6", "name": "Done", "statusCategory": {"key": "done"}}
    fields = {"summary": "", "issuetype": {"name": "Story"}, "status": status}
    fields |= {"created": created.isoformat(), "updated": moved.isoformat()}
    return {
        "id": str(10_000 + number),
        "key": f"MANY-{number}",
        "fields": fields,
        "changelog": {"histories": [history]},
    }


def settings(box: Sandbox, folder: Path) -> dict[str, str]:
    given = given_for(box, folder)
    del given["FMO_JIRA_SHARED_EMAIL"]  # a Data Center takes a token alone
    return given


def has_begun(store: Store) -> bool:
    """Whether a part of the board has been read."""
    with store.reading(SYSTEM) as session:
        noted = session.scalars(select(BoardRow.backfill)).one()
    return bool(noted and noted["done"])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_backfill_that_was_ended_by_force_goes_on_where_it_was(
    how: signal.Signals, box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(box, tmp_path)
    migrate(given["FMO_DATABASE_URL"])
    store = Store(given["FMO_DATABASE_URL"])
    world = requests.get(f"{box.url}/control/world", timeout=60).json()["jira"][0]
    board_id = put_board(store, jira_board_id=world["boards"][0]["id"])
    site = box.world.jira["shared"].site
    monkeypatch.setattr(site.troubles, "delay", lambda path: FOR_EVER if has_begun(store) else 0.0)
    command = [sys.executable, "-m", "fmo_bot", "backfill", "5G Core"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(given), stderr=subprocess.PIPE, text=True) as started:
        eventually(lambda: has_begun(store) or started.poll() is not None)
        started.send_signal(how)
        _, said = started.communicate(timeout=60)
    if how is signal.SIGTERM:
        assert (started.returncode, "Start it again to go on from there." in said) == (1, True)
    with store.reading(SYSTEM) as session:
        place = session.get_one(BoardRow, board_id).backfill["done"]
    assert 0 < place < COUNT
    monkeypatch.undo()
    requests.post(f"{box.url}/control/jira/shared/requests", json={"forget": True}, timeout=60)
    done = fmo_bot("backfill", "5G Core", folder=tmp_path, given=given)
    assert done.returncode == 0, done.stderr
    assert f"{COUNT - place} issues now" in done.stdout
    assert "issues without their whole history" not in done.stdout
    asked = requests.get(f"{box.url}/control/jira/shared/requests", timeout=60).json()["requests"]
    searches = sum(asked["GET /rest/api/{version}/search"].values())
    sweep_and_count = COUNT // PAGE + 2
    assert searches <= (COUNT - place) // PAGE + 1 + sweep_and_count
    with store.reading(SYSTEM) as session:
        assert session.scalar(select(func.count()).select_from(IssueRow).where(IssueRow.whole)) == COUNT
        assert session.get_one(BoardRow, board_id).backfill == {}
    store.close()


def test_a_board_that_is_not_known_is_asked_about(box: Sandbox, tmp_path: Path) -> None:
    given = settings(box, tmp_path)
    done = fmo_bot("backfill", "Other", folder=tmp_path, given=given)
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            "Which board? Give its number in Jira, its name, or its joint team's name. "
            "There are: none; set up a joint team first."
        ],
    )


class News:
    """The story's joint team, told of a long read of its board."""

    def __init__(self, store: Store) -> None:
        self.team, self.machine = JointTeam(store), Machine()
        self._news = BackfillNews(store, now=lambda: clock("09:00"), machine=self.machine)
        self._backfill = Backfill(began=clock("09:00"), about=(), total=5000)

    def read(self, done: int, *, seconds: float, last: bool = False) -> None:
        self.machine.advance(seconds)
        mark = None if last else str(done)
        told = Backfill(began=self._backfill.began, about=(), total=self._backfill.total, mark=mark, done=done)
        self._news(self.team.result.board_id, told)

    def owed(self, op: str = "post") -> list[Notice]:
        found = [message for _, _, message in self.team.owed("backfill:", op=op)]
        return [message for message in found if isinstance(message, Notice)]


def test_one_message_to_the_owners_scrum_masters_is_updated_in_place(sqlite_store: Store) -> None:
    news = News(sqlite_store)
    news.read(1000, seconds=0)
    assert [notice.text for notice in news.owed()] == [BEGUN]  # Huawei's site, so Li Wei alone reads of it
    news.read(2000, seconds=10)
    (notice,) = news.owed()  # not sent yet: it is posted as it is now
    assert notice.text == UNDER_WAY
    assert notice.values == {"team": "5G Core", "done": 2000, "total": 5000, "rate": 100, "minutes": 1}
    news.team.send()
    news.read(3000, seconds=1)  # too soon after the last one
    assert news.owed("update") == []
    news.read(4000, seconds=EVERY_S)
    news.read(5000, seconds=0.5, last=True)  # the end is told at once
    (notice,) = news.owed("update")
    assert (notice.text, notice.values["done"]) == (DONE, 5000)
    assert len(news.owed()) == 1


def test_a_board_that_is_read_in_one_part_needs_no_message(sqlite_store: Store) -> None:
    news = News(sqlite_store)
    news.read(50, seconds=3, last=True)
    assert news.owed() == []
