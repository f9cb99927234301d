"""A channel follows a board: changes come as one message, bulk edits as one line, and only what is joint."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from fmo_bot.db import values
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.ownership import JiraProjectRow, JointAcceptanceRow
from fmo_bot.db.store import Store
from fmo_bot.domain.issues import Change
from fmo_bot.domain.messages import BoardNews, Notice
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotAllowed
from fmo_bot.services.follows import NOTHING, Follows, NoSuchBoard, NotATeamChannel, WhichBoard
from fmo_bot.services.parties import Parties
from fmo_bot.slack.render import render
from tests.joint_team import LIWEI, LUCIA, WANG, JointTeam, board_view, clock, issue, team_file


class World:
    """The joint team, its channel following its board since one o'clock."""

    def __init__(self, store: Store, **file: Any) -> None:
        self.team = JointTeam(store, team_file(**file))
        self.store, self.history = store, 100
        self.filtered: set[str] = set()
        with store.transaction(SYSTEM) as session:
            for board in session.scalars(select(BoardRow)):
                board.shape = values.to_json(board_view().shape)
        self.follows = Follows(store, Parties(store), lambda *_: self.filtered)

    def follow(self, words: str = "1") -> Notice:
        return self.follows.typed(LIWEI, words, channel="C0JOINT", at=clock("01:00"))

    def move(self, at: str, *numbers: int, to: str = "Done", field: str = "status") -> None:
        """Issues change in Jira, and are read."""
        self.history += 1
        with self.store.transaction(SYSTEM) as session:
            board = session.scalars(select(BoardRow)).first()
            assert board is not None
            for number in numbers:
                change = Change(clock(at), self.history, field, "1", "5", "To do", to)
                moved = replace(issue(number), changes=(change,), updated=clock(at), project="10000")
                row = session.scalar(select(IssueRow).where(IssueRow.jira_issue_id == moved.id))
                told: dict[str, Any] = {"updated": moved.updated, "value": values.pack(moved)}
                if row is None:
                    known: dict[str, Any] = {
                        "jira_issue_id": moved.id,
                        "key": moved.key,
                        "summary": "",
                        "project": "10000",
                    }
                    row = IssueRow(site_id=board.site_id, status="5", status_category="done", **known, **told)
                    session.add(row)
                    session.flush()
                    session.add(BoardIssueRow(board_id=board.id, issue_id=row.id))
                row.updated, row.value = told["updated"], told["value"]

    def told(self, at: str) -> list[str]:
        """Every message of the channel, once the job ran."""
        self.follows.tell(clock(at))
        messages = [message for _, _, message in self.team.owed("follow:")]
        assert all(isinstance(each, BoardNews) for each in messages)
        return [render(each, "en").text for each in messages]


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def test_changes_close_together_are_one_message(world: World) -> None:
    world.follow()
    world.move("01:05", 1)
    assert [text.splitlines()[-1] for text in world.told("01:05")] == ["• CORE-1 moved to Done"]
    world.move("01:06", 2, to="Doing")
    (text,) = world.told("01:06")
    assert text.splitlines()[-2:] == ["• CORE-1 moved to Done", "• CORE-2 moved to Doing"]


def test_after_a_quiet_while_another_message_begins(world: World) -> None:
    world.follow()
    world.move("01:05", 1)
    world.told("01:05")
    world.move("01:08", 2)
    assert len(world.told("01:08")) == 2


def test_a_restless_board_begins_another_message_after_half_an_hour(world: World) -> None:
    world.follow()
    for minute in range(5, 37):
        world.move(f"01:{minute:02}", minute)
        texts = world.told(f"01:{minute:02}")
    assert len(texts) == 2


def test_a_bulk_edit_is_one_line(world: World) -> None:
    world.follow()
    world.move("01:05", *range(1, 38))
    (text,) = world.told("01:05")
    assert text.splitlines()[-1] == "• 37 issues moved to Done"


def test_nothing_is_told_twice_or_from_before(world: World) -> None:
    world.move("00:50", 1)
    world.follow()
    assert world.told("01:01") == []
    world.move("01:05", 2)
    assert world.told("01:05") == world.told("01:06")


def test_only_what_was_asked_for_is_told(world: World) -> None:
    world.follow("1 flagged")
    world.move("01:05", 1)
    world.move("01:05", 2, field="flagged", to="Impediment")
    (text,) = world.told("01:05")
    assert text.splitlines()[1:] == ["• CORE-2 flagged"]


def test_a_filter_tells_of_what_it_finds(world: World) -> None:
    world.filtered = {"2"}
    world.follow("filter 77")
    world.move("01:05", 1, 2)
    (text,) = world.told("01:05")
    assert text.splitlines() == ["*filter 77*", "• CORE-2 moved to Done"]


HUAWEIS = {"site": "shared", "owner": "Huawei"}


