"""Tokens that end soon are warned of 30, 7 and 1 days before, once each, to the scrum masters of the site's owner."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.parties import OrganisationRow
from fmo_bot.db.secrets import Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.services.expiries import WARNING, warn
from fmo_bot.services.sites import Sites
from tests.integration.test_pauses import told
from tests.joint_team import JointTeam

ENDS = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def team(store: Store) -> JointTeam:
    return JointTeam(store)


def end(store: Store, at: datetime | None, *, owner: str | None = None) -> None:
    with store.transaction(SYSTEM) as session:
        site = session.scalars(select(JiraSiteRow)).one()
        site.expires_at = at
        if owner is not None:
            site.organisation_id = session.scalars(
                select(OrganisationRow.id).where(OrganisationRow.name == owner)
            ).one()


def test_each_distance_is_warned_of_once_however_often_it_is_looked(store: Store) -> None:
    end(store, ENDS)
    warned_on = []
    day = ENDS - timedelta(days=40)
    while day < ENDS + timedelta(days=2):
        before = len(told(store))
        warn(store, day)
        warn(store, day + timedelta(hours=1))
        warned_on += [(ENDS - day).days] * (len(told(store)) - before)
        day += timedelta(days=1)
    assert warned_on == [30, 7, 1]
    who, text, values = told(store)[0]
    assert (who, text, values) == ("U0LIWEI", WARNING, {"site": "shared", "date": ENDS.date()})


def test_after_a_long_sleep_only_the_nearest_is_said(store: Store) -> None:
    end(store, ENDS)
    warn(store, ENDS - timedelta(hours=20))
    assert len(told(store)) == 1


def test_the_owners_scrum_masters_hear_of_it(store: Store) -> None:
    end(store, ENDS, owner="Telefonica")
    warn(store, ENDS - timedelta(days=5))
    assert [who for who, _, _ in told(store)] == ["U0LUCIA"]


def test_a_token_with_another_end_is_warned_of_anew_and_one_without_never(store: Store) -> None:
    end(store, ENDS)
    warn(store, ENDS - timedelta(days=1))
    end(store, ENDS + timedelta(days=365))
    warn(store, ENDS)
    assert len(told(store)) == 1
    warn(store, ENDS + timedelta(days=364))
    assert len(told(store)) == 2
    end(store, None)
    warn(store, ENDS + timedelta(days=365))
    assert len(told(store)) == 2


def test_of_sites_in_the_settings_the_settings_say_when_and_of_others_they_say_nothing(store: Store) -> None:
    sites = Sites(store, Vault([]), ["shared"])
    sites.note_ends({"shared": ENDS, "unknown": ENDS})
    warn(store, ENDS - timedelta(days=1))
    assert len(told(store)) == 1
    sites.note_ends({"shared": None})  # the setting is gone
    warn(store, ENDS)
    assert len(told(store)) == 1
    with store.transaction(SYSTEM) as session:
        session.scalars(select(JiraSiteRow)).one().url = "https://x.example"  # connected, not by the settings
    sites.note_ends({"shared": ENDS})
    with store.reading(SYSTEM) as session:
        assert session.scalars(select(JiraSiteRow)).one().expires_at is None
