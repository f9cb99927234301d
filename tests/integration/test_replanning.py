"""A change of schedule, zone, roster or absence moves what is not sent yet, and nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from fmo_bot.db.ceremonies import PromptRow, RoundRow
from fmo_bot.db.ledger import OccurrenceRow
from fmo_bot.db.parties import AbsenceRow, MemberRow
from fmo_bot.db.store import Store
from fmo_bot.delivery import occurrences
from fmo_bot.domain.messages import RoundPost
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.services import setup
from tests.joint_team import CHENYU, LIWEI, LUCIA, SOFIA, JointTeam, clock, team_file
from tests.profiles import fewer

Change = Callable[[dict[str, Any]], object]


def members(file: dict[str, Any], user: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [each for side in file["sides"].values() for each in side["members"]]
    return next(each for each in found if each["user"] == user)


def change(team: JointTeam, at: str, *changes: Change) -> None:
    """Apply the team file with some changes and plan anew."""
    file = team_file()
    for each in changes:
        each(file)
    setup.apply(team.store, file, clock(at))
    team.plan(clock(at), hours=20)


def zone(user: str, name: str) -> Change:
    return lambda file: members(file, user).update(zone=name)


def away(user: str) -> Change:
    return lambda file: members(file, user).update(away=[{"from": "2026-11-19", "until": "2026-11-19"}])


def gone(user: str) -> Change:
    def change(file: dict[str, Any]) -> None:
        for side in file["sides"].values():
            side["members"] = [each for each in side["members"] if each["user"] != user]

    return change


def at(wall: str) -> Change:
    return lambda file: file["standups"][0].update(at=wall)


def parent(team: JointTeam) -> RoundPost:
    post = team.one("round:")
    assert isinstance(post, RoundPost)
    return post


def asked(team: JointTeam) -> list[str | None]:
    return [row.person for row, *_ in team.owed("prompt:")]


def test_who_was_asked_is_not_asked_again_on_that_date_wherever_they_fly(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    change(team, "01:10", zone("U0LIWEI", "America/Mexico_City"))
    team.run(clock("15:00"))
    assert asked(team).count("U0LIWEI") == 1


def test_who_was_not_asked_yet_is_asked_at_the_new_time(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    change(team, "01:10", zone("U0LUCIA", "America/Mexico_City"))
    assert [due for kind, who, due in team.planned() if (kind, who) == ("prompt", "Lucía Ortega")] == ["11-19 15:00"]


def test_whoever_lands_where_the_morning_has_just_begun_is_asked_at_once(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    change(team, "09:00", zone("U0SOFIA", "Europe/Madrid"))  # nine in Madrid was an hour ago
    team.due(clock("09:00"))
    assert "U0SOFIA" in asked(team)


def test_whoever_lands_where_the_morning_is_long_over_is_missed_never_dropped_in_silence(store: Store) -> None:
    team = JointTeam(store)
    team.play("08:00")
    change(team, "11:00", zone("U0SOFIA", "Asia/Shanghai"))
    team.due(clock("11:00"))
    assert "U0SOFIA" not in asked(team)
    assert team.states("prompt", SOFIA) == ["missed"]


def test_a_new_schedule_leaves_what_was_sent(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    change(team, "02:00", at("10:00"))
    assert [(who, due) for kind, who, due in team.planned() if kind in ("prompt", "close")] == [
        ("Lucía Ortega", "11-19 09:00"),
        ("Sofía Hernández", "11-19 16:00"),
        ("all", "11-19 20:00"),
    ]
    assert parent(team).closes_at == clock("20:00")  # the parent post says so at once
    with sqlite_store.transaction(SYSTEM) as session:
        told = session.scalars(select(PromptRow.deadline).where(PromptRow.state == "asked")).all()
    assert set(told) == {clock("05:00")}


def test_a_round_never_closes_before_a_deadline_somebody_was_told(store: Store) -> None:
    team = JointTeam(store)
    team.play("15:00")
    # Everybody is in Shanghai now, where the day is over.
    change(team, "15:10", *(zone(user, "Asia/Shanghai") for user in ("U0LUCIA", "U0SOFIA")))
    assert ("close", "all", "11-19 19:00") in team.planned()
    team.answer(SOFIA, "18:59")
    assert parent(team).closes_at == clock("19:00")


def test_who_is_away_or_has_left_before_being_asked_is_not_asked_and_counts_as_away(store: Store) -> None:
    team = JointTeam(store)
    team.play("01:00")
    change(team, "02:00", away("U0SOFIA"), gone("U0LUCIA"))
    assert [(side.asked, side.away) for side in parent(team).sides] == [(2, 1), (0, 2)]
    assert ("close", "all", "11-19 05:00") in team.planned()  # nobody is left to wait for
    assert parent(team).closes_at == clock("05:00")


def test_who_comes_back_before_being_asked_is_asked(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    change(team, "02:00", away("U0SOFIA"))
    with sqlite_store.transaction(SYSTEM) as session:
        for row in session.scalars(select(AbsenceRow).where(AbsenceRow.member_id == team.member_id(session, SOFIA))):
            session.delete(row)
    change(team, "03:00")
    assert [(side.asked, side.away) for side in parent(team).sides] == [(2, 1), (2, 0)]
    team.run(clock("15:00"))
    assert asked(team)[-1] == "U0SOFIA"


def test_who_went_away_after_being_asked_may_still_answer(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.play("01:00")
    change(team, "02:00", away("U0LIWEI"))
    team.answer(LIWEI, "04:00")
    assert parent(team).sides[0].answered == 1


def test_a_stand_up_that_is_no_longer_held_closes_the_round_that_is_open(store: Store) -> None:
    team = JointTeam(store)
    team.play("08:00")
    change(team, "08:10", lambda file: file.update(standups=[]))
    assert team.planned() == [("close", "all", "11-19 12:00")]  # the last deadline that somebody was told
    team.run(clock("12:00"))
    assert parent(team).closed
    team.plan(clock("12:01"))
    assert team.planned() == []


ZONES = ("Asia/Shanghai", "Europe/Madrid", "America/Mexico_City", "Pacific/Kiritimati", "Pacific/Pago_Pago")
PEOPLE = (LIWEI, CHENYU, LUCIA, SOFIA)
MOVES = st.tuples(
    st.integers(0, 23), st.sampled_from(PEOPLE), st.sampled_from(ZONES), st.sampled_from(["09:00", "14:30"])
)


@fewer(8)
@given(changes=st.lists(MOVES, max_size=6))
def test_whatever_changes_when_everybody_is_asked_at_most_once_on_a_local_date(
    sqlite_store: Store, changes: list[tuple[int, Person, str, str]]
) -> None:
    """Three days in steps of three hours: people fly about and the time of the stand-up moves."""
    team = _anew(sqlite_store)
    start = clock("00:00") - timedelta(days=1)
    for step in range(24):
        now = start + timedelta(hours=3 * step)
        for when, person, where, wall in changes:
            if when == step:
                _move(team, person, where, wall)
        team.plan(now)
        team.due(now)
    with sqlite_store.transaction(SYSTEM) as session:
        query = select(PromptRow.member_id, RoundRow.local_date, PromptRow.deadline, RoundRow.closed_at)
        rows = session.execute(query.join(RoundRow).where(PromptRow.state == "asked")).all()
        left = session.scalars(select(OccurrenceRow.state).where(OccurrenceRow.due < start)).all()
    assert len({(row.member_id, row.local_date) for row in rows}) == len(rows)
    assert all(row.closed_at is None or row.closed_at >= row.deadline for row in rows)
    assert not set(left) & {occurrences.PLANNED}


def _anew(store: Store) -> JointTeam:
    """The joint team, with nothing left of the example before."""
    with store.transaction(SYSTEM) as session:
        for table in ("audit", "delivery", "message", "answer", "prompt", "round", "occurrence"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    return JointTeam(store, team_file(digests=[]))


def _move(team: JointTeam, person: Person, where: str, wall: str) -> None:
    with team.store.transaction(SYSTEM) as session:
        member = session.get_one(MemberRow, team.member_id(session, person))
        member.zone = where
    file = team_file(digests=[])
    with team.store.transaction(SYSTEM) as session:
        zones = {row.slack_user_id: row.zone for row in session.scalars(select(MemberRow))}
    for side in file["sides"].values():
        for each in side["members"]:
            each["zone"] = zones[each["user"]]
    file["standups"][0]["at"] = wall
    setup.apply(team.store, file, clock("00:00"))


def test_a_spread_stand_up_asks_each_member_at_their_own_minute_every_day(sqlite_store: Store) -> None:
    file = team_file()
    file["standups"][0]["spread_minutes"] = 15
    team = JointTeam(sqlite_store, file)
    team.plan(clock("00:30"), hours=48)
    dues: dict[str, set[str]] = {}
    with sqlite_store.transaction(SYSTEM) as session:
        for row in session.scalars(select(OccurrenceRow).where(OccurrenceRow.kind == "prompt")):
            dues.setdefault(row.subject, set()).add(f"{row.due:%M:%S}")
    assert all(len(minutes) == 1 for minutes in dues.values())
    assert len({min(each) for each in dues.values()}) == len(dues)
    assert all("00:00" <= min(each) < "15:00" for each in dues.values())


def test_days_are_local_dates(sqlite_store: Store) -> None:
    team = JointTeam(sqlite_store)
    team.plan(datetime(2026, 11, 19, tzinfo=UTC), hours=24)
    with sqlite_store.transaction(SYSTEM) as session:
        days = session.scalars(select(OccurrenceRow.local_date).where(OccurrenceRow.kind == "prompt")).all()
    assert set(days) == {date(2026, 11, 19)}
