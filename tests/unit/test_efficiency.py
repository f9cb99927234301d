"""Flow efficiency and the split of many issues at once: definitions 5 and 7."""

from dataclasses import replace

import pytest
from hypothesis import given

from fmo_bot.domain.blockers import Blocker, blocked
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.efficiency import Efficiency, efficiency
from fmo_bot.domain.issues import Issue
from fmo_bot.domain.routes import DONE_PART
from fmo_bot.domain.splits import Split, splits
from fmo_bot.domain.timelines import Timeline
from fmo_bot.domain.workflow import StageKind
from tests.unit.lives import FLOW, Event, at, life, seen
from tests.unit.test_timelines import EVENTS, STATUSES

HOUR = 3_600_000
FLAG, CLEAR = {"flagged": "Impediment"}, {"flagged": ""}
CALENDARS = {
    "vendor": SideCalendar(zone="Asia/Shanghai"),  # 01:00 to 10:00 UTC
    "operator": SideCalendar(zone="Europe/Madrid"),  # 08:00 to 17:00 UTC
}


def rows(*lines: Timeline) -> list[tuple[Timeline, Split]]:
    return list(zip(lines, splits(lines, {}), strict=True))


@pytest.mark.parametrize(
    ("issue", "held_up", "base"),
    [
        # two hours of four at work
        (life("B", (1, "W"), (3, "B"), (4, "F")), 2, 4),
        # a flag in an active stage counts like waiting
        (life("B", (1, FLAG), (2, CLEAR), (4, "F")), 1, 4),
        # over a waiting stage it counts once
        (life("B", (1, {"status": "W"} | FLAG), (3, {"status": "B"} | CLEAR), (4, "F")), 2, 4),
        # a flag over done and unmapped stays counts no more than they do
        (life("B", (1, "F"), (2, FLAG), (3, "U"), (5, "B"), (6, CLEAR), (8, "F")), 1, 4),
        # set before the start, never cleared: the whole span
        (life("O", (1, FLAG), (2, "B"), (6, "F")), 4, 4),
    ],
)
def test_what_is_lost_of_the_time_at_work(issue: Issue, held_up: int, base: int) -> None:
    found = efficiency(rows(seen(issue, 20)), FLOW)
    assert (found.n, found.total) == (1, (base - held_up) / base)


def test_the_total_weighs_by_length_and_the_median_does_not() -> None:
    every = [
        seen(life("B", (1, "F")), 99),  # 1 of 1
        seen(life("B", (1, "W"), (4, "F"), key="K-2"), 99),  # 1 of 4
        seen(life("B", (1, "U"), (2, "W"), (3, "F"), key="K-3"), 99),  # 1 of 2, and an hour in no stage
        seen(life("O", (3, "F"), key="K-4"), 99),  # never started
        seen(life("B", (0, "F"), key="K-5"), 99),  # started and done at once: no share of nothing
        seen(life("B", (1, "W"), key="K-6"), 99),  # not finished
    ]
    assert efficiency(rows(*every), FLOW) == Efficiency(n=3, total=3 / 7, median=0.5, unmapped=1 / 8, configured=True)


def test_a_recorded_blocker_counts_like_a_flag() -> None:
    line = seen(life("B", (4, "F")), 99)
    recorded = {("shared", "K-1"): [Blocker(waiting="vendor", waited_on="operator", since=at(1), resolved=at(2))]}
    assert efficiency(rows(line), FLOW, recorded).total == 0.75


def test_without_waiting_stages_it_is_not_configured() -> None:
    active = [replace(s, kind=StageKind.ACTIVE) if s.kind is StageKind.WAITING else s for s in FLOW.stages]
    nobody_waits = replace(FLOW, stages=tuple(active))
    found = efficiency(rows(seen(life("B", (4, "F")), 99, nobody_waits)), nobody_waits)
    assert (found.configured, found.n, found.total) == (False, 0, None)
    assert efficiency([], FLOW) == Efficiency(0, None, None, None, configured=True)


def test_a_split_by_side_elapsed_and_in_the_working_time_of_that_side() -> None:
    lines = [seen(life("O", (0, "R"), (4, "B"), (9, "W"), (12, "U"), (13, "Q"), (24, "F")), 48), seen(life("O"), 48)]
    assert splits(lines, CALENDARS) == [
        Split(
            active={"vendor": 5 * HOUR, "operator": 11 * HOUR},
            waiting={"vendor": 4 * HOUR, "operator": 3 * HOUR},
            active_working={"vendor": 5 * HOUR, "operator": 4 * HOUR},
            waiting_working={"vendor": 3 * HOUR, "operator": 3 * HOUR},
            done=0,
            unmapped=HOUR,
        ),
        Split({}, {}, {}, {}, 0, 0),
    ]


def _working(line: Timeline) -> dict[str, int]:
    """The span's parts stay by stay, in the working time of the side of each."""
    total: dict[str, int] = {}
    for place, start, end in line.parts():
        if place is not None and place.part != DONE_PART and place.side in CALENDARS:
            total[place.part] = total.get(place.part, 0) + CALENDARS[place.side].working_ms(start, end)
    return total


@given(STATUSES, EVENTS)
def test_many_at_once_split_as_each_alone(first: str, events: list[Event]) -> None:
    """The parts sum to the span, and working time is that of each stay; blocked time lies within the span."""
    line = seen(life(first, *events), 600)
    split = splits([line], CALENDARS)[0]
    length = line.span[1] - line.span[0] if line.span else 0
    assert sum([*split.active.values(), *split.waiting.values(), split.done, split.unmapped]) == length
    working = {f"active:{side}": took for side, took in split.active_working.items()}
    working |= {f"waiting:{side}": took for side, took in split.waiting_working.items()}
    assert working == _working(line)
    assert blocked(line).total_ms <= length
