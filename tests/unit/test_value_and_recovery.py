"""When value was there, and how long incidents lasted (metrics.md, definitions 4 and 11)."""

from dataclasses import replace
from datetime import date

import pytest

from fmo_bot.domain.calendars import midnight
from fmo_bot.domain.issues import Issue, Version
from fmo_bot.domain.recovery import Recovery, of, recoveries, recovery
from fmo_bot.domain.throughput import finishes
from fmo_bot.domain.values import lead_ms, value_at
from fmo_bot.domain.workflow_file import Incidents, Value
from tests.unit.lives import FLOW, MONDAY, at, at_ms, hour, life, seen

HOUR = 3_600_000
DAY = MONDAY.date()  # issues are created at `MONDAY` + 0 h
DONE = life("O", (1, "B"), (5, "F"))
LATE = 24 * 30


def released(day: int, *, name: str = "R1", done: bool = True) -> Version:
    return Version(name, name, done, date.fromordinal(DAY.toordinal() + day))


def evening(day: int, zone: str = "UTC") -> int:
    """The end of the day so many after the issue was created, in epoch milliseconds."""
    return midnight(date.fromordinal(DAY.toordinal() + day + 1), zone)


@pytest.mark.parametrize(
    ("issue", "versions", "value"),
    [
        # released later: the end of that day
        (DONE, (released(3),), evening(3)),
        # released on the day it was finished: the end of that day, after it was finished
        (DONE, (released(0),), evening(0)),
        # of several the earliest at or after it was finished
        (DONE, (released(9, name="R3"), released(4, name="R2"), released(-2)), evening(4)),
        # released before it was finished: value is not before that
        (DONE, (released(-2),), at_ms(5)),
        # planned, not released: no value yet, though it is done and the planned day is over
        (DONE, (released(3, done=False),), None),
        # released, and nobody said when
        (DONE, (Version("R1", "R1", True, None),), None),
        # released on a day that is not over at as_of
        (DONE, (released(400),), None),
        # no version at all: it waits for none, so value is there when it is finished
        (DONE, (), at_ms(5)),
        # released without being finished
        (life("O", (1, "B")), (released(3),), None),
        # finished, released, given up later: no value
        (life("O", (1, "B"), (5, "F"), (90, "X")), (released(3),), None),
    ],
)
def test_where_the_workflow_says_release_value_is_there_when_a_version_was_released(
    issue: Issue, versions: tuple[Version, ...], value: int | None
) -> None:
    line = seen(replace(issue, versions=versions), LATE)
    assert value_at(line, rule=Value.RELEASE, zone="UTC") == value


def test_the_day_of_a_release_ends_in_the_boards_zone() -> None:
    line = seen(replace(DONE, versions=(released(3),)), LATE)
    assert value_at(line, rule=Value.RELEASE, zone="Asia/Shanghai") == evening(3, "Asia/Shanghai")
    assert evening(3, "Asia/Shanghai") == evening(3) - 8 * HOUR


def test_a_release_that_comes_later_than_as_of_is_not_known() -> None:
    issue = replace(DONE, versions=(released(3),))
    assert value_at(seen(issue, 4 * 24 - 1), rule=Value.RELEASE, zone="UTC") is None


def test_where_the_workflow_says_nothing_value_is_there_when_the_issue_is_finished() -> None:
    line = seen(replace(DONE, versions=(released(3),)), LATE)
    assert value_at(line, rule=Value.FINISHED, zone="UTC") == at_ms(5)
    assert lead_ms(line, rule=Value.FINISHED, zone="UTC") == 5 * HOUR


@pytest.mark.parametrize(
    ("issue", "hours", "value"),
    [
        (DONE, [9, 7], 7),  # the first one, in whatever order they are told
        (DONE, [3], 3),  # deployed before somebody closed it
        (life("O", (1, "B")), [3], 3),  # or without anybody closing it
        (DONE, [LATE + 1], None),  # later than as_of: the release decides, and there is none
        (life("O", (1, "B"), (5, "X")), [3], None),  # given up
    ],
)
def test_a_deployment_goes_before_every_release(issue: Issue, hours: list[int], value: int | None) -> None:
    line = seen(replace(issue, versions=(released(3, done=False),)), LATE)
    found = value_at(line, rule=Value.RELEASE, zone="UTC", deployed=[at_ms(each) for each in hours])
    assert hour(found) == value


INCIDENTS = Incidents(issue_types=("Incident",))


def incident(begins: str, *events: tuple[float, str]) -> Issue:
    return replace(life(begins, *events), issue_type="Incident")


@pytest.mark.parametrize(
    ("issue", "restored", "abandoned"),
    [
        (incident("O", (1, "B"), (5, "F")), 5, False),
        # reopened later: it was restored all the same
        (incident("O", (1, "B"), (5, "F"), (7, "B")), 5, False),
        (incident("O", (1, "B"), (5, "F"), (7, "B"), (9, "F")), 5, False),
        # restored first and closed as given up later: restored
        (incident("O", (1, "B"), (5, "F"), (7, "B"), (9, "X")), 5, False),
        # created in a done status
        (incident("F"), 0, False),
        # still open
        (incident("O", (1, "B")), None, False),
        # never restored: given up by status, or by its resolution when it was closed
        (incident("O", (1, "X")), None, True),
        (
            replace(life("O", (1, "B"), (5, {"status": "F", "resolution": "Won't Do"})), issue_type="Incident"),
            None,
            True,
        ),
    ],
)
def test_an_incident_is_restored_when_it_first_enters_a_done_stage(
    issue: Issue, restored: float | None, abandoned: bool
) -> None:
    found = recovery(seen(issue, LATE), INCIDENTS)
    assert found is not None
    assert (hour(found.began), hour(found.restored), found.abandoned) == (0, restored, abandoned)


