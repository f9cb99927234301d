"""Taking part through time: now, at an instant, on which side; and who has no side yet."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from fmo_bot.db.parties import MemberRow, ParticipationRow, SideRow, takes_part
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience
from fmo_bot.domain.names import ProjectName
from fmo_bot.domain.parties import SYSTEM, Person, Scope
from fmo_bot.errors import NoSideYet
from fmo_bot.services import participating, setup
from fmo_bot.services.governance import Action, may
from fmo_bot.services.parties import Parties, roster
from tests.joint_team import CHENYU, LIWEI, JointTeam, clock, team_file


def side_at(store: Store, team_id: int, person: Person, at: datetime | None) -> str | None:
    """The name of the side on which somebody takes part; None where they do not."""
    with store.reading(SYSTEM) as session:
        query = (
            select(SideRow.name)
            .join(ParticipationRow, ParticipationRow.side_id == SideRow.id)
            .join(MemberRow, MemberRow.id == ParticipationRow.member_id)
            .where(takes_part(at), ParticipationRow.team_id == team_id, MemberRow.slack_user_id == person.user)
        )
        return session.scalars(query).one_or_none()


def put_on(team: JointTeam, person: Person, side: str | None, at: datetime) -> None:
    """Move somebody to another side; None: to one that nobody has confirmed."""
    with team.store.transaction(SYSTEM) as session:
        rows = session.scalars(select(SideRow).where(SideRow.team_id == team.result.team_id))
        sides = {row.name: row.id for row in rows}
        row = participating.of(session, team.result.team_id, team.member_id(session, person))
        assert row is not None
        participating.move(session, row, sides[side] if side else None, at)


def test_who_moved_to_another_side_was_on_the_first_one_until_then(store: Store) -> None:
    team = JointTeam(store)
    put_on(team, CHENYU, "operator", clock("12:00"))
    known = [side_at(store, team.result.team_id, CHENYU, at) for at in (clock("11:59"), clock("12:00"), None)]
    assert known == ["vendor", "operator", "operator"]
    assert side_at(store, team.result.team_id, CHENYU, datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_who_is_listed_no_longer_and_then_again_took_part_twice(store: Store) -> None:
    team = JointTeam(store)
    without = team_file()
    without["sides"]["vendor"]["members"] = without["sides"]["vendor"]["members"][:1]
    setup.apply(store, without, clock("12:00"))
    setup.apply(store, team_file(), clock("15:00"))
    known = [side_at(store, team.result.team_id, CHENYU, clock(at)) for at in ("11:00", "13:00", "16:00")]
    assert known == ["vendor", None, "vendor"]


def test_whose_side_nobody_has_confirmed_reads_what_is_joint_and_is_not_asked(store: Store) -> None:
    team = JointTeam(store)
    file = team_file()
    file["jira"][0]["projects"] = [{"key": "HUA", "accepted_by": ["vendor"]}]
    setup.apply(store, file, clock("00:40"))
    put_on(team, CHENYU, None, clock("00:50"))
    with store.reading(SYSTEM) as session:
        theirs, master = audience.of_person(session, CHENYU), audience.of_person(session, LIWEI)
        asked = [row.member.person for row in roster(session, team.result.team_id)]
    assert (theirs.companies, master.companies) == (frozenset(), frozenset({"Huawei"}))
    assert [each.joint for each in theirs.owned if each.project == ProjectName(site="shared")] == [True]
    assert CHENYU not in asked
    actor = Parties(store).actor(CHENYU, at=clock("01:00"))
    scope = Scope(team_id=actor.team_id)
    may(actor, Action.READ, scope)
    with pytest.raises(NoSideYet):
        may(actor, Action.RAISE_BLOCKER, scope)


def test_who_takes_part_no_longer_may_know_nothing(store: Store) -> None:
    team = JointTeam(store)
    with store.transaction(SYSTEM) as session:
        row = participating.of(session, team.result.team_id, team.member_id(session, CHENYU))
        assert row is not None
        participating.end(session, row, clock("12:00"))
    with store.reading(SYSTEM) as session:
        left = audience.of_person(session, CHENYU)
    assert (left.companies, any(each.joint for each in left.owned)) == (frozenset(), False)
