"""Changing issues of a Jira over a real socket, in both flavours: done once, read back, and settled by reading."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from fmo_bot.domain.acts import Assign, Comment, Create, Flag, Kind, Move
from fmo_bot.domain.issues import BoardShape
from fmo_bot.errors import ChangedMeanwhile, NoRight, NotDone, NotFound, NotTaken, OutcomeUnknown
from fmo_bot.jira.actions import JiraActions
from fmo_bot.jira.client import Access, JiraClient
from tests.integration.jirabox import HALF_WAY, Box, Files, running
from tests.integration.test_jira_source import Sleeper

SHAPE = BoardShape(
    id=1,
    name="Board",
    kind="scrum",
    columns=(),
    statuses=(),
    sprint_field="customfield_10020",
    flagged_field="customfield_10021",
    points_field="customfield_10016",
)
MARK = "9f2c61ab90d4e377"
SIGNED = "Li Wei (Huawei), by FMO bot"


@contextmanager
def actions_of(box: Box) -> Iterator[JiraActions]:
    told = box.site.describe()
    email = told["email"] if told["flavour"] == "cloud" else None
    sleeper = Sleeper()
    access = Access(key="shared", url=box.url, token=told["token"], email=email)
    client = JiraClient(access, sleep=sleeper.sleep, machine=lambda: sleeper.now)
    with closing(client):
        yield JiraActions(client, SHAPE, url=box.url)


@pytest.fixture(params=["cloud", "dc"])
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def box(flavour: str) -> Iterator[Box]:
    with running(Files(jira=flavour)) as box:
        yield box


@pytest.fixture
def actions(box: Box) -> Iterator[JiraActions]:
    with actions_of(box) as actions:
        yield actions


def an_issue(box: Box) -> str:
    """An issue that is not finished."""
    site = box.site.site
    return next(
        one.id for one in site.present(HALF_WAY) if site.statuses[one.state(HALF_WAY)["status"]].category != "done"
    )


def comments(box: Box, issue: str) -> list[str]:
    told = box.get(f"/rest/api/2/issue/{issue}/comment").json()
    return [str(each["body"]) for each in told["comments"]]


def create(actions: JiraActions, kind: str = "Story", **values: tuple[str, ...]) -> Create:
    chosen = next(each for each in actions.types("CORE") if each.name == kind)
    return Create(
        project="CORE",
        type=chosen.id,
        summary="UPF restarts",
        text="It *restarts* {panic}",
        source="https://huawei-delivery.slack.com/archives/C0JOINT/p1",
        signed=SIGNED,
        values=values,
        mark=MARK,
        since=HALF_WAY,
    )


def test_an_issue_is_given_to_somebody_and_taken_from_them(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    person = actions.assignable(issue)[-1]
    assert actions.do(Assign(issue=issue, account=person.id)).assignee_id == person.id
    nobodys = actions.do(Assign(issue=issue, account=None))
    assert (nobodys.assignee, nobodys.assignee_id) == (None, None)


def test_nobody_is_searched_for_by_a_name_that_is_not_theirs(box: Box, actions: JiraActions) -> None:
    with pytest.raises(NotTaken):
        actions.do(Assign(issue=an_issue(box), account="Somebody"))


def test_an_issue_moves_by_a_transition_from_the_list_as_it_is_now(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    way = next(each for each in actions.transitions(issue) if each.to_name == "Done")
    assert actions.do(Move(issue=issue, transition=way.id, to=way.to, values={})).status == way.to


def test_a_transition_asks_for_its_required_fields(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    way = next(each for each in actions.transitions(issue) if each.asks)
    (asked,) = way.asks
    assert (asked.id, asked.kind, len(asked.options)) == ("resolution", Kind.CHOICE, 2)
    with pytest.raises(NotTaken):  # none given: nothing is even asked of Jira
        actions.do(Move(issue=issue, transition=way.id, to=way.to, values={}))
    with pytest.raises(NotTaken):  # one that is not offered
        actions.do(Move(issue=issue, transition=way.id, to=way.to, values={"resolution": ("666",)}))
    chosen: dict[str, Any] = {"resolution": (asked.options[0].id,)}
    assert actions.do(Move(issue=issue, transition=way.id, to=way.to, values=chosen)).status == way.to


def test_a_transition_that_leads_elsewhere_by_now_is_not_taken(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    way = actions.transitions(issue)[0]
    with pytest.raises(ChangedMeanwhile):
        actions.do(Move(issue=issue, transition=way.id, to="4711", values={}))


def test_without_the_permission_there_is_no_transition(flavour: str) -> None:
    denied = frozenset({"transition"})
    with running(Files(jira=flavour), denied=denied) as box, actions_of(box) as actions, pytest.raises(NoRight):
        actions.transitions(an_issue(box))


@pytest.mark.parametrize("denied", ["comment", "assign", "edit"])
def test_what_the_account_may_not_do_is_said_and_not_done(flavour: str, denied: str) -> None:
    with running(Files(jira=flavour), denied=frozenset({denied})) as box, actions_of(box) as actions:
        issue = an_issue(box)
        acts: dict[str, Any] = {
            "comment": Comment(issue=issue, text="Hello", signed=SIGNED, mark=MARK),
            "assign": Assign(issue=issue, account=None),
            "edit": Flag(issue=issue, on=True),
        }
        with pytest.raises(NotDone):
            actions.do(acts[denied])
        assert comments(box, issue) == []


def test_a_comment_is_said_in_the_persons_words_and_names_them(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    actions.do(Comment(issue=issue, text="See [~admin] {code}x{code} a-b\n# one", signed=SIGNED, mark=MARK))
    (said,) = comments(box, issue)
    assert said == (
        "See \\[\\~admin\\] \\{code\\}x\\{code\\} a-b\n\\# one\n\n– Li Wei (Huawei), by FMO bot (9f2c61ab90d4e377)"
    )


def test_the_flag_is_raised_and_taken_away(box: Box, actions: JiraActions) -> None:
    issue = an_issue(box)
    assert actions.do(Flag(issue=issue, on=True)).flagged is True
    assert actions.do(Flag(issue=issue, on=False)).flagged is False


def test_an_issue_is_created_with_the_link_to_what_it_came_from(box: Box, actions: JiraActions) -> None:
    made = actions.do(create(actions))
    assert (made.summary, made.url) == ("UPF restarts", f"{box.url}/browse/{made.key}")
    described = box.get(f"/rest/api/2/issue/{made.id}").json()["fields"]["description"]
    assert described.startswith(
        "It \\*restarts\\* \\{panic\\}\n\nhttps://huawei-delivery.slack.com/archives/C0JOINT/p1"
    )
    assert MARK in described


def test_a_new_issue_asks_for_what_its_type_requires(box: Box, actions: JiraActions) -> None:
    bug = next(each for each in actions.types("CORE") if each.name == "Bug")
    (asked,) = actions.asked_of_new("CORE", bug.id).asks
    assert (asked.id, asked.kind) == ("priority", Kind.CHOICE)
    with pytest.raises(NotTaken):
        actions.do(create(actions, "Bug"))
    assert actions.do(create(actions, "Bug", priority=("2",))).summary == "UPF restarts"


def test_an_issue_that_is_not_there_is_not_found(actions: JiraActions) -> None:
    with pytest.raises(NotFound):
        actions.read("999999")


def every_act(box: Box, actions: JiraActions) -> list[Any]:
    issue = an_issue(box)
    way = next(each for each in actions.transitions(issue) if not each.asks and each.to_name == "Done")
    return [
        Assign(issue=issue, account=actions.assignable(issue)[-1].id),
        Comment(issue=issue, text="Hello", signed=SIGNED, mark=MARK),
        Flag(issue=issue, on=True),
        create(actions),
        Move(issue=issue, transition=way.id, to=way.to, values={}),
    ]


def writes(box: Box) -> int:
    return sum(n for (endpoint, _), n in box.site.site.requests.items() if not endpoint.startswith("GET"))


def test_an_answer_that_is_lost_is_settled_by_reading_and_nothing_is_sent_again(box: Box, actions: JiraActions) -> None:
    for act in every_act(box, actions):
        before = writes(box)
        box.faults |= {"jira_drop_after": 1.0, "jira_paths": ["POST /", "PUT /"]}
        done = actions.do(act)
        box.faults.clear()
        assert writes(box) == before + 1, act
        assert actions.settled(act) == done


def test_what_was_not_done_before_the_connection_broke_is_not_done_again(box: Box, actions: JiraActions) -> None:
    for act in every_act(box, actions):
        before = writes(box)
        box.faults |= {"jira_drop_before": 1.0, "jira_paths": ["POST /", "PUT /"]}
        with pytest.raises(OutcomeUnknown):
            actions.do(act)
        box.faults.clear()
        assert writes(box) == before + 1  # it was sent, and never again
        assert actions.settled(act) is None


def test_on_cloud_a_created_issue_is_found_once_the_index_shows_it() -> None:
    with running(Files(jira="cloud")) as box, actions_of(box) as actions:
        act = create(actions)
        box.faults |= {"jira_drop_after": 1.0, "jira_paths": ["POST /"], "index_lag_s": 30}
        with pytest.raises(OutcomeUnknown):
            actions.do(act)
        box.faults |= {"jira_drop_after": 0.0}
        assert actions.settled(act) is None
        box.step(HALF_WAY + timedelta(seconds=31))
        found = actions.settled(act)
        assert found is not None
        assert found.summary == "UPF restarts"
