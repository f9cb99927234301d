"""Commands by which somebody of a company decides: who it is, the service that is asked, the present."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fmo_bot.cli.settings import settings_and_logging
from fmo_bot.domain.parties import Person
from fmo_bot.errors import FileWrong, Refusal

if TYPE_CHECKING:
    from fmo_bot.db.store import Store

Service = TypeVar("Service")


@contextmanager
def opened(service: "Callable[[Store], Service]") -> Iterator[tuple[Service, datetime]]:
    """A service over the database, and the present; a refusal becomes a sentence on stderr."""
    from fmo_bot.bootstrap.opening import clock_of, open_store

    settings = settings_and_logging()
    store = open_store(settings)
    try:
        yield service(store), clock_of(settings).now()
    except Refusal as refusal:
        raise FileWrong(refusal.text.format(**refusal.values)) from refusal
    finally:
        store.close()


def person_of(told: str) -> Person:
    """Who `workspace:user` names. Raises FileWrong."""
    workspace, _, user = told.partition(":")
    if not (workspace and user):
        raise FileWrong(f"--admin: `{told}` is not workspace:user, such as T0HUAWEI:U0LIWEI.")
    return Person(workspace, user)
