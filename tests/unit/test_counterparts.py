"""One piece of work on two sites: named by people it counts once; what only looks so is a suspicion."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fmo_bot.domain.counterparts import FIELD, LABEL, LINKED, Rule, Signs, mirrors, once
from fmo_bot.domain.issues import LINK, Change, Issue, Named

AT = datetime(2026, 11, 2, tzinfo=UTC)
WORDS = "Attach the second cell"
TWIN = Rule(kind=LABEL, name="twin:")
CLONE = Rule(kind=LINKED, name="is cloned by")
VENDOR = Rule(kind=FIELD, name="Vendor issue")


def issue(site: str, key: str, *labels: str, summary: str = "", links: tuple[str, ...] = (), **more: Any) -> Signs:
    """What an issue says; `links` are what was linked, in Jira's own words, "-" before those taken away again."""
    changes = tuple(
        Change(AT, n, LINK, None, None, *((words[1:], None) if words.startswith("-") else (None, words)))
        for n, words in enumerate(links)
    )
    made: dict[str, Any] = {"issue_type": "Story", "subtask": False, "created": AT, "updated": AT, "status": "1"}
    made |= {"status_name": "", "status_category": "new", "id": f"{site}/{key}", "summary": summary}
    return Signs.of(Issue(site=site, key=key, labels=labels, changes=changes, **(made | more)))


def naming(site: str, key: str, field: str = "Vendor issue") -> Signs:
    """A-1 of site a, whose field names an issue."""
    return issue("a", "A-1", named=(Named(field, site, key),))


def keys(boards: tuple[tuple[Signs, ...], ...]) -> list[list[str]]:
    return [[each.key for each in board] for board in boards]


@pytest.mark.parametrize(
    ("record", "other", "rule", "counted"),
    [
        # A label with the other's key, on either of the two.
        ([issue("a", "A-1", "twin:B-7")], [issue("b", "B-7"), issue("b", "B-8")], TWIN, [["A-1"], ["B-8"]]),
        ([issue("a", "A-1")], [issue("b", "B-7", "twin:A-1")], TWIN, [["A-1"], []]),
        # The same label on both.
        ([issue("a", "A-1", "twin:core")], [issue("b", "B-7", "twin:core")], TWIN, [["A-1"], []]),
        # Another label, another case, or no rule: two pieces of work.
        ([issue("a", "A-1", "kin:core")], [issue("b", "B-7", "kin:core")], TWIN, [["A-1"], ["B-7"]]),
        ([issue("a", "A-1", "twin:core")], [issue("b", "B-7", "twin:Core")], TWIN, [["A-1"], ["B-7"]]),
        ([issue("a", "A-1", "twin:core")], [issue("b", "B-7", "twin:core")], None, [["A-1"], ["B-7"]]),
        # Two issues of one site are two, also with one label.
        ([issue("a", "A-1", "twin:x"), issue("a", "A-2", "twin:x")], [], TWIN, [["A-1", "A-2"], []]),
        # Both pieces of record that one issue over there belongs to are counted, it is not.
        (
            [issue("a", "A-1", "twin:x"), issue("a", "A-2", "twin:x")],
            [issue("b", "B-7", "twin:x")],
            TWIN,
            [["A-1", "A-2"], []],
        ),
        # A link that stands, and one that was taken away again.
        ([issue("a", "A-1", links=("This issue is cloned by B-7",))], [issue("b", "B-7")], CLONE, [["A-1"], []]),
        (
            [issue("a", "A-1", links=("This issue is cloned by B-7", "-This issue is cloned by B-7"))],
            [issue("b", "B-7")],
            CLONE,
            [["A-1"], ["B-7"]],
        ),
        ([issue("a", "A-1", links=("This issue blocks B-7",))], [issue("b", "B-7")], CLONE, [["A-1"], ["B-7"]]),
        # In the field: a key alone, a key or an id of a site; not of another site, nor in another field.
        ([naming("", "B-7")], [issue("b", "B-7")], VENDOR, [["A-1"], []]),
        ([naming("b", "B-7")], [issue("b", "B-7")], VENDOR, [["A-1"], []]),
        ([naming("b", "7")], [issue("b", "B-7", id="7")], VENDOR, [["A-1"], []]),
        ([naming("", "7")], [issue("b", "B-7", id="7")], VENDOR, [["A-1"], ["B-7"]]),
        ([naming("c", "B-7")], [issue("b", "B-7")], VENDOR, [["A-1"], ["B-7"]]),
        ([naming("a", "A-2"), issue("a", "A-2")], [issue("b", "A-2")], VENDOR, [["A-1", "A-2"], ["A-2"]]),
        ([naming("b", "B-7", field="Customer")], [issue("b", "B-7")], VENDOR, [["A-1"], ["B-7"]]),
        ([issue("a", "A-1", "Vendor issue")], [issue("b", "B-7", "Vendor issue")], VENDOR, [["A-1"], ["B-7"]]),
        # A key that only its own site knows names nobody over there.
        ([issue("a", "A-1", "twin:A-2"), issue("a", "A-2")], [issue("b", "B-7")], TWIN, [["A-1", "A-2"], ["B-7"]]),
        # The same key on both sites is no sign.
        ([issue("a", "A-1")], [issue("b", "A-1")], TWIN, [["A-1"], ["A-1"]]),
        # One issue on two boards of a site.
        ([issue("a", "A-1")], [issue("a", "A-1"), issue("a", "A-2")], None, [["A-1"], ["A-2"]]),
    ],
)
def test_counterparts_are_counted_once_on_the_board_of_record(
    record: list[Signs], other: list[Signs], rule: Rule | None, counted: list[list[str]]
) -> None:
    assert keys(once([record, other], rule)) == counted


