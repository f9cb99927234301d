"""A history that lacks something does not hang together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fmo_bot.domain.issues import ASSIGNEE, FLAGGED, LINK, POINTS, RESOLUTION, SPRINT, STATUS, Change, Issue, merged
from fmo_bot.jira.proof import chained

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def change(number: int, field: str, before: str | None, after: str | None, *texts: str | None) -> Change:
    return Change(AT + timedelta(hours=number), number, field, before, after, *texts)


LIFE = (
    change(1, STATUS, "1", "3", "To Do", "Doing"),
    change(2, SPRINT, "", "12", "", "Sprint 12"),
    change(3, POINTS, None, None, None, "3"),
    change(4, FLAGGED, None, "[10019]", None, "Impediment"),
    change(5, STATUS, "3", "4", "Doing", "Review"),
    change(6, FLAGGED, "[10019]", "", "Impediment", ""),
    change(7, SPRINT, "12", "12, 13", "Sprint 12", "Sprint 12, Sprint 13"),
    change(8, POINTS, None, None, "3", "5"),
    change(9, ASSIGNEE, None, "acc-1"),
    change(10, LINK, None, "CORE-2", None, "This issue is blocked by CORE-2"),
    change(11, STATUS, "4", "6", "Review", "Done"),
    change(12, RESOLUTION, None, "10000", None, "Done"),
)
ISSUE = Issue(
    site="shared",
    id="10001",
    key="CORE-1",
    summary="UPF drops packets",
    issue_type="Bug",
    subtask=False,
    created=AT,
    updated=AT + timedelta(hours=12),
    status="6",
    status_name="Done",
    status_category="done",
    resolution="Done",
    points=5.0,
    sprints=(12, 13),
    assignee="acc-1",
    changes=LIFE,
)


def test_a_whole_history_hangs_together() -> None:
    assert chained(ISSUE)
    assert chained(replace(ISSUE, changes=()))


# History that is missing -> whether what is left shows it.
@pytest.mark.parametrize(
    ("missing", "seen"),
    [
        *((number, True) for number in (5, 6, 7, 8, 11)),
        (1, False),  # the first of its field: nothing says what was before it
        (12, False),  # the only one of its field
        (10, False),  # of a link nobody can tell
    ],
)
def test_a_missing_history_leaves_a_gap(missing: int, seen: bool) -> None:
    left = replace(ISSUE, changes=tuple(each for each in LIFE if each.history != missing))
    assert chained(left) is not seen


def test_what_the_issue_shows_now_has_to_be_where_its_history_ends() -> None:
    for other in ({"status": "7"}, {"flagged": True}, {"points": 8.0}, {"sprints": (12,)}, {"resolution": None}):
        assert not chained(replace(ISSUE, **other))


def test_a_history_that_is_not_proved_takes_nothing_away() -> None:
    cut = replace(ISSUE, changes=LIFE[6:], complete=False)
    assert merged(ISSUE, cut) == ISSUE  # the same update, and known whole
    later = replace(cut, updated=ISSUE.updated + timedelta(hours=1), changes=(*LIFE[6:], change(13, STATUS, "6", "3")))
    both = merged(ISSUE, later)
    assert [each.history for each in both.changes] == list(range(1, 14))
    assert not both.complete


def test_a_history_that_is_proved_is_the_truth() -> None:
    fewer = replace(ISSUE, changes=tuple(each for each in LIFE if each.history != 5))  # one was erased in Jira
    assert merged(ISSUE, fewer) == fewer


# What is left of a history that says it is whole.
@pytest.mark.parametrize("left", [LIFE[1:], LIFE[-2:], LIFE[-3:-2], ()])
def test_a_history_that_lost_the_beginning_we_know_takes_nothing_away(left: tuple[Change, ...]) -> None:
    cut = replace(ISSUE, changes=left, updated=ISSUE.updated + timedelta(hours=1))
    assert merged(ISSUE, cut) == replace(cut, changes=LIFE, complete=False)
    doubted = replace(cut, changes=LIFE, complete=False)
    assert merged(doubted, cut) == doubted, "nor the next time"
    assert merged(doubted, replace(cut, changes=LIFE)).complete


def test_points_of_another_field_do_not_make_a_history_begin_later() -> None:
    known = replace(ISSUE, changes=(change(0, POINTS, None, None, None, "1"), *LIFE))
    assert merged(known, ISSUE) == ISSUE
