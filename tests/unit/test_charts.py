"""The burn-up as a picture."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fmo_bot import charts
from fmo_bot.charts import Charts
from fmo_bot.domain.messages import BurnUpChart, BurnUpPoint, Notice

STEPS = ((9, 16, 0), (10, 17, 1), (12, 19, 4), (16, 18, 7))


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


CHART = BurnUpChart(
    sprint="Core Sprint 12",
    start=day(9),
    end=day(20, 16),
    as_of=day(17),
    points=tuple(BurnUpPoint(at=day(number), scope=scope, done=done) for number, scope, done in STEPS),
)


def test_the_same_chart_is_the_same_bytes_whoever_draws_it() -> None:
    first, second = Charts().draw(CHART, language="en"), Charts().draw(CHART, language="en")
    assert first.png == second.png
    assert first.png.startswith(b"\x89PNG")
    assert len(first.png) < 200_000
    assert int.from_bytes(first.png[16:20]) == 1200


def test_the_alt_text_says_what_the_picture_says() -> None:
    picture = Charts().draw(CHART, language="en")
    assert picture.alt_text == (
        "Burn-up of Core Sprint 12: on Nov 17 7 of 18 issues are done. The sprint began with 16 issues; "
        "the scope since reached 19."
    )
    assert picture.name == "burn-up-2026-11-09.png"


@pytest.mark.parametrize(
    "chart",
    [
        # nothing in it
        replace(CHART, points=()),
        # all done: the lines meet
        replace(CHART, points=(BurnUpPoint(at=day(9), scope=3, done=3),), as_of=day(25)),
        # nothing planned
        replace(CHART, points=(BurnUpPoint(at=day(9), scope=0, done=0),)),
        # as large as a large board
        replace(CHART, points=(BurnUpPoint(at=day(9), scope=12_345, done=12_340),), as_of=day(25)),
        # begun this moment
        replace(CHART, as_of=day(9)),
        # a sprint of no length
        replace(CHART, end=day(9), as_of=day(9)),
        # a sprint of two years
        replace(CHART, end=datetime(2028, 11, 9, tzinfo=UTC), as_of=day(25)),
        # names: mathematics, braces, two lines, other letters, no letters at all, very long
        *(replace(CHART, sprint=name) for name in (
            r"$\frac{1}{0}$ {sprint}", "one\ntwo\x00\u202e", "核心网冲刺 12", "ספרינט 🚀", "", "W" * 300,
        )),
    ],
)  # fmt: skip
def test_every_chart_can_be_drawn_without_a_warning(chart: BurnUpChart) -> None:
    assert Charts().draw(chart, language="zh_CN").png.startswith(b"\x89PNG")


def test_a_name_that_no_font_here_can_show_stands_in_the_alt_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "_CJK_FONTS", ())
    charts._fonts.cache_clear()
    charts._covered.cache_clear()
    try:
        picture = Charts().draw(replace(CHART, sprint="核心网冲刺 12"), language="zh_CN")
    finally:
        charts._fonts.cache_clear()
        charts._covered.cache_clear()
    assert "核心网冲刺 12" in picture.alt_text
    assert picture.png == Charts().draw(replace(CHART, sprint="Burn-up"), language="en").png


def test_marks_that_turn_the_writing_direction_never_reach_a_reader() -> None:
    alt = Charts().draw(replace(CHART, sprint="a\u202eb\nc\x07"), language="en").alt_text
    assert alt.startswith("Burn-up of a b c:")


def test_a_message_that_is_no_chart_is_refused() -> None:
    with pytest.raises(TypeError, match="Notice is not a chart"):
        Charts().draw(Notice(text="x", values={}), language="en")
