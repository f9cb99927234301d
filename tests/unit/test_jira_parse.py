"""Jira's JSON becomes our values: what is kept, what stays behind, and what hostile JSON gets."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.db import values
from fmo_bot.domain.issues import BoardShape, Change, Issue, Sprint, Version
from fmo_bot.jira import parse, wire
from fmo_bot.jira.parse import Malformed

SHAPE = BoardShape(
    id=1,
    name="Core",
    kind="scrum",
    columns=(),
    statuses=(),
    sprint_field="customfield_20",
    flagged_field="customfield_21",
    points_field="customfield_16",
    points_name="Story Points",
)
AT = datetime(2022, 4, 24, 20, 30, 51, 748000, tzinfo=UTC)
STAMP = "2022-04-24T20:30:51.748+0000"
PAST = wire.History("7", STAMP)


def raw_issue(**fields: Any) -> dict[str, Any]:
    status = {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}}
    basic = {"summary": "Replace the SMF", "created": STAMP, "updated": STAMP, "status": status}
    return {"id": "10001", "key": "CORE-1", "fields": {**basic, "issuetype": {"name": "Story"}, **fields}}


def history(number: int, *items: dict[str, Any], created: Any = STAMP) -> dict[str, Any]:
    return {"id": str(number), "created": created, "author": {"displayName": "Li Wei"}, "items": list(items)}


def item(field: str, *, field_id: str | None = None, kind: str = "jira", **ends: str | None) -> dict[str, Any]:
    named = {"from_": "from", "fromString": "fromString", "to": "to", "toString": "toString"}
    given = {named[name]: value for name, value in ends.items()}
    return {"field": field, "fieldtype": kind, **({"fieldId": field_id} if field_id else {}), **given}


@pytest.mark.parametrize(
    "value",
    [
        STAMP,  # Jira's own form, without a colon in the zone
        "2022-04-25T04:30:51.748+0800",  # the same instant as an account in Shanghai sees it
        "2022-04-24T20:30:51.748Z",  # sprints
        1650832251748,  # bulk changelogs: milliseconds
        1650832251.748,  # or seconds
    ],
)
def test_an_instant_is_read_in_every_form_jira_writes_it(value: Any) -> None:
    assert parse.instant(value, "it") == AT


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "yesterday", "2022-04-24T20:30:51", 10**40, -(10**18), float("nan"), []),
        *("9999-12-31T23:59:59.999-1200", "0001-01-01T00:00:00.000+1400", 10**14),  # days beside them are no dates
    ],
)
def test_what_is_no_instant_is_refused_by_name(value: Any) -> None:
    with pytest.raises(Malformed, match="the creation time is not a time with a zone"):
        parse.instant(value, "the creation time")


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        (item("status", field_id="status"), "status"),
        (item("Sprint", field_id="customfield_20", kind="custom"), "sprint"),
        (item("Impedido", field_id="customfield_21", kind="custom"), "flagged"),  # a site in Spanish: the id decides
        (item("Link"), "link"),  # Cloud gives links no field id either
        (item("status"), "status"),  # Data Center gives no ids at all
        (item("Fix Version"), "fix_version"),
        (item("Sprint", kind="custom"), "sprint"),
        (item("Story Points", kind="custom"), "points"),
        (item("status", kind="custom"), None),  # somebody named a field of their own "status"
        (item("status", field_id="customfield_99", kind="custom"), None),
        (item("description", field_id="description", toString="secret"), None),
        (item("Comment", toString="secret"), None),
    ],
)
def test_only_the_fields_of_the_allow_list_are_kept(changed: dict[str, Any], kept: str | None) -> None:
    found = parse.changes([history(7, changed)], SHAPE, "CORE-1")
    assert [change.field for change in found] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("listed", "read"),
    [
        (None, ()),  # an export or an issue without the field
        ([], ()),
        (  # released, on a date without a zone
            [{"id": "10100", "name": "R1", "released": True, "archived": False, "releaseDate": "2026-03-02"}],
            (Version("10100", "R1", True, date(2026, 3, 2)),),
        ),
        (  # planned: Data Center gives ids as strings too, and both a date in the account's language
            [{"id": "10101", "name": "R2", "released": False, "releaseDate": "2026-04-02", "userReleaseDate": "2/abr"}],
            (Version("10101", "R2", False, date(2026, 4, 2)),),
        ),
        ([{"id": 10102, "name": "R3", "released": True}], (Version("10102", "R3", True, None),)),  # nobody said when
        ([{"id": "10103", "released": "yes", "releaseDate": "soon"}], (Version("10103", "", False, None),)),  # nonsense
        ([{"id": "10104", "releaseDate": "9999-12-31"}], (Version("10104", "", False, None),)),  # has no next day
        ([{"name": "no id"}, "R4", None, 7], ()),
    ],
)
def test_the_versions_of_an_issue_come_with_their_release(listed: Any, read: tuple[Version, ...]) -> None:
    found = parse.issue(raw_issue(fixVersions=listed), [], site="lab", shape=SHAPE)
    assert found.versions == read
    assert values.unpack(Issue, values.pack(found)) == found


def test_an_issue_stored_before_versions_were_read_has_none() -> None:
    stored = json.loads(values.pack(parse.issue(raw_issue(), [], site="lab", shape=SHAPE)))
    del stored["versions"]
    assert values.unpack(Issue, json.dumps(stored)).versions == ()


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ('This issue links to "LAB-7 (Their Jira)"', "links to LAB-7"),
        ("This issue links to https://jira.example/browse/LAB-7?focus=CORE-1", "links to LAB-7 CORE-1"),
        ('This issue links to "Page (Merger with Parkline)"', None),  # the title of somebody's page
        ("lab-7, LAB-07, XLAB-", None),
    ],
)
def test_of_a_link_out_of_the_site_only_keys_of_issues_are_kept(words: str, kept: str | None) -> None:
    made = item("RemoteIssueLink", from_=None, to="10100", fromString=None, toString=words)
    found = parse.changes([history(7, made)], SHAPE, "CORE-1")
    assert [change.after_text for change in found] == ([kept] if kept else [])


def test_changes_are_sorted_by_time_and_history_and_each_history_counts_once() -> None:
    later = history(8, item("status", field_id="status", from_="3", to="4"), created=1650832252000)
    first = history(9, item("status", field_id="status", from_="1", to="2"))
    second = history(10, item("status", field_id="status", from_="2", to="3"))
    found = parse.changes([later, second, first, second], SHAPE, "CORE-1")
    assert [(change.history, change.before, change.after) for change in found] == [
        (9, "1", "2"),
        (10, "2", "3"),
        (8, "3", "4"),
    ]


def test_of_people_only_the_account_id_comes_through() -> None:
    change = item("assignee", field_id="assignee", from_=None, to="acc-1", fromString=None, toString="Li Wei")
    raw = raw_issue(assignee={"accountId": "acc-1", "displayName": "Li Wei", "emailAddress": "li@x.example"})
    issue = parse.issue(raw, [history(1, change)], site="shared", shape=SHAPE)
    assert issue.assignee == "acc-1"
    assert issue.changes == (Change(AT, 1, "assignee", None, "acc-1"),)
    assert "Li Wei" not in repr(issue)


@pytest.mark.parametrize(
    ("fields", "sprints"),
    [
        ({"sprint": {"id": 3}, "closedSprints": [{"id": 1}, {"id": 2}]}, (1, 2, 3)),  # the Agile API's two fields
        ({"customfield_20": [{"id": 5, "name": "a"}, {"id": 4}]}, (4, 5)),  # Cloud's field
        ({"sprint": None, "closedSprints": [{"id": 1}], "customfield_20": [{"id": 1}, {"id": 2}]}, (1, 2)),
        (
            {
                "customfield_20": [
                    "c.a.g.service.sprint.Sprint@1f[id=42,rapidViewId=4,state=CLOSED,name=S 1,sequence=42]"
                ]
            },
            (42,),
        ),
        ({"customfield_20": ["Sprint@1f[rapidViewId=4,name=Plan, id=7 or x=1,id=43,sequence=43]"]}, (43,)),
        ({"customfield_20": ["Sprint@1f[id=44,name=a,id=9,b,sequence=44]"]}, (44,)),  # a name that pretends
        ({"customfield_20": None}, ()),
        ({}, ()),
    ],
)
def test_the_sprints_of_an_issue_are_the_union_of_all_fields_that_name_them(
    fields: dict[str, Any], sprints: tuple[int, ...]
) -> None:
    assert parse.issue(raw_issue(**fields), [], site="shared", shape=SHAPE).sprints == sprints


@pytest.mark.parametrize(
    ("fields", "flagged"),
    [
        ({"flagged": True}, True),
        ({"flagged": False}, False),
        ({"customfield_21": [{"value": "Impediment", "id": "10019"}]}, True),
        ({"customfield_21": None}, False),
        ({"customfield_21": []}, False),
    ],
)
def test_an_issue_is_flagged_when_its_field_holds_something(fields: dict[str, Any], flagged: bool) -> None:
    assert parse.issue(raw_issue(**fields), [], site="shared", shape=SHAPE).flagged is flagged


@pytest.mark.parametrize(
    ("points", "read"),
    [(5, 5.0), (0.5, 0.5), (None, None), (True, None), ("5", None), (float("nan"), None), (10**400, None)],
)
def test_points_are_a_finite_number_or_none(points: Any, read: float | None) -> None:
    assert parse.issue(raw_issue(customfield_16=points), [], site="shared", shape=SHAPE).points == read


def test_a_summary_fits_every_database() -> None:
    issue = parse.issue(raw_issue(summary="a\0b\ud800" + "x" * 999), [], site="shared", shape=SHAPE)
    assert issue.summary.startswith("ab?x")
    assert len(issue.summary) <= 255
    issue.summary.encode()


@pytest.mark.parametrize(
    ("changelog", "cut"),
    [
        (wire.Changelog([PAST, PAST], 2), False),
        (wire.Changelog([PAST] * 40, 41), True),  # the newest 40 only
        (wire.Changelog([]), True),  # nothing says that this is all
        (None, True),
    ],
)
def test_a_changelog_is_whole_only_when_it_says_so(changelog: wire.Changelog | None, cut: bool) -> None:
    assert parse.cut_short(changelog) is cut


@pytest.mark.parametrize(
    ("updated", "untouched"),
    [
        (STAMP, True),
        ("2022-04-24T20:30:52.100+0000", True),  # creating an issue takes a moment
        ("2022-04-24T20:31:51.748+0000", False),
        ("nonsense", False),
    ],
)
def test_an_issue_that_was_never_updated_has_no_history_to_ask_for(updated: str, untouched: bool) -> None:
    assert parse.untouched(wire.issue(SHAPE).convert(raw_issue(updated=updated))) is untouched


def test_a_board_names_its_fields_by_schema_and_estimation_never_by_habit() -> None:
    fields = [
        {"id": "customfield_1", "name": "Sprint", "custom": True, "schema": {"custom": "acme:sprint"}},  # an impostor
        {"id": "customfield_2", "name": "Iteración", "custom": True, "schema": {"custom": parse.SPRINT_SCHEMA}},
        {"id": "customfield_3", "name": "Flagged", "custom": True},
        {"id": "customfield_16", "name": "Puntos", "custom": True},
    ]
    configuration = {
        "filter": {"id": "10000"},
        "columnConfig": {"columns": [{"name": "Backlog", "statuses": []}, {"name": "Done", "statuses": [{"id": "6"}]}]},
        "estimation": {"type": "field", "field": {"fieldId": "customfield_16"}},
    }
    statuses = [{"id": "6", "name": "Hecho", "statusCategory": {"key": "done"}}]
    shape = parse.shape({"id": 1, "name": "Core", "type": "scrum"}, configuration, statuses, fields)
    assert (shape.sprint_field, shape.flagged_field) == ("customfield_2", "customfield_3")
    assert (shape.points_field, shape.points_name, shape.filter_id) == ("customfield_16", "Puntos", "10000")
    assert [column.statuses for column in shape.columns] == [(), ("6",)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _spoilt(draw: st.DrawFn, good: dict[str, Any]) -> Any:
    """`good` with something else put in at one place."""
    spoilt = json.loads(json.dumps(good))
    at = spoilt
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else list(range(len(at)))))
        if draw(st.booleans()) or not isinstance(at[key], dict | list) or not at[key]:
            at[key] = draw(_JSON)
            return spoilt
        at = at[key]
    return spoilt


_GOOD = raw_issue(
    closedSprints=[{"id": 1}],
    customfield_20=["x[id=4,name=a]"],
    labels=["a"],
    assignee={"accountId": "a"},
    customfield_16=3,
)
_HISTORY = history(7, item("status", field_id="status", from_="1", to="2", fromString="To Do", toString="Doing"))
_SPRINT = {"id": 7, "name": "S", "state": "closed", "startDate": STAMP, "completeDate": STAMP, "originBoardId": 8}


@given(raw=_spoilt(_GOOD) | _JSON, past=_spoilt(_HISTORY) | _JSON)
def test_a_hostile_issue_is_a_value_that_can_be_stored_or_a_named_refusal(raw: Any, past: Any) -> None:
    with suppress(Malformed):
        issue = parse.issue(raw, [past], site="shared", shape=SHAPE)
        assert values.unpack(Issue, values.pack(issue)) == issue


@given(raw=_spoilt(_SPRINT) | _JSON)
def test_a_hostile_sprint_is_a_value_or_a_named_refusal(raw: Any) -> None:
    with suppress(Malformed):
        sprint = parse.sprint(raw)
        assert values.from_json(Sprint, json.loads(json.dumps(values.to_json(sprint), allow_nan=False))) == sprint
        assert 0 <= sprint.id < 2**31  # what a database column holds


@given(board=_JSON, configuration=_JSON, statuses=_JSON, fields=_JSON)
def test_a_hostile_board_is_a_value_or_a_named_refusal(
    board: Any, configuration: Any, statuses: Any, fields: Any
) -> None:
    with pytest.raises(Malformed):
        parse.shape(board, configuration, statuses, fields)
