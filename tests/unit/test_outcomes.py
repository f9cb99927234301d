"""What an error of one call means: certainly not sent, or perhaps."""

import http.client
import socket
from typing import Any
from urllib.error import URLError

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from fmo_bot.errors import NotInstalled, NotNow, RateLimited, SendOutcome, Uncertain, Undeliverable
from fmo_bot.slack.outcomes import outcome_of, speak


def answered(status: int, data: Any, headers: dict[str, str] | None = None) -> SlackApiError:
    """What slack_sdk raises for such an answer."""
    response = SlackResponse(
        client=None, http_verb="POST", api_url="u", req_args={}, data=data, headers=headers or {}, status_code=status
    )
    return SlackApiError("refused", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (URLError(ConnectionRefusedError()), NotNow),  # nobody took the bytes
        (URLError(socket.gaierror()), NotNow),  # not even an address
        (URLError(TimeoutError()), Uncertain),
        (TimeoutError(), Uncertain),
        (ConnectionResetError(), Uncertain),
        (http.client.IncompleteRead(b""), Uncertain),
        (http.client.RemoteDisconnected("gone"), Uncertain),  # the server may have taken it before it went
        (answered(502, {"ok": False, "error": "Received a response in a non-JSON format: <html>"}), Uncertain),
        (answered(200, {"ok": False, "error": "internal_error"}), Uncertain),
        (answered(200, {"ok": False, "error": "ratelimited"}), RateLimited),
        (answered(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"}), RateLimited),
        (answered(200, {"ok": False, "error": "channel_not_found"}), Undeliverable),
        (answered(200, {"ok": False, "error": "is_archived"}), Undeliverable),
        (answered(200, {"ok": False, "error": "not_in_channel"}), Undeliverable),
        (answered(200, {"ok": False, "error": "token_revoked"}), NotInstalled),  # it waits until the app is back
        (answered(200, {"ok": False, "error": "missing_scope"}), Undeliverable),
    ],
)
def test_an_error_is_one_of_four_outcomes(error: Exception, outcome: type[SendOutcome]) -> None:
    assert type(outcome_of(error, lane="l")) is outcome


def test_a_rate_limit_says_how_long_and_on_which_lane() -> None:
    outcome = outcome_of(answered(429, {"ok": False}, {"retry-after": "7"}), lane="T:chat.postMessage")
    assert isinstance(outcome, RateLimited)
    assert (outcome.retry_after, outcome.lane) == (7.0, "T:chat.postMessage")


def test_what_may_be_done_twice_is_never_uncertain() -> None:
    def lost() -> None:
        raise TimeoutError

    with pytest.raises(NotNow):
        speak(lost, lane="l", idempotent=True)
    with pytest.raises(Uncertain):
        speak(lost, lane="l")
