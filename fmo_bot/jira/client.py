"""Talking to one Jira site: who it is, whether the token works, reads that survive a bad minute, writes done once.

The `jira` library holds the sessions (`jira.sessions`). Its own retries are off (they repeat writes and wait less than
asked); ours are in `jira.retry`. Nothing but a `BoardUnavailable` leaves this file, with a sentence that names what to
check (`jira.advice`): a raw JIRAError carries headers and bodies that nobody should read.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import requests

from fmo_bot.errors import BoardUnavailable, OutcomeUnknown, SiteUnavailable
from fmo_bot.jira import advice, wire
from fmo_bot.jira.advice import Advice
from fmo_bot.jira.authorization import Authorization, Header
from fmo_bot.jira.retry import Ailing, Busy, Lane, Lost, Retry, Stale, Trouble
from fmo_bot.jira.sessions import Refused, Sessions, SiteRefused, TokenRefused, skew
from fmo_bot.network import Network

__all__ = ("Access", "Flavour", "Gate", "JiraClient", "Nonsense", "Refused", "Site", "SiteRefused", "TokenRefused")
T = TypeVar("T")
PLATFORM = "rest/api/2"
PLATFORM_3 = "rest/api/3"  # only where version 2 has no such path
AGILE = "rest/agile/1.0"
GREENHOPPER = "rest/greenhopper/1.0"  # of Jira's own screens: documented nowhere
TIMEOUT = (5.0, 30.0)  # seconds to connect, to wait for the next bytes
ASIDE = (3.0, 10.0)  # the same for what we can do without


class Nonsense(BoardUnavailable):
    """The site's answer cannot be understood; the message names the place."""


class Flavour(StrEnum):
    """Which Jira this is."""

    CLOUD = "Cloud"
    DATA_CENTER = "Data Center"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a site. `url`: where programs do; `connected`: in the database, not by the settings."""

    key: str
    url: str
    token: str = field(default="", repr=False)
    email: str | None = None  # with it the token is Cloud's basic authentication, without it a bearer token
    authorization: Authorization | None = field(default=None, repr=False)  # instead of a token: one that is renewed
    network: Network = field(default_factory=Network)
    connected: bool = False


@dataclass(frozen=True)
class Site:
    """A site whose token is proved: its flavour, and the zone of the bot's account (None: not a zone we know)."""

    flavour: Flavour
    zone: tzinfo | None


class Gate(Protocol):
    """Whether a site may be asked now; it hears how each call ended. See services.pauses."""

    def enter(self) -> None:
        """Raises SiteUnavailable where the site is left alone for a while."""
        ...

    def failed(self, error: SiteUnavailable) -> None:
        """Nothing can be read from the site."""
        ...

    def answered(self) -> None:
        """The site answered, and knew us."""
        ...


class _AlwaysOpen:
    """A gate for errands of one process, which end where they fail."""

    def enter(self) -> None:
        pass

    def failed(self, error: SiteUnavailable) -> None:
        pass

    def answered(self) -> None:
        pass


