"""Which chart is drawn by which file, and how: everything that needs matplotlib comes in from here."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import matplotlib

from fmo_bot.charts import ageing, burn_up, cycle_time, forecast, throughput, waiting
from fmo_bot.charts.style import Sheet, settings
from fmo_bot.domain import charts as c
from fmo_bot.locales import Translator
from fmo_bot.ports import Picture
from fmo_bot.words.charts import Words, words_of

# Class of a chart -> how it is drawn, and the name of its file.
PICTURES: Mapping[type, tuple[Callable[[Any, Words, Translator], Sheet], str]] = {
    c.BurnUpChart: (burn_up.draw, "burn-up"),
    c.CycleTimeChart: (cycle_time.draw, "cycle-time"),
    c.ThroughputChart: (throughput.draw, "throughput"),
    c.AgeingChart: (ageing.draw, "ageing"),
    c.WaitingChart: (waiting.draw, "waiting"),
    c.ForecastChart: (forecast.draw, "forecast"),
}
_ONE_AT_A_TIME = Lock()  # matplotlib's settings are global to the process


def picture(chart: c.Chart, t: Translator) -> Picture:
    """A chart in a language."""
    drawing, name = PICTURES[type(chart)]
    words = words_of(chart, t)
    with _ONE_AT_A_TIME, matplotlib.rc_context(settings()):
        png = drawing(chart, words, t).png()
    return Picture(png, f"{name}-{chart.as_of:%Y-%m-%d}.png", words.alt)
