"""What no file tells: mappings and calendars in dated versions (17), recorded blockers (6, 10), burn-ups (13).

Wild issues, read as the command line reads them, through the bot's arithmetic and against this folder's own.
"""

import copy
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain import sprints as bot_sprints
from fmo_bot.domain import waiting
from fmo_bot.domain.blockers import Blocker, blocked
from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.dated_calendars import DatedCalendar
from fmo_bot.domain.efficiency import efficiency
from fmo_bot.domain.intervals import instant
from fmo_bot.domain.intervals import ms as bot_ms
from fmo_bot.domain.lives import Life
from fmo_bot.domain.mappings import AnyWorkflow, DatedWorkflow
from fmo_bot.domain.splits import splits
from fmo_bot.domain.timelines import timeline
from fmo_bot.domain.workflow import Workflow
from fmo_bot.domain.workflow_file import FieldIds
from fmo_bot.jira import exports
from fmo_bot.services.national_days import with_national_days
from tests.oracle import report, wild
from tests.oracle.clocks import Clock
from tests.oracle.door import Desk
from tests.oracle.report import Asked
from tests.oracle.rows import ms
from tests.oracle.slices import Recorded
from tests.oracle.sprints import NAMES, burn_up, sprint_report
from tests.oracle.waits import waits
from tests.profiles import fewer

Content = dict[str, Any]
seeds = st.integers(0, 2**31)
hours = st.integers(30, wild.HOURS + 40)
_SINCE, _UNTIL = date(2026, 2, 9), date(2026, 2, 28)


def lives_of(desk: Desk, raws: list[Content]) -> list[Life]:
    ids = FieldIds(**wild.FLOW["fields"])
    return exports.read(desk.issues(raws), ids, lambda number, why: pytest.fail(f"line {number}: {why}")).lives


# Versions of the mapping


def versions(dice: random.Random) -> list[tuple[int, Content]]:
    """One from the beginning, and some that come while issues are at work, on hours at which other things happen."""
    found = [(0, {name: value for name, value in wild.FLOW.items() if name != "calendars"})]
    for hour in sorted(dice.sample(range(20, wild.HOURS), dice.choice([1, 2, 3]))):
        content = copy.deepcopy(found[-1][1])
        for change in dice.sample(
            [_status_moves, _side_changes, _kind_changes, _commitment_moves, _resolutions_change], 2
        ):
            change(content, dice)
        found.append((ms(wild.at(hour)), content))
    return found


def _status_moves(content: Content, dice: random.Random) -> None:
    """Into another stage, out of all, or from none into one."""
    for status in dice.sample([str(number) for number in range(1, 14)], 3):
        holders = [stage for stage in content["stages"] if status in stage["statuses"]]
        if all(len(stage["statuses"]) > 1 for stage in holders):
            for stage in holders:
                stage["statuses"].remove(status)
            if dice.random() < 0.8:
                dice.choice(content["stages"])["statuses"].append(status)


def _side_changes(content: Content, dice: random.Random) -> None:
    stage = dice.choice([each for each in content["stages"] if each["kind"] in ("active", "waiting")])
    stage["side"] = dice.choice(["vendor", "operator", "partner:lab"])


def _kind_changes(content: Content, dice: random.Random) -> None:
    stages = {stage["name"]: stage for stage in content["stages"]}
    stages["Live"]["kind"] = dice.choice(["done", "active", "abandoned"])
    stages["Quality"]["kind"] = dice.choice(["active", "waiting"])


def _commitment_moves(content: Content, dice: random.Random) -> None:
    content["commitment"] = dice.choice(["Ready", "Build", "Wait"])


def _resolutions_change(content: Content, dice: random.Random) -> None:
    content["abandoned_resolutions"] = dice.choice([[], ["Done"], ["Won't Do", "Done"]])


def dated(found: Sequence[tuple[int, Content]]) -> AnyWorkflow:
    return DatedWorkflow(tuple((since, Workflow.from_mapping(content)) for since, content in found))


# Recorded blockers


def blockers(raws: list[Content], dice: random.Random) -> dict[str, list[Recorded]]:
    """Up to three on an issue: of either side, of somebody outside, unknown; some never resolved, some of no length."""
    return {raw["key"]: [_blocker(dice) for _ in range(dice.choice([0, 1, 2, 3]))] for raw in raws}