def own(world: World, **columns: Any) -> None:
    """The owner changes what is joint of the site."""
    with world.store.transaction(SYSTEM) as session:
        for project in session.scalars(select(JiraProjectRow)):
            for name, value in columns.items():
                setattr(project, name, value)


def withdraw(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:
        for acceptance in session.scalars(select(JointAcceptanceRow)):
            acceptance.withdrawn_at = clock("01:02")


def test_of_internal_issues_not_even_a_count_is_told(world: World) -> None:
    world.follow()
    withdraw(world)
    world.move("01:05", *range(1, 38))
    assert world.told("01:05") == []


# What the owner keeps internal -> what a channel hears of four changes.
@pytest.mark.parametrize(
    ("internal", "heard"),
    [
        ("sprint", ["• CORE-1 moved to Done", "• CORE-2 flagged", "• CORE-3: another assignee"]),
        ("flags", ["• CORE-1 moved to Done", "• CORE-3: another assignee", "• CORE-4 planned for Sprint 12"]),
        ("assignee", ["• CORE-1 moved to Done", "• CORE-2 flagged", "• CORE-4 planned for Sprint 12"]),
        ("status", ["• CORE-2 flagged", "• CORE-3: another assignee", "• CORE-4 planned for Sprint 12"]),
    ],
)
def test_a_change_of_a_field_that_is_internal_is_not_told(world: World, internal: str, heard: list[str]) -> None:
    own(world, internal_fields=[internal])
    world.follow()
    world.move("01:05", 1)
    world.move("01:05", 2, field="flagged", to="Impediment")
    world.move("01:05", 3, field="assignee", to="")
    world.move("01:05", 4, field="sprint", to="Sprint 12")
    (text,) = world.told("01:05")
    assert text.splitlines()[1:] == heard


def test_what_became_internal_goes_from_the_message_as_soon_as_that_is_changed(world: World) -> None:
    world.follow()
    world.move("01:05", 1)
    world.told("01:05")
    with world.store.transaction(SYSTEM) as session:
        for row in session.scalars(select(IssueRow)):
            row.secured = True
    world.move("01:06", 2)
    (text,) = world.told("01:06")
    assert text.splitlines()[1:] == ["• CORE-2 moved to Done"]


def test_a_board_with_nothing_joint_is_not_spoken_of(sqlite_store: Store) -> None:
    world = World(sqlite_store, jira=[HUAWEIS])
    with pytest.raises(NoSuchBoard) as refused:
        world.follow()
    assert "(1)" not in str(refused.value)


def test_nor_is_one_that_was_followed_before(world: World) -> None:
    world.follow()
    withdraw(world)
    listed = world.follows.typed(LUCIA, "", channel="C0JOINT", at=clock("01:01"))
    assert listed == Notice(text=NOTHING, values={})


def test_a_channel_lists_and_leaves_what_it_follows(world: World) -> None:
    world.follow()
    listed = world.follows.typed(LUCIA, "", channel="C0JOINT", at=clock("01:01"))
    assert "moved flagged assigned sprint" in listed.values["boards"]
    world.follows.typed(LUCIA, "1", channel="C0JOINT", at=clock("01:02"), stop=True)
    world.move("01:05", 1)
    assert world.told("01:05") == []


def test_who_may_not_or_means_no_board_is_told_so(world: World) -> None:
    with pytest.raises(NoSuchBoard):
        world.follow("99")
    with pytest.raises(NotAllowed):
        world.follows.typed(WANG, "1", channel="C0JOINT", at=clock("01:00"))
    with pytest.raises(NotATeamChannel):
        world.follows.typed(LIWEI, "1", channel="D0LIWEI", at=clock("01:00"))


def test_a_number_that_stands_on_two_sites_is_asked_about(world: World) -> None:
    with world.store.transaction(SYSTEM) as session:
        board = session.scalars(select(BoardRow)).one()
        other = JiraSiteRow(key="operator", acting=False)
        session.add(other)
        session.flush()
        session.add(BoardRow(team_id=board.team_id, site_id=other.id, jira_board_id=1, name="Theirs"))
    for words, choices in (
        ("1", "shared:1, operator:1"),
        ("filter 123 moved", "filter 123 shared:1, filter 123 operator:1"),
    ):
        with pytest.raises(WhichBoard) as asked:
            world.follow(words)
        assert asked.value.values["choices"] == choices
    assert world.follow("filter 123 operator:1 moved").values["typed"] == "filter 123 operator:1"
    world.follow("Theirs")
    listed = world.follow("").values["boards"]
    assert "Theirs [" in listed
    assert "filter 123 [moved]" in listed


def test_what_nobody_follows_is_not_said_to_be_left(world: World) -> None:
    left = world.follows.typed(LIWEI, "1", channel="C0JOINT", at=clock("01:00"), stop=True)
    assert left.text.startswith("This channel does not follow")
    assert world.follow("").values["boards"] == "(1)"  # it was never read, so its name is not known yet
