"""Cycle times as dots by the day they finished, under the lines of their percentiles."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, DPI, EDGE, GRID, INK, SMALL, TEXT, VERMILLION, WIDTH, Sheet, day_axis, x_of
from fmo_bot.domain.charts import CycleTimeChart, Finish
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words
from fmo_bot.words.plain import duration, number

_PLOT = 2.9  # inches
_DAY, _HOUR = 86400.0, 3600.0
_STROKES = {"P50": ((0, (1, 1.4)), 1.8), "P85": ((0, (5, 2)), 2.2), "P95": ("-", 1.6)}
_ROOM_ABOVE_P95 = 1.5
_FEW, _MANY = 60, 3000


def draw(chart: CycleTimeChart, words: Words, t: Translator) -> Sheet:
    """A dot for each; what lies far above P95 stands as a triangle at the upper edge, and is counted."""
    top = _top(chart)
    above = [each for each in chart.finishes if each.cycle_time_s > top]
    notes = list(words.notes)
    if above:
        one, several = "{n} above {limit}: triangle at the edge.", "{n} above {limit}: triangles at the edge."
        notes.append(t.many(one, several, len(above), limit=duration(top, t)))
    sheet = Sheet(title=words.title, notes=notes, plot=_PLOT)
    day_axis(sheet.axes, chart.since, chart.until, t, zone=chart.zone)
    if not chart.cycle_time.n:
        sheet.axes.set_yticks([])
        sheet.nothing(drawable(t("nothing finished")))
        return sheet
    _time_axis(sheet.axes, top, t)
    _dots(sheet.axes, [each for each in chart.finishes if each.cycle_time_s <= top], above, top)
    _percentiles(sheet.axes, chart, t)
    return sheet


def _top(chart: CycleTimeChart) -> float:
    """How far the axis goes, in seconds: to the longest, or to half above P95 where that would squash the rest."""
    longest = max((each.cycle_time_s for each in chart.finishes), default=0.0)
    p95 = chart.cycle_time.p95_s or 0.0
    return max(longest if longest <= 2 * p95 or not p95 else _ROOM_ABOVE_P95 * p95, _HOUR)


def _time_axis(axes: Axes, top: float, t: Translator) -> None:
    unit, name = (_DAY, t("days")) if top >= 2 * _DAY else (_HOUR, t("hours"))
    axes.set_ylim(0, top / unit * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, t)))
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.text(0, 1.02, drawable(name), transform=axes.transAxes, ha="right", va="bottom", fontsize=SMALL)


def _dots(axes: Axes, inside: Sequence[Finish], above: Sequence[Finish], top: float) -> None:
    """Thousands stay legible: smaller and paler the more there are, drawn as one image."""
    unit = _unit(top)
    share = min(1.0, max(0.0, (len(inside) - _FEW) / (_MANY - _FEW)))
    look: dict[str, Any] = {"color": BLUE, "linewidths": 0, "rasterized": True, "zorder": 2}
    axes.scatter(
        [x_of(each.at) for each in inside],
        [each.cycle_time_s / unit for each in inside],
        s=44 - 36 * share**0.5,
        alpha=0.7 - 0.5 * share**0.5,
        **look,
    )
    edge = [axes.get_ylim()[1]] * len(above)
    size = 70 if len(above) <= _FEW else 30
    axes.scatter([x_of(each.at) for each in above], edge, s=size, marker="^", color=VERMILLION,
                 edgecolors=INK, linewidths=0.8, clip_on=False, zorder=6)  # fmt: skip


def _unit(top: float) -> float:
    return _DAY if top >= 2 * _DAY else _HOUR


def _percentiles(axes: Axes, chart: CycleTimeChart, t: Translator) -> None:
    """Each line across the plot with its value beyond the right end; labels that would overlap move apart."""
    spread = chart.cycle_time
    values = {"P50": spread.p50_s, "P85": spread.p85_s, "P95": spread.p95_s}
    unit = _unit(_top(chart))
    lines = {name: seconds / unit for name, seconds in values.items() if seconds is not None}
    for name, height in lines.items():
        stroke, width = _STROKES[name]
        axes.axhline(height, color=INK, linestyle=stroke, linewidth=width, zorder=4)
    size = axes.get_ylim()[1]
    apart = 2.15 * TEXT / 72 / _PLOT * size
    heights = _spread(list(lines.values()), apart, size)
    labels = [
        axes.annotate(
            f"{name}\n{drawable(duration(values[name], t))}",
            (1.0, height),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=TEXT - 2,
            fontweight="bold",
            linespacing=1.0,
            annotation_clip=False,
        )
        for name, height in zip(lines, heights, strict=True)
    ]
    widest = max(label.get_window_extent().width for label in labels) / DPI
    box = axes.get_position()
    axes.set_position((box.x0, box.y0, (WIDTH - EDGE / 2 - widest - 0.08) / WIDTH - box.x0, box.height))


def _spread(heights: list[float], apart: float, top: float) -> list[float]:
    """Rising heights moved up, and down again from the top, until they stand apart."""
    placed = [max(heights[0], apart / 2)]
    for height in heights[1:]:
        placed.append(max(height, placed[-1] + apart))
    limit = top
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - apart
    return placed
