"""Texts in a language."""

import pytest

from fmo_bot.locales import translator


def test_placeholders_are_filled_and_values_are_taken_as_they_are() -> None:
    assert translator("en")("{who} waits", who="{team} & co") == "{team} & co waits"


def test_a_text_without_values_may_hold_braces() -> None:
    assert translator("en")("{as it is}") == "{as it is}"


@pytest.mark.parametrize(("n", "text"), [(0, "0 issues"), (1, "1 issue"), (2, "2 issues")])
def test_numbers_choose_their_form(n: int, text: str) -> None:
    assert translator("en").many("{n} issue", "{n} issues", n) == text


@pytest.mark.parametrize("language", ["zh_Hant_XX", "xx", "not a language", ""])
def test_a_language_without_texts_is_english_days_and_numbers_included(language: str) -> None:
    found = translator(language)
    assert found("Answer") == "Answer"
    assert found.locale.language == "en"
