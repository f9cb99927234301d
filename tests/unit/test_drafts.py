"""A joint team being set up: from what Slack and Jira show, by a person's choices, to the mapping of a team file."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fmo_bot.domain import draft_people, draft_sides, draft_stages, draft_summary, draft_times
from fmo_bot.domain.calendars import SideCalendar, WorkingTime
from fmo_bot.domain.draft_boards import Found, named, value_of
from fmo_bot.domain.draft_boards import screen as board_screen
from fmo_bot.domain.draft_boards import take as take_board
from fmo_bot.domain.draft_screens import MOST, Given, Screen, joined, literal, many
from fmo_bot.domain.drafts import (
    BOARD,
    DUTIES,
    PEOPLE,
    SIDES,
    STAGES,
    SUMMARY,
    TIMES,
    Company,
    Draft,
    LeftOut,
    SeenBoard,
    SeenMember,
    mapping,
    missing,
)
from fmo_bot.domain.issues import BoardShape, Column, Status
from fmo_bot.domain.workflow import StageKind, guess
from fmo_bot.domain.workflow_file import WorkflowFile
from fmo_bot.errors import InvalidInput
from fmo_bot.services import wizard_checks
from fmo_bot.services.team_checks import parse

AT = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)  # a Friday; half past eight in Shanghai
HUAWEI = Company(name="Huawei", workspace="T0HUAWEI", app="huawei", workspace_name="Huawei Delivery")
TELEFONICA = Company(name="Telefonica", workspace="T0TELEFON")
SHAPE = BoardShape(
    id=7,
    name="CORE board",
    kind="scrum",
    columns=(
        Column("To do", ("1",)),
        Column("In progress", ("3",)),
        Column("Waiting for customer", ("4", "6")),
        Column("Done", ("5",)),
    ),
    statuses=(
        Status("1", "To do", "new"),
        Status("3", "In progress", "indeterminate"),
        Status("4", "Waiting for customer", "indeterminate"),
        Status("5", "Done", "done"),
        Status("6", "In review", "indeterminate"),
        Status("9", "Cancelled", "done"),
    ),
)
BOARD_7 = draft_stages.seen(SeenBoard(site="shared", id=7, name="", project="CORE"), SHAPE, guess(SHAPE))


def person(user: str, home: str, zone: str, country: str = "", language: str = "en") -> SeenMember:
    return SeenMember(user=user, home=home, name=user.title(), zone=zone, country=country, language=language)


DRAFT = Draft(
    channel="C0JOINT",
    workspace="T0HUAWEI",
    name="joint-5g-core",
    own="Huawei",
    asker="ULIWEI",
    host="Huawei",
    companies=(HUAWEI, TELEFONICA),
    people=(
        person("ULIWEI", "T0HUAWEI", "Asia/Shanghai", "CN", "zh"),
        person("URAJESH", "T0HUAWEI", "Asia/Kuala_Lumpur", "MY"),
        person("UCHENYU", "T0HUAWEI", "Asia/Shanghai", "CN", "zh"),
        person("ULUCIA", "T0TELEFON", "Europe/Madrid", "ES", "es"),
        person("UMARTA", "T0TELEFON", "Europe/Madrid", "ES"),
    ),
    left=(LeftOut(name="Zhang Hao", why="guest"),),
)


def ordinary(calendar: SideCalendar, first: date, last: date) -> WorkingTime:
    return calendar


def as_shown(screen: Screen, **other: str | tuple[str, ...]) -> Given:
    """What comes back when somebody changes only these fields (`__` stands for a colon)."""
    shown = {each.key: each.chosen for each in screen.fields if each.chosen and each.chosen != ("",)}
    said = {key.replace("__", ":"): (value,) if isinstance(value, str) else value for key, value in other.items()}
    return {key: values for key, values in {**shown, **said}.items() if values}


def step(draft: Draft, at: datetime = AT, **other: str | tuple[str, ...]) -> Draft:
    """The draft after its next step, taken as it is shown but for these fields."""
    takes: dict[str, Any] = {
        SIDES: lambda: draft_sides.take(draft, as_shown(draft_sides.screen(draft), **other)),
        PEOPLE: lambda: draft_people.take_people(draft, as_shown(draft_people.people(draft), **other)),
        DUTIES: lambda: draft_people.take_duties(draft, as_shown(draft_people.duties(draft), **other)),
        BOARD: lambda: take_board(draft, {"board": (value_of(BOARD_7),)}, BOARD_7),
        STAGES: lambda: draft_stages.take(draft, as_shown(draft_stages.screen(draft), **other), ("Won't Do",)),
        TIMES: lambda: draft_times.take(draft, as_shown(draft_times.screen(draft, at, ordinary), **other)),
    }
    return takes[draft.step]()  # type: ignore[no-any-return]


def until(wanted: str, draft: Draft = DRAFT) -> Draft:
    while draft.step != wanted:
        draft = step(draft)
    return draft


def test_whoever_only_presses_next_gets_a_whole_team_file() -> None:
    draft = until(SUMMARY)
    assert missing(draft) == ()
    spec = parse(mapping(draft))
    assert (spec.team, spec.host, spec.zone, spec.language) == ("joint-5g-core", "Huawei", "Asia/Shanghai", "en")
    assert [(o.name, o.workspace.app if o.workspace else None) for o in spec.organisations] == [
        ("Huawei", "huawei"),
        ("Telefonica", None),  # its app is not there yet: the joint team begins without it
    ]
    vendor, operator = spec.sides["vendor"], spec.sides["operator"]  # type: ignore[index]
    assert [(each.user, each.role.value) for each in vendor.members] == [
        ("ULIWEI", "scrum_master"),
        ("URAJESH", "participant"),
        ("UCHENYU", "participant"),
    ]
    assert (vendor.calendar.zone, vendor.calendar.country) == ("Asia/Shanghai", "CN")
    assert (operator.organisation, operator.calendar.zone, operator.calendar.country) == (
        "Telefonica",
        "Europe/Madrid",
        "ES",
    )
    assert {each.workspace for each in operator.members} == {"T0TELEFON"}
    assert (spec.board.site, spec.board.id) == ("shared", 7)
    assert [(each.at, each.days) for each in spec.standups] == [("09:00", ("mon", "tue", "wed", "thu", "fri"))]


def test_steps_are_asked_in_order_and_again_only_where_an_answer_changes_them() -> None:
    draft = until(SUMMARY)
    same = draft_sides.take(draft, as_shown(draft_sides.screen(draft)))
    assert same.done == draft.done
    turned = draft_sides.take(
        draft, as_shown(draft_sides.screen(draft), side__T0HUAWEI="operator", side__T0TELEFON="vendor")
    )
    assert turned.step == PEOPLE
    assert BOARD in turned.done
    assert [each["user"] for each in turned.sides["operator"]["members"]][:1] == ["ULIWEI"]  # they stay who they are


SIDES_OF = [  # names and sides known already -> what is guessed
    ((HUAWEI, TELEFONICA), {"Huawei": "vendor", "Telefonica": "operator"}),
    (
        (Company(name="Orange", workspace="T1"), Company(name="Ericsson", workspace="T2")),
        {"Orange": "operator", "Ericsson": "vendor"},
    ),
    ((replace(HUAWEI, usual="operator"), TELEFONICA), {"Huawei": "operator", "Telefonica": "vendor"}),
    (
        (HUAWEI, TELEFONICA, Company(name="Parkline", workspace="T3")),
        {"Huawei": "vendor", "Telefonica": "operator", "Parkline": "partner"},
    ),
    ((HUAWEI, replace(TELEFONICA, name="Nokia Spain")), {"Huawei": "vendor", "Nokia Spain": "operator"}),
]


@pytest.mark.parametrize(("companies", "expected"), SIDES_OF)
def test_sides_are_guessed(companies: tuple[Company, ...], expected: dict[str, str]) -> None:
    assert draft_sides.guess(replace(DRAFT, companies=companies, own=companies[0].name)) == expected


WRONG_SIDES = [
    ({"side__T0HUAWEI": "none"}, "side:T0HUAWEI", draft_sides.OWN),
    ({"side__T0TELEFON": "none"}, "side:T0HUAWEI", draft_sides.TWO),
    ({"side__T0TELEFON": "vendor"}, "side:T0HUAWEI", draft_sides.TWICE),
    ({"side__T0HUAWEI": "partner", "side__T0TELEFON": "partner"}, "side:T0HUAWEI", draft_sides.NEITHER),
]


@pytest.mark.parametrize(("said", "field", "sentence"), WRONG_SIDES)
def test_sides_that_make_no_joint_team_are_told_under_their_field(said: Any, field: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        step(DRAFT, **said)
    assert wrong.value.fields == {field: sentence}


def test_a_name_that_no_team_file_takes_is_told_as_the_file_would_tell_it() -> None:
    with pytest.raises(InvalidInput) as wrong:
        wizard_checks.judge(step(DRAFT, team="x" * 81))
    assert list(wrong.value.fields) == ["team"]
    assert "1 to 80 characters" in str(wrong.value.values["why"])
    wizard_checks.judge(step(DRAFT))


def test_guests_are_named_and_offered_to_nobody() -> None:
    screen = draft_people.people(until(PEOPLE))
    assert screen.after[-1].values == {"names": "Zhang Hao"}
    assert "Zhang Hao" not in {choice.text for field in screen.fields for choice in field.choices}


def test_roles_and_duties_are_kept_while_people_come_and_go() -> None:
    draft = step(until(DUTIES), acceptor__operator="ULUCIA", acceptor2__operator="UMARTA")
    lucia, marta = draft.sides["operator"]["members"]
    assert (lucia["duties"], marta["deputy"]) == (["acceptor"], ["acceptor"])
    shown = as_shown(draft_people.people(draft), in__vendor=("ULIWEI",))
    fewer = draft_people.take_people(draft, shown)
    assert fewer.step == DUTIES
    assert fewer.sides["operator"]["members"][0]["duties"] == ["acceptor"]
    assert parse(mapping(until(SUMMARY, fewer))).sides["operator"].members[0].duties  # type: ignore[index]


WRONG_DUTIES = [
    ({"master__vendor": ()}, "master:vendor", draft_people.NO_MASTER),
    ({"acceptor2__operator": "UMARTA"}, "acceptor2:operator", draft_people.NO_HOLDER),
    ({"acceptor__operator": "UMARTA", "acceptor2__operator": "UMARTA"}, "acceptor2:operator", draft_people.SAME),
]


@pytest.mark.parametrize(("said", "field", "sentence"), WRONG_DUTIES)
def test_duties_that_nobody_can_have_are_told_under_their_field(said: Any, field: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        step(until(DUTIES), **said)
    assert wrong.value.fields == {field: sentence}


def test_a_channel_of_hundreds_is_asked_about_in_several_fields() -> None:
    people = tuple(literal(f"U{number}", f"Member {number}") for number in range(250))
    fields = many("in:vendor", "label", people, tuple(each.value for each in people))
    assert [len(each.choices) for each in fields] == [MOST, MOST, 50]
    assert len(joined({each.key: each.chosen for each in fields}, "in:vendor")) == 250


# --- board and stages ---------------------------------------------------------------------------------------------


def test_the_board_named_like_the_channel_is_offered_first() -> None:
    boards = tuple(SeenBoard(site="shared", id=n, name=name) for n, name in ((1, "LAB board"), (7, "5G core delivery")))
    screen = board_screen(until(BOARD), Found(words="", boards=boards, sites=("shared",)))
    assert screen.fields[0].chosen == ("shared:7",)
    assert named("shared:7") == ("shared", 7)
    assert named("shared:x") is None
    nothing = board_screen(until(BOARD), Found(words="xyz", boards=(), sites=("shared",)))
    assert [each.key for each in nothing.fields] == ["search"]
    assert nothing.send == "Search"


def test_the_table_of_stages_says_back_the_workflow_that_was_guessed() -> None:
    draft = until(TIMES)
    workflow = WorkflowFile.from_mapping(draft.file["board"]["workflow"]).workflow
    for status in ("1", "3", "4", "5", "6", "9"):
        stage, meant = workflow.stage_of(status), guess(SHAPE).stage_of(status)
        assert stage is not None
        assert meant is not None
        assert (stage.kind, stage.side) == (meant.kind, meant.side)
    assert workflow.stage_of(BOARD_7.start) == next(s for s in workflow.stages if s.name == workflow.commitment)


def test_a_corrected_row_is_another_stage_and_stays_corrected() -> None:
    draft = step(until(STAGES), s__6="active:operator", s__9="none")
    workflow = WorkflowFile.from_mapping(draft.file["board"]["workflow"]).workflow
    stage = workflow.stage_of("6")
    assert stage is not None
    assert (stage.kind, stage.side) == (StageKind.ACTIVE, "operator")
    assert workflow.stage_of("9") is None
    assert next(each for each in draft_stages.screen(draft).fields if each.key == "s:6").chosen == ("active:operator",)


def test_a_board_without_an_end_or_a_start_is_told() -> None:
    draft = until(STAGES)
    with pytest.raises(InvalidInput) as wrong:
        step(draft, s__5="backlog")
    assert list(wrong.value.fields.values()) == [draft_stages.NO_END]
    with pytest.raises(InvalidInput) as wrong:
        step(draft, start="1")
    assert wrong.value.fields == {"start": draft_stages.NO_START}


# --- times --------------------------------------------------------------------------------------------------------


def test_next_runs_are_reckoned_for_each_zone_of_those_who_are_asked() -> None:
    draft = until(TIMES)
    runs = draft_times.next_runs(draft, AT, ordinary)
    assert [(run.company, run.zone, run.due.isoformat()) for run in runs] == [
        ("Huawei", "Asia/Kuala_Lumpur", "2026-11-20T01:00:00+00:00"),
        ("Huawei", "Asia/Shanghai", "2026-11-20T01:00:00+00:00"),
        ("Telefonica", "Europe/Madrid", "2026-11-20T08:00:00+00:00"),
    ]
    later = draft_times.screen(draft, AT, ordinary, {"at": ("08:00",), "days": ("fri", "mon")}).after
    assert [(line.values["company"], line.values["at"], f"{line.values['when']:%a %H:%M}") for line in later[1:]] == [
        ("Telefonica", "08:00", "Fri 07:00"),
        ("Huawei", "08:00", "Mon 00:00"),  # eight has passed in Asia: the Monday after
        ("Huawei", "08:00", "Mon 00:00"),
    ]


def test_the_summary_names_companies_people_board_and_next_runs() -> None:
    draft = step(until(DUTIES), acceptor__operator="ULUCIA")
    said = draft_summary.screen(until(SUMMARY, draft), AT, ordinary)
    told = "\n".join(each.text.format(**each.values) for each in (*said.said, *said.after))
    for words in (
        "*Huawei*, vendor: 3 take part",
        "masters: Uliwei",
        "CORE board",
        "Acceptor: Ulucia",
        "Asia/Kuala_Lumpur",
    ):
        assert words in told
    assert said.send == "Post"
