"""Secrets in columns: encrypted before they reach the database, opened only by whoever holds the keys.

A column of the type `SealedText` takes and gives `Sealed` values and nothing else, so that no secret is ever stored as
it is by an oversight. The one who seals and opens is a `Vault`, which is handed to whoever needs it. A key for each
organisation would be a vault for each organisation: nothing but the making of vaults would change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from fmo_bot.errors import SecretLocked

NO_KEY = (
    "FMO_SECRET_KEYS is not set, and a secret is stored encrypted or not at all: put a key of `fmo-bot new-key` there."
)
WRONG_KEY = "None of the keys in FMO_SECRET_KEYS opens {what}: put back the key with which it was stored."


@dataclass(frozen=True)
class Sealed:
    """An encrypted secret, as it stands in the database."""

    token: str = field(repr=False)


class SealedText(TypeDecorator[Sealed]):
    """A column that holds nothing but encrypted secrets."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:
        """Refuse anything that was not sealed."""
        if value is None:
            return None
        if isinstance(value, Sealed):
            return value.token
        raise TypeError("a secret is sealed by a vault before it is stored")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:
        """Give back what a vault opens."""
        return None if value is None else Sealed(value)


class Vault:
    """Seals and opens secrets with the keys of FMO_SECRET_KEYS, newest first; without keys it can do neither."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: as `new_key` makes them. The first one seals, all of them open."""
        self._fernets = [Fernet(key) for key in keys]

    def __bool__(self) -> bool:
        """Whether there is any key."""
        return bool(self._fernets)

    def seal(self, text: str) -> Sealed:
        """Encrypt with the newest key. Raises SecretLocked where there is none."""
        return Sealed(self._all().encrypt(text.encode()).decode())

    def open(self, sealed: Sealed, *, what: str) -> str:
        """The secret; `what` names it for a person. Raises SecretLocked where no key fits."""
        try:
            return self._all().decrypt(sealed.token).decode()
        except (InvalidToken, TypeError):
            raise SecretLocked(WRONG_KEY.format(what=what)) from None

    def reseal(self, sealed: Sealed, *, what: str) -> Sealed:
        """The same secret under the newest key; the very same value where it already is. Raises SecretLocked."""
        try:
            self._all()
            self._fernets[0].decrypt(sealed.token)
        except InvalidToken:
            return self.seal(self.open(sealed, what=what))
        return sealed

    def _all(self) -> MultiFernet:
        if not self._fernets:
            raise SecretLocked(NO_KEY)
        return MultiFernet(self._fernets)


def new_key() -> str:
    """A new key for FMO_SECRET_KEYS."""
    return Fernet.generate_key().decode()
