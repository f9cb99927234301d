"""Rows that the database lets in once: an insert that a unique key may refuse, on either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_once(session: Session, row: type[DeclarativeBase], values: Sequence[Mapping[str, Any]]) -> int:
    """Insert what no unique key refuses; how many rows are new. Another transaction's same row is waited for."""
    return len(insert_new(session, row, values))


def insert_new(session: Session, row: type[DeclarativeBase], values: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """The same; the (first column of the) primary keys of the rows that are new."""
    if not values:
        return ()
    session.flush()  # what the session still holds may be what a foreign key points at
    insert = _INSERTS[session.get_bind().dialect.name]
    new = session.scalars(
        insert(row).on_conflict_do_nothing().returning(*row.__mapper__.primary_key), [dict(each) for each in values]
    )
    return new.all()


def insert_keyed(
    session: Session, row: type[DeclarativeBase], values: Sequence[Mapping[str, Any]], *, key: str
) -> dict[Any, int]:
    """The same on the table itself, which costs less; the ids of the rows that are new by their column `key`."""
    if not values:
        return {}
    session.flush()
    table = row.__table__
    insert = _INSERTS[session.get_bind().dialect.name](table).on_conflict_do_nothing()
    new = session.connection().execute(insert.returning(table.c[key], table.c.id), [dict(each) for each in values])
    return {each: id for each, id in new}


def insert_from(session: Session, row: type[DeclarativeBase], columns: Sequence[str], found: Select[Any]) -> None:
    """Insert what a query with a WHERE finds, in its order of columns, as far as no unique key refuses it."""
    session.flush()
    insert = _INSERTS[session.get_bind().dialect.name]
    session.connection().execute(insert(row.__table__).from_select(columns, found).on_conflict_do_nothing())


def upsert(
    session: Session,
    row: type[DeclarativeBase],
    values: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    newest: str | None = None,
) -> None:
    """Insert rows; one that `key` already names is replaced, unless what stands there has a later `newest` column.

    Rows are taken in the order of their key, so that two transactions doing the same never wait for each other.
    """
    if not values:
        return
    session.flush()
    # On the table, not the class: nothing is to be mapped, and rows come by the ten thousand.
    statement = _INSERTS[session.get_bind().dialect.name](row.__table__)
    replaced = {name: statement.excluded[name] for name in values[0] if name not in key}
    not_older = statement.excluded[newest] >= getattr(row, newest) if newest else None
    ordered = sorted((dict(each) for each in values), key=lambda each: tuple(each[name] for name in key))
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=key, set_=replaced, where=not_older), ordered
    )


def mark(session: Session, row: type[DeclarativeBase], columns: Sequence[str], found: Select[Any, Any]) -> None:
    """Insert what a query with a WHERE finds; a row that is there already is held until this transaction ends.

    `columns` are the key. Whoever would take such a row away meanwhile waits, and then sees why it was marked.
    """
    session.flush()
    statement = _INSERTS[session.get_bind().dialect.name](row.__table__).from_select(columns, found)
    same = {columns[0]: statement.excluded[columns[0]]}
    session.connection().execute(statement.on_conflict_do_update(index_elements=columns, set_=same))
