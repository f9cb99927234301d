"""Who is asked, when, until when: Shanghai to Mexico City in one round."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from fmo_bot.domain.calendars import SideCalendar
from fmo_bot.domain.messages import SideCount
from fmo_bot.domain.parties import Role
from fmo_bot.domain.standups import RosterMember, Schedule, closes_at, counts, turns
from fmo_bot.errors import FileWrong

WEEKDAYS = Schedule(days=frozenset(range(5)), at=time(9))
LI = RosterMember(id=1, side="vendor", zone="Asia/Shanghai", role=Role.SCRUM_MASTER)
AISYAH = RosterMember(id=2, side="vendor", zone="Asia/Kuala_Lumpur")
LUCIA = RosterMember(id=3, side="operator", zone="Europe/Madrid", role=Role.SCRUM_MASTER)
DIEGO = RosterMember(id=4, side="operator", zone="America/Mexico_City")
RAJESH = RosterMember(
    id=5, side="vendor", zone="Asia/Kuala_Lumpur", absences=((date(2026, 11, 16), date(2026, 11, 17)),)
)
WANG = RosterMember(id=6, side="vendor", zone="Asia/Shanghai", role=Role.STAKEHOLDER)
EVERYBODY = (DIEGO, LI, LUCIA, AISYAH, RAJESH, WANG)
CALENDARS = {"vendor": SideCalendar(zone="Asia/Shanghai"), "operator": SideCalendar(zone="Europe/Madrid")}
MONDAY = date(2026, 11, 16)


def test_everybody_is_asked_at_their_own_nine_oclock_and_has_their_own_deadline() -> None:
    found = [(turn.member.id, turn.due.isoformat(), turn.deadline - turn.due) for turn in
             turns(WEEKDAYS, (DIEGO, LI, LUCIA), CALENDARS, MONDAY)]  # fmt: skip
    window = timedelta(hours=4)
    assert found == [
        (1, "2026-11-16T01:00:00+00:00", window),
        (3, "2026-11-16T08:00:00+00:00", window),
        (4, "2026-11-16T15:00:00+00:00", window),
    ]


def test_a_round_closes_at_the_last_deadline_of_those_who_are_asked() -> None:
    assert closes_at(turns(WEEKDAYS, EVERYBODY, CALENDARS, MONDAY)) == datetime(2026, 11, 16, 19, tzinfo=UTC)
    assert closes_at(turns(WEEKDAYS, (RAJESH,), CALENDARS, MONDAY)) is None


def test_a_member_who_is_away_is_not_asked_and_a_stakeholder_never() -> None:
    states = {turn.member.id: turn.state for turn in turns(WEEKDAYS, EVERYBODY, CALENDARS, MONDAY)}
    assert states == {1: "asked", 2: "asked", 3: "asked", 4: "asked", 5: "away"}
    back = turns(WEEKDAYS, (RAJESH,), CALENDARS, date(2026, 11, 18))
    assert [turn.state for turn in back] == ["asked"]


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        # a day both sides work
        (date(2026, 11, 16), {1, 3}),
        # a Sunday is not in the schedule
        (date(2026, 11, 15), set()),
        # a holiday of one side: the other one still meets
        (date(2026, 10, 1), {3}),
        # the Saturday that makes up for it is not in the schedule either
        (date(2026, 10, 10), set()),
    ],
)
def test_on_which_days_each_side_is_asked(day: date, asked: set[int]) -> None:
    calendars = CALENDARS | {
        "vendor": SideCalendar(
            zone="Asia/Shanghai", off=frozenset({date(2026, 10, 1)}), extra_working=frozenset({date(2026, 10, 10)})
        )
    }
    assert {turn.member.id for turn in turns(WEEKDAYS, (LI, LUCIA), calendars, day)} == asked


def test_a_make_up_day_is_asked_where_the_schedule_has_it() -> None:
    saturdays = Schedule(days=frozenset({5}), at=time(9))
    china = SideCalendar(zone="Asia/Shanghai", extra_working=frozenset({date(2026, 10, 10)}))
    assert len(turns(saturdays, (LI,), {"vendor": china}, date(2026, 10, 10))) == 1
    assert len(turns(saturdays, (LI,), {"vendor": china}, date(2026, 10, 17))) == 0


def test_a_side_without_a_calendar_works_on_every_day_of_the_schedule() -> None:
    assert len(turns(WEEKDAYS, (LI,), {}, MONDAY)) == 1


def test_one_time_for_all_where_the_schedule_names_a_zone() -> None:
    together = Schedule(days=frozenset(range(5)), at=time(10), zone="Europe/Madrid")
    assert {turn.due.isoformat() for turn in turns(together, (LI, DIEGO), {}, MONDAY)} == {"2026-11-16T09:00:00+00:00"}


def test_counts_are_per_side_and_numbers_only() -> None:
    states = [("vendor", "answered"), ("vendor", "asked"), ("vendor", "away"), ("operator", "answered")]
    assert counts(states, {"vendor": "Huawei", "operator": "Telefonica", "partner:Lab": "Lab"}) == (
        SideCount(company="Huawei", asked=2, answered=1, away=1),
        SideCount(company="Telefonica", asked=1, answered=1, away=0),
        SideCount(company="Lab", asked=0, answered=0, away=0),
    )


def test_a_schedule_is_read_from_words() -> None:
    found = Schedule.parse(days=["mon", "fri"], at="09:30", zone="Europe/Madrid", window_minutes=60)
    assert found == Schedule(days=frozenset({0, 4}), at=time(9, 30), zone="Europe/Madrid", window=timedelta(minutes=60))
    with pytest.raises(FileWrong, match=r"standup.at: '9h' is no time of day"):
        Schedule.parse(days=["mon"], at="9h", where="standup")
