"""From SQLite to PostgreSQL: everything arrives as it was, or nothing does."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from typer.testing import CliRunner

from fmo_bot.cli import application
from fmo_bot.db import moving
from fmo_bot.db.ceremonies import AnswerRow, RoundRow
from fmo_bot.db.ledger import DeliveryRow, InboxRow
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.delivery import inbox
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import NotMoved
from tests.databases import empty_postgres
from tests.joint_team import CHENYU, LIWEI, LUCIA, JointTeam, clock


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def contents(store: Store) -> dict[str, list[object]]:
    """Every row of every table."""
    with store.engine.connect() as connection:
        return {table.name: _rows(connection, table.name) for table in METADATA.sorted_tables}


def _rows(connection: Connection, name: str) -> list[object]:
    table = METADATA.tables[name]
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]


@pytest.fixture
def lived_in(sqlite_store: Store) -> Store:
    """A joint team after a morning."""
    team = JointTeam(sqlite_store)
    team.play("08:00")
    team.add_issue("CORE-1")
    team.answer(LIWEI, "01:20", done="Прокинул ядро 🛰", blocked={"side": "operator", "issue": "CORE-1", "what": "x"})
    team.answer(CHENYU, "01:30")
    with sqlite_store.transaction(SYSTEM) as session:
        inbox.record(session, event_key="slack:1", kind="words", payload={"text": "hello"}, at=clock("01:00"))
    return sqlite_store


def test_everything_arrives_as_it_was_and_life_goes_on(lived_in: Store, postgres: str) -> None:
    with empty_postgres(postgres) as url:
        moved = moving.move(url_of(lived_in), url)
        store = Store(url)
        try:
            assert contents(store) == contents(lived_in)
            assert moved == {name: len(rows) for name, rows in contents(lived_in).items()}
            assert sum(moved.values()) > 50
            there = JointTeam(store)  # the same file again: new rows take new ids
            there.answer(LUCIA, "08:30")
            there.run(clock("19:00"))
            with store.transaction(SYSTEM) as session:
                assert session.scalars(select(RoundRow)).one().closed_at is not None
                assert session.scalar(select(func.count()).select_from(AnswerRow)) == 13  # and what is missing
                assert session.scalars(select(InboxRow.payload)).one() == {"text": "hello"}
        finally:
            store.close()


def test_the_command_says_how_many_rows_each_table_holds(lived_in: Store, postgres: str) -> None:
    with empty_postgres(postgres) as url:
        ended = CliRunner().invoke(application(), ["migrate-db", url_of(lived_in), url])
    assert ended.exit_code == 0
    assert "joint_team: 1\n" in ended.output
    assert "the same on both sides" in ended.output


def test_many_rows_arrive_in_batches(lived_in: Store, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 3)
    with empty_postgres(postgres) as url:
        moved = moving.move(url_of(lived_in), url)
        assert moved["delivery"] == len(contents(lived_in)["delivery"]) > 3


def test_a_target_with_rows_is_refused_and_stays_as_it_is(lived_in: Store, postgres: str) -> None:
    with empty_postgres(postgres) as url:
        moving.move(url_of(lived_in), url)
        store = Store(url)
        before = contents(store)
        with pytest.raises(NotMoved, match=r"not empty: it has rows in .*joint_team"):
            moving.move(url_of(lived_in), url)
        assert contents(store) == before
        store.close()


def test_what_cannot_be_kept_over_there_leaves_the_target_empty(lived_in: Store, postgres: str) -> None:
    with lived_in.transaction(SYSTEM) as session:
        session.scalars(select(DeliveryRow)).all()[-1].error = "a\x00b"  # PostgreSQL keeps no such sign
    with empty_postgres(postgres) as url:
        with pytest.raises(NotMoved, match="Nothing was moved"):
            moving.move(url_of(lived_in), url)
        store = Store(url)
        assert not any(contents(store).values())
        store.close()


def test_a_source_of_an_older_schema_is_refused(lived_in: Store, postgres: str) -> None:
    with lived_in.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2026_11_23'"))
    with empty_postgres(postgres) as url, pytest.raises(NotMoved, match="fmo-bot migrate"):
        moving.move(url_of(lived_in), url)


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("postgresql://host/a", "sqlite:///b.db", "from SQLite to PostgreSQL"),  # the wrong way round
        ("sqlite:///{folder}/none.db", "postgresql://host/a", "There is no SQLite file"),
        ("sqlite://", "postgresql://host/a", "There is no SQLite file"),  # in memory
        ("fmo.db", "postgresql://host/a", "Give two addresses"),
        ("sqlite:///{folder}", "postgresql://host/a", "There is no SQLite file"),
    ],
)
def test_addresses_that_cannot_be_are_refused_in_a_sentence(
    tmp_path: Path, source: str, target: str, told: str
) -> None:
    with pytest.raises(NotMoved, match=told):
        moving.move(source.format(folder=tmp_path), target)
    assert not list(tmp_path.iterdir())  # SQLite would make the file that is missing


def test_a_postgresql_that_does_not_answer_is_told_without_its_password(lived_in: Store) -> None:
    with pytest.raises(NotMoved) as wrong:
        moving.move(url_of(lived_in), "postgresql://fmo:secret@127.0.0.1:1/fmo")
    assert "A database failed" in str(wrong.value)
    assert "secret" not in str(wrong.value)