def _blocker(dice: random.Random) -> Recorded:
    since = dice.randrange(wild.HOURS)
    resolved = None if dice.random() < 0.3 else since + dice.choice([0, 1, 20, 100])
    on = dice.choice(["vendor", "operator", "partner:lab", "external", "unknown"])
    return Recorded(on, ms(wild.at(since)), None if resolved is None else ms(wild.at(resolved)))


def in_ledger(recorded: Sequence[Recorded]) -> list[Blocker]:
    """As the bot keeps them; who waits has no part in any figure."""
    return [
        Blocker(
            waiting="vendor" if each.waited_on != "vendor" else "operator",
            waited_on=each.waited_on,
            since=instant(each.since),
            resolved=None if each.resolved is None else instant(each.resolved),
        )
        for each in recorded
    ]


# Versions of calendars


def calendars(dice: random.Random) -> dict[str, list[tuple[date, Content]]]:
    """Each side's, and what it is changed to on some days: other hours, days, holidays, another zone."""
    given: Mapping[str, Content] = wild.FLOW["calendars"]
    found = {}
    for side, content in given.items():
        days = sorted(dice.sample([_SINCE + timedelta(days=number) for number in range(1, 14)], 2))
        changed = [{**content, **dice.choice(_CHANGES)} for _ in days]
        found[side] = [(date.min, content), *zip(days, changed, strict=True)]
    return found


_CHANGES: list[Content] = [
    {"hours": ["10:15", "19:30"]},
    {"days": ["mon", "fri", "sun"]},
    {"holidays": None, "off": ["2026-02-18"]},
    {"zone": "Europe/Madrid"},
    {"zone": "Asia/Shanghai", "hours": ["00:00", "23:00"]},
]


def calendar(found: Sequence[tuple[date, Content]]) -> DatedCalendar:
    read = [(since, SideCalendar.from_mapping(content)) for since, content in found]
    known = [(since, with_national_days(each, first=_SINCE, last=date(2026, 3, 10), where="")) for since, each in read]
    return DatedCalendar(known[0][1], tuple(known[1:]))


# The tests


@given(seed=seeds, hour=hours)
@fewer(3)
def test_figures_by_versions_of_the_mapping_and_with_recorded_blockers(desk: Desk, seed: int, hour: int) -> None:
    dice, raws, as_of = random.Random(seed), wild.issues(seed, 60), ms(wild.at(hour))
    mapping, ledger, clocks = versions(dice), blockers(raws, dice), calendars(dice)
    asked = Asked(raws, mapping[0][1], as_of, later=tuple(mapping[1:]), recorded=ledger)
    asked.clocks = {side: Clock(first, later) for side, ((_, first), *later) in clocks.items()}
    meant = {life.row.key: report.of_issue(life, asked) for life in asked.lives}
    lines = [timeline(life, dated(mapping), as_of) for life in lives_of(desk, raws) if life.created <= as_of]
    found = splits(lines, {side: calendar(each) for side, each in clocks.items()})
    assert {line.life.key for line in lines} == meant.keys()
    for line, split in zip(lines, found, strict=True):
        stood = blocked(line, in_ledger(ledger[line.life.key]))
        said = {
            "key": line.life.key,
            "started": line.started,
            "finished": line.finished,
            "abandoned": line.abandoned,
            "cycle_time_s": _seconds(line.cycle_ms),
            "lead_time_s": _seconds(None if line.finished is None else line.finished - line.life.created),
            "work_span_s": _seconds(line.work_span_ms),
            "blocked_s": stood.total_ms / 1000,
            "blocked_by_side_s": _by_side(stood.by_side_ms),
            "active_s": _by_side(split.active),
            "waiting_s": _by_side(split.waiting),
            "active_working_s": _by_side(split.active_working),
            "waiting_working_s": _by_side(split.waiting_working),
            "done_s": split.done / 1000,
            "unmapped_s": split.unmapped / 1000,
        }
        assert said == meant[line.life.key]
    kept = {(line.life.site, line.life.id): in_ledger(ledger[line.life.key]) for line in lines}
    ended = [(line, split) for line, split in zip(lines, found, strict=True) if line.finished is not None]
    share = efficiency(ended, dated(mapping), kept)
    of_all = report.efficiency([life for life in asked.lives if life.finished is not None])
    assert (share.n, share.total, share.median) == pytest.approx(tuple(of_all.values()))


