"""Reminders: only to whoever was asked and has not answered, before their own deadline."""

from typing import Any

import pytest

from fmo_bot.db.parties import AbsenceRow
from fmo_bot.db.store import Store
from fmo_bot.domain.messages import Prompt
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services import setup
from tests.joint_team import CHENYU, LIWEI, LUCIA, JointTeam, clock, team_file


def reminding(minutes: int | None = 30) -> dict[str, Any]:
    file = team_file()
    file["standups"][0]["reminder_minutes"] = minutes
    return file


def reminded(team: JointTeam) -> list[tuple[str | None, str]]:
    return [(row.person, message.state) for row, _, message in team.owed("reminder:") if isinstance(message, Prompt)]


def test_a_reminder_is_planned_before_each_members_own_deadline(store: Store) -> None:
    team = JointTeam(store, reminding())
    team.plan(clock("00:30"), hours=20)
    assert [(who, due) for kind, who, due in team.planned() if kind == "reminder"] == [
        ("Li Wei", "11-19 04:30"),  # half an hour before one o'clock in Shanghai
        ("Chen Yu", "11-19 04:30"),
        ("Lucía Ortega", "11-19 11:30"),
        ("Sofía Hernández", "11-19 18:30"),
    ]


def test_a_stand_up_without_a_reminder_plans_none(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, reminding(None))
    team.plan(clock("00:30"))
    assert not [kind for kind, *_ in team.planned() if kind == "reminder"]


def test_only_who_has_not_answered_is_reminded_and_once(store: Store) -> None:
    team = JointTeam(store, reminding())
    team.play("01:00")
    team.answer(LIWEI, "01:20")
    team.plan(clock("02:00"))
    team.run(clock("04:30"))
    team.plan(clock("04:31"))
    team.run(clock("04:40"))
    assert reminded(team) == [("U0CHENYU", "open")]


def test_who_answers_before_the_reminder_is_sent_does_not_get_it(store: Store) -> None:
    team = JointTeam(store, reminding())
    team.play("04:30")
    team.answer(CHENYU, "04:30")
    assert reminded(team) == [("U0LIWEI", "open")]


def test_a_reminder_that_was_sent_says_that_the_answer_is_in(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, reminding())
    team.play("04:30")
    team.send()
    team.answer(CHENYU, "04:40")
    ((row, _, message),) = team.owed("reminder:", op="update")
    assert isinstance(message, Prompt)
    assert (row.person, message.state) == ("U0CHENYU", "answered")


def test_who_went_away_after_being_asked_is_not_reminded(store: Store) -> None:
    team = JointTeam(store, reminding())
    team.play("01:00")
    with store.transaction(SYSTEM) as session:
        away = clock("00:00").date()
        session.add(AbsenceRow(member_id=team.member_id(session, CHENYU), first_day=away, last_day=away))
    team.run(clock("04:30"))  # it has come due before anything was planned anew
    assert reminded(team) == [("U0LIWEI", "open")]


def test_a_reminder_after_the_deadline_is_missed_not_sent(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, reminding())
    team.play("01:00")
    team.due(clock("05:00"))  # the bot was down for half an hour
    assert reminded(team) == []
    assert team.states("reminder", LIWEI) == ["missed"]


def test_a_new_reminder_time_moves_what_is_planned(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, reminding())
    team.play("01:00")
    setup.apply(sqlite_store, reminding(60), clock("02:00"))
    team.plan(clock("02:00"), hours=18)
    assert [due for kind, _, due in team.planned() if kind == "reminder"] == [
        "11-19 04:00",
        "11-19 04:00",
        "11-19 11:00",
        "11-19 18:00",
    ]
    setup.apply(sqlite_store, reminding(None), clock("03:00"))
    team.plan(clock("03:00"))
    assert "reminder" not in {kind for kind, *_ in team.planned()}


def test_no_reminder_outlives_its_round(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store, reminding(1))
    team.play("18:59")
    team.run(clock("19:00"))  # the last reminder was owed a minute ago and not sent
    assert reminded(team) == []


@pytest.mark.parametrize("person", [LIWEI, LUCIA])
def test_a_reminder_follows_the_deadline_its_member_was_told(sqlite_store: Store, person: Any) -> None:
    team = JointTeam(sqlite_store, reminding())
    team.play("08:00")
    file = reminding()
    for side in file["sides"].values():
        for member in side["members"]:
            member["zone"] = "America/Mexico_City"  # they all flew west after they had been asked
    setup.apply(sqlite_store, file, clock("08:10"))
    team.plan(clock("08:10"), hours=12)
    assert ("Lucía Ortega", "11-19 11:30") in [(who, due) for kind, who, due in team.planned() if kind == "reminder"]
