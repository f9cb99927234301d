"""The burn-up of a sprint: scope above, done below, apart from each other."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.text import Annotation

from fmo_bot.charts.fonts import drawable
from fmo_bot.charts.style import BLUE, DPI, EDGE, FAINT, TEXT, VERMILLION, WIDTH, Sheet, count_axis, day_axis, x_of
from fmo_bot.domain.charts import BurnUpChart, BurnUpPoint
from fmo_bot.locales import Translator
from fmo_bot.words.charts import Words, known, until_of

_PLOT = 2.5  # inches


def draw(chart: BurnUpChart, words: Words, t: Translator) -> Sheet:
    """Two step functions with their counts, up to what is known; the rest of the sprint empty."""
    sheet = Sheet(title=words.title, notes=words.notes, plot=_PLOT)
    points, until = known(chart), until_of(chart)
    days = [x_of(point.at) for point in points] + [x_of(until)]
    scope, done = _steps(points, lambda each: each.scope), _steps(points, lambda each: each.done)
    axes = sheet.axes
    axes.step(days, scope, where="post", color=VERMILLION, linewidth=2.4, linestyle=(0, (4, 2)), zorder=5)
    axes.fill_between(days, done, step="post", color=BLUE, alpha=0.16, linewidth=0, zorder=2)
    axes.step(days, done, where="post", color=BLUE, linewidth=4, zorder=4)
    if chart.as_of < chart.end:
        axes.axvline(days[-1], color=FAINT, linewidth=1.2, linestyle=":", zorder=1)
    day_axis(axes, chart.start, chart.end, t)
    count_axis(axes, max(*scope, *done))
    _label(axes, days[-1], scope[-1], done[-1], t)
    return sheet


def _steps(points: list[BurnUpPoint], count: Callable[[BurnUpPoint], int]) -> list[int]:
    """A step function that ends where what is known ends."""
    return [*map(count, points), count(points[-1])]


def _label(axes: Axes, x: float, scope: int, done: int, t: Translator) -> None:
    """Each line's name and count beside its end; the plot is made narrower where they would leave the picture."""
    close = (scope - done) / axes.get_ylim()[1] * _PLOT * 72 < TEXT * 1.3
    labels = (
        _beside(axes, x, scope, f"{drawable(t('Scope'))} {scope}", VERMILLION, above=True),
        _beside(axes, x, done, f"{drawable(t('Done'))} {done}", BLUE, above=not close),
    )
    widest = max(label.get_window_extent().width for label in labels) / DPI
    start, end = axes.get_xlim()
    reached = max(0.05, (x - start) / (end - start))
    box = axes.get_position()
    room = (WIDTH - EDGE / 2 - widest) / WIDTH - box.x0
    axes.set_position((box.x0, box.y0, min(box.width, room / reached), box.height))


def _beside(axes: Axes, x: float, count: int, text: str, color: str, *, above: bool) -> Annotation:
    """Of two lines that end close together, one label sits above its line and the other below."""
    return axes.annotate(
        text,
        (x, count),
        xytext=(6, 0),
        textcoords="offset points",
        va="bottom" if above else "top",
        color=color,
        fontsize=TEXT,
        fontweight="bold",
        annotation_clip=False,
    )
