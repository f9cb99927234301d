"""The charts as pictures: drawn anywhere, the same everywhere, legible, literal, and told apart by everybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.text import Text
from PIL import Image

from docs.pictures.chinese import chinese
from fmo_bot.charts import Charts, style
from fmo_bot.charts.drawing import PICTURES
from fmo_bot.charts.fonts import drawable, families
from fmo_bot.charts.style import settings
from fmo_bot.domain import charts as c
from fmo_bot.domain.messages import Notice
from fmo_bot.locales import Translator, translator
from fmo_bot.words.charts import words_of
from tests import charts_made as made

AWKWARD = list(made.awkward())


def test_there_is_a_picture_of_every_chart() -> None:
    assert set(PICTURES) == set(c.Chart.__args__) == {type(chart) for chart in made.EVERY}


@pytest.mark.parametrize("chart", made.EVERY, ids=lambda chart: type(chart).__name__)
def test_the_same_chart_is_the_same_bytes_whoever_draws_it(chart: c.Chart) -> None:
    first, second = Charts().draw(chart, language="en"), Charts().draw(chart, language="en")
    assert first == second
    assert len(first.png) < 200_000
    picture = Image.open(BytesIO(first.png)).convert("RGBA")
    assert picture.getchannel("A").getextrema() == (255, 255)  # opaque: it reads in dark mode too
    assert picture.width == 1200
    assert 700 <= picture.height <= 1300
    assert first.alt_text == words_of(chart, translator("en")).alt
    assert first.name.endswith(f"-{chart.as_of:%Y-%m-%d}.png")


HOSTILE = ["$\\frac{1}{0}$ {sprint} one\ntwo\x00\u202e ספרינט 🚀 \ud800", "", "W" * 300]


@pytest.mark.parametrize("words", HOSTILE)
def test_no_name_keeps_a_chart_from_being_drawn(words: str) -> None:
    for chart in made.EVERY:
        assert Charts().draw(made.named(chart, words), language="en").png.startswith(b"\x89PNG")


def test_a_message_that_is_no_chart_is_refused() -> None:
    with pytest.raises(TypeError, match="Notice is not a chart"):
        Charts().draw(Notice(text="x", values={}), language="en")


# --- letters --------------------------------------------------------------------------------------------------------


def noted(drawn: list[Text]) -> Callable[..., None]:
    """Text.draw, which also notes what is drawn."""
    draw = Text.draw

    def note(text: Text, *args: Any, **more: Any) -> None:
        drawn.append(text)
        draw(text, *args, **more)

    return note


def texts_of(chart: c.Chart, t: Translator) -> list[Text]:
    """Every text that is drawn in the picture; what lies outside of an axis is not."""
    drawing, _ = PICTURES[type(chart)]
    drawn: list[Text] = []
    with matplotlib.rc_context(settings()), pytest.MonkeyPatch.context() as patch:
        sheet = drawing(chart, words_of(chart, t), t)
        patch.setattr(Text, "draw", noted(drawn))
        sheet.figure.draw_without_rendering()
    return [text for text in drawn if text.get_visible() and text.get_text()]


def glyphs_missing(text: Text) -> str:
    """The signs for which our fonts have no glyph but the empty box; matplotlib draws boxes of a font of its own."""
    files = [findfont(font, fallback_to_default=False) for font in fonts_of(text)]
    font = get_font(files)
    items = [item for line in text.get_text().split("\n") for item in font._layout(line, LoadFlags.DEFAULT)]
    return "".join(item.char for item in items if item.glyph_index == 0 or item.ft_object.fname not in files)


def fonts_of(text: Text) -> list[Any]:
    found = []
    for family in families():
        font = text.get_fontproperties().copy()
        font.set_family(family)
        found.append(font)
    return found


@pytest.fixture
def no_fonts_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no font but those that come with the bot."""
    families()
    ours = [font for font in fontManager.ttflist if font.name in families()]
    assert len(ours) == 4
    monkeypatch.setattr(fontManager, "ttflist", ours)
    fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]


LETTERS = "核心网冲刺，评审与验收（西班牙电信）“完成”；《冲刺》、龘 áéíóúñü¿¡ ãõçâêôà éèêëàâîïôûùçœ «oui» € – …"


