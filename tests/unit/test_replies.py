"""How a reply in a round's thread is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmo_bot.domain.replies import Asked, read

MOVED, NEXT = "moved", "next"
ASKED = (
    Asked(key=MOVED, words=("What moved since the last answer?", "上次之后有什么进展？")),
    Asked(key=NEXT, words=("What comes next?", "接下来做什么？")),
)


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        # by number, with whatever sign people put after it; lines after it go on with it
        ("1. The AMF build\n2) Call Madrid", {}, {MOVED: "The AMF build", NEXT: "Call Madrid"}),
        ("2: Call Madrid\nand Mexico", {}, {NEXT: "Call Madrid\nand Mexico"}),
        ("1、联调完成\n2）发布", {}, {MOVED: "联调完成", NEXT: "发布"}),
        # by the question's words, in any language it is asked in
        ("What comes next? A release", {}, {NEXT: "A release"}),
        ("*what comes next*: a release", {}, {NEXT: "a release"}),
        ("接下来做什么？ 发布", {}, {NEXT: "发布"}),
        # without either it is the first that is open; with none open, the first of all
        ("The AMF build", {}, {MOVED: "The AMF build"}),
        ("Call Madrid", {MOVED: "The AMF build"}, {NEXT: "Call Madrid"}),
        ("Something else", {MOVED: "a", NEXT: "b"}, {MOVED: "Something else"}),
        ("Loose words\n2. Call Madrid", {}, {MOVED: "Loose words", NEXT: "Call Madrid"}),
        # a number of no question, or one that is part of the words, begins nothing
        ("7. of seven", {}, {MOVED: "7. of seven"}),
        ("2 tickets closed", {}, {MOVED: "2 tickets closed"}),
        # nothing
        ("", {}, {}),
        ("1.\n2.", {}, {}),
    ],
)
def test_a_line_is_told_by_its_number_or_words_and_the_rest_is_the_first_open_question(
    text: str, before: dict[str, str], said: dict[str, str]
) -> None:
    assert read(text, ASKED, before) == said


@given(st.text(max_size=200), st.sampled_from(({}, {MOVED: "x"}, {MOVED: "x", NEXT: "y"})))
def test_any_text_is_read_for_the_questions_there_are_and_for_none_is_nothing_kept(
    text: str, before: dict[str, str]
) -> None:
    found = read(text, ASKED, before)
    assert set(found) <= {MOVED, NEXT}
    assert all(words.strip() for words in found.values())
    assert all(words in "\n".join(text.splitlines()) or "\n" in words for words in found.values())
