"""The one door to the database: an engine configured for safety, and transactions that carry a scope."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from fmo_bot.db.turns import Turns
from fmo_bot.db.wakes import Wake, ring
from fmo_bot.domain.parties import Scope

# An error goes to the log whole: without this, so would the answer that was being stored.
_POOL: dict[str, Any] = {"pool_size": 20, "max_overflow": 0, "hide_parameters": True}
BUSY_S = 10  # for so long one transaction waits for another on SQLite
_READING = "fmo_reading"


class Store:
    """Transactions on one database. SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE, so a claim survives a crash."""

    def __init__(self, url: str) -> None:
        """`url` is an SQLAlchemy URL: `sqlite:///file` or `postgresql://…`."""
        self.engine = open_engine(url)
        self.wake: Wake = _nobody  # told at the end of each transaction; see db.wakes
        self._is_closed = False
        event.listen(self.engine, "checkin", self._given_back)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        only_one_writes = self.engine.dialect.name == "sqlite"
        self._turn = Turns(BUSY_S).mine if only_one_writes else nullcontext
        # SQLite hears of the first option when a transaction begins, and shows one state of the whole anyway.
        alone = {} if only_one_writes else {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        reader = self.engine.execution_options(**{_READING: True}, **alone)
        self._readings = sessionmaker(reader, expire_on_commit=False)

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        """One transaction for one scope: commits at the end, rolls back when an error passes through."""
        with self._turn(), self._sessions() as session, session.begin():
            session.info["scope"] = scope
            yield session
            ring(session, self.wake)

    @contextmanager
    def reading(self, scope: Scope) -> Iterator[Session]:
        """One transaction that only reads: it sees one state of the whole, waits for nobody, and cannot write."""
        with self._readings() as session, session.begin():
            session.info["scope"] = scope
            yield session

    def close(self) -> None:
        """Let go of all connections: of one that a thread is using yet, when it is given back."""
        self._is_closed = True
        self.engine.dispose()

    def _given_back(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        if self._is_closed:
            entry.close()


def _nobody(job: str, *, session: Session) -> None:
    """Nothing is woken where nothing runs: tests, and commands that do one errand."""


def open_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`, set up as this project needs it.

    `foreign_keys=False` is for migrations, which on SQLite copy a table and drop the old one.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, foreign_keys=foreign_keys)
    return _postgresql(address)


def _postgresql(address: URL) -> Engine:
    engine = create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **_POOL)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # Each statement is planned for the values it has. A plan for any values, made while a board is first read and
        # its tables are nearly empty, seeks each of 500 ids in all issues: seconds a batch, until there are statistics.
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.commit()  # else it would be taken back with the first transaction

    return engine


def _sqlite(address: URL, *, foreign_keys: bool) -> Engine:
    engine = create_engine(address, connect_args={"timeout": BUSY_S}, **_POOL)
    switch = "ON" if foreign_keys else "OFF"
    pragmas = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_S * 1000}", f"foreign_keys={switch}")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = bool(connection.get_execution_options().get(_READING))
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        # A transaction that reads first and writes later must not find the database locked half way.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
