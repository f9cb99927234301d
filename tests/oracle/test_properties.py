"""What must hold of every report, and what must not change one: wild issues, through the command line."""

import copy
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import wild
from tests.oracle.compare import flow_differences, sprint_differences
from tests.oracle.door import Desk
from tests.oracle.report import Asked
from tests.oracle.rows import ms, read
from tests.oracle.sprints import begun, sprint_report
from tests.profiles import fewer

Raws = list[dict[str, Any]]
seeds = st.integers(0, 2**31)
hours = st.integers(0, wild.HOURS + 40)


def flow_of(desk: Desk, raws: Raws, as_of: str, flow: dict[str, Any] = wild.FLOW) -> dict[str, Any]:
    return desk.flow(raws, flow, "--as-of", as_of, "--since", "2026-02-09", "--until", "2026-02-28")


def sprints_of(desk: Desk, raws: Raws, as_of: str) -> list[dict[str, Any]]:
    open_ = [sprint for sprint in wild.sprints() if begun(sprint, ms(as_of))]
    return [desk.sprint(raws, wild.sprints(), s["id"], wild.FLOW, "--as-of", as_of) for s in open_]


@given(seed=seeds, hour=hours, restored=st.sampled_from([[], ["7", "12"]]))
@fewer(3)
def test_every_figure_of_wild_issues(desk: Desk, seed: int, hour: int, restored: list[str]) -> None:
    """Incidents end where they are done, or in statuses of their own: one at work, one by which others are given up."""
    raws, as_of = wild.issues(seed, 60), wild.at(hour)
    flow = {**wild.FLOW, "incidents": {"issue_types": ["Incident"], "restored_statuses": restored}}
    window = (datetime(2026, 2, 9).date(), datetime(2026, 2, 28).date())  # noqa: DTZ001 - only dates
    asked = Asked(raws, flow, ms(as_of), *window)
    assert flow_differences(flow_of(desk, raws, as_of, flow), asked) == []


@given(seed=seeds, hour=hours)
@fewer(3)
def test_every_sprint_of_wild_issues(desk: Desk, seed: int, hour: int) -> None:
    raws, as_of = wild.issues(seed, 60), wild.at(hour)
    asked = Asked(raws, wild.FLOW, ms(as_of))
    for said in sprints_of(desk, raws, as_of):
        sprint = next(each for each in wild.sprints() if each["id"] == said["sprint"])
        assert sprint_differences(said, sprint_report(sprint, asked)) == []


@given(seed=seeds, hour=hours)
@fewer(5)
def test_the_parts_of_an_issue_sum_to_its_span(desk: Desk, seed: int, hour: int) -> None:
    as_of = wild.at(hour)
    for issue in flow_of(desk, wild.issues(seed, 60), as_of)["issues"]:
        parts = [*issue["active_s"].values(), *issue["waiting_s"].values(), issue["done_s"], issue["unmapped_s"]]
        end = issue["finished"] or issue["abandoned"] or as_of
        span = (ms(end) - ms(issue["started"])) / 1000 if issue["started"] else 0
        assert sum(parts) == pytest.approx(span, abs=1e-6), issue["key"]
        assert issue["blocked_s"] <= span
        assert sum(issue["blocked_by_side_s"].values()) == pytest.approx(issue["blocked_s"], abs=1e-6)
        for kind in ("active", "waiting"):
            for side, worked in issue[f"{kind}_working_s"].items():
                assert 0 <= worked <= issue[f"{kind}_s"].get(side, 0)


@given(seed=seeds, hour=hours)
@fewer(5)
def test_the_identities_of_a_sprint(desk: Desk, seed: int, hour: int) -> None:
    for said in sprints_of(desk, wild.issues(seed, 60), wild.at(hour)):
        count = {name: len(value) for name, value in said.items() if isinstance(value, list)}
        assert count["committed"] + count["added"] - count["removed"] == count["completed"] + count["carried_over"]
        points = said["points"]
        ours = points["committed"] + points["added"] + points["re_estimated"] - points["removed"]
        assert ours == pytest.approx(points["completed"] + points["carried_over"])
        assert not set(said["committed"]) & set(said["added"])
        assert not set(said["completed"]) & set(said["carried_over"])
        assert set(said["committed"]) | set(said["added"]) == {
            key for name in ("removed", "completed", "carried_over") for key in said[name]
        }


