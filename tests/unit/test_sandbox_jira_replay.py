"""Issues of the pretend Jira as they were at any instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.sandbox.jira import fields, histories, times
from fmo_bot.sandbox.jira.fields import FieldIds
from fmo_bot.sandbox.jira.issue import Issue

IDS = FieldIds()
BORN = datetime(2026, 9, 1, 8, tzinfo=UTC)
AUTHOR = {"accountId": "a1", "displayName": "Li Wei"}
KINDS = ("status", "sprint", "flagged", "points", "assignee", "labels", "resolution", "fixVersions", "summary", "link")
State = dict[str, Any]


def born() -> State:
    return {
        "summary": "Roaming",
        "status": "1",
        "created": times.stamp(BORN),
        "resolution": None,
        "assignee": None,
        "labels": [],
        "fixVersions": [],
        "issuelinks": [],
        IDS.sprint: (),
        IDS.flagged: None,
        IDS.points: None,
    }


def item(kind: str, state: State, pick: int) -> dict[str, Any] | None:
    """A changelog item from the present state to another, as Jira writes it; None where nothing would change."""
    custom = {"sprint": IDS.sprint, "flagged": IDS.flagged, "points": IDS.points}
    before, after = ENDS[kind](state, pick)
    if before == after:
        return None
    ends = {"from": before[0], "fromString": before[1], "to": after[0], "toString": after[1]}
    if kind == "link":
        return {"field": "Link", **ends}
    names = {"sprint": "Sprint", "flagged": "Flagged", "points": "Story Points", "fixVersions": "Fix Version"}
    return {"field": names.get(kind, kind), "fieldId": custom.get(kind, kind), **ends}


def _ids(held: tuple[int, ...]) -> tuple[str, str]:
    return ", ".join(map(str, held)), ", ".join(f"Sprint {one}" for one in held)


def _sprint(state: State, pick: int) -> Any:
    held = state[IDS.sprint]
    return _ids(held), _ids(tuple(one for one in held if one != pick) if pick in held else (*held, pick))


def _flagged(state: State, pick: int) -> Any:
    on, off = ("[10019]", "Impediment"), ("", "")
    return (on, off) if state[IDS.flagged] else ((None, None), on)


def _points(state: State, pick: int) -> Any:
    held = state[IDS.points]
    return (None, None if held is None else f"{held:g}"), (None, str(pick))


def _assignee(state: State, pick: int) -> Any:
    held = state["assignee"]
    before = (held["accountId"], held["displayName"]) if held else (None, None)
    return before, (f"a{pick}", f"Person {pick}")


def _resolution(state: State, pick: int) -> Any:
    held = state["resolution"]
    return ((held["id"], held["name"]), (None, None)) if held else ((None, None), ("10000", "Done"))


def _version(state: State, pick: int) -> Any:
    held = any(one["name"] == f"R{pick}" for one in state["fixVersions"])
    one = (str(pick), f"R{pick}")
    return (one, (None, None)) if held else ((None, None), one)


def _link(state: State, pick: int) -> Any:
    one = (f"CORE-{pick}", f"This issue is blocked by CORE-{pick}")
    held = any(link["inwardIssue"]["key"] == one[0] for link in state["issuelinks"])
    return (one, (None, None)) if held else ((None, None), one)


ENDS = {
    "status": lambda state, pick: ((state["status"], f"S{state['status']}"), (str(pick), f"S{pick}")),
    "sprint": _sprint,
    "flagged": _flagged,
    "points": _points,
    "assignee": _assignee,
    "labels": lambda state, pick: ((None, " ".join(state["labels"])), (None, " ".join(["x"] * pick))),
    "resolution": _resolution,
    "fixVersions": _version,
    "summary": lambda state, pick: ((None, state["summary"]), (None, f"Roaming {pick}")),
    "link": _link,
}
acts = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.integers(1, 4)), max_size=14)


def played(script: list[tuple[int, str, int]]) -> tuple[Issue, list[tuple[datetime, State]]]:
    """An issue that lived through the script, and its true state after each history."""
    state, at = born(), BORN
    truth: list[tuple[datetime, State]] = [(BORN, dict(state))]
    told_by: list[dict[str, Any]] = []
    for number, (hours, kind, pick) in enumerate(script):
        at += timedelta(hours=hours, milliseconds=1)
        told = item(kind, state, pick)
        if told is None:
            continue
        fields.put(state, told, "to", IDS)
        told_by.append({"id": str(number + 1), "created": times.stamp(at), "items": [told], "author": AUTHOR})
        truth.append((at, {name: value for name, value in state.items()}))
    raw_fields = {**state, "status": {"id": state["status"]}}
    raw_fields[IDS.sprint] = [{"id": one, "name": f"Sprint {one}"} for one in state[IDS.sprint]]
    return issue_of(raw_fields, told_by), truth


def issue_of(held: State, told: list[dict[str, Any]]) -> Issue:
    return Issue({"id": "7", "key": "CORE-7", "fields": held, "histories": [histories.read(one) for one in told]}, IDS)


def comparable(state: State) -> State:
    """Without what has no order of its own in Jira, and without what a history does not tell."""
    unordered = {
        "fixVersions": sorted(one["name"] for one in state["fixVersions"]),
        "issuelinks": sorted(one["inwardIssue"]["key"] for one in state["issuelinks"]),
        IDS.sprint: tuple(state[IDS.sprint]),
    }
    return {**state, **unordered, "resolutiondate": None}


@given(acts)
def test_going_back_to_any_instant_shows_the_issue_as_it_was_then(script: list[tuple[int, str, int]]) -> None:
    issue, truth = played(script)

    for at, state in truth:
        assert comparable(issue.state(at)) == comparable(state)
        assert issue.updated(at) == at


@given(acts, st.data())
def test_going_back_and_then_forward_along_the_changelog_arrives_at_the_same(
    script: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    issue, truth = played(script)
    cut = data.draw(st.integers(0, len(truth) - 1))
    until = data.draw(st.integers(cut, len(truth) - 1))
    state = dict(issue.state(truth[cut][0]))

    for history in issue.histories[issue.past(truth[cut][0]) : issue.past(truth[until][0])]:
        for told in history.items:
            fields.put(state, told, "to", IDS)

    assert comparable(state) == comparable(issue.state(truth[until][0]))


@given(acts, st.integers(1, 4), st.data())
def test_what_a_person_does_now_replaces_what_the_export_foresaw_for_that_field_only(
    script: list[tuple[int, str, int]], pick: int, data: st.DataObject
) -> None:
    issue, truth = played(script)
    at, before = truth[data.draw(st.integers(0, len(truth) - 1))]
    told = item("status", before, pick)
    if told is None:
        return
    moment = at + timedelta(microseconds=500)

    issue.change([told], author=AUTHOR, number=1000, at=moment)

    end = truth[-1][0] + timedelta(days=1)
    assert comparable(issue.state(at)) == comparable(before)
    assert issue.state(moment)["status"] == str(pick)
    assert comparable(issue.state(end)) == comparable({**truth[-1][1], "status": str(pick)})


def test_an_issue_whose_changelog_has_gaps_keeps_its_present_state_and_undoes_what_it_can() -> None:
    told = [
        {"id": "1", "created": "2026-09-02T08:00:00.000+0000", "items": [_moved("1", "2")]},
        {"id": "2", "created": "2026-09-04T08:00:00.000+0000", "items": [_moved("5", "6")]},  # nobody told of 2 -> 5
    ]
    raw_fields = {"status": {"id": "9"}, "created": times.stamp(BORN), "updated": "2026-09-04T08:00:00.000+0000"}
    issue = issue_of(raw_fields, told)
    days = [BORN, BORN + timedelta(days=1), BORN + timedelta(days=2), BORN + timedelta(days=9)]

    assert [issue.state(day)["status"] for day in days] == ["1", "5", "5", "9"]


def _moved(before: str, after: str) -> dict[str, str]:
    return {"field": "status", "fieldId": "status", "from": before, "fromString": "", "to": after, "toString": ""}


def test_sprints_are_read_from_every_shape_an_export_may_have() -> None:
    text = "com.atlassian.greenhopper.service.sprint.Sprint@1[rapidViewId=4,name=A, id 9 = B,id=42,state=CLOSED]"
    table: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({IDS.sprint: [{"id": 3, "name": "S"}]}, (3,)),  # Cloud
        ({IDS.sprint: [text]}, (42,)),  # Data Center: keys in any order, a name with commas and signs
        ({"sprint": {"id": 5}, "closedSprints": [{"id": 4}]}, (4, 5)),  # the Agile API
        ({"sprint": None, IDS.sprint: None}, ()),
    ]
    for held, expected in table:
        raw_fields = {"status": {"id": "1"}, "created": times.stamp(BORN), **held}
        issue = issue_of(raw_fields, [])
        assert issue.sprints(BORN) == expected
