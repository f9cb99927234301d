"""Percentiles, throughput, ageing, blocked time, data quality and the digest's figures."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from fmo_bot.domain import blockers, digests, flow, quality
from fmo_bot.domain.blockers import Blocker
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.messages import Spread
from fmo_bot.domain.ranks import nearest_rank
from fmo_bot.domain.timelines import Timeline
from tests.unit.lives import at, at_ms, life, seen

HOUR = 3_600_000
DAYS = 24


def lines(*issues: Issue, as_of: float) -> list[Timeline]:
    return [seen(issue, as_of) for issue in issues]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        # the ten items of the reference
        ([1, 2, 3, 5, 8, 13, 21, 34, 55, 89], 85, 55),
        ([1, 2, 3, 5, 8, 13, 21, 34, 55, 89], 50, 8),
        ([1, 2, 3, 5, 8, 13, 21, 34, 55, 89], 95, 89),
        # a whole rank is itself
        (list(range(1, 21)), 85, 17),
        # 0.55 * 100 is more than 55 in binary floating point: still rank 55
        (list(range(1, 101)), 55, 55),
        # one item is every percentile
        ([7], 50, 7),
    ],
)
def test_percentiles_are_nearest_rank(values: list[int], percent: int, expected: int) -> None:
    assert nearest_rank(values, percent) == expected


def test_a_spread_of_nothing_has_no_percentiles() -> None:
    assert flow.spread([]) == Spread(n=0, p50_s=None, p85_s=None, p95_s=None)
    assert flow.spread([3001, 1000]) == Spread(n=2, p50_s=1.0, p85_s=3.001, p95_s=3.001)


def test_throughput_counts_per_iso_week_with_empty_weeks_and_marks_partial_ones() -> None:
    """2026-01-05, hour 0, is a Monday in UTC and still Sunday in Mexico City."""
    done = lines(life("B", (1, "F")), life("B", (5 * DAYS, "F")), life("B", (15 * DAYS, "F")), as_of=17 * DAYS)
    weeks = flow.throughput(done, since=at_ms(0), until=at_ms(21 * DAYS), zone="UTC", as_of=at_ms(17 * DAYS))
    assert [(week.monday, week.finished, week.partial) for week in weeks] == [
        (date(2026, 1, 5), 2, False),
        (date(2026, 1, 12), 0, False),
        (date(2026, 1, 19), 1, True),  # as_of lies in it
    ]
    there = flow.throughput(
        done, since=at_ms(0), until=at_ms(7 * DAYS), zone="America/Mexico_City", as_of=at_ms(17 * DAYS)
    )
    assert [(week.monday, week.finished, week.partial) for week in there] == [
        (date(2025, 12, 29), 1, True),
        (date(2026, 1, 5), 1, True),
    ]


def test_a_week_with_a_clock_change_is_an_hour_shorter() -> None:
    start, end = flow.week_of(ms(datetime(2026, 3, 25, tzinfo=UTC)), "Europe/Madrid")
    assert end - start == (7 * DAYS - 1) * HOUR


def test_work_in_progress_is_started_and_neither_finished_nor_abandoned() -> None:
    every = lines(
        life("O", key="K-1"),
        life("O", (5, "B"), key="K-2"),
        life("O", (1, "B"), key="K-3"),
        life("B", (2, "F"), key="K-4"),
        life("B", (2, "X"), key="K-5"),
        life("B", (2, "O"), key="K-6"),
        as_of=9,
    )
    assert [line.life.key for line in flow.in_progress(every)] == ["K-3", "K-2"]


def finished(number: int, hours: int) -> Issue:
    """At work in Build for so many hours, then an hour of Quality, then done."""
    return life("B", (hours, "Q"), (hours + 1, "F"), key=f"F-{number}")


def test_age_is_compared_with_ages_on_last_leaving_the_same_stage() -> None:
    past = [finished(number, number) for number in range(1, 21)]  # left Build at 1 to 20 hours
    now = [life("O", (100 - age, "B"), key=f"N-{age}") for age in (5, 17, 18)]
    aged = {found.timeline.life.key: found for found in flow.ageing(lines(*past, *now, as_of=100), at_ms(100))}
    assert (aged["N-5"].percentile, aged["N-5"].over_p85, aged["N-5"].compared) == (25.0, False, 20)
    assert (aged["N-17"].percentile, aged["N-17"].over_p85) == (85.0, False)
    assert (aged["N-18"].percentile, aged["N-18"].over_p85) == (90.0, True)


def test_under_twenty_finished_issues_say_nothing() -> None:
    past = [finished(number, number) for number in range(1, 20)]
    aged = flow.ageing(lines(*past, life("O", (1, "B"), key="N"), as_of=100), at_ms(100))
    assert [(found.percentile, found.over_p85, found.compared) for found in aged] == [(None, None, 19)]


def test_the_expectation_is_the_p85_of_what_finished_in_90_days_with_how_often_it_was_kept() -> None:
    past = [finished(number, min(number, 17)) for number in range(1, 21)]  # the last four took as long as one another
    found = flow.expectation(lines(*past, as_of=100), at_ms(100))
    assert (found.n, found.p85_s, found.attainment) == (20, 18 * 3600.0, 1.0)
    slower = [*past[:18], finished(19, 30), finished(20, 40)]
    assert flow.expectation(lines(*slower, as_of=100), at_ms(100)).attainment == 0.9


def test_no_expectation_is_made_of_nineteen_issues_or_of_older_ones() -> None:
    past = [finished(number, number) for number in range(1, 21)]
    assert flow.expectation(lines(*past[1:], as_of=100), at_ms(100)) == flow.Expectation(19, None, None)
    later = 90 * DAYS + 3  # the one that finished in hour 2 is of yesterday's 90 days
    assert flow.expectation(lines(*past, as_of=later), at_ms(later)).n == 19


@pytest.mark.parametrize(
    ("issue", "age"),
    [
        # twice in Build: the last time it left counts
        (life("B", (2, "Q"), (3, "B"), (7, "F")), 7 * HOUR),
        # before it went back past the commitment point: from the start that counts
        (life("B", (2, "O"), (3, "B"), (7, "F")), 4 * HOUR),
        # finished more than 90 days before: not compared
        (life("B", (2, "F"), created=-3000), None),
        # given up: not compared
        (life("B", (7, "X")), None),
    ],
)
def test_the_age_on_last_leaving_a_stage(issue: Issue, age: int | None) -> None:
    as_of = 100 if age else 91 * DAYS
    left = flow.ages_on_leaving(lines(issue, as_of=as_of), at_ms(as_of)).get("Build")
    assert left == (None if age is None else [age])


def test_a_status_in_no_stage_is_reported_with_issues_and_seconds() -> None:
    every = lines(life("B", (2, "U"), (5, "B"), key="K-1"), life("U", key="K-2"), as_of=10)
    assert quality.ledger(every).unmapped == (quality.Unmapped("shared", "U", 2, 13 * 3600.0),)


def test_data_quality_counts_what_a_reader_has_to_know() -> None:
    broken = life("O", (1, "B"), (5, "F"), key="K-1")
    every = lines(
        replace(broken, changes=(broken.changes[0], replace(broken.changes[1], before="Q")), complete=False),
        life("O", (1, "F"), key="K-2"),
        life("O", (1, "B"), (2, "O"), key="K-3"),
        life("O", (1, "U"), created=2, key="K-4"),
        replace(life("O", (1, "B"), key="K-5"), status="Q"),
        life("O", key="K-6"),  # fresh in the backlog: nothing to tell
        as_of=9,
    )
    assert dict(quality.counted(quality.ledger(every))) == {
        "truncated_changelogs": 1,
        "unmapped_statuses": 1,
        "unmapped_issues": 1,
        "gaps": 1,
        "status_disagrees": 1,
        "negative_durations": 1,
        "never_started": 1,
        "back_before_commitment": 1,
    }
    assert quality.counted(quality.ledger([])) == ()


def against(side: str, since: float, resolved: float | None = None) -> Blocker:
    return Blocker(
        waiting="vendor", waited_on=side, since=at(since), resolved=None if resolved is None else at(resolved)
    )


FLAG, CLEAR = {"flagged": "Impediment"}, {"flagged": ""}


@pytest.mark.parametrize(
    ("issue", "recorded", "total", "by_side"),
    [
        # a flag in an active stage: nobody knows who is waited for
        (life("B", (2, FLAG), (5, CLEAR), (9, "F")), [], 3, {"unknown": 3}),
        # a flag across a waiting stage: its side
        (life("B", (2, FLAG), (3, "W"), (5, CLEAR), (9, "F")), [], 3, {"unknown": 1, "operator": 2}),
        # set before the start and cleared after the finish: cut to the span
        (life("O", (1, FLAG), (2, "B"), (5, "F"), (8, CLEAR)), [], 3, {"unknown": 3}),
        # a recorded blocker tells the direction; flag and blocker overlap and count once
        (life("B", (2, FLAG), (5, CLEAR), (9, "F")), [against("operator", 3, 7)], 5, {"unknown": 1, "operator": 4}),
        # two blockers against two sides count for each, once in total
        (life("B", (9, "F")), [against("operator", 1, 4), against("external", 3, 6)], 5,
         {"operator": 3, "external": 3}),
        # an open one runs to the end of the span
        (life("B", (9, "F")), [against("operator", 6)], 3, {"operator": 3}),
        # a blocker of no length, and one that lies after the span
        (life("B", (9, "F")), [against("operator", 3, 3), against("vendor", 10, 12)], 0, {}),
        # never started: no span
        (life("O", (1, FLAG)), [against("operator", 1)], 0, {}),
    ],
)  # fmt: skip
def test_blocked_time_and_on_whom(issue: Issue, recorded: list[Blocker], total: int, by_side: dict[str, int]) -> None:
    found = blockers.blocked(seen(issue, 20), recorded)
    assert found.total_ms == total * HOUR
    assert {side: took / HOUR for side, took in found.by_side_ms.items()} == by_side


def test_one_open_blocker_per_issue_and_direction_and_without_an_issue_per_click() -> None:
    same = blockers.open_key("CORE-1", "vendor", "operator", click="a")
    assert same == blockers.open_key("CORE-1", "vendor", "operator", click="b")
    assert same != blockers.open_key("CORE-1", "operator", "vendor", click="a")
    assert blockers.open_key(None, "vendor", "operator", click="a") != blockers.open_key(
        None, "vendor", "operator", click="b"
    )


def test_a_side_may_wait_for_everybody_but_itself() -> None:
    sides = ("vendor", "operator", "partner:Lab")
    assert blockers.may_be_waited_on("operator", sides) == ("vendor", "partner:Lab", "external", "unknown")


def test_open_blockers_by_direction_the_longest_wait_first() -> None:
    other = Blocker(waiting="operator", waited_on="vendor", since=at(1))
    found = blockers.waits([against("operator", 2), against("operator", 5), against("operator", 0, 3), other], at(9))
    assert found == (
        blockers.Waits("operator", "vendor", 1, at(1)),
        blockers.Waits("vendor", "operator", 2, at(2)),
    )


def test_a_blocker_stands_from_since_until_it_is_resolved() -> None:
    blocker = against("operator", 2, 5)
    assert [blocker.open_at(at(hour)) for hour in (1, 2, 4, 5)] == [False, True, True, False]


def test_a_digest_sets_its_week_beside_the_four_before() -> None:
    """As of Friday 18:00 in Madrid, 17:00 UTC, of the sixth week."""
    as_of = 5 * 7 * DAYS + 4 * DAYS + 17
    week = 7 * DAYS
    every = lines(
        life("B", (week - 2, "F"), key="K-1"),  # Sunday 22:00 UTC is Sunday 23:00 in Madrid: five weeks before
        life("B", (week + 1, "F"), key="K-2"),  # the first week that is compared
        life("B", (4 * week + 1, "F"), key="K-3"),  # the week before
        life("B", (5 * week + 2, "F"), key="K-4"),  # this week
        life("B", (as_of, "F"), key="K-5"),  # this very moment
        life("O", (5 * week, "F"), key="K-6"),  # straight to done: finished, in no cycle time
        life("B", key="K-7"),
        as_of=as_of,
    )
    found = digests.figures(every, zone="Europe/Madrid", as_of=at(as_of))
    assert (found.since, found.until) == (at(5 * week - 1), at(as_of))
    assert (found.finished, found.finished_before) == (3, (1, 0, 0, 1))
    assert (found.cycle_time.n, found.cycle_time_before.n) == (2, 2)
    assert (found.wip, [aged.timeline.life.key for aged in found.ageing]) == (1, ["K-7"])


def test_a_digest_at_the_first_moment_of_a_week_tells_of_the_week_just_over() -> None:
    found = digests.figures([], zone="UTC", as_of=at(7 * DAYS))
    assert (found.since, found.until) == (at(0), at(7 * DAYS))