def shuffled(raws: Raws, dice: random.Random) -> None:
    for raw in raws:
        dice.shuffle(raw["changelog"]["histories"])


def permuted(raws: Raws, dice: random.Random) -> None:
    dice.shuffle(raws)


def elsewhere(raws: Raws, dice: random.Random) -> None:
    """Each string in a zone of its own."""
    for raw in raws:
        for holder, name in [(raw["fields"], "created"), (raw["fields"], "updated")] + [
            (history, "created") for history in raw["changelog"]["histories"]
        ]:
            zone = timezone(timedelta(minutes=15 * dice.randrange(-48, 57)))
            told = datetime.fromisoformat(holder[name]).astimezone(zone)
            holder[name] = told.strftime("%Y-%m-%dT%H:%M:%S.") + f"{told.microsecond // 1000:03}" + told.strftime("%z")


def split(raws: Raws, dice: random.Random) -> None:
    """One history for each field, at the same instant; two moves in one history are one move and stay so."""
    for raw in raws:
        log = raw["changelog"]
        log["histories"] = [
            {**history, "id": str(100 * int(history["id"]) + place), "items": items}
            for history in log["histories"]
            for place, items in enumerate(_by_field(history["items"]))
        ]
        log["total"] = log["maxResults"] = len(log["histories"])


def _by_field(items: Raws) -> list[Raws]:
    return [[item for item in items if item["field"] == field] for field in dict.fromkeys(i["field"] for i in items)]


def nameless(raws: Raws, dice: random.Random) -> None:
    """As older servers write histories: without fieldId."""
    for raw in raws:
        for history in raw["changelog"]["histories"]:
            for item in history["items"]:
                del item["fieldId"]


@pytest.mark.parametrize("change", [shuffled, permuted, elsewhere, split, nameless])
@given(seed=seeds, hour=hours)
@fewer(10)
def test_nothing_changes_when_the_same_is_told_otherwise(
    desk: Desk, change: Callable[[Raws, random.Random], None], seed: int, hour: int
) -> None:
    raws, as_of = wild.issues(seed, 60), wild.at(hour)
    other = copy.deepcopy(raws)
    change(other, random.Random(seed))
    assert ordered(flow_of(desk, other, as_of)) == ordered(flow_of(desk, raws, as_of))
    assert sprints_of(desk, other, as_of) == sprints_of(desk, raws, as_of)


def ordered(report: dict[str, Any]) -> dict[str, Any]:
    """Lists of issues by key: their order is not a figure."""
    lists = {name: sorted(report[name], key=lambda each: str(each["key"])) for name in ("issues", "ageing")}
    return {**report, **lists}


@given(seed=seeds, hour=st.integers(0, wild.HOURS))
@fewer(5)
def test_as_of_hides_what_came_later(desk: Desk, seed: int, hour: int) -> None:
    """The same figures as from the file as it was then: later histories gone, fields as they stood."""
    raws, as_of = wild.issues(seed, 60), wild.at(hour)
    known = [cut(raw, ms(as_of)) for raw in raws if read(raw, wild.FLOW["fields"]).created <= ms(as_of)]
    if known:
        assert ordered(flow_of(desk, known, as_of)) == ordered(flow_of(desk, raws, as_of))
        assert sprints_of(desk, known, as_of) == sprints_of(desk, raws, as_of)


def cut(raw: dict[str, Any], as_of: int) -> dict[str, Any]:
    row = read(raw, wild.FLOW["fields"])
    stood = {
        "status": row.value("status", as_of),
        "resolution": row.value("resolution", as_of),
        "customfield_1": ", ".join(sorted(row.value("sprint", as_of), key=int)),
        "customfield_2": row.value("flagged", as_of),
        "customfield_3": row.value("points", as_of),
    }
    histories = [history for history in raw["changelog"]["histories"] if ms(history["created"]) <= as_of]
    last = max([raw["fields"]["created"], *(history["created"] for history in histories)], key=ms)
    log = {**raw["changelog"], "histories": histories, "total": len(histories), "maxResults": len(histories)}
    return {**raw, "fields": {**raw["fields"], **wild.present(stood), "updated": last}, "changelog": log}
