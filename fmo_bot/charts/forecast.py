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
_ROOM_LEFT = 0.35  # of the axis: what a date needs beside its mark
_MOST = 0.95  # no chance is drawn above it, whatever the trials say


def draw(chart: ForecastChart, words: Words, t: Translator) -> Sheet:
    """Steps up to 95 %, level from there on."""
    sheet = Sheet(title=words.title, notes=words.notes, plot=_PLOT, left=0.85)
    axes = sheet.axes
    if not chart.chances:
        sheet.axes.set_axis_off()
        sheet.nothing(drawable(t("nothing to show")))
        return sheet
    first, end = chart.chances[0].day.toordinal(), _end(chart)
    shown = [each for each in chart.chances if each.day.toordinal() < end]
    days = [*(each.day.toordinal() for each in shown), end]
    shares = [min(each.share, _MOST) for each in shown]
    shares.append(shares[-1])
    axes.set_xlim(first - 0.5, end + 0.5)
    axes.set_ylim(0, 1.08)
    axes.fill_between(days, shares, step="post", color=SKY, alpha=0.35, linewidth=0, zorder=1)
    axes.step(days, shares, where="post", color=BLUE, linewidth=3, zorder=3)
    _chances(axes, t)
    _dates(axes, chart, t)
    name_days(axes, [(day, date.fromordinal(day)) for day in range(first, end + 1)], t)
    return sheet


def _end(chart: ForecastChart) -> int:
    """The day the axis ends with: a little after P95, or where the chances end."""
    first, last = (chart.chances[index].day.toordinal() for index in (0, -1))
    if chart.p95 is None:
        return last + 1
    p95 = chart.p95.toordinal()
    return min(max(last, p95), p95 + max(2, (p95 - first) // 8)) + 1


def _share_of(axes: Axes, x: float) -> float:
    start, end = axes.get_xlim()
    return (x - start) / (end - start)


def _chances(axes: Axes, t: Translator) -> None:
    ticks = (0, 0.25, 0.5, 0.85, _MOST)
    texts = [percent(each, t) if each < _MOST else f">{percent(each, t)}" for each in ticks]
    axes.set_yticks(ticks, [drawable(text) for text in texts])
    axes.grid(axis="y", color=GRID, linewidth=1)


def _dates(axes: Axes, chart: ForecastChart, t: Translator) -> None:
    """Each date stands at its step, left of the curve where there is nothing else; under it where there is no room."""
    marks = (("P50", chart.p50, 0.5, "o"), ("P85", chart.p85, 0.85, "s"), ("P95", chart.p95, _MOST, "D"))
    for name, day, share, marker in marks:
        if day is None:
            continue
        x = day.toordinal()
        axes.plot([x, x], [0, share], color=FAINT, linewidth=1.2, linestyle=":", zorder=2)
        axes.plot([x], [share], marker=marker, markersize=10, color=INK, markeredgecolor=PAPER, zorder=5)
        left, top = _share_of(axes, x) < _ROOM_LEFT, name == "P95"
        axes.annotate(
            f"{name}  {drawable(short_day(day, t, year=day.year != chart.as_of.year))}",
            (x, share),
            xytext=(0 if top else 9 if left else -9, 9 if top else -9 if left else 7),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top" if left and not top else "bottom",
            fontsize=TEXT,
            fontweight="bold",
            zorder=6,
        )
