"""procrastinate's own tables, beside ours in the same PostgreSQL: put there, and brought up with its releases."""

from importlib.resources import files

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from fmo_bot.db.schema import wait_for_others
from fmo_bot.db.store import open_engine

_DONE = "procrastinate_migrations"  # which of its migrations this database has seen


def migrate(url: str) -> None:
    """Install procrastinate's schema, or run what its newer release adds; several processes may try at once."""
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            wait_for_others(connection)
            _bring_up(connection)
    finally:
        engine.dispose()


def _bring_up(connection: Connection) -> None:
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {_DONE} (name text PRIMARY KEY)"))
    known = set(connection.scalars(text(f"SELECT name FROM {_DONE}")))
    if not known:
        _run(connection, SchemaManager.get_schema())
    for name, script in sorted(released().items()):
        if name not in known:
            if known:
                _run(connection, script)
            connection.execute(text(f"INSERT INTO {_DONE} VALUES (:name)"), {"name": name})


def released() -> dict[str, str]:
    """Every migration of the installed release by its file's name, which begins with the version."""
    folder = files("procrastinate.sql.migrations")
    return {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".sql")}


def _run(connection: Connection, script: str) -> None:
    """Many statements at once, as they stand: nothing in them is a parameter."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(script)
