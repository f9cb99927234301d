"""Charts as pictures, one file each: PNG made with matplotlib's object API, the same bytes for the same value."""

from collections.abc import Callable

from fmo_bot.domain import charts as c
from fmo_bot.domain.messages import Message
from fmo_bot.locales import Translator, translator
from fmo_bot.ports import Picture


class Charts:
    """Implements `ports.Pictures`."""

    def __init__(self, speak: Callable[[str], Translator] = translator) -> None:
        """`speak`: the texts of a language."""
        self._speak = speak

    def draw(self, message: Message, *, language: str) -> Picture:
        """The chart of a chart message; raises `TypeError` for a message that is none."""
        if not isinstance(message, c.Chart):
            raise TypeError(f"{type(message).__name__} is not a chart")
        from fmo_bot.charts.drawing import picture  # with matplotlib: most processes draw nothing

        return picture(message, self._speak(language))
