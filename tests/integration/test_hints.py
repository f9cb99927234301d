"""From a webhook to what is stored: one question for many hints, none for what concerns nobody, truth from Jira."""

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.hooks import JiraHookRow
from fmo_bot.db.ledger import InboxRow
from fmo_bot.db.secrets import Vault, new_key
from fmo_bot.db.store import Store
from fmo_bot.delivery import inbox
from fmo_bot.domain.hints import Hint
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import ComeAgain
from fmo_bot.services.boards import Boards
from fmo_bot.services.hinted import Hinted
from fmo_bot.services.hooks import FORMER_FOR, JOB, Hooks, new_secret
from tests.fakes import Machine
from tests.integration.test_boards import AT, SPRINT, FakeSource, issue, put_board, view

LATER = AT + timedelta(hours=1)
NUMBERS = iter(range(10_000))


def hint(*issues: str, site: str = "shared", project: str | None = "CORE", **more: Any) -> Hint:
    """A hint that nobody had before."""
    key = more.pop("event_key", f"jira:{site}:{next(NUMBERS)}")
    return Hint(site=site, event_key=key, issues=issues, project=project if issues else None, **more)


class Site:
    """A site with a board that was read, and what its webhooks lead to."""

    def __init__(self, store: Store, *sources: FakeSource) -> None:
        self.store, self.machine = store, Machine()
        self.source = sources[0] if sources else FakeSource()
        if not self.source.issues:
            self.source.hold(issue(number) for number in range(1, 6))
        self.board = put_board(store)
        self.boards = Boards(store, {"shared": self.source})
        self.boards.sync(self.board, AT)
        self.source.asked_since.clear()
        self.hooks = Hooks(store, {"shared": "secret"}, Vault([]), machine=self.machine)
        self.hinted = Hinted(store, self.boards)

    def take(self, *hints: Hint) -> list[bool]:
        return [self.hooks.take("shared", each, AT) for each in hints]

    def work(self) -> int:
        """Work everything that waits, a second later; how many jobs that was."""
        self.machine.advance(inbox.GATHERS_S)
        worked = 0
        while job := inbox.claim(self.store, owner="one", now=self.machine()):
            inbox.work(self.store, job, {JOB: self.hinted.look}, at=AT, machine=self.machine)
            worked += 1
        return worked

    def rows(self) -> list[str]:
        with self.store.reading(SYSTEM) as session:
            return list(session.scalars(select(InboxRow.state).order_by(InboxRow.id)))

    def shown(self) -> set[str]:
        return {each.id for each in view(self.store, self.boards, self.board).issues}

    def change(self, numbers: Iterable[int]) -> None:
        self.source.hold(issue(number, updated=LATER, status="6") for number in numbers)


def test_five_hundred_hints_of_a_bulk_edit_are_one_question(store: Store) -> None:
    source = FakeSource()
    source.hold(issue(number) for number in range(1, 501))
    site = Site(store, source)
    site.change(range(1, 501))
    assert all(site.take(*(hint(str(number)) for number in range(1, 501))))
    assert site.work() == 1
    assert [len(ids) for ids in source.fresh_ids] == [500]
    assert (source.asked_since, source.read_ids) == ([], [])
    assert {each.status for each in view(store, site.boards, site.board).issues} == {"6"}
    assert set(site.rows()) == {"done"}


