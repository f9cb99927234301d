"""Workflows in dated versions: what a new version changes from its date on, and what it leaves alone."""

from dataclasses import replace

import pytest

from fmo_bot.domain.issues import Issue
from fmo_bot.domain.mappings import DatedWorkflow, Said, StatusSaid, in_force, replayed
from fmo_bot.domain.workflow import Stage, StageKind, Workflow
from tests.unit.lives import FLOW, at_ms, hour, life, seen


def changed(name: str, **what: object) -> Workflow:
    """FLOW with one stage changed."""
    return replace(FLOW, stages=tuple(replace(s, **what) if s.name == name else s for s in FLOW.stages))  # type: ignore[arg-type]


def from_hour(when: float, workflow: Workflow) -> DatedWorkflow:
    return DatedWorkflow(((at_ms(-1000), FLOW), (at_ms(when), workflow)))


OPEN_IS_WORK = changed("Open", kind=StageKind.ACTIVE)
QUALITY_IS_DONE = changed("Quality", kind=StageKind.DONE, side=None)
DONE_IS_ACTIVE = changed("Done", kind=StageKind.ACTIVE, side="operator")
WAIT_ON_VENDOR = changed("Wait", side="vendor")
RENUMBERED = changed("Build", statuses=("B", "N"))
DECLINED = replace(FLOW, abandoned_resolutions=("Declined",))


@pytest.mark.parametrize(
    ("issue", "workflow", "started", "finished"),
    [
        # one version says what that version says
        (life("O", (1, "B"), (9, "F")), DatedWorkflow(((at_ms(5), FLOW),)), 1, 9),
        # Quality is done from hour 5 on: whoever is in it then finishes then
        (life("B", (2, "Q")), from_hour(5, QUALITY_IS_DONE), 0, 5),
        # ... whoever comes later finishes on coming
        (life("B", (7, "Q")), from_hour(5, QUALITY_IS_DONE), 0, 7),
        # ... and whoever left before is not looked at
        (life("B", (2, "Q"), (4, "B")), from_hour(5, QUALITY_IS_DONE), 0, None),
        # a change at the very date of the version is judged by the new one, once
        (life("B", (5, "Q")), from_hour(5, QUALITY_IS_DONE), 0, 5),
        # Done is work again: what was finished is reopened on that date
        (life("B", (2, "F")), from_hour(5, DONE_IS_ACTIVE), 0, None),
        # Build may be another status as well now: the stage is the same, so no stay begins
        (life("O", (1, "B"), (9, "F")), from_hour(5, RENUMBERED), 1, 9),
        # created after the date: only the new version is asked
        (life("O", (9, "F"), created=6), from_hour(5, replace(OPEN_IS_WORK, commitment="Open")), 6, 9),
        # created before: it starts on the date
        (life("O", (9, "F")), from_hour(5, replace(OPEN_IS_WORK, commitment="Open")), 5, 9),
    ],
)
def test_a_version_holds_from_its_date_on(
    issue: Issue, workflow: DatedWorkflow, started: float, finished: float | None
) -> None:
    line = seen(issue, 100, workflow)
    assert (hour(line.started), hour(line.finished)) == (started, finished)


def test_time_before_a_version_is_split_by_the_one_before_it() -> None:
    line = seen(life("W", (9, "F")), 100, from_hour(5, WAIT_ON_VENDOR))
    assert line.split_ms == {"waiting:operator": 5 * 3_600_000, "waiting:vendor": 4 * 3_600_000}


def test_as_of_hides_a_later_version() -> None:
    assert seen(life("B", (2, "Q")), 4, from_hour(5, QUALITY_IS_DONE)).finished is None


@pytest.mark.parametrize(
    ("resolution", "set_at", "abandoned"),
    [
        # listed when it was set: given up, whatever a later version lists
        ("Won't Do", 2, 2),
        # not listed when it was set: finished, and no later version changes that
        ("Declined", 2, None),
        # listed by the version of then
        ("Declined", 7, 7),
    ],
)
def test_what_a_resolution_means_is_decided_when_it_is_set(
    resolution: str, set_at: float, abandoned: float | None
) -> None:
    issue = life("B", (set_at, {"status": "F", "resolution": resolution}))
    assert hour(seen(issue, 100, from_hour(5, DECLINED)).abandoned) == abandoned


def test_the_version_in_force_is_the_last_that_has_begun_and_the_first_before_all() -> None:
    dated = from_hour(5, DECLINED)
    assert [in_force(dated, at_ms(when)) is DECLINED for when in (-2000, 4, 5, 6)] == [False, False, True, True]
    assert in_force(FLOW, 0) is FLOW


@pytest.mark.parametrize("versions", [(), ((5, FLOW), (5, FLOW)), ((5, FLOW), (4, FLOW))])
def test_versions_stand_in_order(versions: tuple[tuple[int, Workflow], ...]) -> None:
    with pytest.raises(ValueError, match="at least one version"):
        DatedWorkflow(versions)


def _with(*statuses: str, kind: StageKind = StageKind.ACTIVE) -> Workflow:
    return Workflow((Stage("Work", kind, statuses),), "Work")


def test_what_is_said_later_holds_from_its_date_on() -> None:
    one, two, three = _with("1"), _with("2"), _with("3")
    assert replayed([]) is None
    assert replayed([Said(0, one), Said(50, one)]) == one  # the same again is no version of its own
    both = replayed([Said(0, one), Said(50, two)])
    assert both == DatedWorkflow(((0, one), (50, two)))
    assert replayed([Said(0, one), Said(50, two), Said(20, three)]) == DatedWorkflow(((0, one), (20, three)))
    assert replayed([Said(0, one), Said(50, two), Said(0, two)]) == two  # applied to all time


def test_a_status_said_for_itself_joins_every_version_since_until_a_whole_one_is_said() -> None:
    one, two, other = _with("1"), _with("2"), _with("4")
    new = StatusSaid(30, "9", "Work")
    assert replayed([Said(0, one), new]) == DatedWorkflow(((0, one), (30, _with("1", "9"))))
    assert replayed([Said(0, one), Said(30, two), new]) == DatedWorkflow(((0, one), (30, _with("2", "9"))))
    assert replayed([Said(0, one), Said(50, two), new]) == DatedWorkflow(
        ((0, one), (30, _with("1", "9")), (50, _with("2", "9")))
    )
    assert replayed([Said(0, one), new, Said(60, other)]) == DatedWorkflow(
        ((0, one), (30, _with("1", "9")), (60, other))
    )
    assert replayed([Said(0, one), StatusSaid(30, "9", "No such stage"), StatusSaid(30, "1", "Work")]) == one
    assert replayed([new]) is None
