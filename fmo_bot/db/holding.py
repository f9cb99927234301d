"""A row that nobody else changes until a transaction ends."""

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from fmo_bot.db.ceremonies import CeremonyRow, RoundRow

Held = TypeVar("Held", CeremonyRow, RoundRow)


def hold_row(session: Session, kind: type[Held], one: int) -> Held:
    """A row as it is now; nobody else changes it until this transaction ends, so it is read once."""
    held: dict[tuple[type[Any], int], Any] = session.info.setdefault("held", {})
    if (kind, one) not in held:
        held[kind, one] = session.get_one(kind, one, with_for_update=True, populate_existing=True)
    row: Held = held[kind, one]
    return row