def _seconds(took: int | None) -> float | None:
    return None if took is None else took / 1000


def _by_side(found: Mapping[str, int]) -> dict[str, float]:
    return {side: took / 1000 for side, took in found.items() if took}


@given(seed=seeds, hour=hours)
@fewer(5)
def test_sprints_and_their_burn_ups_by_versions_of_the_mapping(desk: Desk, seed: int, hour: int) -> None:
    dice, raws, as_of = random.Random(seed), wild.issues(seed, 25), wild.at(hour)
    mapping = versions(dice)
    asked = Asked(raws, mapping[0][1], ms(as_of), later=tuple(mapping[1:]))
    known = exports.sprints(desk.sprints(wild.sprints()), lambda number, why: pytest.fail(why)).known
    lives = lives_of(desk, raws)
    for sprint, raw in zip(known, wild.sprints(), strict=True):
        if bot_sprints.window(sprint, instant(ms(as_of))) is None:
            continue
        said = bot_sprints.report(sprint, lives, dated(mapping), instant(ms(as_of)))
        meant = sprint_report(raw, asked)
        assert {name: list(getattr(said, name).keys) for name in NAMES} == {name: meant[name] for name in NAMES}
        points = {name: getattr(said, name).points for name in NAMES} | {"re_estimated": said.re_estimated}
        assert points == pytest.approx(meant["points"])
        assert [(bot_ms(point.at), point.scope, point.done) for point in said.burn_up] == burn_up(raw, asked)


@given(seed=seeds, hour=hours)
@fewer(5)
def test_time_lost_to_waiting_week_by_week(desk: Desk, seed: int, hour: int) -> None:
    """By stages and recorded blockers, elapsed and in each side's calendar as it was on each day."""
    dice, raws, as_of = random.Random(seed), wild.issues(seed, 60), ms(wild.at(hour))
    ledger, clocks = blockers(raws, dice), calendars(dice)
    asked = Asked(raws, wild.FLOW, as_of, _SINCE, _UNTIL, dice.choice(["UTC", "Asia/Shanghai"]), recorded=ledger)
    asked.clocks = {side: Clock(first, later) for side, ((_, first), *later) in clocks.items()}
    flow = Workflow.from_mapping({name: value for name, value in wild.FLOW.items() if name != "calendars"})
    lines = [timeline(life, flow, as_of) for life in lives_of(desk, raws)]
    since, until = asked.edges()
    said = waiting.by_week(
        [waiting.of_issue(line, in_ledger(ledger[line.life.key])) for line in lines],
        since=since,
        until=until,
        zone=asked.zone,
        as_of=as_of,
        calendars={side: calendar(each) for side, each in clocks.items()},
    )
    for week, meant in zip(said, waits(asked), strict=True):
        assert (week.label, round(1000 * week.both_s)) == (meant["week"], meant["both"])
        told = {
            wait.side: tuple(round(1000 * (took or 0)) for took in (wait.waited_s, wait.alone_s, wait.working_s))
            for wait in week.waits
            if wait.waited_s
        }
        assert told == meant["sides"]


def test_the_wild_issues_of_these_tests_are_wild_enough() -> None:
    """Versions move stays, blockers overlap, both sides are waited for at once: else equal would say little."""
    dice, raws, as_of = random.Random(1), wild.issues(1, 60), ms(wild.at(wild.HOURS))
    mapping, ledger = versions(dice), blockers(raws, dice)
    plain = Asked(raws, mapping[0][1], as_of, _SINCE, _UNTIL)
    asked = Asked(raws, mapping[0][1], as_of, _SINCE, _UNTIL, later=tuple(mapping[1:]), recorded=ledger)
    pairs = list(zip(plain.lives, asked.lives, strict=True))
    assert (
        sum(
            (one.started, one.finished, one.abandoned) != (two.started, two.finished, two.abandoned)
            for one, two in pairs
        )
        > 5
    )
    assert sum(one.blocked() != two.blocked() for one, two in pairs) > 10
    assert sum(sum(two.blocked().values()) > two.blocked_time for _, two in pairs) > 3
    assert sum(week["both"] > 0 for week in waits(asked)) > 1
    assert any(len(burn_up(raw, asked)) > 5 for raw in wild.sprints()[:2])
