"""Webhooks: genuine or not, and what they hint at."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from fmo_bot.domain.hints import Hint
from fmo_bot.jira.webhook import NotUnderstood, hint, is_signed

# Atlassian's published test vector.
SECRET, BODY = "It's a Secret to Everybody", b"Hello World!"
SIGNATURE = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_atlassians_own_test_vector_is_genuine() -> None:
    assert is_signed(BODY, signatures=[SIGNATURE], secret=SECRET)


def test_the_method_is_read_from_the_header() -> None:
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha512).hexdigest()
    assert is_signed(BODY, signatures=[f"sha512={digest}"], secret=SECRET)


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
    assert not is_signed(body, signatures=[] if signature is None else [signature], secret=secret)


def test_two_signatures_are_none_even_if_one_is_right() -> None:
    assert not is_signed(BODY, signatures=[SIGNATURE, SIGNATURE], secret=SECRET)


DEEP = json.loads("[" * 300 + "]" * 300)
DC_COMMENT = {"self": "https://j/rest/api/2/issue/10013/comment/7"}
LINK = {"id": 5, "sourceIssueId": 10013, "destinationIssueId": 10014}
# What comes, and what it hints at besides the site and its key.
EVENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "10013", "key": "CORE-1"}},
        {"issues": ("10013",), "project": "CORE"},
    ),
    ({"webhookEvent": "comment_created", "comment": {"id": "7"}, "issue": {"id": 10013}}, {"issues": ("10013",)}),
    ({"webhookEvent": "comment_created", "comment": DC_COMMENT}, {"issues": ("10013",)}),  # Data Center
    (
        {"webhookEvent": "jira:issue_deleted", "issue": {"id": "10013", "key": "RAN_2-7"}},
        {"issues": ("10013",), "project": "RAN_2", "deleted": True},
    ),
    ({"webhookEvent": "issuelink_created", "issueLink": LINK}, {"issues": ("10013", "10014")}),
    ({"webhookEvent": "sprint_closed", "sprint": {"id": 12, "originBoardId": 3}}, {"sprint": 12, "board": 3}),
    ({"webhookEvent": "board_configuration_changed", "board": {"id": 3}}, {"board": 3}),
    # Nothing of these can be believed to be an id or a key.
    ({"webhookEvent": "jira:issue_updated", "issue": {"id": "1; DROP", "key": "core-1"}}, {}),
    ({"webhookEvent": "jira:issue_updated", "issue": {"id": "9" * 19, "key": {"CORE-1": 1}}}, {}),
    ({"webhookEvent": "jira:issue_updated", "issue": {"id": True, "key": "CORE-1\n"}}, {}),
    ({"webhookEvent": "jira:issue_updated", "issue": {"id": "１２"}, "timestamp": DEEP}, {}),
    ({"webhookEvent": "comment_created", "comment": {"id": DEEP, "self": DEEP}}, {}),
]


@pytest.mark.parametrize(("event", "hinted"), EVENTS)
def test_an_event_hints_at_what_to_read_again(event: dict[str, Any], hinted: dict[str, Any]) -> None:
    found = hint(json.dumps(event).encode(), site="shared", identifiers=["abc"])
    assert found == Hint(site="shared", event_key="jira:shared:abc", **hinted)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be"])
def test_every_encoding_of_json_is_read(encoding: str) -> None:
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}}).encode(encoding)
    found = hint(body, site="shared")
    assert found is not None
    assert found.issues == ("7",)


def key(identifiers: list[str], **event: Any) -> str:
    told = {"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": "1"}} | event
    found = hint(json.dumps(told).encode(), site="dc", identifiers=identifiers)
    assert found is not None
    return found.event_key


def test_without_an_identifier_the_same_event_has_the_same_key_and_another_one_has_not() -> None:
    assert key([]) == key([])
    others = [key([]), key([], timestamp=2), key([], issue={"id": "2"}), key([], webhookEvent="jira:issue_deleted")]
    assert len(set(others)) == 4


@pytest.mark.parametrize("identifiers", [["a", "b"], ["a b"], ["é"], ["x" * 129], [""]])
def test_an_identifier_that_is_none_is_not_believed(identifiers: list[str]) -> None:
    assert key(identifiers) == key([])


def test_an_identifier_that_came_twice_is_one() -> None:
    assert key(["a", "a"]) == key(["a"])


@pytest.mark.parametrize("name", ["user_created", "jira:version_released", "worklog_created", "", "\ud800"])
def test_what_concerns_nothing_we_read_hints_at_nothing(name: str) -> None:
    assert hint(json.dumps({"webhookEvent": name}).encode(), site="shared") is None


BODIES = [b"", b"[]", b"{}", b"\xff", b"[" * 99_999, b'{"webhookEvent": 7}', b"1" * 5000, b'{"webhookEvent": null}']


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_is_no_webhook_is_said_so(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        hint(body, site="shared")
