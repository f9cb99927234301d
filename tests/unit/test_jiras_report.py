"""Jira's own sprint report beside ours: where the two differ, and why. The sprint 7 runs from hour 24 to hour 120."""

import pytest

from fmo_bot.domain import lives, sprints
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.jiras_report import JirasReport, Theirs, differences
from tests.unit.lives import FLOW, at, life, sprint

IN, OUT = {"sprint": "7"}, {"sprint": ""}
LAST_COLUMN = frozenset({"F", "X", "Q"})  # a board whose last column holds these; Gone live has no column


def told(issue: Issue, theirs: Theirs | None, *, added: bool = False) -> list[tuple[str, str, str]]:
    """(there, here, why) of each difference, where Jira's report lists nothing but this issue, and so."""
    found = sprints.report(sprint(), [lives.of(issue)], FLOW, at(500))
    jira = JirasReport(
        listed={issue.id: theirs} if theirs else {}, added=frozenset({issue.id}) if added else frozenset()
    )
    return [
        (each.theirs, each.ours, each.why)
        for each in differences(found.places, {issue.id: issue.key}, jira, LAST_COLUMN)
    ]


@pytest.mark.parametrize(
    ("issue", "theirs", "added"),
    [
        # done inside
        (life("O", (5, IN), (50, "F")), Theirs.COMPLETED, False),
        # added and not done
        (life("O", (40, IN)), Theirs.NOT_COMPLETED, True),
        # dragged out; and done elsewhere, which is both for us
        (life("O", (5, IN), (40, OUT)), Theirs.REMOVED, False),
        (life("O", (5, IN), (40, OUT), (50, "F")), Theirs.REMOVED, False),
        # done before, then put in
        (life("O", (30, "F"), (40, IN)), Theirs.ELSEWHERE, True),
        # never in it, and not listed
        (life("O"), None, False),
        # given up before it was put in: in none of our sets, and not listed
        (life("O", (5, "X"), (10, IN)), None, False),
    ],
)
def test_where_both_count_alike_nothing_is_told(issue: Issue, theirs: Theirs | None, added: bool) -> None:
    assert told(issue, theirs, added=added) == []


@pytest.mark.parametrize(
    ("issue", "theirs", "difference"),
    [
        # given up inside, in a column that Jira takes for done
        (
            life("O", (5, IN), (40, "X")),
            Theirs.COMPLETED,
            ("completed", "removed", "it was given up"),
        ),
        # given up by its resolution
        (
            life("O", (5, IN), (40, {"status": "F", "resolution": "Won't Do"})),
            Theirs.COMPLETED,
            ("completed", "removed", "it was given up"),
        ),
        # in a column that Jira takes for done, and here is work: the operator tests it
        (
            life("O", (5, IN), (40, "Q")),
            Theirs.COMPLETED,
            (
                "completed",
                "carried over",
                "its status stands in the last column of the board, and belongs to no done stage",
            ),
        ),
        # a done stage without a column
        (
            life("O", (5, IN), (40, "G")),
            Theirs.NOT_COMPLETED,
            (
                "not completed",
                "completed",
                "its status belongs to a done stage, and does not stand in the last column of the board",
            ),
        ),
        # done, then dragged out: ours stays completed
        (
            life("O", (5, IN), (40, "F"), (50, OUT)),
            Theirs.REMOVED,
            ("removed", "completed", "it was done at the end, and in the sprint when it was finished"),
        ),
        # done while it was out, put back
        (
            life("O", (5, IN), (40, OUT), (50, "F"), (60, IN)),
            Theirs.COMPLETED,
            ("completed", "removed", "it was finished while it was not in the sprint"),
        ),
        # not on Jira's board any more
        (
            life("O", (5, IN)),
            None,
            ("not listed", "carried over", "it was in the sprint at the end, neither done nor given up"),
        ),
        # listed, though its history never shows it in the sprint
        (life("O"), Theirs.REMOVED, ("removed", "not listed", "it was not in the sprint while that ran")),
        # given up before it was put in
        (
            life("O", (5, "X"), (10, IN)),
            Theirs.NOT_COMPLETED,
            ("not completed", "not listed", "it was never open while it was in the sprint"),
        ),
        # dragged out, unless Jira's answer is older
        (
            life("O", (5, IN), (40, OUT)),
            Theirs.NOT_COMPLETED,
            ("not completed", "removed", "it was not in the sprint at the end"),
        ),
        # given up inside, in a status without a column
        (
            life("O", (5, IN), (40, "X")),
            Theirs.NOT_COMPLETED,
            ("not completed", "removed", "it was given up"),
        ),
        # done before the start, reopened inside: for Jira it was there all along
        (
            life("O", (5, IN), (10, "F"), (40, "B")),
            Theirs.NOT_COMPLETED,
            ("committed", "added", "it was not in the sprint, or not open, at its start, and was later"),
        ),
    ],
)
def test_what_jira_counts_otherwise_is_told_with_what_makes_it_so(
    issue: Issue, theirs: Theirs | None, difference: tuple[str, str, str]
) -> None:
    assert told(issue, theirs) == [difference]


def test_what_jira_takes_for_added_and_was_there_is_told() -> None:
    assert told(life("O", (5, IN)), Theirs.NOT_COMPLETED, added=True) == [
        ("added", "committed", "it was in the sprint at its start, neither done nor given up")
    ]


def test_an_issue_that_is_not_counted_is_told_of_by_nobody() -> None:
    """Whoever may not know of it must not hear of it because Jira's account does."""
    jira = JirasReport(listed={"SECRET-1": Theirs.COMPLETED}, added=frozenset({"SECRET-1"}))
    assert differences((), {}, jira) == ()
