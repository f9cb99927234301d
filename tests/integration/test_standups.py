"""Stand-ups from plan to summary, by the services' doors, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any

import pytest

from fmo_bot.db.ledger import DeliveryRow
from fmo_bot.db.parties import AbsenceRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import AnswerPost, Prompt, RoundPost, RoundSummary, SideCount
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import InvalidInput, NotAllowed, NotChangedAnyMore, NotFound, TooLate
from fmo_bot.services import setup
from fmo_bot.services.blockers import Blockers
from tests.databases import until_somebody_waits
from tests.joint_team import (
    CHENYU,
    LIWEI,
    LUCIA,
    QUESTIONS,
    SOFIA,
    STRANGER,
    WANG,
    JointTeam,
    clock,
    other_team_file,
    team_file,
)

# --- when ----------------------------------------------------------------------------------------------------------


def test_a_prompt_is_wanted_at_nine_in_each_members_own_zone(store: Store) -> None:
    team = JointTeam(store)
    team.plan(clock("00:30"), hours=20)
    assert team.planned() == [
        ("prompt", "Li Wei", "11-19 01:00"),  # Shanghai, UTC+8
        ("prompt", "Chen Yu", "11-19 01:00"),
        ("prompt", "Lucía Ortega", "11-19 08:00"),  # Madrid, UTC+1
        ("prompt", "Sofía Hernández", "11-19 15:00"),  # Mexico City, UTC-6
        ("close", "all", "11-19 19:00"),  # the last deadline: Mexico City's
    ]


def test_planning_twice_wants_the_same_once(store: Store) -> None:
    team = JointTeam(store)
    team.plan(clock("00:30"))
    once = team.planned()
    team.plan(clock("00:31"))
    assert team.planned() == once


def test_nine_stays_nine_when_the_clocks_change(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    friday = datetime(2026, 10, 23, 0, 0, tzinfo=UTC)  # Madrid leaves summer time on Sunday
    team.plan(friday, hours=24 * 4)
    assert [due for kind, who, due in team.planned() if who == "Lucía Ortega"] == ["10-23 07:00", "10-26 08:00"]


def test_nobody_of_a_side_on_holiday_is_asked(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.plan(datetime(2026, 12, 8, 0, 30, tzinfo=UTC), hours=22)  # a holiday in Spain
    assert {who for kind, who, _ in team.planned() if kind == "prompt"} == {"Li Wei", "Chen Yu", "Rajesh Kumar"}


def test_a_make_up_saturday_is_no_day_of_this_stand_up(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.plan(datetime(2026, 10, 10, 0, 0, tzinfo=UTC), hours=20)  # a decreed working Saturday in China
    assert team.planned() == []  # the stand-up is on Monday to Friday


def test_a_first_round_that_is_hours_late_is_not_wanted(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.plan(clock("03:30"), hours=12)  # two and a half hours after nine in Shanghai
    assert {who for kind, who, _ in team.planned() if kind == "prompt"} == {"Lucía Ortega", "Sofía Hernández"}


# --- asking --------------------------------------------------------------------------------------------------------


def test_the_prompt_goes_to_the_member_by_the_app_of_their_own_workspace(store: Store) -> None:
    team = JointTeam(store)
    team.play("15:00")
    owed = [(row.workspace, row.person, f"{delivery.due:%H:%M}") for row, delivery, _ in team.owed("prompt:")]
    assert owed == [
        ("T0HUAWEI", "U0LIWEI", "01:00"),
        ("T0HUAWEI", "U0CHENYU", "01:00"),
        ("T0TELEFON", "U0LUCIA", "08:00"),
        ("T0TELEFON", "U0SOFIA", "15:00"),
    ]
    prompt = team.owed("prompt:")[0][2]
    assert isinstance(prompt, Prompt)
    assert (prompt.state, prompt.deadline, prompt.zone) == ("open", clock("05:00"), "Asia/Shanghai")
    assert team.owed("prompt:")[0][1].useful_until == clock("03:00")
    assert team.owed("prompt:")[0][1].language == "zh"


def parent(team: JointTeam) -> RoundPost:
    post = team.one("round:")
    assert isinstance(post, RoundPost)
    return post


def test_one_parent_post_stands_in_the_joint_channel_and_counts_who_is_away(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    ((row, _, _),) = team.owed("round:")
    assert (row.workspace, row.channel) == ("T0HUAWEI", "C0JOINT")
    assert parent(team).sides == (
        SideCount(company="Huawei", asked=2, answered=0, away=1),
        SideCount(company="Telefonica", asked=2, answered=0, away=0),
    )


def test_a_side_on_holiday_counts_as_away(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    holiday = datetime(2026, 12, 8, 0, 30, tzinfo=UTC)
    team.plan(holiday)
    team.run(datetime(2026, 12, 8, 5, 0, tzinfo=UTC))
    assert parent(team).sides[1] == SideCount(company="Telefonica", asked=0, answered=0, away=2)


def test_who_goes_away_after_the_round_began_is_not_asked(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    with store.transaction(SYSTEM) as session:
        member_id = team.member_id(session, LUCIA)
        session.add(AbsenceRow(member_id=member_id, first_day=clock("00:00").date(), last_day=clock("00:00").date()))
    team.run(clock("08:00"))
    assert "U0LUCIA" not in {row.person for row, _, _ in team.owed("prompt:")}
    assert parent(team).sides[1] == SideCount(company="Telefonica", asked=1, answered=0, away=1)


def test_who_left_the_team_is_not_asked(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    file = team_file()
    file["sides"]["operator"]["members"] = [
        each for each in file["sides"]["operator"]["members"] if each["user"] != "U0LUCIA"
    ]
    setup.apply(store, file, clock("02:00"))
    team.run(clock("08:00"))
    assert "U0LUCIA" not in {row.person for row, _, _ in team.owed("prompt:")}


def test_a_prompt_that_is_too_late_is_missed(store: Store) -> None:
    team = JointTeam(store)
    team.plan(clock("00:30"))
    team.due(clock("03:01"))  # as after two hours and a minute without a bot
    assert team.owed("prompt:") == []
    assert team.owed("round:") == []  # nobody is asked yet, so there is no round
    assert [team.states("prompt", person) for person in (LIWEI, CHENYU)] == [["missed"], ["missed"]]


def test_who_was_missed_is_in_no_count_of_the_round_that_others_begin(store: Store) -> None:
    team = JointTeam(store)
    team.plan(clock("00:30"))
    team.due(clock("08:00"))  # Shanghai's nine passed without a bot; it is Madrid's
    assert parent(team).sides == (
        SideCount(company="Huawei", asked=0, answered=0, away=1),
        SideCount(company="Telefonica", asked=2, answered=0, away=0),
    )


# --- answering -------------------------------------------------------------------------------------------------------


def answer_of(team: JointTeam) -> AnswerPost:
    post = team.one("answer:")
    assert isinstance(post, AnswerPost)
    return post


def test_an_answer_stands_in_the_thread_as_it_was_given(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20", done="Fixed <b>&amp; 完成</b>")
    post = answer_of(team)
    assert [said.text for said in post.said] == ["Fixed <b>&amp; 完成</b>", "Test it"]
    assert (post.author, post.company, post.edited, post.late) == (LIWEI, "Huawei", False, False)
    ((row, delivery, _),) = team.owed("answer:")
    assert row.channel == "C0JOINT"
    assert delivery.thread_message_id == team.owed("round:")[0][0].id
    assert parent(team).sides[0].answered == 1
    assert team.owed("prompt:")[0][2] == Prompt(
        ref=team.prompt_ref(LIWEI),
        team="5G Core",
        ceremony="Daily",
        round_date=clock("00:00").date(),
        deadline=clock("05:00"),
        zone="Asia/Shanghai",
        state="answered",
    )


def test_signs_that_no_database_keeps_do_no_harm(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20", done="Wired\0 the \ud800 core", blocked={"side": "operator", "what": "A\0 key"})
    assert answer_of(team).said[0].text == "Wired the ? core"


def test_what_is_internal_never_reaches_the_joint_channel(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20", inside="Their lab is slow")
    team.answer(LIWEI, "01:30", inside="Their lab is very slow")
    team.run(clock("19:00"))
    everything = [str(message) for _, _, message in [*team.owed(""), *team.owed("", op="update")]]
    assert everything
    assert not [text for text in everything if "lab is" in text]


def test_pressing_twice_gives_one_answer_that_is_not_called_edited(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20")
    team.answer(LIWEI, "01:20")
    assert len(team.owed("answer:")) == 1
    assert not answer_of(team).edited


def test_pressing_twice_at_once_gives_one_answer(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    both = [Thread(target=team.answer, args=(LIWEI, "01:20")) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(team.owed("answer:")) == 1
    assert parent(team).sides[0].answered == 1


def test_answers_given_at_once_are_all_counted(store: Store) -> None:
    team = JointTeam(store)
    team.play("15:00")
    everybody = (LIWEI, CHENYU, LUCIA, SOFIA)
    together = Barrier(len(everybody))

    def answer(person: Person) -> None:
        together.wait(timeout=60)
        team.answer(person, "15:10")

    threads = [Thread(target=answer, args=(person,)) for person in everybody]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [side.answered for side in parent(team).sides] == [2, 2]


def test_an_edit_changes_the_same_post(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20")
    assert team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:25")).given["done"] == "Wired the core"
    team.answer(LIWEI, "01:30", done="Wired both cores")
    post = answer_of(team)
    assert (post.said[0].text, post.edited) == ("Wired both cores", True)
    assert parent(team).sides[0].answered == 1


def test_a_first_answer_after_the_members_deadline_is_kept_and_marked_late(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "05:01")
    assert answer_of(team).late


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("01:20", "05:01"),  # an edit after the member's own deadline
        (None, "19:01"),  # a first answer after the round has closed
    ],
)
def test_after_the_deadline_an_answer_is_refused_with_its_time(store: Store, first: str | None, then: str) -> None:
    team = JointTeam(store)
    team.play("01:00")
    if first:
        team.answer(LIWEI, first)
    else:
        team.run(clock("19:00"))
    with pytest.raises(TooLate) as refused:
        team.answer(LIWEI, then, done="Something else")
    assert isinstance(refused.value, NotChangedAnyMore) == bool(first)
    assert refused.value.values["closed"] == clock("05:00" if first else "19:00")


def test_what_a_prompt_says_is_true_whenever_it_is_read(store: Store) -> None:
    team = JointTeam(store)
    team.play("15:00")
    team.send()
    team.answer(LIWEI, "01:20")
    team.answer(CHENYU, "05:01")  # after the deadline of Shanghai
    assert team.answers.form(LUCIA, team.prompt_ref(LUCIA), clock("12:01")).late
    assert prompts(team, op="update") == {"U0LIWEI": "answered", "U0CHENYU": "kept"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"done": " \n "}, "done"),  # nothing but blanks
        ({"next": "x" * 3_001}, "next"),  # longer than Slack allows
    ],
)
def test_a_bad_answer_is_refused_under_its_field_and_nothing_is_stored(
    sqlite_store: Store, said: dict[str, Any], field: str
) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    with pytest.raises(InvalidInput) as refused:
        team.answer(LIWEI, "01:20", **said)
    assert list(refused.value.fields) == [field]
    assert team.owed("answer:") == []


def test_the_number_of_characters_is_said(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    with pytest.raises(InvalidInput) as refused:
        team.answer(LIWEI, "01:20", next="界" * 3_001)
    told = refused.value.fields["next"].format(**refused.value.values)
    assert told.startswith("This answer has 3001 characters; at most 3000")


def test_only_the_member_who_was_asked_may_answer(store: Store) -> None:
    team = JointTeam(store)
    setup.apply(store, other_team_file(), clock("00:30"))
    team.play("01:00")
    ref = team.prompt_ref(LIWEI)
    refusals: list[tuple[Person, type[Exception]]] = [
        (CHENYU, NotFound),  # a colleague
        (WANG, NotAllowed),  # a stakeholder of the same company reads and never acts
        (STRANGER, NotFound),  # a scrum master of the same company, in another operator's joint team
        (Person("T0TELEFON", "U0LIWEI"), NotFound),  # the same user id in another workspace names somebody else
    ]
    for person, refusal in refusals:
        with pytest.raises(refusal):
            team.answers.form(person, ref, clock("01:10"))
        with pytest.raises(refusal):
            team.answers.submit(person, ref, {"done": "x", "next": "y"}, {}, clock("01:10"))
    with pytest.raises(NotFound):
        team.answers.form(LIWEI, "no such ref", clock("01:10"))


# --- blocked? ------------------------------------------------------------------------------------------------------


def test_the_form_offers_the_other_company_and_open_issues(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-1")
    team.add_issue("CORE-2", status_category="done")
    team.play("01:00")
    form = team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:10"))
    assert [(side.value, side.text) for side in form.sides] == [
        ("operator", "Telefonica"),
        ("external", "somebody outside the team"),
        ("unknown", "not chosen yet"),
    ]
    assert [(each.issue.key, each.summary, each.site) for each in form.issues] == [("CORE-1", "About CORE-1", "")]
    assert form.blocked == {}


def test_a_choice_raises_a_blocker_that_both_sides_read_the_same_way(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-1")
    team.play("01:00")
    chosen: dict[str, str | None] = {"side": "operator", "issue": "CORE-1", "what": "Lab access"}
    team.answer(LIWEI, "01:20", blocked=chosen)
    line = answer_of(team).blocker
    assert line is not None
    assert line.issue is not None
    assert (line.waiting, line.waited_on, line.issue.key, line.what) == ("Huawei", "Telefonica", "CORE-1", "Lab access")
    form = team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:30"))
    assert form.blocked == chosen | {"issue": form.issues[0].value}  # which says the site as well


def test_two_members_on_one_issue_raise_one_blocker(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-1")
    team.play("01:00")
    for person in (LIWEI, CHENYU):
        team.answer(person, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": ""})
    posts = [message for _, _, message in team.owed("answer:") if isinstance(message, AnswerPost)]
    refs = {post.blocker.ref for post in posts if post.blocker}
    assert len(refs) == 1
    team.run(clock("19:00"))
    summary = team.one("summary:")
    assert isinstance(summary, RoundSummary)
    assert (len(summary.new_blockers), summary.open_blockers) == (1, 1)


def test_words_about_a_blocker_that_is_open_already_stand_in_the_answer(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-1")
    team.play("01:00")
    team.answer(CHENYU, "01:10", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": "And the keys"})
    first, second = (post for _, _, post in team.owed("answer:"))
    assert isinstance(first, AnswerPost)
    assert isinstance(second, AnswerPost)
    assert [said.text for said in first.said][2:] == []  # the blocker's own line says it
    assert [(said.label, said.text) for said in second.said][2:] == [("What is missing?", "And the keys")]
    assert first.blocker == second.blocker
    form = team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:25"))
    assert form.blocked["what"] == "And the keys"


def test_the_second_ones_other_words_are_no_edit_when_pressed_twice(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-1")
    team.play("01:00")
    team.answer(CHENYU, "01:10", blocked={"side": "operator", "issue": "CORE-1", "what": "Lab access"})
    for _ in range(2):
        team.answer(LIWEI, "01:20", blocked={"side": "operator", "issue": "CORE-1", "what": "Keys"})
    posts = [message for _, _, message in team.owed("answer:") if isinstance(message, AnswerPost)]
    assert [(post.edited, post.blocker.what if post.blocker else None) for post in posts] == [
        (False, "Lab access"),
        (False, "Lab access"),
    ]


def test_a_resolved_blocker_stays_with_its_answer_when_other_words_are_edited(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:10", blocked={"side": "operator", "what": "Lab access"})
    line = answer_of(team).blocker
    assert line is not None
    Blockers(store, QUESTIONS).resolve(LIWEI, line.ref, clock("01:20"))
    assert team.answers.form(LIWEI, team.prompt_ref(LIWEI), clock("01:30")).blocked == {}
    team.answer(LIWEI, "01:30", done="More")
    again = answer_of(team).blocker
    assert again is not None
    assert again.resolved == clock("01:20")


def test_a_blocker_of_two_is_taken_back_when_neither_chooses_it_any_more(store: Store) -> None:
    team = JointTeam(store)
    team.add_issue("CORE-7")
    team.play("01:00")
    for person, at in ((LIWEI, "01:10"), (CHENYU, "01:11")):
        team.answer(person, at, blocked={"side": "operator", "issue": "CORE-7"})
    ledger = Blockers(store, QUESTIONS)

    def open_now() -> list[str | None]:
        with store.transaction(SYSTEM) as session:
            return [line.issue.key if line.issue else None for line in ledger.open(session, team.result.team_id)]

    team.answer(LIWEI, "01:20")  # who raised it
    assert open_now() == ["CORE-7"]
    team.answer(CHENYU, "01:30")
    assert open_now() == []


def test_choosing_not_blocked_any_more_takes_the_blocker_back(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    team.answer(LIWEI, "01:20", blocked={"side": "external", "issue": None, "what": "A permit"})
    team.answer(LIWEI, "01:30")
    assert answer_of(team).blocker is None
    team.run(clock("19:00"))
    summary = team.one("summary:")
    assert isinstance(summary, RoundSummary)
    assert summary.open_blockers == 0


@pytest.mark.parametrize(
    ("blocked", "field"),
    [
        ({"side": "vendor", "what": "x"}, "side"),  # one's own side
        ({"side": "partner:Nobody", "what": "x"}, "side"),  # no side of this joint team
        ({"what": "x"}, "side"),
        ({"side": "operator"}, "what"),  # neither an issue nor words
        ({"side": "operator", "what": "x" * 301}, "what"),
        ({"side": "operator", "issue": "OTHER-1"}, "issue"),  # not on this joint team's board
    ],
)
def test_a_choice_that_cannot_be_is_refused_under_its_field(
    sqlite_store: Store, blocked: dict[str, Any], field: str
) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    with pytest.raises(InvalidInput) as refused:
        team.answer(LIWEI, "01:20", blocked=blocked)
    assert list(refused.value.fields) == [field]


def prompts(team: JointTeam, *, op: str) -> dict[str | None, str]:
    """Person -> state of their prompt, as posted or as updated."""
    owed = team.owed("prompt:", op=op)
    return {row.person: message.state for row, _, message in owed if isinstance(message, Prompt)}


# --- closing -------------------------------------------------------------------------------------------------------


def test_a_round_closes_once_with_one_summary_after_every_sides_day(store: Store) -> None:
    team = JointTeam(store)
    team.play("15:00")
    team.send()
    for person, at in ((LIWEI, "01:20"), (LUCIA, "08:30"), (SOFIA, "15:30")):
        team.answer(person, at)
    assert team.owed("summary:") == []
    team.run(clock("19:00"))
    summary = team.one("summary:")
    assert isinstance(summary, RoundSummary)
    assert summary.sides == (
        SideCount(company="Huawei", asked=2, answered=1, away=1),
        SideCount(company="Telefonica", asked=2, answered=2, away=0),
    )
    ((_, _, closed),) = team.owed("round:", op="update")
    assert isinstance(closed, RoundPost)
    assert closed.closed
    assert prompts(team, op="update") == {
        "U0LIWEI": "kept",
        "U0CHENYU": "closed",
        "U0LUCIA": "kept",
        "U0SOFIA": "kept",
    }
    team.close_again()
    assert len(team.owed("summary:")) == 1


def test_a_day_on_which_nobody_works_has_no_round(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.plan(datetime(2026, 11, 21, 0, 0, tzinfo=UTC), hours=40)
    assert [each for each in team.planned() if each[0] == "prompt"] == []


# What changes much of a round: its closing, and an answer.
CHANGES: dict[str, Callable[[JointTeam], None]] = {
    "closing": JointTeam.close_again,
    "an answer": lambda team: team.answer(LUCIA, "15:20"),
}


@pytest.mark.parametrize("fresh_url", ["postgres"], indirect=True)  # SQLite lets one transaction write at a time
@pytest.mark.parametrize("change", CHANGES)
def test_whoever_changes_much_of_a_round_and_whoever_notes_what_was_sent_of_it_never_wait_for_each_other(
    change: str, store: Store
) -> None:
    team = JointTeam(store)
    team.play("15:00")
    team.send()
    team.answer(LIWEI, "15:10")  # now the parent post has an update, a younger row than the prompts
    prompt = next(row.id for target, row, _ in team.owed("prompt:") if target.person == LUCIA.user)
    ((_, update, _),) = team.owed("round:", op="update")
    with ThreadPoolExecutor(1) as other:
        with store.transaction(SYSTEM) as noting:  # by id, as `claims.note` does
            noting.get_one(DeliveryRow, prompt, with_for_update=True)
            changing = other.submit(CHANGES[change], team)
            until_somebody_waits(store)
            noting.get_one(DeliveryRow, update.id, with_for_update=True)
        changing.result(timeout=60)


def test_a_round_of_a_stand_up_that_is_given_up_meanwhile_is_closed_all_the_same(store: Store) -> None:
    team = JointTeam(store)
    team.play("08:00")
    team.answer(LIWEI, "08:10")
    setup.apply(store, team_file(standups=[{"name": "Morning", "at": "10:30", "days": ["fri"]}]), clock("09:00"))
    team.plan(clock("09:00"))
    team.run(clock("19:00"))
    assert len(team.owed("summary:")) == 1
    assert parent(team).closed
    assert set(team.states("prompt", SOFIA)) == {"cancelled"}  # Mexico is not asked
