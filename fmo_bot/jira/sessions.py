"""One attempt at one call to a Jira site: a session for each thread, and every way it can end as an error of ours."""

import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from jira import JIRA, JIRAError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from fmo_bot.errors import BoardUnavailable, SiteUnavailable
from fmo_bot.jira import advice
from fmo_bot.jira.advice import Advice
from fmo_bot.jira.authorization import Authorization, Signed
from fmo_bot.jira.retry import Ailing, Busy, Lost, Stale, Trouble, asked_wait
from fmo_bot.network import Network

_PASSING = frozenset({500, 502, 503, 504})
_NO_SCOPE = "scope does not match"  # Atlassian's gateway says it with 401, like a wrong token
# What a connection dies of; an answer whose packing is broken was one all the same.
_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Refused(BoardUnavailable):
    """The site answered, with an error status."""

    def __init__(self, sentence: str, status: int) -> None:
        """`status` is HTTP's."""
        super().__init__(sentence)
        self.status = status


class SiteRefused(Refused, SiteUnavailable):
    """The site answered with an error status that is about all of it."""

    def __init__(self, sentence: str, status: int) -> None:
        """`status` is HTTP's; nobody knows until when."""
        SiteUnavailable.__init__(self, sentence)
        self.status = status


class TokenRefused(SiteRefused):
    """The site does not accept our token, whatever is asked."""


class Sessions:
    """The sessions to one site. Everything raised is a `Trouble`, after which one may ask again, or a sentence."""

    def __init__(
        self, url: str, *, authorization: Authorization, network: Network, words: Advice, timeout: tuple[float, float]
    ) -> None:
        """Nothing is opened yet; `timeout` in seconds: to connect, to wait for the next bytes."""
        self._url, self._authorization, self._network = url, authorization, network
        self._advice, self._timeout = words, timeout
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[JIRA] = []

    def ask(
        self, method: str, path: str, *, what: str, timeout: tuple[float, float] | None = None, **how: Any
    ) -> requests.Response:
        """One request, sent once; `what` names it for a person, `timeout` is for this one only.

        Never followed elsewhere: whoever answers at a site's address could have us ask others in its place, a write
        would be sent again or become something else, and whatever a login page says is no answer.
        """
        session = self._session()._session
        session.timeout = timeout or self._timeout  # the library takes none with a request; the session is our thread's
        try:
            response = session.request(method, f"{self._url}/{path}", allow_redirects=False, **how)
        except JIRAError as error:
            raise self._from_answer(error, what) from None
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SiteUnavailable(self._advice.sentence(advice.UNTRUSTED)) from None
            raise Lost from None
        except requests.exceptions.ProxyError:
            raise SiteUnavailable(self._advice.sentence(advice.NO_PROXY)) from None
        except _BROKEN as error:
            raise Lost(sent=not _never_connected(error)) from None
        except (requests.RequestException, ValueError, KeyError, TypeError, OSError):
            raise self.not_jira() from None
        if response.is_redirect:
            raise self.not_jira()
        return response

    def not_jira(self) -> SiteUnavailable:
        """The error for an answer that no Jira gives."""
        return SiteUnavailable(self._advice.sentence(advice.NO_JSON))

    def close(self) -> None:
        """Close every thread's session."""
        with self._lock:
            opened, self._opened = self._opened, []
        for session in opened:
            session.close()  # type: ignore[no-untyped-call]
        self._local = threading.local()

    def _from_answer(self, error: JIRAError, what: str) -> Trouble | BoardUnavailable:
        status = error.status_code or 0
        headers = error.response.headers if error.response is not None else {}
        if status == 429:
            return Busy(asked_wait(headers), headers.get("RateLimit-Reason", ""))
        if status in _PASSING:
            return Ailing(status, asked_wait(headers))
        if status == 403 and "X-Authentication-Denied-Reason" in headers:
            return TokenRefused(self._advice.sentence(advice.CAPTCHA), status)
        if status != 401:
            return Refused(self._advice.about(status, what=what), status)
        if error.response is not None and _NO_SCOPE in error.response.text:
            return Refused(self._advice.sentence(advice.NO_SCOPE, what=what), status)
        used = error.response.request.headers.get("Authorization", "") if error.response is not None else ""
        return Stale() if self._authorization.refused(used) else TokenRefused(self._advice.about(401, what=what), 401)

    def _session(self) -> JIRA:
        """This thread's session; opening it asks nothing."""
        if not hasattr(self._local, "jira"):
            self._local.jira = self._open()
            with self._lock:
                self._opened.append(self._local.jira)
        jira: JIRA = self._local.jira
        return jira

    def _open(self) -> JIRA:
        jira = JIRA(server=self._url, get_server_info=False, max_retries=0, timeout=self._timeout)
        self._network.prepare(jira._session, self._url)
        jira._session.auth = Signed(self._authorization)
        return jira


def skew(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds by which the clock of an answer's `Date` was ahead of `wall` (Unix time); None where it has none."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp() - wall
    except (TypeError, ValueError):
        return None


def _never_connected(error: requests.RequestException) -> bool:
    """Whether nothing can have been sent: there was no connection to send it on."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
