"""Talking to one Jira site: who it is, whether the token works, and reads that survive a bad minute.

The `jira` library holds the session, the authentication and the server's flavour. Its own retries are off (they repeat
writes and wait less than asked); ours are in `jira.retry`. Nothing but a `BoardUnavailable` leaves this file, with a
sentence that names what to check: a raw JIRAError carries headers and bodies that nobody should read.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import requests
from jira import JIRA, JIRAError

from fmo_bot.errors import BoardUnavailable
from fmo_bot.jira.retry import Ailing, Busy, Lost, Retry, Trouble, asked_wait

T = TypeVar("T")
PLATFORM = "rest/api/2"
PLATFORM_3 = "rest/api/3"  # only where version 2 has no such path
AGILE = "rest/agile/1.0"
TIMEOUT = (5.0, 30.0)  # seconds to connect, to wait for the next bytes

_PASSING = frozenset({500, 502, 503, 504})
_ADVICE = {
    400: "did not understand the question about {what}. The bot's account may lack the permission to see it whole.",
    401: "does not accept the bot's token. It may have expired (tokens live one year at most) or belong to another"
    " e-mail address: make a new one and set FMO_JIRA_{KEY}_TOKEN.",
    403: "does not allow the bot's account to read {what}. Give it the permission to browse the project and the board.",
    404: "does not show {what} to the bot's account. Check the number or address, and that the account may see it.",
    410: "no longer offers what the bot asks for ({what}). A newer version of the bot is needed.",
    500: "has trouble of its own (answer {status}). The bot tries again by itself.",
}
_CAPTCHA = "wants the bot's account to solve a captcha. Sign in with it once in a browser."
_SILENT = "does not answer. Check that it is up and that FMO_JIRA_{KEY}_URL is its address."
_UNTRUSTED = "could not prove who it is (its certificate is not trusted). Check FMO_JIRA_{KEY}_URL and the certificate."
_NO_JSON = "answers with something that is not Jira's. Check that FMO_JIRA_{KEY}_URL is the address of a Jira."
_WAIT = "asks for a pause of {minutes} min before anybody reads on. The bot tries again by itself."


class Refused(BoardUnavailable):
    """The site answered, with an error status."""

    def __init__(self, sentence: str, status: int) -> None:
        """`status` is HTTP's."""
        super().__init__(sentence)
        self.status = status


class Nonsense(BoardUnavailable):
    """The site's answer cannot be understood; the message names the place."""


class Flavour(StrEnum):
    """Which Jira this is."""

    CLOUD = "Cloud"
    DATA_CENTER = "Data Center"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a site: its key in the settings, base address, token; an e-mail means Cloud's basic auth."""

    key: str
    url: str
    token: str = field(repr=False)
    email: str | None = None


@dataclass(frozen=True)
class Site:
    """A site whose token is proved: its flavour, and the zone of the bot's account (None: not a zone we know)."""

    flavour: Flavour
    zone: tzinfo | None