def test_where_statuses_are_named_the_first_entry_into_one_of_them_restores() -> None:
    line = seen(incident("O", (1, "B"), (3, "Q"), (5, "F")), LATE)
    found = recovery(line, Incidents(("Incident",), restored_statuses=("Q",)))
    assert found is not None
    assert hour(found.restored) == 3


def test_a_status_named_as_restoring_restores_though_other_work_is_given_up_by_it() -> None:
    line = seen(incident("O", (1, "B"), (3, "X")), LATE)
    found = recovery(line, Incidents(("Incident",), restored_statuses=("X",)))
    assert found is not None
    assert (hour(found.restored), found.abandoned) == (3, False)


def test_an_incident_began_when_its_own_field_says_so() -> None:
    by = replace(INCIDENTS, started_field="customfield_7")
    lasted = incident("O", (1, "B"), (5, "F"))
    fields = (("customfield_9", at(1)), ("customfield_7", at(-2))), (("customfield_7", at(6)),)
    told, mistyped = (recovery(seen(replace(lasted, instants=each), LATE), by) for each in fields)
    assert told is not None
    assert mistyped is not None
    assert recovery(seen(lasted, LATE), by) == recovery(seen(lasted, LATE), INCIDENTS)  # nobody has filled it in
    assert recovery(seen(replace(lasted, instants=fields[1]), 4), by) is None  # it begins later than is known
    assert (told.took, mistyped.took) == (7 * HOUR, None)
    assert recoveries([mistyped], as_of=at_ms(LATE)).negative == 1


def test_what_is_no_incident_or_is_not_there_yet_has_no_recovery() -> None:
    assert recovery(seen(DONE, LATE), INCIDENTS) is None
    assert recovery(seen(incident("O", (1, "B")), -1), INCIDENTS) is None
    assert recovery(seen(incident("O"), LATE), Incidents()) is None


def test_the_figure_is_of_those_restored_in_the_window_and_what_is_open_stands_beside_it() -> None:
    found = [
        Recovery(at_ms(0), at_ms(10)),
        Recovery(at_ms(0), at_ms(30)),
        Recovery(at_ms(20), at_ms(24)),
        Recovery(at_ms(2), None),
        Recovery(at_ms(9), None),
        Recovery(at_ms(0), None, abandoned=True),
    ]
    every = recoveries(found, as_of=at_ms(40))
    assert (every.took.n, every.took.p50_s, every.took.p85_s) == (3, 36_000.0, 108_000.0)
    assert (every.open, every.oldest_ms) == (2, 38 * HOUR)
    window = recoveries(found, as_of=at_ms(40), since=at_ms(20), until=at_ms(30))
    assert (window.took.n, window.took.p50_s, window.open) == (1, 4 * 3600.0, 2)


def test_several_timelines_give_the_recoveries_of_their_incidents() -> None:
    lines = [seen(DONE, LATE), seen(incident("O", (1, "B"), (5, "F")), LATE)]
    assert [hour(one.restored) for one in of(lines, INCIDENTS)] == [5]


@pytest.mark.parametrize(
    ("issue", "runs"),
    [
        (life("O", (1, "B"), (5, "F")), [(5, None)]),
        # reopened: finished until then
        (life("O", (1, "B"), (5, "F"), (7, "B")), [(5, 7)]),
        (life("O", (1, "B"), (5, "F"), (7, "B"), (9, "F")), [(5, 7), (9, None)]),
        # one done status after another, and one of no stage between, are one run
        (life("O", (5, "F"), (6, "U"), (7, "G")), [(5, None)]),
        # given up later: finished until then
        (life("O", (5, "F"), (8, {"resolution": "Won't Do"})), [(5, 8)]),
        (life("O", (5, "F"), (8, "X")), [(5, 8)]),
        # given up later and reopened after that: finished until it was given up
        (life("O", (5, "F"), (8, {"resolution": "Won't Do"}), (9, {"status": "B", "resolution": ""})), [(5, 8)]),
        # no longer given up: finished when its run of done stays began (definition 2)
        (life("O", (5, {"status": "F", "resolution": "Won't Do"}), (8, {"resolution": "Fixed"})), [(5, None)]),
        # never finished, only closed as given up
        (life("O", (5, {"status": "F", "resolution": "Won't Do"}), (8, {"status": "B", "resolution": ""})), []),
        (life("O", (5, "X")), []),
    ],
)
def test_every_time_it_was_finished_and_until_when(issue: Issue, runs: list[tuple[int, int | None]]) -> None:
    found = finishes([seen(issue, LATE)], FLOW)
    held = [None if until > at_ms(LATE) else hour(int(until)) for until in found.until]
    assert list(zip([hour(int(at)) for at in found.at], held, strict=True)) == runs
