"""Time lost to waiting (definition 10): by side, both at once, in all, and in weeks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain.blockers import Blocker
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.intervals import Interval, measure
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.waiting import Lost, Waited, by_week, lost, of_blocker, of_issue, waited
from tests.unit.lives import at, at_ms, life, seen

HOUR = 3_600_000
MONDAY = 493_008 * HOUR  # 00:00 UTC of Monday, 30 March 2026, in epoch milliseconds
ROUND_THE_CLOCK = SideCalendar("UTC", frozenset(range(7)), 0, 1440)
OFFICE = SideCalendar("UTC")  # Monday to Friday, 09:00 to 18:00


def hours(first: int, last: int) -> Interval:
    """Hours after the Monday's midnight."""
    return MONDAY + first * HOUR, MONDAY + last * HOUR


def told(waiting: Waited, **calendars: SideCalendar) -> Lost:
    """All of it in one window."""
    (found,) = lost([waiting], [(0, 2 * MONDAY)], calendars)
    return found


@pytest.mark.parametrize(
    ("span", "found", "elapsed", "together", "total"),
    [
        # one stay
        ((0, 50), [("vendor", (10, 20))], {"vendor": 10}, 0, 10),
        # a blocker against the side of the stage counts once
        ((0, 50), [("vendor", (10, 20)), ("vendor", (15, 25))], {"vendor": 15}, 0, 15),
        # two sides at once: for each, and once as both
        ((0, 50), [("vendor", (10, 20)), ("operator", (15, 25))], {"operator": 10, "vendor": 10}, 5, 15),
        # three at once are still one piece of time
        ((0, 50), [("vendor", (0, 9)), ("operator", (0, 9)), ("external", (0, 9))],
         {"external": 9, "operator": 9, "vendor": 9}, 9, 9),
        # only inside the span, at both ends
        ((10, 20), [("vendor", (0, 12)), ("vendor", (18, 30))], {"vendor": 4}, 0, 4),
        # before it started, after it ended, of no length, and raised after as_of (ends before it begins)
        ((10, 20), [("vendor", (0, 10)), ("vendor", (20, 30)), ("vendor", (15, 15)), ("vendor", (16, 12))], {}, 0, 0),
        # a waiting stage that names no side
        ((0, 50), [("none", (10, 20)), ("vendor", (12, 14))], {"none": 10, "vendor": 2}, 2, 10),
        # never started
        (None, [("vendor", (10, 20))], {}, 0, 0),
    ],
)  # fmt: skip
def test_time_lost_by_one_issue(
    span: tuple[int, int] | None,
    found: list[tuple[str, tuple[int, int]]],
    elapsed: dict[str, int],
    together: int,
    total: int,
) -> None:
    figures = told(waited(hours(*span) if span else None, [(side, hours(*each)) for side, each in found]))
    assert {side: each // HOUR for side, each in figures.elapsed.items()} == elapsed
    assert (figures.together // HOUR, figures.total // HOUR) == (together, total)


def test_a_sides_working_time_is_that_of_its_own_calendar() -> None:
    """From Monday 12:00 to Tuesday 12:00: 24 hours elapsed, 9 in an office."""
    waiting = waited(hours(0, 100), [("vendor", hours(12, 36)), ("operator", hours(12, 36)), ("unknown", hours(0, 9))])
    found = told(waiting, vendor=OFFICE, operator=ROUND_THE_CLOCK)
    assert found.working == {"vendor": 9 * HOUR, "operator": 24 * HOUR}
    assert found.elapsed == {"vendor": 24 * HOUR, "operator": 24 * HOUR, "unknown": 9 * HOUR}


def test_issues_are_summed_in_issue_hours_and_cut_by_the_week() -> None:
    two = [waited(hours(0, 400), [("vendor", hours(160, 172))]), waited(hours(0, 400), [("vendor", hours(166, 167))])]
    weeks = lost(two, [hours(0, 168), hours(168, 336)], {})
    assert [week.elapsed["vendor"] // HOUR for week in weeks] == [8 + 1, 4]
    assert lost([], [hours(0, 168)], {}) == (Lost(window=hours(0, 168), elapsed={}, working={}, alone={}, together=0),)


def blocker(side: str, since: float, resolved: float | None = None) -> Blocker:
    return Blocker(
        waiting="vendor", waited_on=side, since=at(since), resolved=None if resolved is None else at(resolved)
    )


THROUGH = life("O", (1, "R"), (3, "B"), (5, "W"), (8, "F"))


@pytest.mark.parametrize(
    ("issue", "recorded", "as_of", "elapsed", "together"),
    [
        # its waiting stages, also the one at the commitment point
        (THROUGH, [], 20, {"operator": 3, "vendor": 2}, 0),
        # as it was known in the middle of a wait
        (THROUGH, [], 6, {"operator": 1, "vendor": 2}, 0),
        # a blocker that begins while another side is waited for and ends within its own side's stage
        (THROUGH, [blocker("operator", 2, 6)], 20, {"operator": 6, "vendor": 2}, 1),
        # one that is not resolved yet, and one that was resolved only later
        (THROUGH, [blocker("external", 4)], 6, {"external": 2, "operator": 1, "vendor": 2}, 1),
        (THROUGH, [blocker("external", 4, 7)], 6, {"external": 2, "operator": 1, "vendor": 2}, 1),
        # one that nobody had raised yet
        (THROUGH, [blocker("external", 7)], 6, {"operator": 1, "vendor": 2}, 0),
        # one that outlives the issue is cut to its span
        (THROUGH, [blocker("unknown", 7)], 20, {"operator": 3, "unknown": 1, "vendor": 2}, 1),
        # a flag says nothing about a side: it is no recorded blocker
        (life("O", (1, "B"), (2, {"flag": "Impediment"}), (9, "F")), [], 20, {}, 0),
        # taken back before the commitment point: the wait before that is forgotten with the start
        (life("O", (1, "R"), (3, "O"), (5, "W"), (8, "F")), [], 20, {"operator": 3}, 0),
        # never started
        (life("O", (8, "F")), [blocker("operator", 2, 6)], 20, {}, 0),
    ],
)
def test_time_lost_as_a_timeline_shows_it(
    issue: Issue, recorded: list[Blocker], as_of: float, elapsed: dict[str, int], together: int
) -> None:
    figures = told(of_issue(seen(issue, as_of), recorded))
    assert {side: each // HOUR for side, each in figures.elapsed.items()} == elapsed
    assert figures.together // HOUR == together


@pytest.mark.parametrize(
    ("stood", "hours_lost"),
    [(blocker("operator", 2, 6), 4), (blocker("operator", 15), 5), (blocker("operator", 21), 0)],
)
def test_a_blocker_without_an_issue_counts_from_raised_to_resolved(stood: Blocker, hours_lost: int) -> None:
    assert told(of_blocker(stood, at_ms(20))).total == hours_lost * HOUR


def test_weeks_are_those_of_the_zone_cut_to_what_was_asked() -> None:
    """Two weeks in Shanghai, the first of them asked from its Wednesday on, the second not over yet."""
    long = waited(hours(0, 1000), [("vendor", hours(0, 1000)), ("operator", hours(200, 210))])
    since, until = hours(40, 300)  # Tuesday 16:00 UTC, when it is Wednesday in Shanghai
    first, second = by_week(
        [long], since=since, until=until, zone="Asia/Shanghai", as_of=until, calendars={"vendor": OFFICE}
    )
    assert (first.label, first.partial, second.label, second.partial) == ("2026-W14", True, "2026-W15", True)
    assert (first.total_s, second.total_s) == (120 * 3600, 140 * 3600)
    assert [(wait.side, wait.waited_s, wait.alone_s, wait.working_s) for wait in second.waits] == [
        ("operator", 10 * 3600, 0, None),
        ("vendor", 140 * 3600, 130 * 3600, 5 * 9 * 3600),
    ]
    assert second.both_s == 10 * 3600


SPANS = st.tuples(st.integers(-200, 200), st.integers(-200, 200)).map(lambda pair: hours(*sorted(pair)))
WAITED = st.lists(st.tuples(st.sampled_from(["vendor", "operator", "partner:x"]), SPANS), max_size=6)


@given(SPANS, WAITED)
def test_no_issue_loses_more_than_its_span_and_both_count(span: Interval, each: list[tuple[str, Interval]]) -> None:
    waiting = waited(span, each)
    found = told(waiting)
    assert found.total == measure(piece for pieces in waiting.by_side.values() for piece in pieces) <= span[1] - span[0]
    assert all(found.elapsed[side] >= found.alone[side] for side in found.elapsed)
    # counted for each: once more for every further side, and 'both' holds it once
    assert found.total <= sum(found.elapsed.values()) <= found.total + (len(found.elapsed) - 1) * found.together


@given(st.lists(st.tuples(SPANS, WAITED), max_size=4), st.lists(st.integers(-210, 210), min_size=2, max_size=5))
def test_weeks_sum_to_the_whole(issues: list[tuple[Interval, list[tuple[str, Interval]]]], edges: list[int]) -> None:
    every = [waited(span, each) for span, each in issues]
    marks = [hours(edge, 0)[0] for edge in (-211, *sorted(edges), 211)]
    calendars = {"vendor": OFFICE, "operator": SideCalendar("Asia/Shanghai")}
    (whole,) = lost(every, [(marks[0], marks[-1])], calendars)
    parts = lost(every, pairwise(marks), calendars)
    for name in ("elapsed", "working", "alone"):
        of = {side: sum(getattr(part, name)[side] for part in parts) for side in getattr(whole, name)}
        assert of == getattr(whole, name)
    assert sum(part.together for part in parts) == whole.together
    assert sum(part.total for part in parts) == whole.total


@given(SPANS, WAITED)
def test_the_order_of_what_was_recorded_changes_nothing(span: Interval, each: list[tuple[str, Interval]]) -> None:
    assert told(waited(span, each)) == told(waited(span, each[::-1]))