class JiraClient:
    """Talks to one Jira site, from any thread: each has its own session, all share one patience."""

    def __init__(
        self,
        access: Access,
        *,
        sleep: Callable[[float], object] = time.sleep,
        machine: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        timeout: tuple[float, float] = TIMEOUT,
        gate: Gate | None = None,
    ) -> None:
        """Nothing is asked of the site yet. `sleep`, `machine` and `wall` (Unix time) are seconds of machine time."""
        logging.getLogger("jira").setLevel(logging.CRITICAL)  # the library logs whole answers
        self.key = access.key
        self.skew: float | None = None  # seconds by which the site's clock was ahead of ours when it answered last
        self._wall, self._gate = wall, gate or _AlwaysOpen()
        url = access.url.rstrip("/")
        self._advice = Advice(key=access.key, url=url, connected=access.connected)
        self._retry = Retry(sleep=sleep, machine=machine)
        self._sessions = Sessions(
            url,
            authorization=access.authorization or Header.of(access.token, access.email),
            network=access.network,
            words=self._advice,
            timeout=timeout,
        )
        self._flavour: Flavour | None = None

    def site(self) -> Site:
        """What this site is, with the token proved (`serverInfo` alone needs none); the account's zone may change."""
        return Site(self.flavour(), _zone(self.account().get("timeZone")))

    def flavour(self) -> Flavour:
        """Which Jira this is; asked once, for it does not change."""
        if self._flavour is None:
            told: Any = self.get("serverInfo", what="its server information")
            if not isinstance(told, Mapping) or not isinstance(told.get("deploymentType"), str):
                raise self._sessions.not_jira()
            self._flavour = Flavour.CLOUD if told["deploymentType"] == "Cloud" else Flavour.DATA_CENTER
        return self._flavour

    def account(self) -> Mapping[str, Any]:
        """The bot's own account, as Jira shows it; proves the token. Raises like `get`."""
        account: Any = self.get("myself", what="the bot's own account")
        if not isinstance(account, Mapping):
            raise self.nonsense("the bot's own account")
        return account

    def get(
        self,
        path: str,
        *,
        what: str,
        params: Mapping[str, Any] | None = None,
        api: str = PLATFORM,
        of: wire.Reading[T] = wire.ANYTHING,
    ) -> T:
        """A GET's answer, decoded as `of` says; `what` names it for a person.

        Raises BoardUnavailable; `Refused` where the site answered.
        """
        return self._read("GET", f"{api}/{path}", what, of, params=params)

    def aside(self, path: str, *, params: Mapping[str, Any], api: str, of: wire.Reading[T]) -> T | None:
        """The answer to a GET that we can do without, None where none comes: asked once, and never waited for.

        Whatever is said instead is about this question only; the site counts as up or down by other calls. A pause it
        asks for is kept all the same.
        """
        path = f"{api}/{path}"

        def attempt() -> T:
            response = self._ask("GET", path, "something of its own", {"params": params, "timeout": ASIDE})
            return of.decode(response.content)

        try:
            self._gate.enter()
            return self._retry.once(Lane.of("GET", path), attempt, patience=0)
        except (Trouble, BoardUnavailable, ValueError, RecursionError):
            return None

    def read_by_post(
        self,
        path: str,
        *,
        what: str,
        body: Mapping[str, Any],
        api: str = PLATFORM_3,
        of: wire.Reading[T] = wire.ANYTHING,
    ) -> T:
        """The answer to a POST that only reads, so that repeating it is harmless. Raises like `get`."""
        return self._read("POST", f"{api}/{path}", what, of, data=json.dumps(body))

    def write(
        self, method: str, path: str, *, what: str, body: Mapping[str, Any] | None = None, api: str = PLATFORM
    ) -> Any:
        """Change something, sent at most once; the answer's JSON, None where it is empty.

        Raises `OutcomeUnknown` where it may have been done: the caller settles that by reading. Any other
        BoardUnavailable (`Refused`: the site said no) means that nothing was changed. Where the site wanted a fresher
        token and there is one, it is sent with that: nothing can have been done before.
        """
        path = f"{api}/{path}"
        how = {"data": None if body is None else json.dumps(body)}
        unknown = OutcomeUnknown(self._advice.sentence(advice.UNKNOWN, what=what))

        def attempt() -> Any:
            response = self._ask(method, path, what, how)
            return _json(response, unknown) if response.content else None

        def send() -> Any:
            try:
                return self._retry.once(Lane.of(method, path), attempt)
            except Stale:
                return self._retry.once(Lane.of(method, path), attempt)

        return self._through(send, what, unknown)

    def nonsense(self, place: str) -> Nonsense:
        """The error for an answer that cannot be understood at `place`."""
        return Nonsense(f"Jira site {self.key} answered something that cannot be read: {place}.")

    def close(self) -> None:
        """Close every thread's session."""
        self._sessions.close()

    def _read(self, method: str, path: str, what: str, of: wire.Reading[T], **how: Any) -> T:
        def attempt() -> T:
            response = self._ask(method, path, what, how)
            try:
                return of.decode(response.content)
            except wire.Unreadable as unreadable:
                raise self.nonsense(f"{what}: {unreadable}") from None
            except (ValueError, RecursionError):
                raise self._sessions.not_jira() from None

        return self._through(lambda: self._retry.run(Lane.of(method, path), attempt), what)

    def _ask(self, method: str, path: str, what: str, how: Mapping[str, Any]) -> requests.Response:
        response = self._sessions.ask(method, path, what=what, **how)
        self.skew = skew(response.headers, self._wall())
        return response

    def _through(self, call: Callable[[], T], what: str, unknown: OutcomeUnknown | None = None) -> T:
        """A call through the gate, which hears how it ended; `unknown`: what to raise where it may have been done."""
        self._gate.enter()
        try:
            answer = self._told(call, what, unknown)
        except SiteUnavailable as error:
            self._gate.failed(error)
            raise
        except Refused as refused:
            # Of a write only the answer counts; of a read we want to know whether there is any use in the next one.
            if unknown is None and refused.status == 403 and self._is_shut():
                shut = SiteRefused(self._advice.sentence(advice.SHUT), 403)
                self._gate.failed(shut)
                raise shut from None
            self._gate.answered()
            raise
        self._gate.answered()
        return answer

    def _is_shut(self) -> bool:
        """Whether the site forbids us even our own account: it is not about what was asked."""
        try:
            self._sessions.ask("GET", f"{PLATFORM}/myself", what="the bot's own account")
        except Refused as refused:
            return refused.status == 403
        except (Trouble, BoardUnavailable):
            return False
        return False

    def _told(self, call: Callable[[], T], what: str, unknown: OutcomeUnknown | None) -> T:
        """What is left of a trouble becomes a sentence."""
        try:
            return call()
        except Busy as busy:
            raise self._busy(busy) from None
        except Ailing as ailing:
            raise unknown or self._ailing(ailing.status, what) from None
        except Lost as lost:
            silent = SiteUnavailable(self._advice.sentence(advice.SILENT))
            raise (unknown if unknown is not None and lost.sent else silent) from None
        except Trouble:  # stale, though it was fresh: there is no use in renewing it for ever
            raise TokenRefused(self._advice.about(401, what=what), 401) from None

    def _busy(self, busy: Busy) -> BoardUnavailable:
        sentence = self._advice.sentence(advice.WAIT, minutes=max(1, round(busy.wait / 60)))
        return SiteUnavailable(sentence, wait=busy.wait) if busy.everybody else BoardUnavailable(sentence)

    def _ailing(self, status: int, what: str) -> Refused:
        """A 500 may be about this question only; anything else between us and the site is about all of it."""
        sentence = self._advice.about(status, what=what)
        return Refused(sentence, status) if status == 500 else SiteRefused(sentence, status)


def _json(response: requests.Response, otherwise: BoardUnavailable) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise otherwise from None


def _zone(name: object) -> tzinfo | None:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):  # not known; an absurd name; the name of a folder
        return None
