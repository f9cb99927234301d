"""Reports as pictures: PNG made with matplotlib's object API, the same bytes for the same value.

Drawn for Slack's narrow column: 1200 pixels wide, shown at 360 to 600, so letters are large and lines carry their own
labels instead of a legend. Colours are from Okabe and Ito's set, which people with any colour vision can tell apart,
and the two lines differ in stroke and weight as well. The background is opaque, so that it reads in dark mode too.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any

import matplotlib
from babel.dates import format_skeleton
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from fmo_bot.domain.messages import BurnUpChart, BurnUpPoint, Message
from fmo_bot.locales import Translator, translator
from fmo_bot.ports import Picture

_SCOPE, _DONE = "#B34700", "#0072B2"
_INK, _FAINT, _GRID, _PAPER = "#1D1C1D", "#5C5C5C", "#DDDDDD", "#FFFFFF"
_SIZE_INCHES, _DPI = (6.0, 4.0), 200
_LEFT, _BOTTOM, _WIDTH, _HEIGHT = 0.1, 0.13, 0.87, 0.66  # of the plot, as shares of the picture
_LABEL_POINTS = 15
_PLAIN_FONT = "DejaVu Sans"  # comes with matplotlib
# Fonts with Chinese letters, as systems usually have them; the first one installed is used beside the plain one.
_CJK_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "Droid Sans Fallback", "Arial Unicode MS"),
)
_TITLE_ROOM = 0.92  # of the width, before a name is cut
_MOST_DATES = 5


class Charts:
    """Implements `ports.Pictures`."""

    def __init__(self) -> None:
        """One picture at a time: matplotlib's settings are global to the process."""
        self._lock = Lock()

    def draw(self, message: Message, *, language: str) -> Picture:
        """The chart of a chart message; raises `TypeError` for a message that is none."""
        drawing = _DRAWINGS.get(type(message))
        if drawing is None:
            raise TypeError(f"{type(message).__name__} is not a chart")
        with self._lock, matplotlib.rc_context(_settings()):
            return drawing(message, translator(language))


def _settings() -> Any:
    """Matplotlib's own defaults whatever the machine's matplotlibrc says; text is literal, never mathematics."""
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    return defaults | {"font.family": list(_fonts()), "text.parse_math": False, "text.color": _INK, "font.size": 13}


def _burn_up(chart: BurnUpChart, t: Translator) -> Picture:
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((_LEFT, _BOTTOM, _WIDTH, _HEIGHT))
    _draw_lines(axes, chart)
    _draw_days(axes, chart, t)
    _draw_counts(axes, chart)
    _draw_labels(axes, chart, t)
    _draw_title(figure, chart, t)
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})  # a version in there would change the bytes
    return Picture(out.getvalue(), f"burn-up-{chart.start:%Y-%m-%d}.png", _alt_text(chart, t))


_DRAWINGS: Mapping[type, Callable[[Any, Translator], Picture]] = {BurnUpChart: _burn_up}


@dataclass(frozen=True)
class _Line:
    """A step function that ends where what is known ends."""

    at: tuple[datetime, ...]
    counts: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.counts[-1]


def _known_until(chart: BurnUpChart) -> datetime:
    return max(chart.start, min(chart.as_of, chart.end))


def _line(chart: BurnUpChart, count: Callable[[BurnUpPoint], int]) -> _Line:
    until = _known_until(chart)
    known = [point for point in chart.points if point.at <= until]
    if not known:
        return _Line((chart.start, until), (0, 0))
    return _Line((*(point.at for point in known), until), (*map(count, known), count(known[-1])))


def _scope(chart: BurnUpChart) -> _Line:
    return _line(chart, lambda point: point.scope)


def _done(chart: BurnUpChart) -> _Line:
    return _line(chart, lambda point: point.done)


def _x(at: datetime) -> float:
    """Days since 1970: where an instant lies on the horizontal axis."""
    return at.timestamp() / 86400


def _draw_lines(axes: Axes, chart: BurnUpChart) -> None:
    scope, done = _scope(chart), _done(chart)
    days = [_x(at) for at in scope.at]
    axes.step(days, scope.counts, where="post", color=_SCOPE, linewidth=2.4, linestyle=(0, (4, 2)), zorder=5)
    axes.fill_between(days, done.counts, step="post", color=_DONE, alpha=0.16, linewidth=0, zorder=2)
    axes.step(days, done.counts, where="post", color=_DONE, linewidth=4, zorder=4)
    if chart.as_of < chart.end:
        axes.axvline(days[-1], color=_FAINT, linewidth=1.2, linestyle=":", zorder=1)


