"""Rows of consents under way: somebody was sent to Atlassian to allow the bot something, and may come back once."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.orm import Mapped, mapped_column

from fmo_bot.db.base import Base


class ConsentRow(Base):
    """One way to Atlassian and back. Only hashes are kept of what proves who came; machine time, Unix seconds."""

    __tablename__ = "consent"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    ticket: Mapped[str] = mapped_column(unique=True)  # of the address with which it begins
    purpose: Mapped[str]  # what happens when it was given
    detail: Mapped[dict[str, Any]]  # ids and addresses, no secrets
    until: Mapped[float] = mapped_column(Float)
    state: Mapped[str | None] = mapped_column(default=None, unique=True)  # which Atlassian hands back; None: not begun
    browser: Mapped[str | None] = mapped_column(default=None)  # of the cookie of the browser it began in
