"""One issue's timeline: definitions 1, 2, 3, 5 and 6."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import lives
from fmo_bot.domain.intervals import measure, ms
from fmo_bot.domain.issues import PROJECT, STATUS, Change, Issue
from fmo_bot.domain.quality import ledger
from fmo_bot.domain.timelines import timeline
from tests.unit.lives import FLOW, MONDAY, Event, at, at_ms, hour, life, seen

HOUR = 3_600_000
WONT = {"resolution": "Won't Do"}
LATER = 1000


@pytest.mark.parametrize(
    ("issue", "started", "finished", "abandoned"),
    [
        # the plain way through
        (life("O", (1, "R"), (2, "B"), (9, "F")), 1, 9, None),
        # created in a working stage: starts at once
        (life("B", (9, "F")), 0, 9, None),
        # back past the commitment point: the clock starts anew
        (life("O", (1, "B"), (2, "O"), (5, "B"), (9, "F")), 5, 9, None),
        # back past the commitment point and still there: neither started nor finished
        (life("O", (1, "B"), (2, "O")), None, None, None),
        # done, then back past the commitment point: not finished either
        (life("O", (1, "B"), (2, "F"), (3, "O")), None, None, None),
        # reopened after done: the second finish counts, the first start stays
        (life("O", (1, "B"), (5, "F"), (7, "Q"), (9, "F")), 1, 9, None),
        # reopened and not done again
        (life("O", (1, "B"), (5, "F"), (7, "Q")), 1, None, None),
        # from one done status to another: the run is unbroken
        (life("O", (1, "B"), (5, "F"), (7, "G")), 1, 5, None),
        # straight to done: finished, never started
        (life("O", (4, "F")), None, 4, None),
        # done, then a status in no stage: still finished, at the same instant
        (life("O", (1, "B"), (5, "F"), (7, "U")), 1, 5, None),
        # done, no stage, done: the run is unbroken
        (life("O", (1, "B"), (5, "F"), (7, "U"), (8, "G")), 1, 5, None),
        # a status in no stage does not start the clock
        (life("O", (1, "U"), (3, "B")), 3, None, None),
        # nor does it end a wait before the commitment point
        (life("O", (1, "B"), (2, "U"), (3, "B")), 1, None, None),
        # only ever in no stage
        (life("U", (1, "U")), None, None, None),
        # given up by status
        (life("O", (1, "B"), (5, "X")), 1, None, 5),
        # given up by resolution, in the same history as done
        (life("O", (1, "B"), (5, {"status": "F"} | WONT)), 1, None, 5),
        # ... in a history of its own, later
        (life("O", (1, "B"), (5, "F"), (6, WONT)), 1, None, 6),
        # ... earlier, while still at work: only done makes it given up
        (life("O", (1, "B"), (4, WONT), (5, "F")), 1, None, 5),
        # the resolution alone gives nothing up
        (life("O", (1, "B"), (4, WONT)), 1, None, None),
        # set and taken back while done: finished after all, when it was done
        (life("O", (1, "B"), (5, "F"), (6, WONT), (7, {"resolution": "Done"})), 1, 5, None),
        # another resolution than those listed
        (life("O", (1, "B"), (5, {"status": "F", "resolution": "Done"})), 1, 5, None),
        # held since it was created, with no item that says so
        (life("O", (1, "B"), (5, "F"), begins=WONT), 1, None, 5),
        # the apostrophe that Jira shows on some sites
        (life("O", (1, "B"), (5, {"status": "F", "resolution": "Won’t Do"})), 1, None, 5),
        # given up, then taken up again and finished
        (life("O", (1, "B"), (5, "X"), (6, "B"), (9, "F")), 1, 9, None),
        # given up breaks the run of done
        (life("O", (1, "B"), (5, "F"), (6, "X"), (7, "G")), 1, 7, None),
        # a working stay of no length still starts the clock
        (life("O", (3, "B"), (3, "F")), 3, 3, None),
        # a stay of no length before the commitment point still takes the start back
        (life("O", (1, "B"), (3, "O"), (3, "B")), 3, None, None),
        # no event at all
        (life("B"), 0, None, None),
    ],
)
def test_started_finished_and_abandoned(
    issue: Issue, started: float | None, finished: float | None, abandoned: float | None
) -> None:
    line = seen(issue, LATER)
    assert (hour(line.started), hour(line.finished), hour(line.abandoned)) == (started, finished, abandoned)


def test_two_items_in_one_history_count_at_once() -> None:
    """Through Build into Done by one history: no stay in between, nothing started."""
    both = [Change(at(3), 1, STATUS, "O", "B"), Change(at(3), 1, STATUS, "B", "F")]
    line = seen(replace(life("O", (3, "F")), changes=tuple(both)), 9)
    assert [status for _, _, status in line.stays] == ["O", "F"]
    assert (line.started, hour(line.finished), line.life.gaps) == (None, 3, ())


def test_histories_of_one_instant_are_ordered_by_their_numeric_id() -> None:
    later_id, earlier_id = Change(at(3), 10, STATUS, "B", "F"), Change(at(3), 9, STATUS, "O", "B")
    line = seen(replace(life("O", (3, "F")), changes=(later_id, earlier_id)), 9)
    assert [status for _, _, status in line.stays] == ["O", "B", "F"]


def test_back_before_the_commitment_point_is_counted_beside_having_no_start() -> None:
    back = seen(life("O", (1, "B"), (2, "O")), 9)
    fresh = seen(life("O"), 9)
    assert (back.standing.back, ledger([back]).never_started) == (True, True)
    assert (fresh.standing.back, ledger([fresh]).never_started) == (False, True)


def test_as_of_hides_every_later_event_and_keeps_one_of_that_instant() -> None:
    issue = life("O", (1, "B"), (5, "F"))
    assert seen(issue, 5).finished == at_ms(5)
    assert timeline(lives.of(issue), FLOW, at_ms(5) - 1).finished is None
    assert seen(issue, 0.5).stays[0][2] == "O"
    assert seen(issue, -1).stays == []


def test_cycle_time_and_work_span() -> None:
    line = seen(life("O", (1, "B"), (2, "O"), (5, "B"), (9, "F")), 20)
    assert (line.cycle_ms, line.work_span_ms) == (4 * HOUR, 8 * HOUR)
    assert seen(life("O", (4, "F")), 20).cycle_ms is None


def test_a_gap_is_counted_and_the_newer_value_wins() -> None:
    issue = life("O", (1, "B"), (5, "F"))
    broken = replace(issue, changes=(issue.changes[0], replace(issue.changes[1], before="Q")))
    line = seen(broken, 9)
    assert (ledger([line]).gaps, hour(line.finished)) == (1, 5)


def test_where_the_issue_says_another_status_the_changelog_wins_and_it_is_counted() -> None:
    issue = replace(life("O", (1, "B")), status="F")
    line = seen(issue, 9)
    assert ledger([line]).disagreeing == {"status": 1}
    assert ledger([seen(issue, 0.5)]).disagreeing == {}  # nobody knew of the item yet
    assert line.finished is None


def test_an_event_before_the_issue_moves_its_creation_back_and_is_counted() -> None:
    line = seen(life("O", (1, "B"), created=3), 9)
    assert (hour(line.life.created), hour(line.started), line.life.before_created) == (1, 1, 1)


def test_an_issue_that_came_from_another_project_is_known_as_moved() -> None:
    move = Change(at(2), 5, PROJECT, "1", "2", "OLD", "CORE")
    assert ledger([seen(replace(life("O"), changes=(move,)), 9)]).moved
    assert not ledger([seen(replace(life("O"), changes=(move,)), 1)]).moved


@pytest.mark.parametrize(
    ("issue", "parts"),
    [
        # every kind of part, and what lies before the start or after the finish is in none
        (
            life("O", (1, "R"), (2, "B"), (4, "W"), (7, "U"), (11, "Q"), (16, "F")),
            {"waiting:vendor": 1, "active:vendor": 2, "waiting:operator": 3, "unmapped": 4, "active:operator": 5},
        ),
        # done before a reopening
        (life("O", (1, "B"), (3, "F"), (6, "B"), (7, "F")), {"active:vendor": 3, "done": 3}),
        # given up before it was taken up again
        (life("O", (1, "B"), (3, "X"), (6, "B"), (7, "F")), {"active:vendor": 3, "done": 3}),
        # given up by resolution: up to then it was done
        (life("O", (1, "B"), (3, "F"), (5, WONT)), {"active:vendor": 2, "done": 2}),
        # still at work: up to as_of
        (life("O", (1, "B")), {"active:vendor": 99}),
        # still in no stage: up to as_of
        (life("O", (1, "B"), (2, "U")), {"active:vendor": 1, "unmapped": 98}),
        # never started: nothing to split
        (life("O", (4, "F")), {}),
    ],
)
def test_the_split_of_a_span(issue: Issue, parts: dict[str, int]) -> None:
    split = seen(issue, 100).split_ms
    assert {part: took / HOUR for part, took in split.items()} == parts


def test_time_in_a_stage_without_a_side_belongs_to_side_none() -> None:
    nobody = replace(FLOW, stages=tuple(replace(stage, side=None) for stage in FLOW.stages))
    assert seen(life("O", (1, "B"), (3, "F")), 9, nobody).split_ms == {"active:none": 2 * HOUR}


@pytest.mark.parametrize(
    ("issue", "flags"),
    [
        # set and cleared
        (life("B", (2, {"flagged": "Impediment"}), (5, {"flagged": ""})), [(2, 5)]),
        # set before the start, cleared after the finish
        (life("O", (1, {"flagged": "Impediment"}), (2, "B"), (5, "F"), (8, {"flagged": ""})), [(1, 8)]),
        # a changed value continues it
        (
            life("B", (2, {"flagged": "Impediment"}), (3, {"flagged": "Impediment, Vendor"}), (5, {"flagged": ""})),
            [(2, 5)],
        ),
        # twice
        (
            life("B", *((when, {"flagged": "Impediment" if when in (2, 6) else ""}) for when in (2, 3, 6, 8))),
            [(2, 3), (6, 8)],
        ),
        # never cleared
        (life("B", (2, {"flagged": "Impediment"})), [(2, 20)]),
        # held since the beginning, with no item
        (life("B", begins={"flagged": "Impediment"}), [(0, 20)]),
        # held since the beginning and cleared
        (life("B", (3, {"flagged": ""}), begins={"flagged": "Impediment"}), [(0, 3)]),
        # never
        (life("B"), []),
    ],
)
def test_when_an_issue_was_flagged(issue: Issue, flags: list[tuple[int, int]]) -> None:
    line = seen(issue, 20)
    assert [((start - ms(MONDAY)) / HOUR, (end - ms(MONDAY)) / HOUR) for start, end in line.flags] == flags
    assert line.flagged == bool(flags and flags[-1][1] == 20)


STATUSES = st.sampled_from("ORBWQFGXU")
EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.tuples(
        st.floats(0, 500).map(lambda hours: round(hours, 4)),
        st.fixed_dictionaries(
            {}, optional={"status": STATUSES, "resolution": st.sampled_from(["Won't Do", "Done", None])}
        ),
    ),
    max_size=12,
).map(lambda events: sorted(events, key=lambda event: event[0]))


@given(STATUSES, EVENTS, st.floats(0, 600))
def test_the_parts_sum_exactly_to_the_span(first: str, events: list[Event], as_of: float) -> None:
    line = seen(life(first, *events), as_of)
    length = line.span[1] - line.span[0] if line.span else 0
    assert sum(line.split_ms.values()) == length
    assert measure((start, end) for _, start, end in line.parts()) == length


@given(STATUSES, EVENTS, st.randoms())
def test_shuffled_histories_change_nothing(first: str, events: list[Event], rng: random.Random) -> None:
    issue = life(first, *events)
    histories: dict[int, list[Change]] = {}
    for change in issue.changes:
        histories.setdefault(change.history, []).append(change)
    order = list(histories.values())
    rng.shuffle(order)
    shuffled = replace(issue, changes=tuple(change for items in order for change in items))
    ordered, mixed = seen(issue, 600), seen(shuffled, 600)
    assert mixed == ordered


@given(STATUSES, EVENTS)
def test_a_history_split_by_field_into_several_of_the_same_instant_changes_nothing(
    first: str, events: list[Event]
) -> None:
    issue = life(first, *events)
    apart = tuple(replace(change, history=10 * change.history + (change.field != STATUS)) for change in issue.changes)
    split = seen(replace(issue, changes=apart), 600)
    whole = seen(issue, 600)
    assert (split.standing, split.stays, split.parts()) == (whole.standing, whole.stays, whole.parts())


@given(STATUSES, EVENTS, st.floats(0, 500))
def test_what_was_known_at_an_instant_is_what_a_shorter_history_tells(
    first: str, events: list[Event], as_of: float
) -> None:
    """as_of hides every later event: the issue cut at as_of tells the same."""
    whole = life(first, *events)
    cut = life(first, *[event for event in events if at(event[0]) <= at(as_of)])
    then = seen(whole, as_of)
    assert (then.standing, then.stays) == (seen(cut, as_of).standing, seen(cut, as_of).stays)
