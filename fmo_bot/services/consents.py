"""Ways to Atlassian or Slack and back: who set out is who comes back, in the same browser, once and soon.

A ticket (in an address that the bot hands out) begins one; beginning it binds it to the browser by a cookie and makes
the `state` that is handed back. Of all three only digests are stored.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any

from sqlalchemy import delete, select

from fmo_bot.db.consents import ConsentRow
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import ConsentLost

LASTS_S = 900.0  # seconds of machine time from the ticket to the return


@dataclass(frozen=True)
class Begun:
    """What goes along: `state` to Atlassian, `browser` into the cookie; and what somebody set out for."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    purpose: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Returned:
    """What somebody set out for."""

    purpose: str
    detail: dict[str, Any]


class Consents:
    """Everything under way."""

    def __init__(self, store: Store, *, machine: Callable[[], float] = time) -> None:
        """`machine` is Unix time."""
        self._store, self._machine = store, machine

    def ticket(self, purpose: str, detail: Mapping[str, Any]) -> str:
        """A ticket for one way; `detail` holds ids and addresses, no secrets."""
        ticket = secrets.token_urlsafe(32)
        until = self._machine() + LASTS_S
        with self._store.transaction(SYSTEM) as session:
            session.execute(delete(ConsentRow).where(ConsentRow.until <= self._machine()))
            session.add(ConsentRow(ticket=_digest(ticket), purpose=purpose, detail=dict(detail), until=until))
        return ticket

    def begin(self, ticket: str) -> Begun:
        """Set out. Raises ConsentLost for a ticket that was never given, was used, or is too old."""
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._store.transaction(SYSTEM) as session:
            known = select(ConsentRow).where(ConsentRow.ticket == _digest(ticket), ConsentRow.state.is_(None))
            row = session.scalar(known.with_for_update())
            if row is None or row.until <= self._machine():
                raise ConsentLost
            row.state, row.browser = _digest(state), _digest(browser)
            return Begun(state, browser, row.purpose, dict(row.detail))

    def finish(self, *, state: str, browser: str, among: Collection[str]) -> Returned:
        """Come back; nobody can a second time. Raises ConsentLost, also for another purpose than these."""
        with self._store.transaction(SYSTEM) as session:
            row = session.scalar(select(ConsentRow).where(ConsentRow.state == _digest(state)).with_for_update())
            if row is None or row.until <= self._machine() or row.purpose not in among:
                raise ConsentLost
            if not hmac.compare_digest(row.browser or "", _digest(browser)):
                raise ConsentLost  # somebody else's browser: the right one may still come
            session.delete(row)
            return Returned(row.purpose, dict(row.detail))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
