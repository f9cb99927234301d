"""The default questions of a stand-up."""

from config.questions import template
from fmo_bot.domain.messages import Question


def test_the_default_stand_up_asks_three_questions_of_which_the_last_may_stay_empty() -> None:
    questions = [Question(**each) for each in template()]
    assert [question.key for question in questions] == ["yesterday", "today", "note"]
    assert [question.required for question in questions] == [True, True, False]
