"""Re-encrypting every secret of the database with the newest key, row by row.

Each row is a transaction of its own: what was done stays done when it is interrupted, and a second run finds it done.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Table, select, update
from sqlalchemy.orm import Session

from fmo_bot.db.secrets import Sealed, SealedText, Vault
from fmo_bot.db.store import Store
from fmo_bot.db.tables import METADATA
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import SecretLocked


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What a rotation came to. `locked`: a sentence for each secret that no key opens; those stay as they are."""

    changed: int
    already: int  # were under the newest key before
    locked: tuple[str, ...]


def rotate(store: Store, vault: Vault) -> Rotated:
    """Bring every secret under the newest key. Raises SecretLocked where there is no key at all."""
    changed, already, locked = 0, 0, list[str]()
    for table, column, number in _places(store):
        try:
            moved = _reseal(store, vault, table, column, number)
        except SecretLocked as error:
            if not vault:
                raise
            locked.append(str(error))
            continue
        changed, already = changed + moved, already + (not moved)
    return Rotated(changed=changed, already=already, locked=tuple(locked))


def locked(store: Store, vault: Vault) -> list[str]:
    """A sentence for each secret that no key opens."""
    sentences = []
    for table, column, number in _places(store):
        with store.reading(SYSTEM) as session:
            sealed = session.scalar(select(column).where(table.c.id == number))
        try:
            if sealed is not None:
                vault.open(sealed, what=_named(table, column, number))
        except SecretLocked as error:
            sentences.append(str(error))
    return sentences


def _named(table: Table, column: "Column[Sealed]", number: int) -> str:
    return f"{table.name}.{column.name} in row {number}"


def _places(store: Store) -> Iterator[tuple[Table, "Column[Sealed]", int]]:
    """Every column of every row that holds a secret now."""
    for table in METADATA.sorted_tables:
        for column in (each for each in table.columns if isinstance(each.type, SealedText)):
            with store.reading(SYSTEM) as session:
                numbers = session.scalars(select(table.c.id).where(column.is_not(None)).order_by(table.c.id)).all()
            yield from ((table, column, number) for number in numbers)


def _reseal(store: Store, vault: Vault, table: Table, column: "Column[Sealed]", number: int) -> bool:
    """Whether the secret had to be encrypted anew; one that is gone meanwhile had not."""
    with store.transaction(SYSTEM) as session:
        sealed = _locked(session, table, column, number)
        if sealed is None:
            return False
        moved = vault.reseal(sealed, what=_named(table, column, number))
        if moved is sealed:
            return False
        session.execute(update(table).where(table.c.id == number).values({column: moved}))
        return True


def _locked(session: Session, table: Table, column: "Column[Sealed]", number: int) -> Sealed | None:
    return session.scalar(select(column).where(table.c.id == number).with_for_update())