def _draw_labels(axes: Axes, chart: BurnUpChart, t: Translator) -> None:
    """Each line's name and count beside its end; the plot is made narrower where they would leave the picture."""
    scope, done = _scope(chart).last, _done(chart).last
    close = (scope - done) / axes.get_ylim()[1] * _HEIGHT * _SIZE_INCHES[1] * 72 < _LABEL_POINTS * 1.3
    labels = (
        _label(axes, chart, scope, f"{_words(t, 'Scope')} {scope}", _SCOPE, above=True),
        _label(axes, chart, done, f"{_words(t, 'Done')} {done}", _DONE, above=not close),
    )
    widest = max(label.get_window_extent().width for label in labels) / (_SIZE_INCHES[0] * _DPI)
    start, end = axes.get_xlim()
    reached = max(0.05, (_x(_known_until(chart)) - start) / (end - start))
    axes.set_position((_LEFT, _BOTTOM, min(_WIDTH, (0.96 - _LEFT - widest) / reached), _HEIGHT))


def _label(axes: Axes, chart: BurnUpChart, count: int, text: str, color: str, *, above: bool) -> Annotation:
    """Of two lines that end close together, one label sits above its line and the other below."""
    return axes.annotate(
        text,
        (_x(_known_until(chart)), count),
        xytext=(6, 0),
        textcoords="offset points",
        va="bottom" if above else "top",
        color=color,
        fontsize=_LABEL_POINTS,
        fontweight="bold",
        annotation_clip=False,
    )


def _draw_days(axes: Axes, chart: BurnUpChart, t: Translator) -> None:
    axes.set_xlim(_x(chart.start), _x(max(chart.end, chart.start + timedelta(hours=1))))
    days = _midnights(chart.start, chart.end)
    shown = days[:: -(-len(days) // _MOST_DATES) or 1]
    axes.xaxis.set_major_locator(FixedLocator([_x(day) for day in shown]))
    axes.xaxis.set_major_formatter(FixedFormatter([_day(day.date(), t) for day in shown]))
    axes.tick_params(axis="x", colors=_FAINT, labelsize=13, length=4)


def _midnights(start: datetime, end: datetime) -> list[datetime]:
    """Every 00:00 UTC inside a sprint; its start where it holds none."""
    first = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)
    found = [first + timedelta(days=number) for number in range(max(0, (end - first).days + 1))]
    return found or [start]


def _draw_counts(axes: Axes, chart: BurnUpChart) -> None:
    top = max([1, *(point.scope for point in chart.points), *(point.done for point in chart.points)])
    axes.set_ylim(0, top * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.tick_params(axis="y", colors=_FAINT, labelsize=13, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)


def _draw_title(figure: Figure, chart: BurnUpChart, t: Translator) -> None:
    name = _one_line(chart.sprint)
    title = figure.text(0.035, 0.955, "", fontsize=18, fontweight="bold", va="top")
    _fit(title, name if _legible(name) else _words(t, "Burn-up"))
    until = _words(t, "Issues, until {day} {time} UTC")
    known = _known_until(chart)
    said = until.format(day=_day(known.date(), t), time=f"{known:%H:%M}")
    figure.text(0.035, 0.865, said, fontsize=13, va="top", color=_FAINT)


def _fit(title: Text, name: str) -> None:
    """Cut a long name until it fits, with an ellipsis."""
    room = _TITLE_ROOM * _SIZE_INCHES[0] * _DPI
    title.set_text(name)
    while (width := title.get_window_extent().width) > room and len(name) > 1:
        name = name[: min(len(name) - 1, int(len(name) * room / width))]  # a good guess, then sign by sign
        title.set_text(name.rstrip() + "…")


def _alt_text(chart: BurnUpChart, t: Translator) -> str:
    """What the picture says, for who cannot see it; the sprint's name stands here in whatever letters it has."""
    scope, done, until = _scope(chart), _done(chart), _known_until(chart)
    return t(
        "Burn-up of {sprint}: on {day} {done} of {scope} issues are done. The sprint began with {first} issues; "
        "the scope since reached {top}.",
        sprint=_one_line(chart.sprint),
        day=_day(until.date(), t),
        done=done.last,
        scope=scope.last,
        first=scope.counts[0],
        top=max(scope.counts),
    )


def _words(t: Translator, msgid: str) -> str:
    """The text in the reader's language where its letters can be drawn here, else the English one."""
    text = t(msgid)
    return text if _legible(text) else msgid


def _day(day: date, t: Translator) -> str:
    text = format_skeleton("MMMd", day, locale=t.locale)
    return text if _legible(text) else format_skeleton("MMMd", day, locale="en")


def _one_line(name: str) -> str:
    """A person's text without line breaks, control signs and marks that turn the writing direction."""
    return " ".join("".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in name).split())


def _legible(text: str) -> bool:
    """Whether every letter can be drawn with the fonts of this machine."""
    return bool(text) and all(any(ord(sign) in covered for covered in _covered()) for sign in text)


@cache
def _fonts() -> tuple[str, ...]:
    installed = {font.name for font in fontManager.ttflist}
    return (_PLAIN_FONT, *[name for name in _CJK_FONTS if name in installed][:1])


@cache
def _covered() -> tuple[frozenset[int], ...]:
    """The letters of each font in use, as code points."""
    return tuple(frozenset(get_font(findfont(FontProperties(family=name))).get_charmap()) for name in _fonts())
