"""Several processes that store, let go of and count the same issues: nobody fails, and no figure is wrong after."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, update

from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow
from fmo_bot.db.facts import FactDueRow, FactRow, LifeRow
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import board_rows, facts
from tests.databases import until_somebody_waits
from tests.integration.test_facts import NOW, OTHERWISE, Room, made_up, said
from tests.joint_team import KnownFacts
from tests.unit.lives import FLOW

ON_POSTGRES = pytest.mark.parametrize("fresh_url", ["postgres"], indirect=True)  # SQLite lets one write at a time
GOING_ON = 60  # s, by when everything that waits has been let go on


def some(n: int) -> list[Issue]:
    chance = Random(5)
    return [made_up(chance, number) for number in range(1, n + 1)]


def two_boards(store: Store, issues: list[Issue]) -> Room:
    room = Room(store, boards=2)
    for board in (0, 1):
        room.refresh(board)
        room.keep(issues, board)
        room.refresh(board)
    return room


def agree(room: Room, issues: list[Issue], board: int = 0) -> None:
    with room.reading(board=board) as stored:
        assert said(stored, FLOW, NOW) == said(KnownFacts(issues, FLOW), FLOW, NOW)


def newer(issues: list[Issue]) -> list[Issue]:
    return [replace(each, updated=each.updated + timedelta(hours=1), status="G") for each in issues]


@ON_POSTGRES
def test_an_issue_stored_while_its_life_is_made_anew_is_the_newer_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues = some(20)
    room = two_boards(store, issues)
    with store.transaction(SYSTEM) as session:  # as after an update of the bot
        session.execute(delete(LifeRow))
        session.execute(update(BoardRow).values(facts_by="0:before"))
    make, changing = facts._make_lives, list[Any]()
    with ThreadPoolExecutor(1) as other:

        def meanwhile(*args: Any) -> None:
            if not changing:
                changing.append(other.submit(room.keep, newer(issues), 1))
                until_somebody_waits(store)
            make(*args)

        monkeypatch.setattr(facts, "_make_lives", meanwhile)
        room.refresh(0)
        changing[0].result(GOING_ON)
    agree(room, newer(issues))
    room.refresh(0)
    agree(room, newer(issues))
    room.refresh(1)
    assert room.count(FactDueRow) == 0


@ON_POSTGRES
def test_an_issue_that_leaves_the_board_while_its_facts_are_made_leaves_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues = some(20)
    room = two_boards(store, issues)
    room.change_workflow(OTHERWISE)
    make, leaving = facts._keep_facts, list[Any]()

    def let_go() -> None:
        with store.transaction(SYSTEM) as session:
            board = session.get_one(BoardRow, room.boards[0])
            board_rows.let_go(session, board, [each.id for each in issues])

    with ThreadPoolExecutor(1) as other:

        def meanwhile(*args: Any) -> None:
            if not leaving:
                leaving.append(other.submit(let_go))
                until_somebody_waits(store)
            make(*args)

        monkeypatch.setattr(facts, "_keep_facts", meanwhile)
        room.refresh(0)
        leaving[0].result(GOING_ON)
    assert (room.count(BoardIssueRow), room.count(FactRow)) == (20, 20)  # the other board's


@ON_POSTGRES
def test_whatever_happens_at_once_nobody_fails_and_figures_are_right(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "BATCH", 7)
    issues = some(40)
    room = two_boards(store, issues)
    site = 1  # the only one

    def keep(chance: Random) -> None:
        hours = timedelta(hours=chance.randrange(1000))
        chosen = chance.sample(issues, 12)
        room.keep([replace(each, updated=each.updated + hours) for each in chosen], chance.randrange(2))

    def let_go(chance: Random) -> None:
        gone = [each.id for each in chance.sample(issues, 12)]
        with store.transaction(SYSTEM) as session:
            if chance.random() < 0.3:
                board_rows.let_go_everywhere(session, site, gone)
            else:
                board = session.get_one(BoardRow, room.boards[chance.randrange(2)])
                board_rows.let_go(session, board, gone)

    def hide(chance: Random) -> None:
        hours = timedelta(hours=chance.randrange(1000))
        chosen = [each for each in chance.sample(issues, 6) if each.project == "10001"]
        room.keep([replace(each, updated=each.updated + hours, security="1") for each in chosen], chance.randrange(2))

    def refresh(chance: Random) -> None:
        room.refresh(chance.randrange(2))

    def remap(chance: Random) -> None:
        room.change_workflow(chance.choice([FLOW, OTHERWISE]))

    def other_rules(chance: Random) -> None:
        with store.transaction(SYSTEM) as session:
            number = chance.choice(room.boards)
            session.execute(update(BoardRow).where(BoardRow.id == number).values(facts_by="0:before"))

    todo: list[Callable[[Random], None]] = [keep, keep, keep, let_go, hide, refresh, refresh, remap, other_rules]

    def go_on(seed: int) -> None:
        chance = Random(seed)
        for _ in range(25):
            chance.choice(todo)(chance)

    with ThreadPoolExecutor(6) as processes:
        for each in [processes.submit(go_on, seed) for seed in range(6)]:
            each.result(GOING_ON)
    latest = [replace(each, updated=each.updated + timedelta(hours=2000)) for each in issues]
    room.change_workflow(FLOW)
    for board in (0, 1):
        room.keep(latest, board)
        agree(room, latest, board)
        room.refresh(board)
        agree(room, latest, board)
    with store.reading(SYSTEM) as session:
        assert session.query(IssueRow).count() == 40
