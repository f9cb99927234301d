"""Bringing a database to the newest schema, from an installed package or a checkout."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from fmo_bot.db.store import open_engine

_LOCK = 0x464D4F  # "FMO": any number, the same for every process that migrates


def migrate(url: str) -> None:
    """Run every migration the database at `url` has not seen; several processes may try at once."""
    engine = open_engine(url, foreign_keys=False)
    try:
        with engine.begin() as connection:
            wait_for_others(connection)
            command.upgrade(configuration(connection), "head")
    finally:
        engine.dispose()


def is_newest(connection: Connection) -> bool:
    """Whether every migration has been run on this database."""
    newest = ScriptDirectory.from_config(configuration(connection)).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(newest)


def holds_tables(url: str) -> bool:
    """Whether anything is in the database at `url`."""
    engine = open_engine(url)
    try:
        return bool(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def configuration(connection: Connection) -> Config:
    """Alembic's settings for one connection, whose transaction is the caller's."""
    config = Config()
    # A per cent sign in a path would otherwise be read as an interpolation.
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def wait_for_others(connection: Connection) -> None:
    """One process at a time brings a database up, until its transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite: BEGIN IMMEDIATE has done it
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