def test_a_key_that_two_other_sites_know_names_nobody() -> None:
    boards = [[issue("a", "A-1", "twin:X-7")], [issue("b", "X-7")], [issue("c", "X-7")]]
    assert keys(once(boards, TWIN)) == [["A-1"], ["X-7"], ["X-7"]]


def test_what_stands_on_two_other_boards_is_counted_on_the_first_of_them() -> None:
    boards = [[issue("a", "A-1")], [issue("b", "B-1", "twin:x")], [issue("c", "C-1", "twin:x")]]
    assert keys(once(boards, TWIN)) == [["A-1"], ["B-1"], []]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (issue("a", "A-1", summary=WORDS), issue("b", "B-1", summary=" attach  THE second cell"), "summary"),
        (issue("a", "A-1", summary="Fix tests"), issue("b", "B-1", summary="Fix tests"), None),  # says too little
        (
            issue("a", "A-1", summary=WORDS),
            issue("b", "B-1", summary=WORDS, created=AT + timedelta(hours=25)),
            None,
        ),
        (issue("a", "A-1", summary=WORDS), issue("a", "A-2", summary=WORDS), None),
        (issue("a", "A-1", summary="As in B-1"), issue("b", "B-1"), "key"),
        (issue("a", "A-1", summary="As in B-10"), issue("b", "B-1"), None),
        (issue("a", "A-1", links=('This issue links to "B-1 (Their Jira)"',)), issue("b", "B-1"), "link"),
        (issue("a", "A-1", links=("This issue links to https://jira.example/browse/B-1",)), issue("b", "B-1"), "link"),
        (issue("a", "A-1", "twin:B-1", summary="As in B-1"), issue("b", "B-1"), None),  # named: no suspicion
    ],
)  # fmt: skip
def test_suspected_mirrors(one: Signs, other: Signs, why: str | None) -> None:
    for issues in ((one, other), (other, one)):
        assert [found.why for found in mirrors(issues, TWIN)] == ([why] if why else [])


def test_a_key_in_a_summary_that_ones_own_site_knows_is_no_suspicion() -> None:
    issues = (issue("a", "A-1", summary="After A-2"), issue("a", "A-2"), issue("b", "A-2"))
    assert mirrors(issues) == ()


def test_many_namesakes_of_one_site_take_no_time() -> None:
    words = "Weekly call with the lab"
    namesakes = [issue(site, f"{site.upper()}-{n}", "twin:x", summary=words) for site in "ab" for n in range(1, 10_001)]
    assert mirrors(namesakes) == ()
    assert mirrors(namesakes, TWIN) == ()
    record, other = once([namesakes[:10_000], namesakes[10_000:]], TWIN)
    assert (len(record), len(other)) == (10_000, 0)


def test_a_rule_is_read_as_it_is_stored() -> None:
    assert Rule.from_mapping({"label": "twin:"}) == TWIN
    assert Rule.from_mapping({}) is None
