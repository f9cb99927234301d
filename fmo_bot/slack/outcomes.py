"""What an error of one Slack call means for the message it carried: was it certainly not sent, or may it have been?"""

import re
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPException
from typing import TypeVar
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from fmo_bot.errors import NotInstalled, NotNow, RateLimited, SendOutcome, Uncertain, Undeliverable

T = TypeVar("T")

# Slack answered, but does not know itself how it ended.
_UNSURE_CODES = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# The app was there and is no more: account_inactive for a bot's token, token_revoked after auth.revoke.
GONE = frozenset({"account_inactive", "token_revoked"})
_CODE = re.compile(r"[a-z][a-z_]*")
_DEFAULT_WAIT = 30.0  # seconds, where a 429 names none
# The connection was never made, so nothing can have been accepted.
_NEVER_CONNECTED = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


def speak(call: Callable[[], T], *, lane: str, idempotent: bool = False) -> T:
    """The result of `call`, or the SendOutcome its error means.

    `lane` is what a 429 holds up. `idempotent`: doing it twice does no harm, so an uncertain end is simply NotNow.
    """
    try:
        return call()
    except (SlackClientError, OSError, HTTPException) as error:
        outcome = outcome_of(error, lane=lane)
        if idempotent and isinstance(outcome, Uncertain):
            raise NotNow(str(outcome)) from error
        raise outcome from error


def outcome_of(error: Exception, *, lane: str) -> SendOutcome:
    """Which of the four outcomes an error of slack_sdk or of the network is."""
    if isinstance(error, SlackApiError):
        return _answered(error, lane)
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, _NEVER_CONNECTED):
        return NotNow(f"no connection: {reason}")
    return Uncertain(f"no answer: {reason}")


def _answered(error: SlackApiError, lane: str) -> SendOutcome:
    code = code_of(error)
    if error.response.status_code == 429 or code == "ratelimited":
        return RateLimited(_wait(error), lane)
    if code is None or code in _UNSURE_CODES or error.response.status_code >= 500:
        return Uncertain(f"Slack answered {error.response.status_code} {code or 'with no error code'}")
    return NotInstalled(code) if code in GONE else Undeliverable(code)


def code_of(error: SlackApiError) -> str | None:
    """Slack's error code; None where the answer was not Slack's."""
    data = error.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def _wait(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    text = str(headers.get("retry-after", ""))
    return float(text) if text.isascii() and text.isdigit() else _DEFAULT_WAIT
