"""A sprint's sets and its burn-up: definitions 12 and 13. The sprint 7 runs from hour 24 to hour 120 unless said."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import lives, quality, sprint_sets, sprints
from fmo_bot.domain.intervals import ms
from fmo_bot.domain.issues import Issue, Sprint
from fmo_bot.domain.mappings import DatedWorkflow
from fmo_bot.domain.messages import SprintSet
from fmo_bot.domain.sprints import SprintFigures
from tests.unit.lives import FLOW, Event, at, hour, life, sprint

IN, OUT = {"sprint": "7"}, {"sprint": ""}
HERE = {"sprint": "7"}  # in the sprint since it was created


def figures(*issues: Issue, end: float | None = 120, as_of: float = 500) -> SprintFigures:
    return sprints.report(sprint(end=end), map(lives.of, issues), FLOW, at(as_of))


def where(report: SprintFigures) -> set[str]:
    names = ("committed", "added", "removed", "completed", "carried_over", "completed_outside")
    return {name for name in names if getattr(report, name).issues}


@pytest.mark.parametrize(
    ("issue", "sets"),
    [
        # planned before, done inside
        (life("O", (5, IN), (30, "B"), (50, "F")), {"committed", "completed"}),
        # created inside another sprint's lists: never in this one
        (life("O", (5, {"sprint": "8"}), (30, "B"), (50, "F")), set()),
        # planned before, not done
        (life("O", (5, IN), (30, "B")), {"committed", "carried_over"}),
        # put in at the very instant of the start: that is before it
        (life("O", (24, IN), (30, "B")), {"committed", "carried_over"}),
        # a millisecond later: added
        (life("O", (24 + 1 / 3_600_000, IN), (30, "B")), {"added", "carried_over"}),
        # done at the very instant of the end: inside
        (life("O", (5, IN), (120, "F")), {"committed", "completed"}),
        # done seconds after completion: carried over
        (life("O", (5, IN), (120 + 1 / 3600, "F")), {"committed", "carried_over"}),
        # at completion Jira appends the next sprint seconds later and keeps the closed id
        (life("O", (5, IN), (120 + 5 / 3600, {"sprint": "7, 8"})), {"committed", "carried_over"}),
        # taken out seconds after completion: it was in at the end
        (life("O", (5, IN), (120 + 5 / 3600, OUT)), {"committed", "carried_over"}),
        # created in the sprint while it ran, with no Sprint item
        (life("O", created=40, begins=HERE), {"added", "carried_over"}),
        # created in the sprint before it began
        (life("O", created=4, begins=HERE), {"committed", "carried_over"}),
        # created in the sprint after it closed: no membership later
        (life("O", created=130, begins=HERE), set()),
        # joined when it was closed already
        (life("O", (130, IN)), set()),
        # added inside, done inside
        (life("O", (40, IN), (50, "F")), {"added", "completed"}),
        # dragged out
        (life("O", (5, IN), (40, OUT)), {"committed", "removed"}),
        # added and dragged out
        (life("O", (40, IN), (50, OUT)), {"added", "removed"}),
        # joined and left twice: committed once, removed once
        (life("O", (5, IN), (40, OUT), (50, IN), (60, OUT)), {"committed", "removed"}),
        # left and came back: still the committed one
        (life("O", (5, IN), (40, OUT), (50, IN)), {"committed", "carried_over"}),
        # dragged out and done elsewhere
        (life("O", (5, IN), (40, OUT), (50, "F")), {"committed", "removed", "completed_outside"}),
        # done, then put in: never open in the sprint
        (life("O", (30, "F"), (40, IN)), {"completed_outside"}),
        # done before the start and in the sprint: not committed
        (life("O", (5, IN), (10, "F")), {"completed_outside"}),
        # done before the start, reopened inside: added at that moment
        (life("O", (5, IN), (10, "F"), (40, "B")), {"added", "carried_over"}),
        # ... and done again
        (life("O", (5, IN), (10, "F"), (40, "B"), (50, "F")), {"added", "completed"}),
        # done inside and reopened inside: not done at the end
        (life("O", (5, IN), (40, "F"), (50, "B")), {"committed", "carried_over"}),
        # done inside, reopened after the end: what was completed stays so
        (life("O", (5, IN), (40, "F"), (150, "B")), {"committed", "completed"}),
        # done inside the sprint, dragged out afterwards: completed, since it was in when it was finished
        (life("O", (5, IN), (40, "F"), (50, OUT)), {"committed", "completed"}),
        # done while dragged out, put back: not completed, not carried over
        (life("O", (5, IN), (40, OUT), (50, "F"), (60, IN)), {"committed", "removed", "completed_outside"}),
        # given up inside
        (life("O", (5, IN), (40, "X")), {"committed", "removed"}),
        # given up by resolution: done, but abandoned
        (life("O", (5, IN), (40, {"status": "F", "resolution": "Won't Do"})), {"committed", "removed"}),
        # given up before, taken up again inside
        (life("O", (5, IN), (10, "X"), (40, "B")), {"added", "carried_over"}),
        # given up before, put in: it is in none of the sets
        (life("O", (5, IN), (10, "X")), set()),
        # done, then a status in no stage: still done
        (life("O", (5, IN), (40, "F"), (50, "U")), {"committed", "completed"}),
        # only ever in no stage: open
        (life("U", (5, IN)), {"committed", "carried_over"}),
        # a passing membership of no length inside is no instant at all
        (life("O", (40, IN), (40, OUT)), set()),
        # with ids of other sprints beside it, in Jira's list form
        (life("O", (5, {"sprint": "6, 7"}), (50, "F")), {"committed", "completed"}),
        # moved here from another project while the sprint ran: the same issue all the while
        (life("O", (5, IN), (40, {"project": "PAY"}), (50, "F")), {"committed", "completed"}),
        # taken out at the very instant of the start: it was out already
        (life("O", (5, IN), (24, OUT)), set()),
        # done at the very instant of the start: it was done already
        (life("O", (5, IN), (24, "F")), {"completed_outside"}),
        # created in the sprint at the very instant of the start
        (life("O", created=24, begins=HERE), {"committed", "carried_over"}),
        # put in at the very instant of the end
        (life("O", (120, IN)), {"added", "carried_over"}),
        # taken out at the very instant of the end
        (life("O", (5, IN), (120, OUT)), {"committed", "removed"}),
        # reopened at the very instant of the end
        (life("O", (5, IN), (40, "F"), (120, "B")), {"committed", "carried_over"}),
        # straight to done in the history that put it in: never open in the sprint
        (life("O", (40, {"sprint": "7", "status": "F"})), {"completed_outside"}),
        # done in the history that took it out: not in the sprint when it was finished
        (life("O", (5, IN), (40, {"sprint": "", "status": "F"})), {"committed", "removed", "completed_outside"}),
        # joined and left twice, done in between
        (life("O", (30, IN), (40, OUT), (50, "F"), (60, IN), (70, OUT)), {"added", "removed", "completed_outside"}),
        # joined, left, joined, done: added once
        (life("O", (30, IN), (40, OUT), (50, IN), (60, "F")), {"added", "completed"}),
        # from one done status to another, the second outside of the sprint: one finish, inside
        (life("O", (5, IN), (40, "F"), (50, OUT), (60, "G")), {"committed", "completed"}),
        # given up by a resolution that is set only after it was done
        (
            life("O", (5, IN), (40, {"status": "F", "resolution": "Done"}), (50, {"resolution": "Won't Do"})),
            {"committed", "removed"},
        ),
        # ... and taken back again: finished when it became done
        (
            life("O", (5, IN), (40, "F"), (50, {"resolution": "Won't Do"}), (60, {"resolution": "Done"})),
            {"committed", "completed"},
        ),
        # a listed resolution on an open issue gives nothing up
        (life("O", (5, IN), (50, {"resolution": "Won't Do"})), {"committed", "carried_over"}),
        # given up inside by status, after it was done: not done at the end
        (life("O", (5, IN), (40, "F"), (50, "X")), {"committed", "removed"}),
        # given up inside, taken up again inside
        (life("O", (5, IN), (40, "X"), (50, "B")), {"committed", "carried_over"}),
        # sprint 70 is not sprint 7
        (life("O", (5, {"sprint": "70"}), (50, "F")), set()),
    ],
)
def test_the_sets_of_one_issue(issue: Issue, sets: set[str]) -> None:
    assert where(figures(issue)) == sets


def test_a_running_sprint_is_looked_at_as_of_now_and_says_so() -> None:
    report = figures(life("O", (5, IN), (40, "F")), life("O", (5, IN), (60, "F"), key="K-2"), end=None, as_of=50)
    assert (report.provisional, report.end) == (True, at(50))
    assert (report.completed.keys, report.carried_over.keys) == (("K-1",), ("K-2",))


def test_a_closed_sprint_seen_from_a_moment_before_its_end_was_running() -> None:
    report = figures(life("O", (5, IN), (60, "F")), end=120, as_of=50)
    assert (report.provisional, report.carried_over.issues) == (True, 1)


@pytest.mark.parametrize(
    ("sprint_", "begun"),
    [
        (sprint(end=None), True),
        # its start date is past, but nobody has started it
        (sprint(end=None, state="future"), False),
        # it starts later
        (sprint(start=600, end=None), False),
        # no dates at all
        (replace(sprint(end=None), starts=None), False),
        # Data Center tells when it was really started
        (replace(sprint(end=None), activated=at(600)), False),
    ],
)
def test_a_sprint_that_has_not_begun_has_no_figures(sprint_: Sprint, begun: bool) -> None:
    assert (sprints.window(sprint_, at(500)) is not None) == begun


def test_figures_of_a_sprint_that_has_not_begun_are_refused() -> None:
    with pytest.raises(ValueError, match="has not begun"):
        sprints.report(sprint(start=600), [], FLOW, at(500))


def test_activation_decides_over_the_planned_start() -> None:
    report = sprints.report(replace(sprint(), activated=at(48)), [lives.of(life("O", (40, IN)))], FLOW, at(500))
    assert (report.start, report.committed.issues) == (at(48), 1)


def test_the_sprint_a_person_means() -> None:
    old, running, newer = sprint(0, 24, number=1), sprint(24, None, number=2), sprint(48, None, number=3)
    assert sprints.latest([old, running, newer], at(30)) == running
    assert sprints.latest([old, running, newer], at(60)) == newer
    assert sprints.latest([old, sprint(24, 72, number=2)], at(100)) == sprint(24, 72, number=2)
    assert sprints.latest([old], at(-5)) is None


def test_points_are_taken_at_start_when_added_and_at_the_end() -> None:
    report = figures(
        # committed at 3, re-estimated to 5, done
        life("O", (5, IN), (30, {"points": "5"}), (50, "F"), key="K-1", begins={"points": "3"}),
        # added at 2, re-estimated to 1, not done
        life("O", (40, IN), (60, {"points": "1"}), key="K-2", begins={"points": "2"}),
        # committed at 8, removed at 13
        life("O", (5, IN), (30, {"points": "13"}), (50, OUT), key="K-3", begins={"points": "8"}),
        # estimated only after it was added
        life("O", (40, IN), (41, {"points": "0.5"}), key="K-4"),
        # never estimated
        life("O", (5, IN), key="K-5"),
        # a sub-task: an issue, no points, no estimate missed
        life("O", (5, IN), key="K-6", begins={"points": "21"}, subtask=True),
        # re-estimated after the end: hidden
        life("O", (5, IN), (130, {"points": "34"}), key="K-7", begins={"points": "1"}),
    )
    assert report.committed == SprintSet(issues=5, points=12.0, keys=("K-1", "K-3", "K-5", "K-6", "K-7"))
    assert (report.added.points, report.removed.points) == (2.0, 13.0)
    assert (report.completed.points, report.carried_over.points) == (5.0, 2.5)
    assert report.re_estimated == 2 - 1 + 5 + 0.5
    assert report.unestimated == ("K-5",)


def test_the_rest_of_the_report() -> None:
    report = figures(
        life("O", (5, IN), (30, "B"), (40, "W"), (50, "F"), key="K-1"),
        life("O", (5, IN), (60, "F"), key="K-2"),  # straight to done
        life("O", (5, IN), (60, {"flagged": "Impediment"}), key="K-3"),
        life("O", (60, {"flagged": "Impediment"}), key="K-4"),  # not in the sprint
    )
    assert (report.cycle_time.n, report.cycle_time.p50_s, report.never_started) == (1, 20 * 3600.0, 1)
    assert report.split_s == (("active:vendor", 36000.0), ("waiting:operator", 36000.0))
    assert report.flagged == ("K-3",)
    assert quality.counted(report.ledger) == (("never_started", 1),)
    assert (report.end, report.planned_end) == (at(120), at(120))
    assert figures(end=None, as_of=50).planned_end == at(120)


def test_the_burn_up_steps_where_scope_or_done_change() -> None:
    report = figures(
        life("O", (5, IN), (50, "F"), (70, "B"), (90, "F"), key="K-1"),  # done, reopened, done
        life("O", (5, IN), (60, OUT), key="K-2"),  # leaves
        life("O", (40, IN), key="K-3"),  # comes
        life("O", (40, IN), (50, "F"), key="K-4"),  # comes, is done in the same moment as K-1
    )
    steps = [(hour(point.at), point.scope, point.done) for point in report.burn_up]
    assert steps == [(24, 2, 0), (40, 4, 0), (50, 4, 2), (60, 3, 2), (70, 3, 1), (90, 3, 2)]


def test_an_empty_sprint_is_a_report_of_zeros() -> None:
    report = figures()
    assert (where(report), report.cycle_time.n) == (set(), 0)
    assert [(point.scope, point.done) for point in report.burn_up] == [(0, 0)]


def identities_hold(report: SprintFigures) -> bool:
    """Definition 12's two sums, and the burn-up's ends against the sets."""
    first, last = report.burn_up[0], report.burn_up[-1]
    scope = report.committed.issues + report.added.issues - report.removed.issues
    points = report.committed.points + report.added.points + report.re_estimated - report.removed.points
    return (
        scope == report.completed.issues + report.carried_over.issues == last.scope
        and points == pytest.approx(report.completed.points + report.carried_over.points, abs=1e-9)
        and last.done == report.completed.issues
        and (first.scope, first.done) == (report.committed.issues, 0)
    )


@dataclass(frozen=True)
class Plan:
    first: str
    begins: dict[str, str | None]
    created: float
    events: list[Event]


def exactly(found: sprint_sets.Sets) -> bool:
    """The sum in points, of which nothing is rounded."""
    return (
        found.committed.points + found.added.points + found.re_estimated - found.removed.points
        == found.completed.points + found.carried_over.points
    )


def totals(issues: Iterable[Issue], *others: Sprint, as_of: float = 500) -> dict[int, sprint_sets.Sets]:
    """All sprints counted together: the sprint 7, one before it, one behind it, and `others`."""
    asked = [sprint(-100, 20, number=6), sprint(), sprint(121, None, number=8), *others]
    found = sprints.every(asked, map(lives.of, issues), FLOW, at(as_of))
    return {each.id: sets for each, _, sets in found}


HOURS = st.one_of(st.sampled_from([0.0, 24.0, 120.0]), st.floats(0, 200).map(lambda hours: round(hours, 3)))
WHAT = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from("OBWFGXU"),
        "sprint": st.sampled_from(["", "7", "6, 7", "8", "7, 8"]),
        "points": st.sampled_from(["1", "2.5", "0.1", "", None]),
        "resolution": st.sampled_from(["Won't Do", "Done", None]),
    },
)
PLANS = st.builds(
    Plan,
    first=st.sampled_from("OBFXU"),
    begins=st.fixed_dictionaries({"sprint": st.sampled_from(["", "7"]), "points": st.sampled_from([None, "3"])}),
    created=HOURS,
    events=st.lists(st.tuples(HOURS, WHAT), max_size=8),
)


def lived(number: int, plan: Plan) -> Issue:
    events = sorted((event for event in plan.events if event[0] >= plan.created), key=lambda event: event[0])
    return life(plan.first, *events, key=f"K-{number}", created=plan.created, begins=plan.begins)


@given(st.lists(PLANS, max_size=6), st.floats(24, 250))
def test_both_identities_hold_at_the_end_and_at_every_moment(plans: list[Plan], as_of: float) -> None:
    issues = [lived(number, plan) for number, plan in enumerate(plans)]
    assert identities_hold(figures(*issues, as_of=as_of))
    assert identities_hold(figures(*reversed(issues)))


@given(st.lists(PLANS, max_size=4))
def test_the_burn_up_at_an_instant_is_the_sprint_seen_from_that_instant(plans: list[Plan]) -> None:
    issues = [lived(number, plan) for number, plan in enumerate(plans)]
    for point in figures(*issues).burn_up:
        then = sprints.report(sprint(end=None), map(lives.of, issues), FLOW, point.at)
        assert (point.scope, point.done) == (
            then.completed.issues + then.carried_over.issues,
            then.completed.issues,
        )


@given(st.lists(PLANS, max_size=4))
def test_what_happens_after_the_end_changes_nothing_but_as_of(plans: list[Plan]) -> None:
    issues = [lived(number, plan) for number, plan in enumerate(plans)]
    long_after, at_the_end = figures(*issues, as_of=900), figures(*issues, as_of=120)
    assert replace(long_after, as_of=at_the_end.as_of) == at_the_end
    assert long_after.end == at(120)


@given(st.lists(PLANS, max_size=6), st.floats(24, 250))
def test_all_sprints_counted_together_come_to_what_each_comes_to_alone(plans: list[Plan], as_of: float) -> None:
    issues = [lived(number, plan) for number, plan in enumerate(plans)]
    together = totals(issues, as_of=as_of)
    alone = figures(*issues, as_of=as_of)
    assert all(exactly(found) for found in together.values())
    assert {name: len(getattr(together[7], name).keys) for name in sprint_sets.SETS} == {
        name: getattr(alone, name).issues for name in sprint_sets.SETS
    }
    assert (float(together[7].re_estimated), sorted(together[7].unestimated)) == (
        alone.re_estimated,
        sorted(alone.unestimated),
    )
    assert 8 in together if as_of >= 121 else 8 not in together


def told_otherwise(issue: Issue, dice: random.Random) -> Issue:
    """The same issue, its items in any order, each in a history of its own, its instants in other zones."""
    zones = [timezone(timedelta(hours=hours, minutes=30)) for hours in (-11, 0, 8)]
    split = [
        replace(change, history=1000 * change.history + number, at=change.at.astimezone(dice.choice(zones)))
        for number, change in enumerate(issue.changes)
    ]
    dice.shuffle(split)
    return replace(issue, changes=tuple(split), created=issue.created.astimezone(dice.choice(zones)))


@given(st.lists(PLANS, max_size=5), st.randoms(use_true_random=False))
def test_order_zones_and_how_histories_are_cut_change_nothing(plans: list[Plan], dice: random.Random) -> None:
    issues = [lived(number, plan) for number, plan in enumerate(plans)]
    again = [told_otherwise(issue, dice) for issue in issues]
    dice.shuffle(again)
    assert figures(*again) == figures(*issues)


def test_fractions_of_points_add_up_exactly() -> None:
    issues = [life("O", (5, IN), (50, "F"), key=f"K-{n}", begins={"points": "0.1"}) for n in range(10)]
    found = totals(issues)[7]
    assert (found.completed.points, found.committed.points) == (1, 1)
    assert figures(*issues).completed.points == 1.0


def test_a_version_of_the_workflow_may_finish_and_reopen_what_nobody_touches() -> None:
    """From hour 50 on Wait counts as done, from hour 80 on it waits again."""
    done = ("F", "G", "W")
    stages = [stage for stage in FLOW.stages if stage.name != "Wait"]
    later = replace(FLOW, stages=tuple(replace(s, statuses=done) if s.name == "Done" else s for s in stages))
    flow = DatedWorkflow(((0, FLOW), (ms(at(50)), later), (ms(at(80)), FLOW)))
    issues = [lives.of(life("O", (5, IN), (30, "W"))), lives.of(life("O", (5, IN), (60, "W"), (70, OUT), key="K-2"))]
    ends = {}
    for end in (45, 55, 75, 100):
        ((_, _, sets),) = sprints.every([sprint(end=end)], issues, flow, at(500))
        ends[end] = (sets.completed.keys, sets.carried_over.keys, sets.removed.keys)
    assert ends == {
        45: ([], ["K-1", "K-2"], []),
        55: (["K-1"], ["K-2"], []),
        75: (["K-1", "K-2"], [], []),
        100: ([], ["K-1"], ["K-2"]),
    }