@pytest.mark.usefixtures("no_fonts_installed")
@pytest.mark.parametrize("chart", made.EVERY, ids=lambda chart: type(chart).__name__)
def test_chinese_and_every_accent_are_drawn_with_nothing_installed(chart: c.Chart) -> None:
    texts = texts_of(made.named(chart, LETTERS[:24]), chinese())
    assert any("核" in text.get_text() for text in texts)
    assert {glyphs_missing(text) for text in texts} == {""}


@pytest.mark.usefixtures("no_fonts_installed")
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_every_letter_of_the_five_languages_has_a_glyph(weight: str) -> None:
    assert drawable(LETTERS) == LETTERS
    with matplotlib.rc_context(settings()):
        text = style._paper(1.0).text(0, 0, LETTERS, fontweight=weight)
    assert glyphs_missing(text) == ""
    text.set_text("🚀")
    assert glyphs_missing(text) == "🚀"  # the check would see it


def test_what_no_font_has_is_left_out_and_stands_in_the_alt_text() -> None:
    chart = replace(made.BURN_UP, sprint="Sprint 🚀 12")
    plain = replace(chart, sprint="Sprint 12")
    assert Charts().draw(chart, language="en").png == Charts().draw(plain, language="en").png
    assert "Sprint 🚀 12" in Charts().draw(chart, language="en").alt_text


@pytest.mark.parametrize("chart", made.EVERY, ids=lambda chart: type(chart).__name__)
def test_text_is_literal_and_never_mathematics(chart: c.Chart) -> None:
    name = r"$x_1^2$ \a #1"
    texts = texts_of(made.named(chart, name), translator("en"))
    assert any(name in text.get_text() for text in texts)
    assert not any(text.get_parse_math() or text.get_usetex() for text in texts)


# --- at a width of 360 pixels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", [*made.EVERY, *AWKWARD])  # drawn without a warning, too
def test_no_text_is_too_small_or_leaves_the_picture(chart: c.Chart) -> None:
    for text in texts_of(chart, translator("en")):
        box, paper = text.get_window_extent(), text.get_figure(root=True).bbox  # type: ignore[union-attr]
        assert float(text.get_fontsize()) * style.DPI / 72 * 360 / 1200 >= 9, text.get_text()
        assert box.x0 >= -1, text.get_text()
        assert box.x1 <= paper.width + 1, text.get_text()
        assert box.y0 >= -1, text.get_text()
        assert box.y1 <= paper.height + 1, text.get_text()


@pytest.mark.parametrize("count", [300, 5000])
def test_thousands_of_points_and_an_outlier_leave_the_rest_its_room(count: int) -> None:
    start, cycle_time = made.day(3), made.CYCLE_TIME.cycle_time
    usual = [c.Finish(at=start + timedelta(minutes=n), cycle_time_s=made.DAY * (1 + n % 9)) for n in range(count)]
    far = c.Finish(at=made.day(9), cycle_time_s=made.DAY * 400)
    chart = replace(made.CYCLE_TIME, finishes=(*usual, far), cycle_time=replace(cycle_time, n=count + 1))
    texts = [text.get_text() for text in texts_of(chart, translator("en"))]
    assert any("1 above 15 days: triangle at the edge." in text.replace("\n", " ") for text in texts)
    assert len(Charts().draw(chart, language="en").png) < 400_000


def test_keys_of_old_work_that_find_no_room_are_counted() -> None:
    crowd = tuple(made.mark(f"CORE-{n}", "Doing", 9 + n / 50, True) for n in range(30))
    texts = [text.get_text() for text in texts_of(replace(made.AGEING, items=crowd), translator("en"))]
    said = [text for text in texts if text.startswith("CORE-")]
    assert said[0] == "CORE-29"  # the oldest first
    assert f"+{30 - len(said)} over P85" in texts


def test_no_forecast_is_drawn_above_its_cap() -> None:
    chart = replace(
        made.FORECAST, chances=(*made.FORECAST.chances, c.Chance(day=made.FORECAST.chances[-1].day, share=1.0))
    )
    with matplotlib.rc_context(settings()):
        t = translator("en")
        sheet = PICTURES[c.ForecastChart][0](chart, words_of(chart, t), t)
        drawn = [max(np.asarray(line.get_ydata(), dtype=float)) for line in sheet.axes.lines]
        assert max(drawn) == 0.95
        assert ">95%" in [label.get_text() for label in sheet.axes.get_yticklabels()]
