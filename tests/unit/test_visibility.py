"""What of Jira a reader may know: every class of message, every field."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from fmo_bot.domain import charts as c
from fmo_bot.domain import messages as m
from fmo_bot.domain.names import IssueName, ProjectName, internal
from fmo_bot.domain.ownership import (
    FIELDS,
    KEY,
    SUMMARY,
    Origin,
    Owned,
    Standpoint,
    count,
    name_of,
)
from fmo_bot.domain.parties import Person
from fmo_bot.domain.visibility import JIRA, NOBODYS_FIGURES, PLAIN, tells_of_jira, visible
from tests import charts_made as made

HOUSE = Path(__file__).parents[2]
AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
CORE = ProjectName(site="shared", id="10000", key="CORE")
LAB = ProjectName(site="shared", id="10001", key="LAB")
SECRET = "SECRET-7"


def standing(*companies: str, joint: bool = True, internal_fields: frozenset[str] = frozenset()) -> Standpoint:
    """CORE is Huawei's and as told; LAB is Huawei's and internal; of everything else on the site nothing is known."""
    core = Owned(project=CORE, company="Huawei", joint=joint, internal_fields=internal_fields)
    return Standpoint(companies=frozenset(companies), owned=(core, Owned(project=LAB, company="Huawei")))


HUAWEI, TELEFONICA, BOTH = standing("Huawei"), standing("Telefonica"), standing("Huawei", "Telefonica")
NOBODY = Standpoint(companies=frozenset())


def issue(key: str = "CORE-1", **more: Any) -> IssueName:
    return name_of("shared", id="1", key=key, project_id={"CORE": "10000", "LAB": "10001"}.get(key[:-2], ""), **more)


# --- every class and field is known ----------------------------------------------------------------------------------


def classes() -> set[type]:
    """Every dataclass that can stand in a message or a form, found by its types."""

    def inside(kind: Any) -> Iterator[type]:
        if is_dataclass(kind) and isinstance(kind, type):
            yield kind
        for each in get_args(kind):
            yield from inside(each)

    found: set[type] = set()
    waiting = [*get_args(m.Message), m.StandupForm]
    while waiting:
        cls = waiting.pop()
        if cls in found:
            continue
        found.add(cls)
        waiting += [each for hint in get_type_hints(cls).values() for each in inside(hint)]
    return found - {IssueName, ProjectName, Person}


EVERY: list[type] = sorted(classes(), key=str)


@pytest.mark.parametrize("cls", EVERY)
def test_visibility_knows_every_field_of_every_message(cls: type) -> None:
    named = set(JIRA.get(cls, ())) | PLAIN.get(cls, frozenset())
    assert named == {each.name for each in fields(cls)}, "say in domain/visibility.py what the field holds of Jira"
    assert not set(JIRA.get(cls, ())) & PLAIN.get(cls, frozenset())


@pytest.mark.parametrize("cls", EVERY)
def test_a_field_that_can_hold_an_issue_is_never_called_plain(cls: type) -> None:
    holding = {each for each in classes() if IssueName in set(flat(get_type_hints(each)))} | {IssueName}
    for name, hint in get_type_hints(cls).items():
        if holding & set(flat({name: hint})):
            assert name in JIRA.get(cls, ()), f"{cls.__name__}.{name} can hold an issue"


def flat(hints: dict[str, Any]) -> Iterator[Any]:
    for hint in hints.values():
        yield hint
        yield from flat(dict(enumerate(get_args(hint))))  # type: ignore[arg-type]


def test_nothing_is_rendered_but_what_was_fitted_to_its_readers() -> None:
    # The pump renders what `delivery.outbox` has fitted; an answer to a click is fitted where it is told.
    calls = {
        str(path.relative_to(HOUSE))
        for room in ("fmo_bot", "handlers")
        for path in (HOUSE / room).rglob("*.py")
        if re.search(r"(?<!def )(?<!\.)\brender\(", path.read_text("utf-8"))
    }
    # What stands beside a link is fitted to the channel in `services.issues`, and never owed.
    assert calls == {"fmo_bot/slack/chat.py", "fmo_bot/slack/unfurls.py", "handlers/answers.py"}
    answers = (HOUSE / "handlers/answers.py").read_text("utf-8")
    assert answers.count("render(") == answers.count("render(bot.fitted(person, message)")


# --- what is decided ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "standpoint", "key"),
    [
        (issue(), TELEFONICA, "CORE-1"),  # joint
        (issue(), BOTH, "CORE-1"),
        (issue("LAB-1"), HUAWEI, "LAB-1"),  # the owner's own people
        (issue("LAB-1"), TELEFONICA, None),
        (issue("LAB-1"), BOTH, None),  # a joint channel is read by the other side
        (issue(), standing("Telefonica", joint=False), None),
        (issue(), standing("Huawei", joint=False), "CORE-1"),
        (issue(), standing("Telefonica", internal_fields=frozenset({KEY})), None),
        (issue(), standing("Huawei", internal_fields=frozenset({KEY})), "CORE-1"),
        (issue(secured=True), TELEFONICA, None),  # a security level is never for the other side
        (issue(secured=True), HUAWEI, "CORE-1"),
        (issue(), NOBODY, None),  # a stranger
        (issue("NEW-1"), HUAWEI, None),  # nobody has said whose it is
        (name_of("other", id="1", key="CORE-1"), BOTH, None),  # the same key on another site
    ],
)
def test_a_key_is_told_to_the_owner_and_where_it_is_joint(
    named: IssueName, standpoint: Standpoint, key: str | None
) -> None:
    line = m.BlockerLine(ref="b", what="Lab", issue=named, waiting="A", waited_on="B", since=AT)
    shown = visible(line, standpoint)
    assert isinstance(shown, m.BlockerLine)
    assert shown.issue is not None
    assert shown.issue.key == key
    if key is None:
        known = named.project in (CORE, LAB)
        assert shown.issue == internal("Huawei" if known and standpoint is not NOBODY else "")


def test_a_project_given_the_key_of_a_joint_one_is_not_joint() -> None:
    squatter = name_of("shared", id="9", key="CORE-1", project_id="10999")
    assert not TELEFONICA.may_know(squatter, KEY)


def test_a_project_is_known_by_its_key_until_its_id_was_read() -> None:
    said = Owned(project=replace(CORE, id=""), company="Huawei", joint=True)
    by_key = Standpoint(companies=frozenset({"Telefonica"}), owned=(said,))
    assert by_key.may_know(issue(), KEY)
    assert not by_key.may_know(issue("LAB-1"), KEY)


def test_what_is_said_of_a_site_holds_for_its_other_projects() -> None:
    site = Owned(project=ProjectName(site="shared"), company="Huawei", joint=True)
    lab = Owned(project=LAB, company="Telefonica")
    standpoint = Standpoint(companies=frozenset({"Huawei", "Telefonica"}), owned=(site, lab))
    assert standpoint.may_know(issue(), KEY)
    assert not standpoint.may_know(issue("LAB-1"), KEY)


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_is_decided_for_itself(field: str) -> None:
    standpoint = standing("Telefonica", internal_fields=frozenset({field}))
    assert {each for each in FIELDS if not standpoint.may_know(issue(), each)} == {field}


def test_a_summary_can_stay_internal_where_the_key_is_joint() -> None:
    item = m.AgeingItem(issue=issue(), summary="Their secret", stage="Doing", age_s=1.0, over_p85=None)
    shown = visible(digest(ageing=(item,)), standing("Telefonica", internal_fields=frozenset({SUMMARY})))
    assert isinstance(shown, m.Digest)
    assert shown.ageing == (replace(item, summary=None),)


def test_what_was_decided_once_is_decided_for_good() -> None:
    line = m.BlockerLine(ref="b", what="", issue=issue("LAB-1"), waiting="A", waited_on="B", since=AT)
    again = visible(visible(line, TELEFONICA), HUAWEI)
    assert isinstance(again, m.BlockerLine)
    assert again.issue == internal("Huawei")


def test_a_notice_tells_no_key_it_should_not() -> None:
    shown = visible(m.Notice(text="{what}", values={"what": issue("LAB-1"), "n": 3}), BOTH)
    assert shown == m.Notice(text="{what}", values={"what": internal("Huawei"), "n": 3})


# --- figures -------------------------------------------------------------------------------------------------------


def digest(**more: Any) -> m.Digest:
    none = m.Spread(n=0, p50_s=None, p85_s=None, p95_s=None)
    given: dict[str, Any] = {"team": "5G", "team_ref": "t", "board": SECRET, "since": AT, "until": AT, "zone": "UTC"}
    given |= {"finished": 1, "finished_before": (), "cycle_time": none, "cycle_time_before": none, "wip": 1}
    given |= {"ageing": (), "waits": (), "data_quality": (), "workflow_guessed": False, "counted": (CORE,)}
    return m.Digest(**(given | more))


@pytest.mark.parametrize(
    ("counted", "standpoint", "told"),
    [
        ((CORE,), BOTH, True),
        ((LAB,), HUAWEI, True),  # its own board, to its own people
        ((LAB,), BOTH, False),
        ((CORE, LAB), TELEFONICA, False),  # a mix is told as a whole or not at all
        ((CORE,), standing("Telefonica", internal_fields=frozenset({"points"})), False),
        ((CORE,), standing("Telefonica", internal_fields=frozenset({"assignee"})), True),  # no figure is made of it
        ((), HUAWEI, False),  # it does not say what it counted
    ],
)
def test_figures_of_internal_issues_never_reach_the_other_side(
    counted: tuple[ProjectName, ...], standpoint: Standpoint, told: bool
) -> None:
    charts = [replace(made.named(chart, SECRET), counted=counted) for chart in made.EVERY if chart is not made.AGEING]
    for message in (digest(counted=counted), *charts):
        shown = visible(message, standpoint)
        assert (shown == message) == told
        assert (SECRET in repr(shown)) == told
    if not counted:
        assert visible(charts[0], standpoint) == m.Notice(text=NOBODYS_FIGURES, values={"company": ""})


def test_ageing_work_names_no_issue_that_is_not_for_its_reader() -> None:
    mark = c.AgeingMark(issue=issue("LAB-1"), stage="Doing", age_s=9.0, percentile=90.0, over_p85=True)
    shown = visible(replace(made.AGEING, items=(mark,), counted=(CORE,)), BOTH)
    assert isinstance(shown, c.AgeingChart)
    hidden = c.AgeingMark(issue=internal("Huawei"), stage=None, age_s=None, percentile=None, over_p85=None)
    assert shown.items == (hidden,)


def board(*keys: str, secured: bool = False) -> tuple[Origin, ...]:
    """Where the issues of a board come from."""
    ids = {"CORE": "10000", "LAB": "10001"}
    return tuple(Origin.of("shared", project=ids[key.split("-")[0]], key=key, secured=secured) for key in keys)


def test_joint_figures_are_the_same_for_every_side_and_say_whose_issues_are_not_in_them() -> None:
    found = count("shared", board("CORE-1", "LAB-1", "CORE-2"), (BOTH, HUAWEI))
    assert found is not None
    assert (found.origins, found.projects) == (frozenset(board("CORE-1")), (CORE,))
    assert (found.left_out, found.joint) == (("Huawei",), True)


def test_a_board_without_anything_joint_is_counted_for_its_owner_alone() -> None:
    found = count("shared", board("LAB-1"), (BOTH, HUAWEI))
    assert found is not None
    assert (found.origins, found.joint) == (frozenset(board("LAB-1")), False)
    assert count("shared", board("LAB-1"), (BOTH, TELEFONICA)) is None


def test_an_issue_with_a_security_level_is_in_no_joint_figure() -> None:
    assert count("shared", board("CORE-1", secured=True), (BOTH, TELEFONICA)) is None
    found = count("shared", board("CORE-1", secured=True), (BOTH, HUAWEI))
    assert found is not None
    assert not found.joint


def test_an_empty_board_is_whose_its_site_is() -> None:
    assert count("shared", (), (BOTH,)) is None
    site = Owned(project=ProjectName(site="shared"), company="Huawei", joint=True)
    found = count("shared", (), (replace(BOTH, owned=(site,)),))
    assert found is not None
    assert found.projects == (ProjectName(site="shared"),)


def test_most_messages_have_nothing_to_be_decided() -> None:
    assert not tells_of_jira(m.Notice(text="", values={"n": 1}))
    assert not tells_of_jira(m.Home(name="", prompts=(), teams=(), blockers=(), host=""))
    assert tells_of_jira(m.Notice(text="", values={"what": issue()}))
    assert tells_of_jira(digest())
