"""What pictures by ISO week share: their axis, and how a partial week looks."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from fmo_bot.charts.style import TEXT

_MOST_NAMES = 8


def week_axis(axes: Axes, labels: Sequence[str]) -> None:
    """Weeks such as `2026-W03`: the last one and every so many before it named, the year where it changes."""
    axes.set_xlim(-0.6, max(1, len(labels)) - 0.4)
    every = -(-len(labels) // _MOST_NAMES) or 1
    shown = range((len(labels) - 1) % every if labels else 0, len(labels), every)
    texts, before = [], ""
    for index in shown:
        year, _, week = labels[index].partition("-")
        texts.append(week if year == before else f"{week}\n{year}")
        before = year
    axes.set_xticks(list(shown), texts, linespacing=1.15)
    axes.tick_params(axis="x", labelsize=TEXT - 2)
