"""Reading settings one after another: every problem kept as one sentence, every name that was read remembered."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

_KEY = re.compile(r"[a-z][a-z0-9]{0,30}")


def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine: `localhost` or a loopback address."""
    parts = split(url)
    host = (parts and parts.hostname) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def split(url: str) -> SplitResult | None:
    """The parts of an address; None where it is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:  # a bracket left open, a port that is no number
        return None


def is_bare(parts: SplitResult) -> bool:
    """Whether an address is nothing else: it is shown to people, so no password may stand in it."""
    return parts.username is None and parts.password is None and not (parts.query or parts.fragment)


class Reading:
    """Reads one setting after another and keeps every problem, one sentence each."""

    def __init__(self, given: Mapping[str, str]) -> None:
        """`given`: name -> value, none of them empty."""
        self._given = given
        self._known: set[str] = set()
        self.problems: list[str] = []

    def get(self, name: str) -> str | None:
        """The value, None where it is not set."""
        self._known.add(name)
        return self._given.get(name)

    def need(self, name: str, what: str) -> str:
        """The value, and a problem where it is not set."""
        value = self.get(name)
        if value is None:
            self.problems.append(f"{name} is missing: it takes {what}.")
        return value or ""

    def list(self, name: str, value: str | None) -> tuple[str, ...]:
        """What stands between commas, each once."""
        items = tuple(item.strip() for item in (value or "").split(",") if item.strip())
        if len(set(items)) < len(items):
            self.problems.append(f"{name} names something twice: each item may stand there once.")
        return tuple(dict.fromkeys(items))

    def keys(self, name: str, value: str | None, what: str) -> tuple[str, ...]:
        """Keys between commas; `what` names one for a person."""
        keys = self.list(name, value)
        wrong = [key for key in keys if not _KEY.fullmatch(key)]
        for key in wrong:
            self.problems.append(f"{name} holds {key!r}: {what} is small letters and digits, beginning with a letter.")
        return tuple(key for key in keys if key not in wrong)

    def one_of(self, name: str, allowed: tuple[str, ...], default: str, fold: Callable[[str], str]) -> str:
        """One of these words."""
        value = fold(self.get(name) or default)
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
        return value

    def url(self, name: str, what: str) -> str | None:
        """An address, None where it is not set; `what` names it for a person."""
        value = self.get(name)
        return None if value is None else self.checked_url(name, value, what)

    def checked_url(self, name: str, url: str, what: str) -> str:
        """`url`, after a look at its scheme: plain http would carry tokens in clear, so it stays on this machine."""
        parts = split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            self.problems.append(f"{name} must be {what}, beginning with https://.")
        elif not is_bare(parts):
            self.problems.append(f"{name} holds more than an address: no user, password, ? or # belongs there.")
        elif parts.scheme == "http" and not is_loopback(url):
            self.problems.append(f"{name} uses http: only an address of this machine may; use https://.")
        return url

    def judge_unknown(self, prefixes: tuple[str, ...]) -> None:
        """Name a setting with one of these prefixes that nothing reads: most likely a key misspelt."""
        for name in sorted(self._given):
            if name.startswith(prefixes) and name not in self._known:
                near = difflib.get_close_matches(name, self._known, n=1)
                self.problems.append(f"{name} is not a setting" + (f"; is {near[0]} meant?" if near else "."))
