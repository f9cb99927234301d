"""Letting go of a database."""

from sqlalchemy import event, text

from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM


def test_a_connection_that_is_in_use_when_the_store_is_closed_is_closed_when_it_is_given_back(fresh_url: str) -> None:
    """A thread may be at it yet when a process ends."""
    store, closed = Store(fresh_url), list[object]()
    event.listen(store.engine, "close", lambda connection, _record: closed.append(connection))
    with store.reading(SYSTEM) as late:
        late.execute(text("SELECT 1"))
        store.close()
        assert closed == []
        assert late.scalar(text("SELECT 1")) == 1
    assert len(closed) == 1
