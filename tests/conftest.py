"""Fixtures that every room's tests may use."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from tests.databases import empty_all, empty_postgres, migrated_sqlite, postgres_server
from tests.fakes import FakeChat, FixedClock, Machine

DATABASES = ("sqlite", "postgres")
_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("short", max_examples=50, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("long", max_examples=2_000, deadline=None, suppress_health_check=_SLOW_IS_FINE)


def pytest_configure(config: pytest.Config) -> None:
    # Errors as plain text: the default shows every local variable, and for that reads rows of closed transactions.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, console])
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = os.environ.get("HYPOTHESIS_SEED") or str(int.from_bytes(os.urandom(4)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    # At the end and not in the header, which a quiet run leaves out.
    profile = os.environ.get("HYPOTHESIS_PROFILE", "short")
    terminalreporter.write_line(f"property tests: profile {profile}, --hypothesis-seed={config.option.hypothesis_seed}")


@pytest.fixture
def clock() -> FixedClock:
    """Calendar time, standing still at 09:00 UTC on Monday, 16 November 2026."""
    return FixedClock()


@pytest.fixture
def machine() -> Machine:
    """Machine time, standing still."""
    return Machine()


@pytest.fixture
def chat() -> FakeChat:
    """A Slack that accepts everything unless told otherwise."""
    return FakeChat()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL on which databases may be created."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: str) -> Iterator[str]:
    with empty_postgres(postgres) as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated_sqlite(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with empty_postgres(request.getfixturevalue("postgres")) as url:
            yield url


@pytest.fixture(params=DATABASES)
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database without rows; the test runs once on each kind."""
    return _copy(request, tmp_path) if request.param == "sqlite" else _empty(request)


@pytest.fixture
def store(fresh_url: str) -> Iterator[Store]:
    """A migrated database without rows; the test runs once on SQLite and once on PostgreSQL."""
    store = Store(fresh_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same on SQLite only, for what does not depend on the database."""
    store = Store(_copy(request, tmp_path))
    yield store
    store.close()


def _copy(request: pytest.FixtureRequest, folder: Path) -> str:
    file = shutil.copy(request.getfixturevalue("_migrated_sqlite"), folder / "fmo.db")
    return f"sqlite:///{file}"


def _empty(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("_migrated_postgres")
    empty_all(url)
    return url
