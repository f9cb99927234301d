"""What every errand opens first: the clock, the database, the engine."""

from sqlalchemy.exc import SQLAlchemyError

from config.settings import PROCRASTINATE, Settings
from fmo_bot.bootstrap.clocks import RealClock, SandboxClock
from fmo_bot.db.schema import migrate
from fmo_bot.db.store import Store
from fmo_bot.delivery import queue_schema
from fmo_bot.delivery.embedded import EmbeddedEngine
from fmo_bot.delivery.leases import Leases
from fmo_bot.delivery.queued import QueuedEngine
from fmo_bot.errors import SettingsWrong
from fmo_bot.ports import Engine


def open_store(settings: Settings) -> Store:
    """The database, brought to the newest schema. Raises SettingsWrong where it does not answer."""
    try:
        migrate(settings.database_url)
        if settings.engine == PROCRASTINATE:
            queue_schema.migrate(settings.database_url)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SettingsWrong([f"FMO_DATABASE_URL: the database cannot be opened ({reason})."]) from error
    return Store(settings.database_url)


def engine_of(settings: Settings, store: Store) -> Engine:
    """The engine these settings name."""
    queued = settings.engine == PROCRASTINATE
    return QueuedEngine(store, settings.database_url) if queued else EmbeddedEngine(Leases(store))


def clock_of(settings: Settings) -> RealClock | SandboxClock:
    """The calendar these settings live by."""
    return SandboxClock(settings.clock_url) if settings.clock_url else RealClock()