class JiraClient:
    """Reads from one Jira site, from any thread: each has its own session, all share one patience."""

    def __init__(
        self,
        access: Access,
        *,
        sleep: Callable[[float], object] = time.sleep,
        machine: Callable[[], float] = time.monotonic,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Nothing is asked of the site yet. `sleep` and `machine` are seconds of machine time."""
        logging.getLogger("jira").setLevel(logging.CRITICAL)  # the library logs whole answers
        self.key = access.key
        self._access, self._timeout = access, timeout
        self._url = access.url.rstrip("/")
        self._retry = Retry(sleep=sleep, machine=machine)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[JIRA] = []

    def site(self) -> Site:
        """What this site is, with the token proved (`serverInfo` alone needs none); the account's zone may change."""
        account = self.get("myself", what="the bot's own account")
        if not isinstance(account, Mapping):
            raise self.nonsense("the bot's own account")
        return Site(self._flavour(), _zone(account.get("timeZone")))

    def get(self, path: str, *, what: str, params: Mapping[str, Any] | None = None, api: str = PLATFORM) -> Any:
        """JSON of a GET; `what` names it for a person. Raises BoardUnavailable; `Refused` where the site answered."""
        return self._read("GET", f"{api}/{path}", what, params=params)

    def read_by_post(self, path: str, *, what: str, body: Mapping[str, Any], api: str = PLATFORM_3) -> Any:
        """JSON of a POST that only reads, so that repeating it is harmless. Raises like `get`."""
        return self._read("POST", f"{api}/{path}", what, data=json.dumps(body))

    def nonsense(self, place: str) -> Nonsense:
        """The error for an answer that cannot be understood at `place`."""
        return Nonsense(f"Jira site {self.key} answered something that cannot be read: {place}.")

    def close(self) -> None:
        """Close every thread's session."""
        with self._lock:
            opened, self._opened = self._opened, []
        for session in opened:
            session.close()  # type: ignore[no-untyped-call]
        self._local = threading.local()

    def _read(self, method: str, path: str, what: str, **how: Any) -> Any:
        def attempt() -> requests.Response:
            session = self._session()
            return self._careful(lambda: session._session.request(method, f"{self._url}/{path}", **how), what)

        response = self._told(method + " " + re.sub(r"\d+", "0", path), attempt)
        try:
            return response.json()
        except (ValueError, RecursionError):
            raise self._unavailable(_NO_JSON) from None

    def _told(self, endpoint: str, attempt: Callable[[], T]) -> T:
        """Run with retries; what is left of a trouble after them becomes a sentence."""
        try:
            return self._retry.run(endpoint, attempt)
        except Busy as busy:
            raise self._unavailable(_WAIT, minutes=max(1, round(busy.wait / 60))) from None
        except Ailing as ailing:
            raise self._refused(ailing.status, "") from None
        except Lost:
            raise self._unavailable(_SILENT) from None

    def _careful(self, call: Callable[[], T], what: str) -> T:
        """One attempt: an error of the library becomes a `Trouble` (may be tried again) or a sentence."""
        try:
            return call()
        except JIRAError as error:
            raise self._from_answer(error, what) from None
        except requests.exceptions.SSLError:
            raise self._unavailable(_UNTRUSTED) from None
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            raise Lost from None
        except (requests.RequestException, ValueError, KeyError, TypeError):
            raise self._unavailable(_NO_JSON) from None

    def _from_answer(self, error: JIRAError, what: str) -> Trouble | BoardUnavailable:
        status = error.status_code or 0
        headers = error.response.headers if error.response is not None else {}
        if status == 429:
            return Busy(asked_wait(headers), headers.get("RateLimit-Reason", ""))
        if status in _PASSING:
            return Ailing(status, asked_wait(headers))
        if status == 403 and "X-Authentication-Denied-Reason" in headers:
            return self._unavailable(_CAPTCHA)
        return self._refused(status, what)

    def _refused(self, status: int, what: str) -> Refused:
        advice = _ADVICE.get(status, _ADVICE[500] if status >= 500 else _ADVICE[400])
        return Refused(self._sentence(advice, what=what, status=status), status)

    def _unavailable(self, advice: str, **values: object) -> BoardUnavailable:
        return BoardUnavailable(self._sentence(advice, **values))

    def _sentence(self, advice: str, **values: object) -> str:
        return f"Jira site {self.key} " + advice.format(KEY=self.key.upper(), **values)

    def _flavour(self) -> Flavour:
        return Flavour.CLOUD if self._session().deploymentType == "Cloud" else Flavour.DATA_CENTER

    def _session(self) -> JIRA:
        """This thread's session; opening it asks `serverInfo`, which says Cloud or not. Raises like one attempt."""
        if not hasattr(self._local, "jira"):
            self._local.jira = self._careful(self._open, "its server information")
            with self._lock:
                self._opened.append(self._local.jira)
        jira: JIRA = self._local.jira
        return jira

    def _open(self) -> JIRA:
        email, token = self._access.email, self._access.token
        return JIRA(
            server=self._url,
            basic_auth=(email, token) if email else None,
            token_auth=None if email else token,
            get_server_info=True,
            max_retries=0,
            timeout=self._timeout,
        )


def _zone(name: object) -> tzinfo | None:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):  # not known; an absurd name; the name of a folder
        return None
