"""How every picture looks: 1200 pixels wide, shown by Slack at 360 to 600, on opaque paper that reads in dark mode too.

Letters are large for that, and lines carry their own labels. Colours are from Okabe and Ito's set, which people with
any colour vision can tell apart; whatever differs in colour differs in stroke, marker or hatching as well.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib
from babel.dates import format_skeleton
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from fmo_bot.charts.fonts import drawable, families
from fmo_bot.locales import Translator
from fmo_bot.words.plain import one_line, short_day

BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
INK, FAINT, GRID, PAPER = "#1D1C1D", "#5C5C5C", "#DDDDDD", "#FFFFFF"

WIDTH, DPI = 6.0, 200  # inches, dots per inch
TITLE, TEXT, SMALL = 17, 14, 11.5  # points; a tenth of an inch in the picture is 6 pixels at a width of 360
EDGE = 0.2  # inches free at the left and right
_TOP, _BOTTOM, _GAP = 0.16, 0.12, 0.12  # inches free above the title, below the small print, between the parts
_LINE = 1.28  # height of a line, of its letters
_KEY_ROW = 0.27  # inches
_KEY: dict[str, Any] = {"frameon": False, "fontsize": TEXT - 1, "borderpad": 0, "borderaxespad": 0}
_KEY |= {"handlelength": 1.5, "handleheight": 0.95, "handletextpad": 0.4, "columnspacing": 1.1}
_MOST_DATES, _NAME_ROOM = 5, 0.07
_MOST_DAYS = 300  # from which on days are named by month and year


def settings() -> Any:
    """Matplotlib's own defaults whatever the machine's matplotlibrc says; text is literal, never mathematics."""
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    ours = {"font.family": list(families()), "text.parse_math": False, "text.usetex": False, "text.color": INK}
    return defaults | ours | {"font.size": TEXT, "hatch.linewidth": 1.6, "axes.unicode_minus": False}


class Sheet:
    """A picture in the making: title and small print in their places, one plot between them."""

    def __init__(
        self,
        *,
        title: str,
        notes: Sequence[str],
        plot: float,
        left: float = 0.62,
        key: Sequence[tuple[Artist, str]] = (),
        ticks: int = 1,
    ) -> None:
        """`plot`: height of the plot, `left`: room for its labels at the left, in inches; `ticks`: lines below it.

        `key`: marks with what they mean, under the title.
        """
        small, rows = _wrapped(" ".join(notes)), _key_rows(key)
        head = _TOP + _lines(1, TITLE) + _GAP + len(rows) * _KEY_ROW + _GAP
        foot = _BOTTOM + _lines(len(small), SMALL) + _GAP + _lines(ticks, TEXT) + _GAP
        self._height = head + plot + foot
        self.figure = _paper(self._height)
        box = (left / WIDTH, foot / self._height, (WIDTH - left - EDGE) / WIDTH, plot / self._height)
        self.axes: Axes = self.figure.add_axes(box)
        self._bare()
        heading = self._at(EDGE, self._height - _TOP, "", fontsize=TITLE, fontweight="bold", va="top")
        fit(heading, drawable(one_line(title)), WIDTH - 2 * EDGE)
        self._at(EDGE, _BOTTOM, "\n".join(small), fontsize=SMALL, va="bottom", color=FAINT, linespacing=_LINE)
        for number, row in enumerate(rows):
            self._legend(row, self._height - _TOP - _lines(1, TITLE) - _GAP - number * _KEY_ROW)

    def _legend(self, row: Sequence[tuple[Artist, str]], top: float) -> None:
        marks, names = zip(*row, strict=True)
        place = (EDGE / WIDTH, top / self._height)
        self.figure.legend(marks, names, loc="upper left", bbox_to_anchor=place, ncols=len(row), **_KEY)

    def _at(self, x: float, y: float, text: str, **look: Any) -> Text:
        """Text at a place in inches."""
        return self.figure.text(x / WIDTH, y / self._height, text, **look)

    def _bare(self) -> None:
        for side in ("top", "right", "left"):
            self.axes.spines[side].set_visible(False)
        self.axes.spines["bottom"].set_color(FAINT)
        self.axes.set_axisbelow(True)
        self.axes.tick_params(axis="both", colors=FAINT, labelsize=TEXT - 1, length=0)

    def nothing(self, text: str) -> None:
        """Say in the middle of the plot that there is nothing to show."""
        self.axes.text(0.5, 0.5, text, transform=self.axes.transAxes, ha="center", va="center", color=FAINT)

    def png(self) -> bytes:
        """The same bytes for the same sheet: a version or a date in there would change them."""
        out = BytesIO()
        self.figure.savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()


def _lines(count: int, points: float) -> float:
    return count * points * _LINE / 72


def _paper(height: float) -> Figure:
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def _width(text: str, points: float) -> float:
    """Of a line of text, in inches."""
    return _paper(1.0).text(0, 0, text, fontsize=points).get_window_extent().width / DPI


def _key_rows(key: Sequence[tuple[Artist, str]]) -> list[list[tuple[Artist, str]]]:
    """The key in rows that fit."""
    rows: list[list[tuple[Artist, str]]] = []
    used = WIDTH
    em = (TEXT - 1) / 72
    for mark, name in key:
        text = _cut(drawable(one_line(name)), WIDTH - 2 * EDGE - 3 * em, TEXT - 1)
        wide = _width(text, TEXT - 1) + (1.5 + 0.4 + 1.1) * em
        if used + wide > WIDTH - 2 * EDGE + em:
            rows, used = [*rows, []], 0.0
        rows[-1].append((mark, text))
        used += wide
    return rows


def _cut(words: str, room: float, points: float) -> str:
    text = _paper(1.0).text(0, 0, "", fontsize=points)
    fit(text, words, room)
    return str(text.get_text())


def _wrapped(text: str) -> list[str]:
    """Small print in lines that fit; Chinese has no spaces to break at, so any two of its letters may be parted."""
    probe = _paper(1.0).text(0, 0, "", fontsize=SMALL)
    room = (WIDTH - 2 * EDGE) * DPI
    lines = [""]
    for word in _words(drawable(text)):
        probe.set_text((lines[-1] + word).strip())
        if probe.get_window_extent().width > room and lines[-1]:
            lines.append("")
        lines[-1] = (lines[-1] + word).lstrip()
    return [line.rstrip() for line in lines]


def _words(text: str) -> Iterable[str]:
    """Pieces that may stand at the end of a line, each with the space that follows it."""
    piece = ""
    for sign, after in zip(text, text[1:] + " ", strict=True):
        piece += sign
        if sign == " " or (_wide(sign) and after not in "。，；：、）”%… "):
            yield piece
            piece = ""
    if piece:
        yield piece


def _wide(sign: str) -> bool:
    return "\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uffef"


def fit(text: Text, words: str, room: float) -> None:
    """Cut words until they fit into `room` inches, with an ellipsis."""
    text.set_text(words)
    while (width := text.get_window_extent().width) > room * DPI and len(words) > 1:
        words = words[: min(len(words) - 1, int(len(words) * room * DPI / width))]  # a good guess, then sign by sign
        text.set_text(words.rstrip() + "…")


def x_of(at: datetime) -> float:
    """Days since 1970: where an instant lies on a horizontal axis."""
    return at.timestamp() / 86400


def count_axis(axes: Axes, top: float) -> None:
    """A vertical axis of counts from 0, with room above `top`."""
    axes.set_ylim(0, max(1.0, top) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.grid(axis="y", color=GRID, linewidth=1)


def day_axis(axes: Axes, start: datetime, end: datetime, t: Translator, *, zone: str = "UTC") -> None:
    """A horizontal axis from start to end, at most five of its midnights named."""
    end = max(end, start + timedelta(hours=1))
    axes.set_xlim(x_of(start), x_of(end))
    days = [day.astimezone(ZoneInfo(zone)) for day in midnights(start, end, zone)]
    name_days(axes, [(x_of(day), day.date()) for day in days], t)


def name_days(axes: Axes, days: Sequence[tuple[float, date]], t: Translator) -> None:
    """Name at most five of the days that lie at these places, none where its name would leave the picture."""
    start, end = axes.get_xlim()
    inside = [(x, day) for x, day in days if x <= end - _NAME_ROOM * (end - start)] or list(days[:1])
    years = (days[-1][1] - days[0][1]).days > _MOST_DAYS
    most = _MOST_DATES - 1 if years else _MOST_DATES
    shown = inside[:: -(-len(inside) // most) or 1]
    axes.xaxis.set_major_locator(FixedLocator([x for x, _ in shown]))
    axes.xaxis.set_major_formatter(FixedFormatter([named(day, t, years=years) for _, day in shown]))
    axes.tick_params(axis="x", length=4)


def midnights(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """Every 00:00 of a zone inside a window; its start where it holds none."""
    first = start.astimezone(ZoneInfo(zone)).date()
    days = (first + timedelta(days=number) for number in range((end - start).days + 2))
    found = [datetime.combine(day, time(), ZoneInfo(zone)) for day in days]
    return [day for day in found if start <= day <= end] or [start]


def named(day: date, t: Translator, *, years: bool = False) -> str:
    """A day on an axis; with `years` its month and year."""
    return drawable(format_skeleton("yMMM", day, locale=t.locale) if years else short_day(day, t))
