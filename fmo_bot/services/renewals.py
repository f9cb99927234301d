"""Tokens by OAuth, renewed before they end; no two processes ever use the same refresh token.

Claim, talk, note: the claim is a lease in the site's row, committed before anybody is asked, and everybody else waits
for its outcome. Nothing is asked inside a transaction. A process that dies between the answer and the note loses the
rotated token; Atlassian takes the old one for some minutes more, after that a person has to consent again.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import sleep, time
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.boards import JiraSiteRow
from fmo_bot.db.secrets import Sealed, Vault
from fmo_bot.db.store import Store
from fmo_bot.domain.parties import SYSTEM
from fmo_bot.errors import SecretLocked, SiteUnavailable
from fmo_bot.services.sites import Auth, Credentials, find

SPARE_S = 60.0  # a token that ends sooner is not used any more
EARLY_S = 600.0  # and one that ends sooner is renewed by the clock, before anybody needs it
LEASE_S = 60.0  # longer than Atlassian may take to answer
_LOOKS_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """An access token with its end (machine time, Unix seconds), and the refresh token that comes after it."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: float


Renew = Callable[[str, str], Tokens]  # refresh token, key of the site -> fresh tokens; raises SiteUnavailable


class Renewable(Protocol):
    """A row that holds credentials which are renewed."""

    credentials: Any  # Sealed | None
    renewing: Any  # str | None
    renewing_until: Any  # float


Find = Callable[[Session, str], Renewable | None]  # the row of this key, locked


def _site_row(session: Session, key: str) -> Renewable | None:
    return find(session, key, lock=True)


@dataclass(frozen=True)
class _Claim:
    """What a process holds while it talks."""

    owner: str
    credentials: Credentials


class Renewals:
    """The tokens of all OAuth sites."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        renew: Renew,
        *,
        row: Find = _site_row,
        kind: str = "Jira site",
        machine: Callable[[], float] = time,
        pause: Callable[[float], object] = sleep,
    ) -> None:
        """`renew` asks whoever gave the tokens; `row` is where credentials stand, `kind` what a person calls its owner.

        `machine` is Unix time, `pause` waits seconds.
        """
        self._store, self._vault, self._renew = store, vault, renew
        self._machine, self._pause, self._row, self._kind = machine, pause, row, kind

    def of(self, key: str) -> "Renewed":
        """What the client of a site signs its requests with; see jira.authorization.Authorization."""
        return Renewed(self, key, self._machine)

    def due(self) -> list[str]:
        """The sites whose token ends soon."""
        with self._store.reading(SYSTEM) as session:
            query = select(JiraSiteRow).where(JiraSiteRow.auth == Auth.OAUTH.value, JiraSiteRow.url.is_not(None))
            rows = [(row.key, row.credentials) for row in session.scalars(query.order_by(JiraSiteRow.key))]
        soon = self._machine() + EARLY_S
        return [key for key, sealed in rows if sealed and self._opened(sealed, key).until < soon]

    def current(self, key: str, *, spare: float = SPARE_S, refused: str | None = None) -> Credentials:
        """Credentials good for `spare` seconds more and other than the token `refused`. Raises SiteUnavailable."""
        patience = self._machine() + LEASE_S
        while True:
            found = self._claim(key, spare, refused)
            if isinstance(found, Credentials):
                return found
            if isinstance(found, _Claim):
                return self._talk(key, found)
            if self._machine() > patience:
                raise SiteUnavailable(
                    f"The token of {self._kind} {key} is being renewed. The bot tries again by itself."
                )
            self._pause(_LOOKS_S)

    def _claim(self, key: str, spare: float, refused: str | None) -> Credentials | _Claim | None:
        """Credentials that are good, or the right to renew them; None while somebody else does."""
        now = self._machine()
        with self._store.transaction(SYSTEM) as session:
            row = self._row(session, key)
            if row is None or row.credentials is None:
                raise SiteUnavailable(f"{self._kind} {key} is not connected any more.")
            credentials = self._opened(row.credentials, key)
            if credentials.until - spare > now and credentials.token != refused:
                return credentials
            if row.renewing_until > now:
                return None
            row.renewing, row.renewing_until = secrets.token_hex(8), now + LEASE_S
            return _Claim(row.renewing, credentials)

    def _talk(self, key: str, claim: _Claim) -> Credentials:
        try:
            fresh = self._renew(claim.credentials.refresh or "", key)
        except BaseException:  # even by the process ending: nobody need wait for the lease to be over
            self._note(key, claim, None)
            raise
        good = replace(claim.credentials, token=fresh.access, refresh=fresh.refresh, until=fresh.until)
        self._note(key, claim, good)
        return good

    def _note(self, key: str, claim: _Claim, good: Credentials | None) -> None:
        """Keep what came, unless the site was connected anew meanwhile; nobody renews any more."""
        with self._store.transaction(SYSTEM) as session:
            row = self._row(session, key)
            if row is None or row.renewing != claim.owner:
                return
            if good is not None:
                row.credentials = good.sealed(self._vault)
            row.renewing, row.renewing_until = None, 0.0

    def _opened(self, sealed: Sealed, key: str) -> Credentials:
        try:
            return Credentials.opened(sealed, self._vault, key=key, kind=self._kind)
        except SecretLocked as locked:
            raise SiteUnavailable(str(locked)) from None


class Renewed:
    """The authorization of one OAuth site in one process."""

    def __init__(self, renewals: Renewals, key: str, machine: Callable[[], float]) -> None:
        self._renewals, self._key, self._machine = renewals, key, machine
        self._lock = threading.Lock()
        self._known: Credentials | None = None

    def header(self) -> str:
        """A bearer token good for a minute more. Raises SiteUnavailable."""
        with self._lock:
            if self._known is None or self._known.until - SPARE_S <= self._machine():
                self._known = self._renewals.current(self._key)
            return f"Bearer {self._known.token}"

    def refused(self, header: str) -> bool:
        """The site refused a token before its time: whether there is another, renewed for this if need be."""
        token = header.removeprefix("Bearer ")
        with self._lock:
            if self._known is None or self._known.token == token:
                self._known = self._renewals.current(self._key, refused=token)
            return self._known.token != token