def test_the_issue_is_read_past_the_index_that_does_not_know_the_change_yet(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    site.change([3])
    site.source.hidden = {"3"}
    site.take(hint("3"))
    site.work()
    assert issue(3, updated=LATER, status="6") in view(sqlite_store, site.boards, site.board).issues


def test_a_repetition_is_known_and_costs_nothing(store: Store) -> None:
    site = Site(store)
    assert site.take(*[hint("3", event_key="jira:shared:same")] * 3) == [True, False, False]
    assert (site.work(), site.source.fresh_ids) == (1, [["3"]])
    assert site.take(hint("3", event_key="jira:shared:same")) == [False]
    assert site.work() == 0


# Hints that concern no board of ours: nothing is written down and nothing is asked.
NOBODYS = {
    "an issue of another project": hint("77", project="HR"),
    "a comment on an issue nobody holds": hint("77", project=None),
    "a link between such issues": hint("77", "78", project=None),
    "a board nobody follows": hint(board=9),
    "a sprint of it": hint(sprint=99, board=9),
    "an issue of the same number on another site": hint("3", site="elsewhere"),
    "an event that names nothing": hint(),
}


@pytest.mark.parametrize("case", NOBODYS)
def test_what_concerns_no_board_costs_nothing(case: str, sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    assert site.take(NOBODYS[case]) == [False]
    assert (site.rows(), site.work(), site.source.fresh_ids, site.source.read_ids) == ([], 0, [], [])


def test_an_issue_that_comes_to_the_board_is_asked_for_as_far_as_the_board_shows_it(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    site.source.hold([issue(6)])
    site.take(hint("6"), hint("404"))
    site.work()
    assert (site.source.read_ids, site.shown()) == (["404", "6"], {"1", "2", "3", "4", "5", "6"})


def test_a_deleted_issue_leaves_every_board_and_only_when_it_is_gone(store: Store) -> None:
    site = Site(store)
    other = put_board(store, jira_board_id=2)
    site.boards.sync(other, AT)
    del site.source.issues["1"]
    site.take(hint("1", deleted=True), hint("2", deleted=True))  # the second is a lie, or a replay
    site.work()
    assert site.shown() == {"2", "3", "4", "5"}
    assert {each.id for each in view(store, site.boards, other).issues} == {"2", "3", "4", "5"}


def test_an_issue_that_is_not_to_be_seen_for_a_moment_stays(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    del site.source.issues["1"]
    site.take(hint("1"))
    site.work()
    assert "1" in site.shown()


def test_a_moved_issue_keeps_its_identity(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    site.source.hold([issue(3, updated=LATER, key="RAN-9")])
    site.take(hint("3", project="RAN"))
    site.work()
    keys = {each.id: each.key for each in view(sqlite_store, site.boards, site.board).issues}
    assert (len(keys), keys["3"]) == (5, "RAN-9")


def test_hints_out_of_order_and_old_ones_change_nothing(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    site.change([3])
    site.take(hint("3"))
    site.work()
    site.source.hold([issue(3)])  # a node of the site that lags answers the replay of an older event
    site.take(hint("3"))
    site.work()
    assert issue(3, updated=LATER, status="6") in view(sqlite_store, site.boards, site.board).issues


@pytest.mark.parametrize("which", [hint(sprint=12, board=7), hint(sprint=13, board=1), hint(board=1)])
def test_a_sprint_or_board_event_reads_its_board_once(which: Hint, sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    site.source.sprint_list = (replace(SPRINT, state="closed"),)
    site.take(which, replace(which, event_key="another"))
    assert (site.work(), len(site.source.asked_since)) == (1, 1)
    assert view(sqlite_store, site.boards, site.board).sprints == site.source.sprint_list


def test_a_site_that_is_down_is_asked_again_later_with_everything_that_came_meanwhile(store: Store) -> None:
    site = Site(store)
    site.source.down = "Jira site shared does not answer."
    site.take(hint("1"), hint("2"))
    assert (site.work(), set(site.rows())) == (1, {"ready"})
    site.take(hint("3"))
    site.source.down = ""
    site.machine.advance(inbox.FIRST_PAUSE_S)
    assert (site.work(), site.source.fresh_ids, set(site.rows())) == (1, [["1", "2", "3"]], {"done"})


def test_one_site_keeps_one_hand_busy_and_no_other_work_waits_for_it(store: Store) -> None:
    site = Site(store)
    site.take(hint("1"))
    site.machine.advance(inbox.GATHERS_S)
    first = inbox.claim(store, owner="one", now=site.machine())
    site.take(hint("2"))
    with store.transaction(SYSTEM) as session:
        inbox.record(session, event_key="click", kind="report", payload={}, at=AT)
    site.machine.advance(inbox.GATHERS_S)
    click = inbox.claim(store, owner="two", now=site.machine())
    nothing = inbox.claim(store, owner="two", now=site.machine())
    assert first is not None
    assert click is not None
    assert (first.kind, click.kind, nothing) == (JOB, "report", None)
    inbox.work(store, first, {JOB: site.hinted.look}, at=AT, machine=site.machine)
    second = inbox.claim(store, owner="two", now=site.machine())
    assert second is not None
    assert second.payload[inbox.BUNDLE][0]["issues"] == ["2"]


def test_a_bundle_whose_process_was_killed_is_worked_one_by_one(store: Store) -> None:
    site = Site(store)
    site.take(hint("1"), hint("2"))
    site.machine.advance(inbox.GATHERS_S)
    lost = inbox.claim(store, owner="one", now=site.machine())
    assert lost is not None
    assert len(lost.rows) == 2
    site.machine.advance(inbox.LEASE_S + 1)
    assert site.work() == 2
    assert site.source.fresh_ids == [["1"], ["2"]]
    inbox.work(store, lost, {JOB: site.hinted.look}, at=AT, machine=site.machine)  # it was only frozen
    assert set(site.rows()) == {"done"}


def test_it_is_known_when_the_last_webhook_came_and_when_one_was_refused(store: Store) -> None:
    site = Site(store)
    site.hooks.take("shared", None, AT)
    site.hooks.take("shared", None, AT + timedelta(seconds=59))  # noted to the minute
    site.hooks.refused("shared", LATER)
    with store.reading(SYSTEM) as session:
        arrived = session.scalar(select(JiraSiteRow.webhook_at))
        refused = session.scalar(select(JiraHookRow.refused_at))
    assert (arrived, refused) == (AT, LATER)
    site.hooks.take("shared", None, LATER)
    with store.reading(SYSTEM) as session:
        assert session.scalar(select(JiraSiteRow.webhook_at)) == LATER


def test_a_secret_address_opens_and_a_new_one_takes_its_place_after_a_day(store: Store) -> None:
    hooks = Hooks(store, {}, Vault([]))
    assert not hooks.opens("dc", "", AT)
    first = new_secret(store, "dc", AT)
    assert hooks.opens("dc", first, AT)
    assert not hooks.opens("dc", first + "x", AT)
    assert not hooks.opens("other", first, AT)
    second = new_secret(store, "dc", AT)
    assert [hooks.opens("dc", each, AT + FORMER_FOR - timedelta(seconds=1)) for each in (first, second)] == [True, True]
    assert [hooks.opens("dc", each, AT + FORMER_FOR) for each in (first, second)] == [False, True]
    third = new_secret(store, "dc", AT, at_once=True)  # the former one was seen by somebody
    assert [hooks.opens("dc", each, AT) for each in (second, third)] == [False, True]


def test_a_secret_address_is_not_in_the_database(sqlite_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = new_secret(sqlite_store, "dc", AT)
    with sqlite_store.reading(SYSTEM) as session:
        row = session.scalars(select(JiraHookRow)).one()
        assert secret not in json.dumps([row.digest, row.former])
    assert secret not in caplog.text


def test_the_signing_secret_of_a_connected_site_is_opened_by_its_key(store: Store) -> None:
    vault = Vault([new_key()])
    with store.transaction(SYSTEM) as session:
        session.add(JiraSiteRow(key="own", webhook_secret=vault.seal("of the database")))
        session.add(JiraSiteRow(key="none"))
    hooks = Hooks(store, {"shared": "of the settings"}, vault)
    assert [hooks.secret(site) for site in ("shared", "own", "none", "unknown")] == [
        "of the settings",
        "of the database",
        None,
        None,
    ]


def test_while_the_database_does_not_answer_the_sender_is_asked_to_come_again(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(sqlite_store)
    monkeypatch.setattr("fmo_bot.db.store.BUSY_S", 0)
    impatient = Store(str(sqlite_store.engine.url))
    with sqlite_store.transaction(SYSTEM) as session:
        session.execute(select(InboxRow.id))  # now nobody else may write
        with pytest.raises(ComeAgain, match="sent again"):
            Hooks(impatient, {"shared": "secret"}, Vault([])).take("shared", hint("3"), AT)
    impatient.close()
    assert site.rows() == []
