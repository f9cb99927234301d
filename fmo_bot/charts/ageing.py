"""Work in progress by stage: each issue at its age, over the P50 and P85 of what finished through the same stage."""

from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, DPI, EDGE, FAINT, GRID, INK, PAPER, SMALL, TEXT, VERMILLION, WIDTH, Sheet, fit
from fmo_bot.domain.charts import AgeingChart, AgeingMark, AgeingStage
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words, key_of, oldest_first
from fmo_bot.words.plain import duration, one_line

# A row of the plot, its parts measured downwards in rows: the stage's name, its band with the issues, their keys.
_ROW = 0.95  # inches
_NAME, _BAND, _KEYS = 0.19, (0.36, 0.68), 0.83
_DAY, _HOUR = 86400.0, 3600.0
_UNTIL_P50, _UNTIL_P85 = "#A9D4EC", "#DCEEF8"
_ROOM_ABOVE = 2.5  # times the highest P85, where older issues would squash the rest
_SPREAD = 0.618034  # of the band's height from one issue to the next, so that neighbours do not cover each other
_NEAR = 16  # dots: how far from each other keys stay, and how far from its mark one may end
_MARKS: dict[bool | None, dict[str, Any]] = {
    True: {"marker": "^", "s": 95, "color": VERMILLION, "edgecolors": INK, "linewidths": 0.9, "zorder": 5},
    False: {"marker": "o", "s": 46, "color": BLUE, "edgecolors": PAPER, "linewidths": 0.6, "zorder": 4},
    None: {"marker": "o", "s": 46, "color": PAPER, "edgecolors": INK, "linewidths": 1.4, "zorder": 4},
}


def draw(chart: AgeingChart, words: Words, t: Translator) -> Sheet:
    """A row for each stage, in the order of the workflow."""
    shown = [item for item in chart.items if item.stage is not None and item.age_s is not None]
    rows = [stage for stage in chart.stages if stage.n or any(item.stage == stage.name for item in shown)]
    top = _top(rows, shown)
    notes = list(words.notes)
    if above := sum((item.age_s or 0.0) > top for item in shown):
        notes.append(t("{n} older than {limit}, at the right edge.", n=above, limit=duration(top, t)))
    sheet = Sheet(title=words.title, notes=notes, plot=max(1, len(rows)) * _ROW, left=EDGE, key=_key(rows, shown, t))
    _age_axis(sheet.axes, top, len(rows), t)
    for row, stage in enumerate(rows):
        items = oldest_first(item for item in shown if item.stage == stage.name)
        _band(sheet.axes, row, stage, top)
        _dots(sheet.axes, row, items, top)
        left_out = _keys(sheet.axes, row, [item for item in items if item.over_p85], top, t)
        _name(sheet.axes, row, stage, left_out, t)
    if not rows:
        sheet.nothing(drawable(t("nothing in progress")))
    return sheet


def _top(stages: Sequence[AgeingStage], items: Sequence[AgeingMark]) -> float:
    """How far the axis goes, in seconds."""
    highest = max((stage.p85_s or 0.0 for stage in stages), default=0.0)
    oldest = max([highest, *(item.age_s or 0.0 for item in items)])
    return max(min(oldest, _ROOM_ABOVE * highest) if highest else oldest, _HOUR)


def _key(stages: Sequence[AgeingStage], items: Sequence[AgeingMark], t: Translator) -> list[tuple[Artist, str]]:
    """What the tints and marks mean, those that occur."""
    key: list[tuple[Artist, str]] = []
    if any(stage.p85_s is not None for stage in stages):
        key = [(Patch(facecolor=_UNTIL_P50), t("to P50")), (Patch(facecolor=_UNTIL_P85, edgecolor=INK), t("to P85"))]
    if any(item.over_p85 for item in items):
        mark = Line2D([], [], linestyle="", marker="^", markersize=9, color=VERMILLION, markeredgecolor=INK)
        key.append((mark, t("over P85")))
    if any(item.over_p85 is None for item in items):
        mark = Line2D([], [], linestyle="", marker="o", markersize=7, color=PAPER, markeredgecolor=INK)
        key.append((mark, t("no comparison")))
    return key


