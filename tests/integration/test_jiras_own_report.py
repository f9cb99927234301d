"""Jira's own sprint report: read where it answers as we know it, done without wherever it does not."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from fmo_bot.domain import lives, sprints
from fmo_bot.domain.jiras_report import JirasReport, Theirs, differences
from fmo_bot.domain.workflow import Workflow
from fmo_bot.errors import SiteUnavailable
from fmo_bot.jira.client import Access, JiraClient
from fmo_bot.jira.source import JiraSource
from fmo_bot.sandbox.server import Options, Sandbox
from tests.integration.scripted_jira import DROP, Answer, ScriptedJira, scripted_jira
from tests.integration.test_jira_source import changed, faults, source_of

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LISTS = ("completedIssues", "issuesNotCompletedInCurrentSprint", "puntedIssues", "issuesCompletedInAnotherSprint")


class Ears:
    """A gate that is open and hears everything; `shut`: it lets nobody in."""

    def __init__(self, *, shut: bool = False) -> None:
        self.shut, self.failures = shut, 0

    def enter(self) -> None:
        if self.shut:
            raise SiteUnavailable("left alone")

    def failed(self, error: SiteUnavailable) -> None:
        self.failures += 1

    def answered(self) -> None:
        pass


@pytest.fixture
def jira() -> Iterator[ScriptedJira]:
    with scripted_jira() as running:
        yield running


def asked(jira: ScriptedJira, ears: Ears | None = None) -> JirasReport | None:
    def never(seconds: float) -> None:
        raise AssertionError("nobody waits for it")

    access = Access(key="shared", url=jira.url, token="jira-sandbox-shared")
    with closing(JiraClient(access, sleep=never, gate=ears)) as client:
        return JiraSource(client).own_report(1, 12)


def body(**more: Any) -> dict[str, Any]:
    contents = {name: [] for name in LISTS} | {"issueKeysAddedDuringSprint": {}} | more
    return {"contents": contents, "sprint": {"id": 12}}


def test_the_four_lists_are_read_by_id_and_what_was_added_through_its_keys(jira: ScriptedJira) -> None:
    lists = {name: [{"id": 100 + place, "key": f"PAY-{place}"}] for place, name in enumerate(LISTS)}
    jira.script.append(Answer(body(**lists, issueKeysAddedDuringSprint={"PAY-1": True, "PAY-2": False, "PAY-9": True})))
    assert asked(jira) == JirasReport(
        listed={
            "100": Theirs.COMPLETED,
            "101": Theirs.NOT_COMPLETED,
            "102": Theirs.REMOVED,
            "103": Theirs.ELSEWHERE,
        },
        added=frozenset({"101"}),
    )
    assert jira.asked[0][1] == "/rest/greenhopper/1.0/rapid/charts/sprintreport?rapidViewId=1&sprintId=12"


@pytest.mark.parametrize(
    "answer",
    [
        # not there, not any more, not for us
        Answer(status=404),
        Answer(status=410),
        Answer(status=403),
        # no scope covers it; the token is refused; the board is not understood
        Answer({"code": 401, "message": "Unauthorized; scope does not match"}, status=401),
        Answer(status=401),
        Answer(status=400),
        # a site or something before it in trouble
        Answer(status=500),
        Answer(status=503, headers={"Retry-After": "60"}),
        Answer(status=302, headers={"Location": "https://elsewhere.example/"}),
        DROP,
        # what is no answer of Jira's
        Answer("<html>Sign in</html>"),
        Answer("[" * 100_000),
        Answer([]),
        Answer({"contents": None, "sprint": None}),
        Answer({"contents": {}, "sprint": {"id": 12}}),
        # of another sprint; an id that is none; a list that is none; in two lists; without one of them
        Answer(body() | {"sprint": {"id": 13}}),
        Answer(body(completedIssues=[{"id": "../1", "key": "PAY-1"}])),
        Answer(body(completedIssues={"id": 1})),
        Answer(body(completedIssues=[{"id": 1}], puntedIssues=[{"id": "1"}])),
        Answer({"contents": {name: [] for name in LISTS[:3]}, "sprint": {"id": 12}}),
    ],
)
def test_whatever_else_comes_is_no_report_asked_once_and_no_reason_to_leave_the_site_alone(
    jira: ScriptedJira, answer: Answer | str
) -> None:
    jira.script.append(answer)
    ears = Ears()
    assert asked(jira, ears) is None
    assert (len(jira.asked), ears.failures) == (1, 0)


def test_a_site_that_is_left_alone_is_not_asked(jira: ScriptedJira) -> None:
    assert asked(jira, Ears(shut=True)) is None
    assert jira.asked == []


def test_a_pause_it_asks_for_is_kept_and_not_sat_out(jira: ScriptedJira) -> None:
    jira.script.append(Answer(status=429, headers={"Retry-After": "5", "RateLimit-Reason": "jira-burst-based"}))
    access = Access(key="shared", url=jira.url, token="jira-sandbox-shared")
    with closing(JiraClient(access, sleep=lambda _: pytest.fail("waited"), machine=lambda: 100.0)) as client:
        source = JiraSource(client)
        assert (source.own_report(1, 12), source.own_report(1, 12)) == (None, None)
    assert len(jira.asked) == 1


def told_otherwise(source: JiraSource) -> set[tuple[int, str, str, str, str]]:
    """What Jira counts otherwise, over every sprint of the story that has begun."""
    shape = source.describe(1)
    seen = [lives.of(issue) for issue in changed(source, shape)]
    workflow = Workflow.from_mapping(yaml.safe_load((ROOT / "config/demo/workflow.yaml").read_text("utf-8")))
    found = set()
    for sprint in sprints.newest(source.sprints(1), NOW, most=99):
        jira = source.own_report(1, sprint.id)
        assert jira is not None
        places = sprints.report(sprint, seen, workflow, NOW).places
        keys = {life.id: life.key for life in seen}
        told = differences(places, keys, jira, shape.last_column)
        found |= {(sprint.id, each.key, each.theirs, each.ours, each.why) for each in told}
    return found


@pytest.mark.parametrize("flavour", ["cloud", "dc"])
def test_both_flavours_of_the_sandbox_answer_and_can_be_made_not_to(flavour: str) -> None:
    options = Options(jira=flavour, start=NOW)
    with Sandbox(options) as box, source_of(box) as source:
        report = source.own_report(1, 12)
        assert report is not None
        counts = [list(report.listed.values()).count(where) for where in Theirs]
        assert (counts, len(report.added)) == ([14, 2, 1, 0], 2)
        assert told_otherwise(source) == {
            (10, "CORE-35", "completed", "removed", "it was given up")  # by its resolution, in the last column
        }
        assert source.own_report(1, 999) is None
        for fault in ("missing", "gone", "odd"):
            faults(box, jira_report=fault)
            assert source.own_report(1, 12) is None
        faults(box, jira_report=None)
        denied = {"deny": ["report"]}
        requests.put(f"{box.url}/control/jira/shared/permissions", json=denied, timeout=60).raise_for_status()
        assert source.own_report(1, 12) is None
