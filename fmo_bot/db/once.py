"""Rows that the database lets in once: an insert that a unique key may refuse, on either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_once(session: Session, row: type[DeclarativeBase], values: Sequence[Mapping[str, Any]]) -> int:
    """Insert what no unique key refuses; how many rows are new. Another transaction's same row is waited for."""
    if not values:
        return 0
    session.flush()  # what the session still holds may be what a foreign key points at
    insert = _INSERTS[session.get_bind().dialect.name]
    new = session.scalars(
        insert(row).on_conflict_do_nothing().returning(*row.__mapper__.primary_key), [dict(each) for each in values]
    )
    return len(new.all())
