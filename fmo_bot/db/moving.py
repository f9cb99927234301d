"""Moving an installation from SQLite to PostgreSQL: every row of every table, in one transaction of the target."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, Integer, Table, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from fmo_bot.db.schema import is_newest, migrate
from fmo_bot.db.store import open_engine
from fmo_bot.db.tables import METADATA
from fmo_bot.errors import NotMoved

BATCH = 1_000  # rows of one insert


def move(source_url: str, target_url: str) -> dict[str, int]:
    """Copy everything; how many rows each table holds, which has been compared on both sides.

    The source must be a SQLite file at the newest schema, with nobody writing to it; the target a PostgreSQL without
    rows of ours, which gets the newest schema. Raises NotMoved, and then the target holds no row.
    """
    _judge(source_url, target_url)
    source = open_engine(source_url)
    try:
        with source.begin() as reading:  # which also keeps others from writing
            if not is_newest(reading):
                raise NotMoved("The source is not at the newest schema. Run `fmo-bot migrate` on it first.")
            return _to(target_url, reading)
    except SQLAlchemyError as error:
        raise NotMoved(f"A database failed ({_reason(error)}). Nothing was moved.") from error
    finally:
        source.dispose()


def _judge(source_url: str, target_url: str) -> None:
    try:
        source, target = make_url(source_url), make_url(target_url)
    except SQLAlchemyError as error:
        raise NotMoved("Give two addresses: sqlite:///fmo.db postgresql://user@host/name") from error
    if source.get_backend_name() != "sqlite" or target.get_backend_name() != "postgresql":
        raise NotMoved("It goes from SQLite to PostgreSQL: sqlite:///fmo.db postgresql://user@host/name")
    if not source.database or not Path(source.database).is_file():
        raise NotMoved(f"There is no SQLite file {source.database}.")


def _to(url: str, reading: Connection) -> dict[str, int]:
    migrate(url)
    target = open_engine(url)
    try:
        with target.begin() as writing:
            _refuse_unless_empty(target, writing)
            return {table.name: _copy(table, reading, writing) for table in METADATA.sorted_tables}
    finally:
        target.dispose()


def _refuse_unless_empty(target: Engine, writing: Connection) -> None:
    # Nobody begins to use it while it is filled.
    names = ", ".join(table.name for table in METADATA.sorted_tables)
    writing.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    full = [table.name for table in METADATA.sorted_tables if _count(table, writing)]
    if full:
        raise NotMoved(f"The target is not empty: it has rows in {', '.join(full)}. Give an empty database.")


def _copy(table: Table, reading: Connection, writing: Connection) -> int:
    for rows in _batches(table, reading):
        writing.execute(insert(table), rows)
    _go_on_after(table, writing)
    before, after = _count(table, reading), _count(table, writing)
    if before != after:
        raise NotMoved(f"Of {before} rows of {table.name} {after} arrived. Nothing was moved.")
    return after


def _batches(table: Table, reading: Connection) -> Iterator[list[dict[str, object]]]:
    ordered = select(table).order_by(*table.primary_key)
    found = reading.execute(ordered, execution_options={"yield_per": BATCH})
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


def _go_on_after(table: Table, writing: Connection) -> None:
    """The next id of a table comes after the last one that was copied."""
    column = table.autoincrement_column
    if column is None or not isinstance(column.type, Integer):
        return
    last = writing.scalar(select(func.max(column)))
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    if last is not None and writing.scalar(select(sequence)) is not None:
        writing.execute(select(func.setval(sequence, last)))


def _count(table: Table, connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _reason(error: SQLAlchemyError) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
