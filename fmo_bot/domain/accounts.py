"""Who is who: when a Jira account is a Slack member's. By an exact e-mail or by proof; never by a display name.

A link says whose an account is. It gives no rights.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

CODE_FOR = timedelta(minutes=15)
CHECKS = 10  # how often a word may be looked for
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_WORD = re.compile(rf"(?<![\w-])[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}(?![\w-])")
_LONGEST = 20_000  # characters of a comment that are looked through
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})")


class How(StrEnum):
    """How it is known that an account is a member's."""

    EMAIL = "email"  # in a domain that their company has verified
    OAUTH = "oauth"  # they signed in to Atlassian themselves
    CODE = "code"  # they wrote a word where only that account can
    ADMIN = "admin"  # an admin of the site's owner confirmed it


PROVED = frozenset({How.OAUTH, How.CODE, How.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What Slack says of a member, asked in their own workspace."""

    email: str  # "": none, or not confirmed
    is_guest: bool


@dataclass(frozen=True, kw_only=True)
class Known:
    """How a person is shown in Slack, and where they live."""

    name: str
    zone: str  # IANA


@dataclass(frozen=True, kw_only=True)
class Account:
    """A Jira account. `id`: the account id on Cloud, the key on Data Center, where `name` is the login name."""

    id: str
    shown: str  # its display name: for people to read, never to compare
    name: str = ""
    email: str | None = None  # None: hidden
    is_active: bool = True
    is_person: bool = True


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A comment: whose, and whether somebody else has changed it since."""

    author: Account
    text: str
    is_untouched: bool


def normal(email: str) -> str | None:
    """An e-mail as it is compared: small letters, plain signs only (others can be made to look alike); else None."""
    lowered = email.strip().lower()
    return lowered if _EMAIL.fullmatch(lowered) else None


def domain_of(email: str) -> str:
    """The domain of a normal e-mail."""
    return email.rpartition("@")[2]


def matching(found: Sequence[Account], email: str, *, may_be_hidden: bool) -> Account | None:
    """The one active account with this (normal) e-mail among those a search for it found; None where it is not sure.

    On Cloud (`may_be_hidden`) an account whose e-mail is hidden is found only by all of it, so a sole one is meant,
    unless it was found by its display name, which its owner may set to anything.
    """
    persons = [each for each in found if each.is_person]
    shown = [each for each in persons if each.email is not None and normal(each.email) == email]
    if shown:
        return shown[0] if len(shown) == 1 and shown[0].is_active else None
    if not may_be_hidden or len(found) != 1 or not persons:
        return None
    sole = persons[0]
    is_meant = sole.email is None and sole.is_active and "@" not in sole.shown
    return sole if is_meant else None


def new_word(choose: Callable[[str], str]) -> str:
    """A word to be written down once: eight letters in two groups, some 10^12 of them. `choose` picks one letter."""
    letters = [choose(_LETTERS) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def words_in(text: str) -> list[str]:
    """Everything in a text that could be such a word, each once."""
    return list(dict.fromkeys(_WORD.findall(text[:_LONGEST].lower())))
