"""The migrations and the tables in code say the same, on both databases."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from fmo_bot.db.parties import ParticipationRow
from fmo_bot.db.schema import configuration, migrate
from fmo_bot.db.store import Store, open_engine
from fmo_bot.db.tables import METADATA
from fmo_bot.domain.parties import SYSTEM


def test_the_migrated_schema_is_what_the_tables_say(fresh_url: str) -> None:
    engine = open_engine(fresh_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
    engine.dispose()
    assert differences == [], "write a revision: python -m migrations.revise YYYY-MM-DD 'what changes'"


def test_an_empty_database_is_brought_up_and_a_second_run_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    migrate(empty_url)
    engine = open_engine(empty_url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    assert tables == {*METADATA.tables, "alembic_version"}


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    insert = text("INSERT INTO organisation (name) VALUES ('Huawei')")
    try:
        with store.transaction(SYSTEM) as session:
            session.execute(insert)
            raise RuntimeError("half way")
    except RuntimeError:
        pass
    with store.transaction(SYSTEM) as session:
        assert session.scalar(text("SELECT count(*) FROM organisation")) == 0


def test_a_sqlite_claim_survives_a_power_cut_and_readers_do_not_block(sqlite_store: Store) -> None:
    with sqlite_store.transaction(SYSTEM) as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_an_error_of_the_database_does_not_show_what_people_said(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught, store.transaction(SYSTEM) as session:
        session.execute(text("SELECT * FROM nowhere WHERE answer = :answer"), {"answer": "Their lab is slow"})
    assert "Their lab is slow" not in str(caught.value)  # which goes to the log whole


def test_stand_ups_of_before_go_on_at_the_minute(empty_url: str) -> None:
    engine = open_engine(empty_url, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "2026_11_23")
        connection.execute(text("INSERT INTO organisation (id, name) VALUES (1, 'Huawei')"))
        team = "INSERT INTO joint_team (id, name, ref, host_id, language, zone) VALUES (1, 'Core', 'r', 1, 'en', 'UTC')"
        connection.execute(text(team))
        columns = "id, team_id, kind, name, days, at, window_minutes, late_ok_minutes, active"
        values = "1, 1, 'standup', 'Daily', '[\"mon\"]', '09:00', 240, 120, true"
        connection.execute(text(f"INSERT INTO ceremony ({columns}) VALUES ({values})"))
    migrate(empty_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT name, spread_minutes, reminder_minutes FROM ceremony")).one()
    engine.dispose()
    assert tuple(kept) == ("Daily", 0, None)


def test_blockers_of_before_keep_their_issues_by_site_and_id(empty_url: str) -> None:
    engine = open_engine(empty_url, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "2026_11_24")
        for insert in _TEAM_OF_BEFORE:
            connection.execute(text(insert))
    migrate(empty_url)
    with engine.connect() as connection:
        query = "SELECT site_id, jira_issue_id, open_key FROM blocker ORDER BY id"
        kept = [tuple(row) for row in connection.execute(text(query))]
        read = connection.execute(text("SELECT cursor, swept_at FROM board")).one()
        version = connection.execute(text("SELECT workflow, guessed, starts FROM workflow_version")).one()
    engine.dispose()
    assert kept == [(1, "10001", "1|issue:1/10001|vendor|operator"), (None, None, None)]
    assert ("Work" in str(version[0]), bool(version[1]), version[2]) == (
        True,
        True,
        None,
    )  # its workflow holds since ever
    assert tuple(read) == (None, None)  # all issues are read once more, with project and security level


def test_who_took_part_before_does_so_since_their_team_is_known(empty_url: str) -> None:
    engine = open_engine(empty_url, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "2026_11_24z")
        for insert in _PEOPLE_OF_BEFORE:
            connection.execute(text(insert))
    migrate(empty_url)
    engine.dispose()
    store = Store(empty_url)
    with store.reading(SYSTEM) as session:
        rows = session.scalars(select(ParticipationRow).order_by(ParticipationRow.id)).all()
        kept = [(row.member_id, row.side_id, row.role.value, row.since, row.until) for row in rows]
    store.close()
    assert kept == [(1, 1, "scrum_master", datetime(2026, 11, 16, tzinfo=UTC), None)]


_PEOPLE_OF_BEFORE = (
    "INSERT INTO organisation (id, name) VALUES (1, 'Huawei')",
    "INSERT INTO joint_team (id, name, ref, host_id, language, zone, unfurls)"
    " VALUES (1, 'Core', 'r', 1, 'en', 'UTC', '[]')",
    "INSERT INTO member (id, organisation_id, home_workspace, slack_user_id, name, zone, language)"
    " VALUES (1, 1, 'T1', 'U1', 'Li Wei', 'UTC', 'en')",
    "INSERT INTO side (id, team_id, name, organisation_id, calendar) VALUES (1, 1, 'vendor', 1, '{}')",
    "INSERT INTO participation (id, team_id, member_id, side_id, role) VALUES (1, 1, 1, 1, 'scrum_master')",
    "INSERT INTO audit (id, at, action, team_id, detail)"
    " VALUES (1, '2026-11-16 00:00:00.000000+00:00', 'set_up', 1, '{}')",
)
_TEAM_OF_BEFORE = (
    "INSERT INTO organisation (id, name) VALUES (1, 'Huawei')",
    "INSERT INTO joint_team (id, name, ref, host_id, language, zone) VALUES (1, 'Core', 'r', 1, 'en', 'UTC')",
    "INSERT INTO member (id, organisation_id, home_workspace, slack_user_id, name, zone, language)"
    " VALUES (1, 1, 'T1', 'U1', 'Li Wei', 'UTC', 'en')",
    "INSERT INTO jira_site (id, key) VALUES (1, 'shared')",
    "INSERT INTO board (id, team_id, site_id, jira_board_id, name, workflow, workflow_guessed, shape, cursor, swept_at)"
    " VALUES (1, 1, 1, 1, '', '[\"Work\"]', true, '{}', '2026-11-16', '2026-11-16')",
    "INSERT INTO issue (id, site_id, jira_issue_id, key, summary, updated, value)"
    " VALUES (1, 1, '10001', 'CORE-1', 'Words', '2026-11-16', '{}')",
    "INSERT INTO board_issue (board_id, issue_id) VALUES (1, 1)",
    "INSERT INTO blocker (id, team_id, ref, what, issue_key, waiting_side, waited_side, raised_by, since, open_key)"
    " VALUES (1, 1, 'a', 'Lab', 'CORE-1', 'vendor', 'operator', 1, '2026-11-16', '1|issue:CORE-1|vendor|operator')",
    "INSERT INTO blocker (id, team_id, ref, what, issue_key, waiting_side, waited_side, raised_by, since, open_key)"
    " VALUES (2, 1, 'b', 'Lab', 'GONE-1', 'vendor', 'operator', 1, '2026-11-16', NULL)",
)
