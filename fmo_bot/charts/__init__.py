"""Charts as pictures, one file each: PNG made with matplotlib's object API, the same bytes for the same value."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import matplotlib

from fmo_bot.charts import ageing, burn_up, cycle_time, forecast, throughput, waiting
from fmo_bot.charts.style import Sheet, settings
from fmo_bot.domain import charts as c
from fmo_bot.domain.messages import Message
from fmo_bot.locales import Translator, translator
from fmo_bot.ports import Picture
from fmo_bot.words.charts import Words, words_of

# Class of a chart -> how it is drawn, and the name of its file.
_PICTURES: Mapping[type, tuple[Callable[[Any, Words, Translator], Sheet], str]] = {
    c.BurnUpChart: (burn_up.draw, "burn-up"),
    c.CycleTimeChart: (cycle_time.draw, "cycle-time"),
    c.ThroughputChart: (throughput.draw, "throughput"),
    c.AgeingChart: (ageing.draw, "ageing"),
    c.WaitingChart: (waiting.draw, "waiting"),
    c.ForecastChart: (forecast.draw, "forecast"),
}


class Charts:
    """Implements `ports.Pictures`."""

    def __init__(self, speak: Callable[[str], Translator] = translator) -> None:
        """`speak`: the texts of a language. One picture at a time: matplotlib's settings are global to the process."""
        self._speak = speak
        self._lock = Lock()

    def draw(self, message: Message, *, language: str) -> Picture:
        """The chart of a chart message; raises `TypeError` for a message that is none."""
        if not isinstance(message, c.Chart):
            raise TypeError(f"{type(message).__name__} is not a chart")
        drawing, name = _PICTURES[type(message)]
        t = self._speak(language)
        words = words_of(message, t)
        with self._lock, matplotlib.rc_context(settings()):
            png = drawing(message, words, t).png()
        return Picture(png, f"{name}-{message.as_of:%Y-%m-%d}.png", words.alt)
