"""What a person reads about an error."""

import pytest
from structlog.testing import capture_logs

from fmo_bot.errors import NotAMember
from handlers.errors import SLOW, UNFORESEEN, worded
from tests.unit.test_outcomes import answered


def test_a_refusal_is_said_as_it_is() -> None:
    refusal = NotAMember()
    assert worded(refusal) is refusal


def test_a_trigger_that_ran_out_asks_to_press_again() -> None:
    assert worded(answered(200, {"ok": False, "error": "expired_trigger_id"})).text == SLOW


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), answered(200, {"ok": False, "error": "invalid_blocks"})])
def test_what_nobody_foresaw_gets_an_id_that_is_in_the_log(error: Exception) -> None:
    with capture_logs() as lines:
        refusal = worded(error)
    assert refusal.text == UNFORESEEN
    assert [line["id"] for line in lines] == [refusal.values["id"]]
