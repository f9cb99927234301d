"""Webhooks: genuine or not, and what they hint at."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.jira.webhook import Hint, hint, is_signed

# Atlassian's published test vector.
SECRET, BODY = "It's a Secret to Everybody", b"Hello World!"
SIGNATURE = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_atlassians_own_test_vector_is_genuine() -> None:
    assert is_signed(BODY, signature=SIGNATURE, secret=SECRET)


def test_the_method_is_read_from_the_header() -> None:
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha512).hexdigest()
    assert is_signed(BODY, signature=f"sha512={digest}", secret=SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (BODY, None, SECRET),  # not signed
        (BODY, "", SECRET),
        (BODY, SIGNATURE.removeprefix("sha256="), SECRET),  # no method
        (BODY, SIGNATURE[:-1] + "0", SECRET),
        (BODY + b" ", SIGNATURE, SECRET),  # one byte more
        (BODY, SIGNATURE, "another secret"),
        (BODY, "md5=" + hmac.new(SECRET.encode(), BODY, hashlib.md5).hexdigest(), SECRET),  # a method nobody trusts
        (BODY, "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest(), ""),  # no secret is set: nothing is genuine
        (BODY, "sha256=é\ud800", SECRET),
    ],
)
def test_what_is_not_signed_with_our_secret_is_not_genuine(body: bytes, signature: str | None, secret: str) -> None:
    assert not is_signed(body, signature=signature, secret=secret)


@pytest.mark.parametrize(
    ("event", "issue_id"),
    [
        ({"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "10013", "key": "CORE-1"}}, "10013"),
        ({"webhookEvent": "comment_created", "comment": {"id": "7"}, "issue": {"id": 10013}}, "10013"),  # Cloud
        (
            {"webhookEvent": "comment_created", "comment": {"self": "https://j/rest/api/2/issue/10013/comment/7"}},
            "10013",
        ),
        ({"webhookEvent": "sprint_closed", "timestamp": 1, "sprint": {"id": 12}}, None),  # about the board as a whole
    ],
)
def test_an_event_hints_at_what_to_read_again(event: dict[str, Any], issue_id: str | None) -> None:
    found = hint(json.dumps(event).encode(), site="shared", identifier="abc")
    assert found == Hint(site="shared", issue_id=issue_id, event_key="jira:shared:abc")


def test_without_an_identifier_the_same_event_has_the_same_key_and_another_one_has_not() -> None:
    def key(timestamp: int) -> str:
        event = {"webhookEvent": "jira:issue_updated", "timestamp": timestamp, "issue": {"id": "1"}}
        found = hint(json.dumps(event).encode(), site="dc", identifier=None)
        assert found is not None
        return found.event_key

    assert key(1) == key(1)
    assert key(1) != key(2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 99_999, b'{"webhookEvent": "user_created"}'])
def test_what_concerns_nothing_we_read_hints_at_nothing(body: bytes) -> None:
    assert hint(body, site="shared", identifier=None) is None


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: json.dumps({"webhookEvent": text}).encode()))
def test_no_body_makes_it_fall_over(body: bytes) -> None:
    found = hint(body, site="shared", identifier=None)
    assert found is None or len(found.event_key) <= 255
