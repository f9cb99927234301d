"""What Alembic runs for every command: our tables, on the connection and in the transaction of the caller."""

from typing import Any

from alembic import context

from fmo_bot.db.base import Instant
from fmo_bot.db.secrets import SealedText
from fmo_bot.db.tables import METADATA


def _render(kind: str, thing: Any, _context: object) -> str | bool:
    """A revision must still run when our own classes have moved on: it names only SQLAlchemy's."""
    plain = ((Instant, "sa.DateTime(timezone=True)"), (SealedText, "sa.Text()"))
    return next((name for ours, name in plain if kind == "type" and isinstance(thing, ours)), False)


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """procrastinate looks after its own tables, which may live beside ours."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_item=_render,
    include_name=_is_ours,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
context.run_migrations()
