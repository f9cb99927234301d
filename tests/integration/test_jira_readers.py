"""Where Cloud and Data Center differ: pages, histories, instants. Against a script, for answers no sandbox gives."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from fmo_bot.domain.issues import BoardShape, Issue
from fmo_bot.errors import BoardUnavailable
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.histories import ALONE
from fmo_bot.jira.readers import CloudReader, DataCenterReader
from fmo_bot.jira.source import JiraSource
from tests.integration.scripted_jira import Answer, ScriptedJira, scripted_jira

SHAPE = BoardShape(id=1, name="Core", kind="scrum", columns=(), statuses=(), filter_id="10000")
CREATED, UPDATED = "2026-11-02T08:00:00.000+0000", "2026-11-16T08:00:00.000+0000"


@contextmanager
def reading(flavour: str) -> Iterator[tuple[ScriptedJira, JiraSource]]:
    with scripted_jira(flavour) as jira:
        client = JiraClient(Access(key="shared", url=jira.url, token="jira-sandbox-shared"), sleep=lambda _: None)
        with closing(client):
            yield jira, JiraSource(client)


def raw(number: int, **more: Any) -> dict[str, Any]:
    status = {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}}
    fields = {"summary": "x", "created": CREATED, "updated": UPDATED, "status": status}
    return {"id": str(number), "key": f"CORE-{number}", "fields": fields, **more}


def history(number: int) -> dict[str, Any]:
    item = {"field": "status", "fieldtype": "jira", "from": "3", "to": "3", "fromString": "a", "toString": "a"}
    return {"id": str(number), "created": UPDATED, "items": [item]}


def changelog(*numbers: int, total: int) -> dict[str, Any]:
    return {"total": total, "maxResults": len(numbers), "histories": [history(number) for number in numbers]}


def asked(jira: ScriptedJira, name: str) -> list[dict[str, list[str]]]:
    parts = [urlsplit(path) for _, path, _ in jira.asked]
    return [parse_qs(part.query) for part in parts if part.path.endswith(name)]


def changed(source: JiraSource) -> list[Issue]:
    return [issue for part in source.changed(SHAPE, since=None) for issue in part.issues]


def numbers(source: JiraSource) -> dict[str, tuple[int, ...]]:
    return {issue.id: tuple(change.history for change in issue.changes) for issue in changed(source)}


def test_a_cut_changelog_is_read_again_on_data_center() -> None:
    with reading("Server") as (jira, source):
        jira.script = [Answer({"total": 1, "issues": [raw(1, changelog=changelog(3, total=3))]})]
        jira.standing["1"] = Answer(raw(1, changelog=changelog(1, 2, 3, total=3)))
        jira.standing["changelog"] = Answer({}, 404)  # no Data Center has it
        (issue,) = changed(source)
        assert [change.history for change in issue.changes] == [1, 2, 3]
        assert issue.complete


def test_a_history_that_stays_cut_is_marked_as_not_proved() -> None:
    with reading("Server") as (jira, source):
        jira.script = [Answer({"total": 1, "issues": [raw(1, changelog=changelog(3, total=3))]})]
        jira.standing["1"] = Answer(raw(1, changelog=changelog(3, total=3)))
        jira.standing["changelog"] = Answer({}, 404)
        (issue,) = changed(source)
        assert not issue.complete


def moves(*numbers: int) -> list[dict[str, Any]]:
    """Histories that lead an issue from status 3 to another one and back, again and again."""
    found = [history(number) for number in numbers]
    for number, each in zip(numbers, found, strict=True):
        each["items"][0] |= {"from": "3", "to": "4"} if number % 2 else {"from": "4", "to": "3"}
    return found


@pytest.mark.parametrize("cut", [22, 40])
@pytest.mark.parametrize("kept", ["oldest", "newest"])
def test_a_cut_that_changes_the_total_too_is_not_taken_for_whole(cut: int, kept: str) -> None:
    """Of sixty histories: those cut at the new end show it each by itself, those cut at the old end together."""
    left = range(1, cut) if kept == "oldest" else range(61 - cut, 61)
    told = {"total": len(left), "histories": moves(*left)}
    short = {"total": 2, "histories": moves(1, 2)}
    with reading("Server") as (jira, source):
        found = [*(raw(number, changelog=told) for number in (1, 2, 3)), raw(4, changelog=short)]
        jira.script = [Answer({"total": 4, "issues": found})]
        for number in (1, 2, 3):
            jira.standing[str(number)] = Answer(raw(number, changelog=told))
        jira.standing["changelog"] = Answer({}, 404)
        assert [issue.complete for issue in changed(source)] == [False, False, False, True]


def test_one_cut_at_the_new_end_shows_it_by_itself_and_is_whole_once_nobody_cuts() -> None:
    with reading("Server") as (jira, source):
        cut = {"total": 21, "histories": moves(*range(1, 22))}  # ends at status 4, and the issue shows 3
        whole = {"total": 22, "histories": moves(*range(1, 23))}
        jira.script = [Answer({"total": 1, "issues": [raw(1, changelog=cut)]})]
        jira.standing["1"] = Answer(raw(1, changelog=whole))
        jira.standing["changelog"] = Answer({}, 404)
        (issue,) = changed(source)
        assert (len(issue.changes), issue.complete) == (22, True)


def test_long_histories_of_one_length_are_whole_where_another_is_longer() -> None:
    with reading("Server") as (jira, source):
        lengths = (20, 20, 20, 22)
        logs = [{"total": length, "histories": moves(*range(1, length + 1))} for length in lengths]
        jira.script = [
            Answer({"total": 4, "issues": [raw(number, changelog=log) for number, log in enumerate(logs, 1)]})
        ]
        assert all(issue.complete for issue in changed(source))


def test_a_short_page_is_not_the_last_one_on_data_center() -> None:
    pages = [[1, 2], [3], [4]]  # the library stops after the second and loses the fourth issue
    with reading("Server") as (jira, source):
        jira.script = [
            Answer({"total": 4, "issues": [raw(number, changelog=changelog(total=0)) for number in page]})
            for page in pages
        ]
        assert set(numbers(source)) == {"1", "2", "3", "4"}
        assert [question["startAt"] for question in asked(jira, "/rest/api/2/search")] == [["0"], ["2"], ["3"]]


def test_pages_follow_the_token_and_one_that_repeats_is_not_taken_for_the_end() -> None:
    with reading("Cloud") as (jira, source):
        jira.standing["bulkfetch"] = Answer({"issueChangeLogs": [{"issueId": "1", "changeHistories": []}]})
        jira.standing["changelog"] = Answer({"values": [], "isLast": True})
        pages = [
            Answer({"issues": [raw(1)], "nextPageToken": "a"}),
            Answer({"issues": [], "nextPageToken": "b"}),  # an empty page is not the last one either
        ]
        jira.script = [*pages, Answer({"issues": [raw(2)]})]
        assert set(numbers(source)) == {"1", "2"}
        jira.script = [*pages, Answer({"issues": [raw(2)], "nextPageToken": "a"})]
        with pytest.raises(BoardUnavailable, match="followed by one before it"):
            numbers(source)


def test_histories_split_over_pages_are_put_together_and_missing_ones_asked_for() -> None:
    untouched = raw(3)
    untouched["fields"]["updated"] = CREATED
    with reading("Cloud") as (jira, source):
        jira.script = [
            Answer({"issues": [raw(1), raw(2), untouched], "isLast": True, "nextPageToken": "ignored"}),
            Answer(
                {"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(1)]}], "nextPageToken": "more"},
            ),
            Answer({"issueChangeLogs": [{"issueId": 1, "changeHistories": [history(2), history(1)]}]}),
            Answer({"values": [history(1)], "total": 2}),  # the longest one is all there
            Answer({"values": [history(7)], "isLast": False}),
            Answer({"values": [history(8)], "isLast": True}),
        ]
        assert numbers(source) == {"1": (1, 2), "2": (7, 8), "3": ()}
        assert len(asked(jira, "issue/2/changelog")) == 2
        assert asked(jira, "issue/3/changelog") == []


def test_a_bulk_answer_that_is_cut_is_found_out_by_its_longest_history() -> None:
    logs = [(1, (1,)), (2, (4, 5)), (3, (8, 9))]  # cut at two; nobody says so
    bulk = [{"issueId": str(number), "changeHistories": [history(each) for each in past]} for number, past in logs]
    with reading("Cloud") as (jira, source):
        jira.script = [
            Answer({"issues": [raw(1), raw(2), raw(3)], "isLast": True}),
            Answer({"issueChangeLogs": bulk}),
            Answer({"values": [history(3)], "total": 3}),
            Answer({"values": [history(3), history(4), history(5)], "total": 3}),
            Answer({"values": [history(7), history(8), history(9)], "total": 4}),  # cut once more, differently
            Answer({"values": [], "total": 4}),
        ]
        found = {issue.id: issue for issue in changed(source)}
    assert {number: len(issue.changes) for number, issue in found.items()} == {"1": 1, "2": 3, "3": 3}
    assert [number for number, issue in found.items() if not issue.complete] == ["3"]


def test_a_history_with_a_gap_is_asked_for_by_itself_and_taken_as_it_is() -> None:
    gap = history(2)
    gap["items"][0]["from"] = "1"
    with reading("Cloud") as (jira, source):
        jira.standing["changelog"] = Answer({"values": [history(1), gap], "total": 2})
        jira.script = [
            Answer({"issues": [raw(1)], "isLast": True}),
            Answer({"issueChangeLogs": [{"issueId": "1", "changeHistories": [history(1), gap]}]}),
        ]
        (issue,) = changed(source)
    assert issue.complete  # Jira itself counted: there is no more
    assert len(asked(jira, "issue/1/changelog")) == 2  # for the longest, and for the gap


def test_only_so_many_doubts_are_settled_in_one_part() -> None:
    numbers = range(1, ALONE + 4)
    with reading("Cloud") as (jira, source):
        jira.standing["changelog"] = Answer({"values": [history(7)], "total": 1})
        jira.script = [Answer({"issues": [raw(each) for each in numbers]}), Answer({"issueChangeLogs": []})]
        found = changed(source)
    assert [issue.complete for issue in found].count(False) == 3


def test_half_a_sign_in_one_summary_hides_no_issue() -> None:
    with reading("Cloud") as (jira, source):
        odd = raw(1)
        odd["fields"] |= {"summary": "cut in the middle \ud83d", "updated": CREATED}
        jira.standing["bulkfetch"] = Answer({"issueChangeLogs": []})
        jira.script = [Answer({"issues": [odd]})]
        assert [issue.summary for issue in changed(source)] == ["cut in the middle ?"]


def test_a_read_goes_on_behind_its_mark_and_begins_anew_where_that_is_forgotten() -> None:
    untouched = raw(2)
    untouched["fields"]["updated"] = CREATED
    forgotten = Answer({"errorMessages": ["The provided next page token is invalid or expired."]}, 400)
    with reading("Cloud") as (jira, source):
        jira.standing["bulkfetch"] = Answer({"issueChangeLogs": []})
        for script in ([Answer({"issues": [untouched]})], [forgotten, Answer({"issues": [untouched]})]):
            jira.script = list(script)
            (part,) = source.changed(SHAPE, since=None, mark="far")
            assert (len(part.issues), part.mark) == (1, None)
    tokens = [question.get("nextPageToken") for question in asked(jira, "search/jql")]
    assert tokens == [["far"], ["far"], None]


def test_an_id_that_is_gone_does_not_hide_the_others() -> None:
    gone = Answer({"errorMessages": ["An issue with key '2' does not exist for field 'id'."]}, 400)
    with reading("Cloud") as (jira, source):
        jira.standing["changelog"] = Answer({"values": [], "isLast": True})
        jira.standing["bulkfetch"] = Answer({"issueChangeLogs": []})
        jira.script = [gone, Answer({"issues": [raw(1)]}), gone, gone, Answer({"issues": [raw(3)]})]
        assert [issue.id for issue in source.read(SHAPE, ["1", "2", "3"])] == ["1", "3"]


@pytest.mark.parametrize("page", [[], {}, {"issues": None}, {"issues": {"1": 2}}, {"issues": ["1"]}, {"issues": [{}]}])
@pytest.mark.parametrize("flavour", ["Cloud", "Server"])
def test_a_page_that_is_none_is_a_sentence(flavour: str, page: Any) -> None:
    with reading(flavour) as (jira, source):
        jira.standing["bulkfetch"] = Answer({"issueChangeLogs": []})
        jira.script = [Answer(page)]
        with pytest.raises(BoardUnavailable, match="Jira site shared"):
            changed(source)


def test_a_board_without_sprints_answers_400_and_has_none() -> None:
    with reading("Cloud") as (jira, source):
        jira.standing["sprint"] = Answer({"errorMessages": ["The board does not support sprints"]}, 400)
        assert source.sprints(1) == ()


def test_sprints_are_paged_by_what_comes() -> None:
    sprints = [{"id": number, "name": f"S {number}", "state": "closed"} for number in range(1, 4)]
    with reading("Cloud") as (jira, source):
        jira.script = [
            Answer({"values": sprints[:2], "maxResults": 50, "isLast": False}),
            Answer({"values": sprints[2:], "maxResults": 50, "isLast": True}),
        ]
        assert [sprint.id for sprint in source.sprints(1)] == [1, 2, 3]
        assert [question["startAt"] for question in asked(jira, "/sprint")] == [["0"], ["2"]]


def test_cloud_is_asked_in_milliseconds_which_no_zone_bends() -> None:
    with scripted_jira() as jira, closing(JiraClient(Access(key="s", url=jira.url, token="t"))) as client:
        assert CloudReader(client).instant(datetime(2026, 11, 16, 8, 0, 0, 250_000, tzinfo=UTC)) == "1794816000250"


@pytest.mark.parametrize(
    ("zone", "at", "written"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 16, 8, 0, 59, tzinfo=UTC), '"2026-11-16 16:00"'),  # whole minutes, earlier
        (
            "Europe/Madrid",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            '"2026-10-25 01:30"',
        ),  # 02:30 comes twice: before both
        (
            "Europe/Madrid",
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            '"2026-10-25 02:30"',
        ),  # the second: the first is earlier
        (None, datetime(2026, 11, 16, 8, 0, tzinfo=UTC), '"2026-11-15 20:00"'),  # unknown: the last clock on earth
    ],
)
def test_data_center_is_asked_in_the_accounts_own_wall_time_and_never_too_late(
    zone: str | None, at: datetime, written: str
) -> None:
    with scripted_jira("Server") as jira, closing(JiraClient(Access(key="s", url=jira.url, token="t"))) as client:
        assert DataCenterReader(client, ZoneInfo(zone) if zone else None).instant(at) == written
