"""Finished issues per ISO week; a partial week is hatched and has a dashed edge."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, PAPER, TEXT, Sheet, count_axis
from fmo_bot.charts.weeks import week_axis
from fmo_bot.domain.charts import ThroughputChart, Week
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words, starred

_PLOT = 2.4  # inches
_MOST_COUNTS = 20
_WHOLE: dict[str, Any] = {"facecolor": BLUE, "linewidth": 0}
_PARTIAL: dict[str, Any] = {"facecolor": PAPER, "edgecolor": BLUE, "hatch": "///", "linestyle": "--", "linewidth": 1.8}


def draw(chart: ThroughputChart, words: Words, t: Translator) -> Sheet:
    """A bar for each week with its count; whole weeks solid."""
    key = [(Patch(**_PARTIAL), t("partial week"))] if any(week.partial for week in chart.weeks) else []
    sheet = Sheet(title=words.title, notes=words.notes, plot=_PLOT, key=key, ticks=2)
    count_axis(sheet.axes, max((week.finished for week in chart.weeks), default=0))
    week_axis(sheet.axes, [starred(week) for week in chart.weeks])
    for index, week in enumerate(chart.weeks):
        _bar(sheet.axes, index, week)
    if len(chart.weeks) <= _MOST_COUNTS:
        _counts(sheet.axes, chart)
    if not chart.weeks:
        sheet.nothing(drawable(t("nothing finished")))
    return sheet


def _bar(axes: Axes, at: float, week: Week) -> None:
    axes.bar(at, week.finished, width=0.74, **(_PARTIAL if week.partial else _WHOLE))


def _counts(axes: Axes, chart: ThroughputChart) -> None:
    for index, week in enumerate(chart.weeks):
        axes.annotate(
            str(week.finished),
            (index, week.finished),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=TEXT - 1,
            fontweight="bold",
        )
