"""Parts of the pretend Jira: reading files, the story, JQL, signatures."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fmo_bot.sandbox.jira import build, export, jql, story, suggested_start
from fmo_bot.sandbox.jira.hooks import signature
from fmo_bot.sandbox.jira.refusals import Refused
from fmo_bot.sandbox.jira.site import Site
from tests.integration.jirabox import HALF_WAY, Files, SetClock


def raw(number: int, **more: Any) -> dict[str, Any]:
    held = {"created": "2026-06-01T08:00:00.000+0000", "status": {"id": "1", "name": "Open"}, "summary": "x"} | more
    return {"id": str(number), "key": f"A-{number}", "fields": held, "changelog": {"histories": []}}


def site_of(issues: list[dict[str, Any]], tmp_path: Path, sprints: list[dict[str, Any]] | None = None) -> Site:
    (tmp_path / "issues.jsonl").write_text("\n".join(json.dumps(one) for one in issues))
    (tmp_path / "sprints.json").write_text(json.dumps(sprints or []))
    files = Files(issues=tmp_path / "issues.jsonl", sprints=tmp_path / "sprints.json")
    return build("shared", SetClock(), options=files).site


def test_a_bad_line_is_named_with_its_number_and_reason_and_the_rest_is_loaded(tmp_path: Path) -> None:
    history = {"id": "1", "created": "yesterday", "items": []}
    table = [
        (json.dumps(raw(1)), None),
        ("{not json", "line 2: not JSON"),
        ("[1]", "line 3: an issue is not a JSON object"),
        (json.dumps(raw(1)), "line 4: issue A-1 is already on line 1"),
        (json.dumps({**raw(2), "key": None}), "line 5: the issue has no key"),
        (json.dumps(raw(3, created="2026-06-01")), "line 6: '2026-06-01' has no time zone"),
        (json.dumps(raw(4, status=None)), "line 7: fields.status is not a JSON object"),
        (
            json.dumps({**raw(5), "changelog": {"histories": [history]}}),
            "line 8: Invalid isoformat string: 'yesterday'",
        ),
        ("", None),  # an empty line is nothing
        (json.dumps(raw(6)), None),
        ("[" * 100_000, "line 11: nested too deep"),
    ]
    file = tmp_path / "issues.jsonl"
    file.write_text("\n".join(line for line, _ in table))

    found = export.read(issues=file)

    assert [one["key"] for one in found.issues] == ["A-1", "A-6"]
    expected = [reason for _, reason in table if reason]
    assert len(found.problems) == len(expected)
    for problem, reason in zip(found.problems, expected, strict=True):
        assert reason in problem


def test_a_broken_sprint_or_board_file_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sprints.json").write_text('[{"id": "seven"}]')
    (tmp_path / "board.json").write_text('{"columnConfig": {}}')

    found = export.read(issues=None, sprints=tmp_path / "sprints.json", board=tmp_path / "board.json")

    assert found.board is None
    assert found.sprints == []
    assert [problem.split(":")[0] for problem in found.problems] == ["sprints.json", "board.json"]


def test_what_is_wrong_with_a_file_is_said_when_the_sandbox_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "issues.jsonl").write_text(json.dumps(raw(1)) + "\n" + "{\n" * 25)

    site = build("shared", SetClock(), options=Files(issues=tmp_path / "issues.jsonl"))

    assert "issues.jsonl line 2: not JSON" in caplog.messages[0]
    assert caplog.messages[-1].startswith("... and 5 more")
    assert len(site.describe()["problems"]) == 25


def test_the_story_is_the_same_each_time() -> None:
    assert story.tell().issues == story.tell().issues


def test_in_the_story_whatever_is_unfinished_when_a_sprint_completes_is_in_the_next_one() -> None:
    site = build("shared", SetClock(), options=Files()).site
    for sprint, unfinished in {8: 1, 9: 0, 10: 0, 11: 1, 12: 2}.items():
        completed = site.sprints.by_id[sprint].complete
        assert completed is not None
        left = [
            issue
            for issue in site.present(completed)
            if sprint in issue.sprints(completed) and issue.state(completed)["status"] not in site.done_statuses()
        ]
        assert len(left) == unfinished
        assert all(sprint + 1 in issue.sprints(completed + timedelta(seconds=15)) for issue in left), sprint


def test_in_the_story_one_flag_waits_on_each_side() -> None:
    site = build("shared", SetClock(), options=Files()).site
    for at in (HALF_WAY, site.suggested_start()):
        flagged = [issue.state(at) for issue in site.present(at) if issue.state(at)[site.ids.flagged]]
        assert sorted(site.statuses[state["status"]].name for state in flagged) == [
            "Waiting for Operator",
            "Waiting for Vendor",
        ]


def test_the_clock_starts_on_the_last_working_day_before_the_busiest_sprint_ends(tmp_path: Path) -> None:
    def sprint(number: int, end: str) -> dict[str, Any]:
        return {"id": number, "name": f"S{number}", "startDate": "2026-06-01T08:00:00.000Z", "completeDate": end}

    held = [raw(1, sprint={"id": 7, "name": "S7"}), raw(2, closedSprints=[{"id": 7, "name": "S7"}])]
    table = [
        ("2020-06-22T05:59:58.980Z", datetime(2020, 6, 19, 0, 30, tzinfo=UTC)),  # a Monday -> the Friday before
        ("2020-06-19T16:00:00.000Z", datetime(2020, 6, 18, 0, 30, tzinfo=UTC)),  # a Friday -> Thursday
        ("2020-06-21T16:00:00.000Z", datetime(2020, 6, 19, 0, 30, tzinfo=UTC)),  # a Sunday -> Friday
    ]
    for end, expected in table:
        assert site_of(held, tmp_path, [sprint(7, end), sprint(8, end)]).suggested_start() == expected
    assert site_of([raw(1)], tmp_path).suggested_start() == datetime(2026, 6, 1, 0, 30, tzinfo=UTC)  # the last change
    assert suggested_start(Files()) == datetime(2026, 11, 19, 0, 30, tzinfo=UTC)


def test_a_board_nobody_configured_is_made_from_the_statuses_in_the_order_of_work(tmp_path: Path) -> None:
    def moved(number: int, before: str, after: str) -> dict[str, Any]:
        told = {"field": "status", "from": before, "fromString": f"S{before}", "to": after, "toString": f"S{after}"}
        return {"id": str(number), "created": f"2026-06-02T08:00:{number:02}.000+0000", "items": [told]}

    done = {"id": "30", "name": "Shipped", "statusCategory": {"key": "done"}}
    one = raw(1, status=done, updated="2026-06-09T08:00:00.000+0000")
    one["changelog"]["histories"] = [moved(1, "10", "20"), moved(2, "20", "25"), moved(3, "25", "30")]
    two = raw(2, status={"id": "20", "name": "Old name", "statusCategory": {"key": "new"}})
    two["changelog"]["histories"] = [moved(4, "10", "20")]
    three = raw(3, status={"id": "20", "name": "Doing", "statusCategory": {"key": "indeterminate"}})
    three["fields"]["updated"] = "2026-07-09T08:00:00.000+0000"

    columns = site_of([one, two, three], tmp_path).board["columnConfig"]["columns"]

    assert [column["name"] for column in columns] == ["S10", "Doing", "S25", "Done"]
    assert [status["id"] for status in columns[-1]["statuses"]] == ["30"]


def test_jql_finds_what_it_says() -> None:
    site = build("shared", SetClock(), options=Files()).site
    table = [
        ("filter = 10001", 85),
        ("project = CORE AND sprint = 12", 15),  # 17 in all its life; one was removed, one comes later
        ('sprint in ("Core Sprint 12", 11)', 26),  # 12 of sprint 11, one of them in both
        ("key in (CORE-1, core-2) ORDER BY key DESC", 2),
        ("id = 20001", 1),
        ('status = "Waiting for Operator"', 1),
        ("status not in (10000, 10007) AND project = CORE", 13),
        (f"updated >= {int(datetime(2026, 11, 13, tzinfo=UTC).timestamp() * 1000)}", 7),
        ('updated >= "2026-11-13 00:00" AND updated < "2026/11/16 00:00"', 7),
        ('updated >= "2026-11-17 00:00"', 0),  # nothing of what lies ahead
        ("key = CORE-1 OR key = CORE-2 AND sprint = 13 OR id = 20003", 2),  # AND binds closer
        ("(key = CORE-1 OR key = CORE-2) AND NOT id = 20001", 1),
        ("NOT (project = CORE)", 0),
        ("sprint in openSprints()", 15),
        ("sprint is EMPTY AND resolution is not EMPTY", 0),
        ("assignee is EMPTY AND statusCategory = Done", 1),
        ("issuetype in (Bug, Incident) AND labels is EMPTY AND resolution = Unresolved", 3),
    ]
    for text, expected in table:
        assert (text, len(jql.parse(text, site).run(site, HALF_WAY))) == (text, expected)


def test_jql_knows_who_asks() -> None:
    site = build("shared", SetClock(), options=Files()).site
    me = site.people.search("chen")[0]
    held = {one.id: one.state(HALF_WAY)["assignee"] or {} for one in site.present(HALF_WAY)}
    mine = {number for number, who in held.items() if who.get("displayName") == "Chen Yu"}

    found = jql.parse("assignee = currentUser() ORDER BY key ASC", site, me).run(site, HALF_WAY)

    assert {issue.id for issue in found} == mine != set()


def test_jql_dates_are_read_in_the_zone_of_the_account() -> None:
    site = build("shared", SetClock(), options=Files(), zone="Asia/Shanghai").site
    clause = 'created >= "2026-09-28 17:00" AND created < "2026-09-28 17:01"'

    assert {issue.created.hour for issue in jql.parse(clause, site).run(site, HALF_WAY)} == {9}


def test_jql_that_the_sandbox_does_not_know_is_refused_and_never_guessed() -> None:
    site = build("shared", SetClock(), options=Files()).site
    table = [
        ("colour = red", "Field 'colour' does not exist"),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("project = CORE OR", "Expecting a clause"),
        ("project = now()", "Unable to find JQL function 'now()'"),
        ("project = CORE key = CORE-1", "Expecting a clause, but got 'key = CORE-1'"),
        ("sprint = 99", "Sprint with name '99' does not exist"),
        ("key = CORE-999", "An issue with key 'CORE-999' does not exist"),
        ("updated >= yesterday", "Date value 'yesterday' for field 'updated' is invalid"),
        ("project = CORE ORDER BY rank", "Not able to sort using field 'rank'."),
        ("project = CORE ORDER BY " + ", ".join(["key"] * 8), "No more than 7"),
        ("project ~ CORE", "not supported"),
        ("key in (CORE-1", "Expecting a list"),
        ("(project = CORE", "Expecting ')'"),
        ("project = 'CORE", "not expected"),
    ]
    for text, reason in table:
        with pytest.raises(Refused) as refused:
            jql.parse(text, site)
        assert refused.value.status == 400
        assert reason in str(refused.value), text


def test_webhooks_are_signed_as_atlassians_published_example() -> None:
    expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert signature("It's a Secret to Everybody", b"Hello World!") == expected
