"""What a board no longer shows, against a Jira over real sockets: gone, left, forbidden, moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import requests

from fmo_bot.db.boards import BoardRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import BoardUnavailable
from fmo_bot.sandbox.server import Options, Sandbox
from fmo_bot.services import absences, board_quality, board_rows
from fmo_bot.services.board_quality import FORBIDDEN, HIDDEN
from fmo_bot.services.boards import SWEEP_EVERY, Boards
from tests.integration.test_boards import put_board
from tests.integration.test_facts import NOW, Room, made_up
from tests.integration.test_jira_source import FLAVOURS, HALF_WAY, board_of, source_of
from tests.joint_team import Shown, shown


@pytest.fixture(params=FLAVOURS)
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(Options(jira=request.param, start=HALF_WAY)) as box:
        yield box


class Read:
    """A board that was read, and is swept again."""

    def __init__(self, store: Store, boards: Boards, board_id: int) -> None:
        self._store, self._boards, self._board_id = store, boards, board_id
        self._at = HALF_WAY
        boards.sync(board_id, self._at)

    def sweep(self) -> Shown:
        self._at += SWEEP_EVERY + timedelta(minutes=1)
        self._boards.sync(self._board_id, self._at)
        return self.view()

    def view(self) -> Shown:
        with self._store.reading(SYSTEM) as session:
            return shown(session, self._boards, self._board_id)

    def now_called(self, key: str) -> str | None:
        with self._store.reading(SYSTEM) as session:
            site = session.get_one(BoardRow, self._board_id).site_id
            row = board_rows.issue_by_key(session, site, key)
            return row.key if row else None


def control(box: Sandbox, method: str, path: str, told: dict[str, object] | None = None) -> None:
    requests.request(method, f"{box.url}/control/jira/shared/{path}", json=told, timeout=60).raise_for_status()


def test_a_deleted_issue_leaves_the_board_and_is_said_to_be_not_visible(box: Sandbox, sqlite_store: Store) -> None:
    with source_of(box) as source:
        boards = Boards(sqlite_store, {"shared": source})
        read = Read(sqlite_store, boards, put_board(sqlite_store, jira_board_id=board_of(box)))
        before = read.view()
        key = before.issues[0].key
        control(box, "DELETE", f"issues/{key}")
        after = read.sweep()
    assert {each.key for each in before.issues} - {each.key for each in after.issues} == {key}
    assert dict(after.quality)[HIDDEN] == 1
    assert FORBIDDEN not in dict(after.quality)


def test_a_board_that_is_refused_keeps_what_was_known_of_it(box: Sandbox, sqlite_store: Store) -> None:
    with source_of(box) as source:
        boards = Boards(sqlite_store, {"shared": source})
        read = Read(sqlite_store, boards, put_board(sqlite_store, jira_board_id=board_of(box)))
        before = read.view()
        control(box, "PUT", f"projects/{before.issues[0].key.rpartition('-')[0]}", {"browse": False})
        with pytest.raises(BoardUnavailable, match="does not show board"):
            read.sweep()
        assert read.view().issues == before.issues


def test_a_moved_issue_keeps_its_id_and_stays_as_it_was_where_its_new_project_is_forbidden(
    box: Sandbox, sqlite_store: Store
) -> None:
    with source_of(box) as source:
        boards = Boards(sqlite_store, {"shared": source})
        read = Read(sqlite_store, boards, put_board(sqlite_store, jira_board_id=board_of(box)))
        before = read.view().issues[0]
        control(box, "PUT", "projects/ELSE", {"name": "Elsewhere"})
        control(box, "POST", f"issues/{before.key}/move_to", {"project": "ELSE"})
        moved = next(each for each in read.sweep().issues if each.id == before.id)
        assert moved.key.startswith("ELSE-")
        assert read.now_called(before.key) == moved.key
        control(box, "PUT", "projects/ELSE", {"browse": False})
        hidden = read.sweep()
        assert moved in hidden.issues
        assert dict(hidden.quality)[FORBIDDEN] == 1
        assert HIDDEN not in dict(hidden.quality)
        control(box, "PUT", "projects/ELSE", {"browse": True})
        assert FORBIDDEN not in dict(read.sweep().quality)


def test_an_issue_with_a_security_level_that_vanishes_is_in_no_count(sqlite_store: Store) -> None:
    room = Room(sqlite_store)
    plain, secured = (replace(made_up(Random(1), number), project="10000") for number in (1, 2))
    plain, secured = replace(plain, security=None), replace(secured, security="10100")
    room.keep([plain, secured, replace(plain, id="3")])
    for number, hidden in ((secured.id, None), (plain.id, 1)):
        with sqlite_store.transaction(SYSTEM) as session:
            board = session.get_one(BoardRow, room.boards[0])
            board.synced_at = NOW
            board_rows.let_go(session, board, [number])
            absences.note(session, board.site_id, [number], absences.Unseen.HIDDEN, NOW)
            assert dict(board_quality.found(session, board)).get(HIDDEN) == hidden