def _age_axis(axes: Axes, top: float, rows: int, t: Translator) -> None:
    unit = _unit(top)
    axes.set_ylim(max(1, rows), 0)
    axes.set_xlim(0, top / unit * 1.07)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: drawable(duration(value * unit, t)) if value else "0")
    )
    axes.grid(axis="x", color=GRID, linewidth=1)
    for row in range(1, rows):
        axes.axhline(row, color=GRID, linewidth=1)


def _unit(top: float) -> float:
    return _DAY if top >= 2 * _DAY else _HOUR


def _band(axes: Axes, row: int, stage: AgeingStage, top: float) -> None:
    if stage.p50_s is None or stage.p85_s is None:
        return
    upper, lower = (row + share for share in _BAND)
    p50, p85 = stage.p50_s / _unit(top), stage.p85_s / _unit(top)
    for start, end, color in ((0, p50, _UNTIL_P50), (p50, p85, _UNTIL_P85)):
        axes.add_patch(Rectangle((start, upper), end - start, lower - upper, color=color, linewidth=0, zorder=1))
    axes.plot([p50, p50], [upper, lower], color=INK, linewidth=1.8, linestyle=(0, (1, 1.2)), zorder=3)
    axes.plot([p85, p85], [upper - 0.03, lower + 0.03], color=INK, linewidth=2.2, zorder=3)


def _dots(axes: Axes, row: int, items: Sequence[AgeingMark], top: float) -> None:
    upper, lower = (row + share for share in _BAND)
    room = lower - upper - 0.12
    for kind, look in _MARKS.items():
        found = [(number, item) for number, item in enumerate(items) if item.over_p85 is kind]
        ages = [min(item.age_s or 0.0, top) / _unit(top) for _, item in found]
        heights = [upper + 0.06 + room * ((number * _SPREAD) % 1.0) for number, _ in found]
        alpha = 0.9 if len(items) <= 60 else 0.5
        axes.scatter(ages, heights, alpha=alpha, clip_on=False, rasterized=True, **look)


def _keys(axes: Axes, row: int, over: Sequence[AgeingMark], top: float, t: Translator) -> int:
    """The keys of the oldest below their marks, as far as there is room; how many found none."""
    limit, left_out = (WIDTH - EDGE) * DPI, 0
    for item in over:  # the oldest first: from the right to the left
        age = min(item.age_s or 0.0, top) / _unit(top)
        text = axes.text(age, row + _KEYS, "", ha="right", va="center", fontsize=SMALL + 0.5)
        fit(text, drawable(key_of(item, t)), WIDTH - 2 * EDGE)
        wide = text.get_window_extent().width
        mark, height = axes.transData.transform((age, row + _KEYS))
        end = max(EDGE * DPI + wide, min(mark + wide / 2, limit))
        if end > limit or end < mark - _NEAR:
            text.remove()
            left_out += 1
            continue
        place = axes.transData.inverted().transform((end, height))
        text.set_position((float(place[0]), float(place[1])))
        limit = end - wide - _NEAR
    return left_out


def _name(axes: Axes, row: int, stage: AgeingStage, left_out: int, t: Translator) -> None:
    """The stage with its n; at the right how many keys of old issues found no room."""
    place = axes.get_yaxis_transform()
    room = WIDTH - 2 * EDGE
    if left_out:
        said = drawable(t("+{n} over P85", n=left_out))
        more = axes.text(1.0, row + _NAME, said, transform=place, ha="right", va="center", fontsize=SMALL, color=FAINT)
        room -= more.get_window_extent().width / DPI + 0.1
    size = axes.text(0, row + _NAME, f"n = {stage.n}", transform=place, va="center", fontsize=SMALL, color=FAINT)
    name = axes.text(0, row + _NAME, "", transform=place, va="center", fontsize=TEXT - 1, fontweight="bold")
    fit(name, drawable(one_line(stage.name)), room - size.get_window_extent().width / DPI - 0.12)
    size.set_x((name.get_window_extent().width / DPI + 0.12) / (WIDTH - 2 * EDGE))
