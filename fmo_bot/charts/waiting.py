"""Time lost to waiting per ISO week, stacked by side; waiting for several at once is a part of its own."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, GREEN, GRID, INK, ORANGE, PAPER, SKY, TEXT, VERMILLION, Sheet
from fmo_bot.charts.weeks import week_axis
from fmo_bot.domain.charts import WaitingChart
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words, starred
from fmo_bot.words.plain import number
from fmo_bot.words.waits import Layer, hours, layers

_PLOT = 2.4  # inches
_MOST_TOTALS, _MOST_EDGES = 12, 30  # weeks
# Colour and hatching of each kind of side; further partners take the partner's colour with hatchings of their own.
_FACES = {
    "vendor": (BLUE, ""),
    "operator": (ORANGE, "//"),
    "both": (VERMILLION, "xx"),
    "partner": (GREEN, "."),
    "external": (SKY, "\\\\"),
    "none": ("#BBBBBB", "-"),
    "unknown": ("#BBBBBB", ""),
}
_OTHERS = ("o", "x", "*", "O", "+")


def draw(chart: WaitingChart, words: Words, t: Translator) -> Sheet:
    """Stacked bars with their totals, each the union over sides."""
    parts = layers(chart, t)
    looks = _looks(parts)
    totals = [week.total_s / 3600 for week in chart.weeks]
    sheet = Sheet(
        title=words.title,
        notes=words.notes,
        plot=_PLOT,
        left=0.3 + 0.115 * len(_ticked(max([0.0, *totals]), t)),
        key=[(Patch(**look), part.name) for part, look in zip(parts, looks, strict=True)],
        ticks=2,
    )
    axes = sheet.axes
    axes.set_ylim(0, max([1.0, *totals]) * 1.14)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _ticked(value, t)))
    axes.grid(axis="y", color=GRID, linewidth=1)
    week_axis(axes, [starred(week) for week in chart.weeks])
    _stack(axes, parts, looks, len(chart.weeks))
    if len(chart.weeks) <= _MOST_TOTALS:
        _totals(axes, chart, t)
    if not any(totals):
        sheet.nothing(drawable(t("nothing waited")))
    return sheet


def _ticked(value: float, t: Translator) -> str:
    return f"{number(value, t)} h"


def _looks(parts: Sequence[Layer]) -> list[dict[str, Any]]:
    """Colour and hatching of each layer."""
    looks, partners = [], 0
    for part in parts:
        kind = (part.side or "both").partition(":")[0]
        color, hatch = _FACES.get(kind, _FACES["partner"])
        if kind == "partner":
            hatch = (hatch, *_OTHERS)[partners % (len(_OTHERS) + 1)]
            partners += 1
        edge = INK if color == SKY else PAPER
        looks.append(
            {
                "facecolor": color,
                "hatch": hatch,
                "edgecolor": edge,
                "linewidth": 0.8 if len(part.seconds) <= _MOST_EDGES else 0.0,
            }
        )
    return looks


def _stack(axes: Axes, parts: Sequence[Layer], looks: Sequence[dict[str, Any]], weeks: int) -> None:
    floor = [0.0] * weeks
    for part, look in zip(parts, looks, strict=True):
        heights = [seconds / 3600 for seconds in part.seconds]
        axes.bar(range(weeks), heights, bottom=floor, width=0.74, **look)
        floor = [low + height for low, height in zip(floor, heights, strict=True)]


def _totals(axes: Axes, chart: WaitingChart, t: Translator) -> None:
    for index, week in enumerate(chart.weeks):
        axes.annotate(
            hours(week.total_s, t),
            (index, week.total_s / 3600),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=TEXT - 2,
            fontweight="bold",
        )
