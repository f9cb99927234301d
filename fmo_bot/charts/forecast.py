"""A forecast: how the chance of being done rises day by day, with the three dates that are read off it."""

from datetime import date

from matplotlib.axes import Axes

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, FAINT, GRID, INK, PAPER, SKY, TEXT, Sheet, name_days
from fmo_bot.domain.charts import ForecastChart
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words
from fmo_bot.words.plain import percent, short_day

_PLOT = 2.9  # inches
_MOST = 0.95  # no chance is drawn above it, whatever the trials say


def draw(chart: ForecastChart, words: Words, t: Translator) -> Sheet:
    """Steps up to 95 %, level from there on."""
    sheet = Sheet(title=words.title, notes=words.notes, plot=_PLOT, left=0.85)
    first, last = chart.chances[0].day.toordinal(), max(chart.p95, chart.chances[-1].day).toordinal()
    end = min(last, chart.p95.toordinal() + max(2, (chart.p95.toordinal() - first) // 8)) + 1
    days = [each.day.toordinal() for each in chart.chances if each.day.toordinal() < end]
    shares = [min(each.share, _MOST) for each in chart.chances][: len(days)]
    axes = sheet.axes
    axes.set_xlim(first - 0.5, end + 0.5)
    axes.set_ylim(0, 1.08)
    axes.fill_between([*days, end], [*shares, shares[-1]], step="post", color=SKY, alpha=0.35, linewidth=0, zorder=1)
    axes.step([*days, end], [*shares, shares[-1]], where="post", color=BLUE, linewidth=3, zorder=3)
    _chances(axes, t)
    _dates(axes, chart, t)
    _days(axes, first, end, t)
    return sheet


def _chances(axes: Axes, t: Translator) -> None:
    ticks = (0, 0.25, 0.5, 0.85, _MOST)
    texts = [percent(each, t) if each < _MOST else f">{percent(each, t)}" for each in ticks]
    axes.set_yticks(ticks, [drawable(text) for text in texts])
    axes.grid(axis="y", color=GRID, linewidth=1)


def _dates(axes: Axes, chart: ForecastChart, t: Translator) -> None:
    """Each date stands at its step, left of the curve, where there is nothing else; the last one right below it."""
    marks = (("P50", chart.p50, 0.5, "o"), ("P85", chart.p85, 0.85, "s"), ("P95", chart.p95, _MOST, "D"))
    for name, day, share, marker in marks:
        x = day.toordinal()
        axes.plot([x, x], [0, share], color=FAINT, linewidth=1.2, linestyle=":", zorder=2)
        axes.plot([x], [share], marker=marker, markersize=10, color=INK, markeredgecolor=PAPER, zorder=5)
        right = name == "P95"
        axes.annotate(
            f"{name}  {drawable(short_day(day, t, year=day.year != chart.as_of.year))}",
            (x, share),
            xytext=(0, 9) if right else (-9, 7),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=TEXT,
            fontweight="bold",
            zorder=6,
        )


def _days(axes: Axes, first: int, end: int, t: Translator) -> None:
    name_days(axes, [(day, date.fromordinal(day)) for day in range(first, end + 1)], t)
