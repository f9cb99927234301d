"""What was not delivered, in words."""

from typing import get_args

import pytest

from fmo_bot.domain import troubles
from fmo_bot.domain.messages import Message
from fmo_bot.services import digests, standup_plan


def test_every_message_has_a_name_for_who_may_not_read_it() -> None:
    assert {each.__name__ for each in get_args(Message)} == set(troubles.WHAT)


def test_every_kind_of_occurrence_has_one() -> None:
    kinds = {standup_plan.PROMPT, standup_plan.REMINDER, standup_plan.CLOSE, digests.DIGEST}
    assert kinds == set(troubles.PLANNED)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"message": "Prompt", "reminder": False}, "a stand-up prompt"),
        ({"message": "Prompt", "reminder": True}, "a stand-up reminder"),
        ({}, "a message"),  # its text is gone
    ],
)
def test_what_it_is(value: dict[str, object], what: str) -> None:
    assert troubles.what(value) == what


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ("missed", "it would have come too late", "too late"),
        ("unsure", "missing_scope", "may have been sent"),
        ("failed", "may have been sent; 3 searches failed: no answer", "may have been sent"),
        ("failed", "tried too often: no connection", "could not be reached"),
        ("failed", "is_archived", "Unarchive it"),
        ("failed", "some_new_code", "refuses it ({code})"),
        ("failed", None, "refuses it ({code})"),
    ],
)
def test_why_and_what_to_do(state: str, error: str | None, words: str) -> None:
    assert words in troubles.why(state, error)[0]
