"""The default questions of a stand-up."""

import re

from config.questions import template
from fmo_bot.domain.messages import Question


def test_the_default_stand_up_asks_three_questions_of_which_the_last_may_stay_empty() -> None:
    questions = [Question(**each) for each in template()]
    assert [question.key for question in questions] == ["yesterday", "today", "note"]
    assert [question.required for question in questions] == [True, True, False]


def test_a_label_stands_over_the_answer_both_companies_read_and_says_to_nobody_you() -> None:
    for question in template():
        assert not re.search(r"\b(?:we|us|ours?|you|yours?)\b", question["label"], re.IGNORECASE)
